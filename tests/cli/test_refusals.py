"""What cannot be done is said in one line on stderr, with exit code 2."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.cli.running import only_line, quell, refusal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("= =", "not TOML"),
        ("prot = 8700", "prot: there is no such setting"),
        ("[response]\napproval_s = -1", "response.approval_s"),
        ("port = 'high'", "port"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "check-config", "doctor"])
def test_a_bad_settings_file_is_refused(
    command: str, text: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quell.toml").write_text(text)

    assert expected in refusal(monkeypatch, command, "--config", str(tmp_path / "quell.toml"))


def test_a_setting_in_the_environment_is_refused_like_one_in_a_file(tmp_path: Path) -> None:
    assert "response.at_once" in only_line(quell("serve", cwd=tmp_path, QUELL_RESPONSE__AT_ONCE="0"))


def test_a_token_that_cannot_be_read_is_refused_by_the_check_as_by_the_start(tmp_path: Path) -> None:
    assert "token_file" in only_line(quell("check-config", cwd=tmp_path, QUELL_TOKEN_FILE="nowhere"))


def test_what_a_file_says_does_not_drive_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "past.csv").write_text("\x1b]0;red\x07red,b\n1,2\n")
    words = ("import", "incidents", "past.csv", "--source", "t", "--url", "http://127.0.0.1:1", "--dry-run")

    assert only_line(quell(*words, cwd=tmp_path)).isprintable()


def test_other_machines_may_not_come_in_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "QUELL_TOKEN" in refusal(monkeypatch, "serve", "--host", "0.0.0.0", "--port", "0")


def test_a_port_that_is_taken_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = quell("serve", "--port", str(port), "--data", "data", cwd=tmp_path)

    assert f"127.0.0.1:{port}" in only_line(ended)
    assert not (tmp_path / "data").exists()


def test_a_workflow_store_that_is_damaged_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "workflows.db").write_bytes(b"these are no pages" * 500)
    said = only_line(quell("serve", "--port", "0", "--data", "data", cwd=tmp_path, QUELL_LOG_LEVEL="error"))

    assert "workflows.db cannot be used: file is not a database" in said
    assert (tmp_path / "data" / "workflows.db").read_bytes() == b"these are no pages" * 500


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("serve", "--config", "nowhere.toml"), "nowhere.toml"),
        (("serve", "--port", "0", "--data", "/proc/self/status/data"), "the data folder"),
        (("serve", "--drills", "sometimes"), "--drills takes auto or none"),
        (("replay", "INC-1", "--data", "nowhere"), "no event log"),
        (("export", "--data", "nowhere"), "no event log"),
        (("export", "everything"), "everything"),
        (("send-test-alert", "--url", "http://127.0.0.1:1"), "Is `quell serve` running there?"),
        (("look-again", "INC-1", "--url", "http://127.0.0.1:1"), "Is `quell serve` running there?"),
        (("bench", "lab", "--faults", "sabotage"), "sabotage"),
    ],
)
def test_what_is_not_there_is_named(
    words: tuple[str, ...], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert expected in refusal(monkeypatch, *words)
