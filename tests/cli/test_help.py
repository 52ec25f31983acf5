"""What a newcomer reads first."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from quell import __version__
from quell.cli import main

COMMANDS = ["", "serve", "check-config", "doctor", "send-test-alert", "tail", "replay", "export", "bench", "bench lab"]


def _said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "argv", ["quell", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert (ended.value.code, said.err) == (0, "")
    return said.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_a_command_does_and_what_each_option_means(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _said(monkeypatch, capsys, *command.split(), "--help").splitlines()

    assert lines[0].startswith(f"Usage: quell {command}".rstrip())
    assert len(lines[2].split()) >= 4, "a sentence says what it does"
    assert max(map(len, lines)) <= 80
    wordless = re.compile(r"  -[-\w, ]+( <[^>]+>)?")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if wordless.fullmatch(line):
            assert following.startswith(" " * 8), f"{line.strip()} has no explanation"


def test_the_lab_lists_its_own_options(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--quell-url" in _said(monkeypatch, capsys, "lab", "--help")


def test_every_command_is_in_the_help_of_the_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _said(monkeypatch, capsys, "--help")

    assert all(f"\n  {name.split()[0]} " in said for name in COMMANDS if name)


def test_the_version_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _said(monkeypatch, capsys, "--version") == f"quell {__version__}\n"


def test_a_command_does_not_wait_for_what_only_the_server_computes_with() -> None:
    asked = "import sys, quell.cli; print([name for name in ('scipy', 'dbos', 'fastapi') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
