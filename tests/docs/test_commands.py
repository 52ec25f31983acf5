"""What the pages tell people to type works."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import shlex
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from quell.settings import load
from tests.docs.shelf import BIN, PAGES, ROOT, blocks, name_of, prose, text_of

pytestmark = pytest.mark.xdist_group("readme")
"""One Quell serves them all."""

READY = re.compile(r"Quell is ready: (http://127\.0\.0\.1:\d+)/ops/")
WITHIN_S = 30.0
QUELL = ".venv/bin/quell"
PRINTS_AT_ONCE = ("serve", "tail")
"""Commands that go on until they are told to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where README's commands are run."""

    folder: Path
    url: str = ""


class Process:
    """A command that goes on; told to stop at the end."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "quell.cli", *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=(folder / "stderr.txt").open("a"),
            text=True,
        )
        self._lines: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def line(self) -> str:
        """Return the next line it prints."""
        try:
            return self._lines.get(timeout=WITHIN_S)
        except Empty:
            pytest.fail(f"{self._process.args} printed nothing within {WITHIN_S:g} s")

    def stop(self) -> int:
        """Stop it as Ctrl-C does; return its exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(timeout=WITHIN_S)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A folder with README's quell.toml, and a Quell that runs there."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "quell.toml").write_text(blocks(text_of("README.md"), "toml")[0].text, encoding="utf-8")
    process = Process(["serve", "--port", "0", "--data", str(folder / "data")], folder)
    ready = READY.search(process.line())
    assert ready is not None, (folder / "stderr.txt").read_text()
    yield Place(folder=folder, url=ready[1])
    assert process.stop() == 0


def console(page: Path, mark: str) -> list[str]:
    """Return the commands of a page's console blocks with a mark."""
    text = page.read_text(encoding="utf-8")
    return [command for block in blocks(text, "console") if block.mark == mark for command in block.commands]


def knows(command: str, option: str) -> bool:
    """Whether a command of `quell` has an option."""
    section = text_of("docs/cli.md").partition(f"## `quell {command}`")[2].partition("\n## ")[0]
    return f"{option} <" in section


def with_place(command: str, place: Place) -> list[str]:
    """Return a command's arguments, pointed at a place where it would use the defaults."""
    program, name, *rest = shlex.split(command)
    assert program == QUELL
    if name == "serve":
        rest += ["--port", "0", "--data", str(place.folder / "another")]
    elif knows(name, "--data"):
        rest += ["--data", str(place.folder / "data")]
    if knows(name, "--url"):
        rest += ["--url", place.url]
    return [name, *rest]


def test_readme_shows_commands_to_run() -> None:
    assert len(console(ROOT / "README.md", "run")) >= 8


def test_readmes_commands_work_one_after_the_other(place: Place) -> None:
    for command in console(ROOT / "README.md", "run"):
        arguments = with_place(command, place)
        if arguments[0] in PRINTS_AT_ONCE:
            process = Process(arguments, place.folder)
            assert process.line().strip()
            assert process.stop() in (0, 130), command
            continue
        done = subprocess.run(
            [sys.executable, "-m", "quell.cli", *arguments],
            cwd=place.folder,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert done.stdout.strip(), command


def posted(url: str, body: Any) -> tuple[int, Any]:
    request = urllib.request.Request(
        url, data=json.dumps(body).encode(), headers={"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=WITHIN_S) as answer:
        return answer.status, json.loads(answer.read())


def test_the_address_for_alertmanager_takes_its_webhook(place: Place) -> None:
    (config,) = blocks(text_of("README.md"), "yaml")
    address = re.search(r"url: http://127\.0\.0\.1:(\d+)(/\S+)", config.text)
    assert address is not None
    alert = {
        "status": "firing",
        "labels": {"alertname": "HighErrorRate", "service": "payment", "severity": "critical"},
        "annotations": {},
        "startsAt": "2026-01-05T10:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
    }

    status, taken = posted(f"{place.url}{address[2]}", {"version": "4", "status": "firing", "alerts": [alert]})

    assert int(address[1]) == load().port
    assert (status, taken["received"], taken["rejected"]) == (202, 1, 0)


def test_the_api_served_is_the_api_in_docs(place: Place) -> None:
    with urllib.request.urlopen(f"{place.url}/api/v1/openapi.json", timeout=WITHIN_S) as answer:
        served = json.loads(answer.read())

    assert served == json.loads(text_of("docs/openapi.json"))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_example_of_settings_can_be_read(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number, block in enumerate(blocks(page.read_text(encoding="utf-8"), "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(block.text, encoding="utf-8")
        if "[[steps]]" in block.text:
            continue  # a runbook: tests/actions/test_runbooks.py reads it

        assert load(file)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_example_of_json_can_be_read(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8"), "json"):
        with contextlib.suppress(json.JSONDecodeError):
            json.loads(block.text)
            continue
        for line in block.text.splitlines():
            assert json.loads(line)


def targets_named(text: str) -> set[str]:
    """Return the targets of make that a page names."""
    typed = [command for block in blocks(text, "console") for command in block.commands]
    named = [*typed, *re.findall(r"`([^`\n]+)`", prose(text))]
    return {match[1] for one in named if (match := re.match(r"make ([a-z][a-z-]*)", one))}


@functools.cache
def dry_run(target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_target_of_make_on_the_pages_exists(page: Path) -> None:
    for target in sorted(targets_named(page.read_text(encoding="utf-8"))):
        dry = dry_run(target)
        assert dry.returncode == 0, f"{name_of(page)}: make {target}: {dry.stderr}"


def test_the_two_commands_of_readme_start_quell_with_its_lab_and_run_every_test() -> None:
    run, test = (dry_run(name).stdout for name in ("run", "test"))

    assert console(ROOT / "README.md", "")[:2] == ["make run", "make test"]
    assert "quell serve --lab" in run
    assert "pytest" in test
    assert "npm run" in test


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_other_program_on_the_pages_is_there(page: Path) -> None:
    for command in console(page, ""):
        program, *_ = shlex.split(command)
        if program.startswith(".venv/bin/"):
            assert (BIN / Path(program).name).exists(), command
        else:
            assert program == "make", command


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_of_quell_on_the_pages_exists(page: Path) -> None:
    known = set(re.findall(r"^## `quell ?(.*)`$", text_of("docs/cli.md"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`quell ([a-z][a-z-]+(?: [a-z-]+)?)", prose(text))

    unknown = [one for one in named if one not in known and one.split()[0] not in known]

    assert unknown == []
