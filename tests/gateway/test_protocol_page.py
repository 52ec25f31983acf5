"""docs/protocol.md says what the code does."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from quell.gateway import protocol
from quell.gateway.bounds import Bounds
from quell.gateway.protocol import COMMANDS, ClientMessage, CloseCode, Limits, ServerMessage

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
BLOCKS = [line for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def test_every_close_code_is_explained() -> None:
    told = set(re.findall(r"^\| (4\d{3}) \|", PAGE, re.MULTILINE))

    assert told == {str(int(code)) for code in CloseCode}


def test_the_limits_told_are_the_limits_kept() -> None:
    told = {name: float(value) for name, value in re.findall(r"^\| `(\w+)`[^|]*\| (\d+) \|", PAGE, re.MULTILINE)}
    limits, bounds = Limits(), Bounds()

    kept = {name: getattr(limits, name, None) or getattr(bounds, name) for name in told}

    assert told == kept
    assert len(told) == 12


def test_every_command_is_named() -> None:
    names = re.search(r"^Names: (.*?)\. ", PAGE, re.MULTILINE)

    assert names is not None
    assert set(re.findall(r"`(\w+)`", names[1])) == COMMANDS


@pytest.mark.parametrize("text", BLOCKS)
def test_every_message_shown_is_one_that_is_understood(text: str) -> None:
    kind = json.loads(text)["type"]
    shape = ClientMessage if kind in {"subscribe", "unsubscribe", "command"} else ServerMessage

    message = msgspec.json.decode(text, type=shape)

    assert json.loads(msgspec.json.encode(message)).items() >= json.loads(text).items()


def test_every_type_of_message_is_on_the_page() -> None:
    shapes = [kind for kind in vars(protocol).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    tags = {shape.__struct_config__.tag for shape in shapes} - {None}

    missing = {tag for tag in tags if f'"type": "{tag}"' not in PAGE}

    assert missing == set()
