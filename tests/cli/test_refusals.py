"""What cannot be done is said in one line on stderr, with exit code 2."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.cli.running import Server, only_line, quell, refusal
from tests.cli.test_take_back import recorded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("= =", "not TOML"),
        ("prot = 8700", "prot: there is no such setting"),
        ("[response]\napproval_s = -1", "response.approval_s"),
        ("port = 'high'", "port"),
        ("a = " + "[" * 100_000, "nested too deep"),
        ("# " + "x" * 1_000_000, "more than 1,000,000 bytes"),
        ("data_dir = ' '", "data_dir: it is blank"),
        ("token_file = ''", "token_file: it is blank"),
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.parametrize("command", ["serve", "check-config", "doctor"])
def test_a_bad_settings_file_is_refused(
    command: str, text: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quell.toml").write_text(text)

    assert expected in refusal(monkeypatch, command, "--config", str(tmp_path / "quell.toml"))


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("serve", "--data", ""), "--data"),
        (("replay", "INC-1", "--data", " "), "--data"),
        (("replay", ""), "incident"),
        (("look-again", " "), "incident"),
        (("take-back", "", "--plan", "p", "--reason", "r"), "incident"),
    ],
)
def test_a_blank_value_is_refused_and_makes_nothing(
    command: tuple[str, ...], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    assert f"'{name}': it is blank" in refusal(monkeypatch, *command)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("setting", ["--config", "QUELL_TOKEN_FILE"])
def test_a_file_without_end_is_not_read_to_its_end(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if setting == "--config":
        said = refusal(monkeypatch, "check-config", "--config", "/dev/zero")
    else:
        said = refusal(monkeypatch, "check-config", env={setting: "/dev/zero"})

    assert "/dev/zero: more than 1,000,000 bytes" in said


def test_a_setting_in_the_environment_is_refused_like_one_in_a_file(tmp_path: Path) -> None:
    assert "response.at_once" in only_line(quell("serve", cwd=tmp_path, QUELL_RESPONSE__AT_ONCE="0"))


@pytest.mark.parametrize("command", ["serve", "check-config"])
@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("QUELL_TOKN", "QUELL_TOKEN"),
        ("quell_prot", "QUELL_PORT"),
        ("QUELL_RESPONSE_APPROVAL_S", "QUELL_RESPONSE__APPROVAL_S"),
        ("QUELL_PORT__X", "QUELL_PORT"),
        ("QUELL_NOSUCH", "QUELL_"),
    ],
)
def test_a_variable_that_is_none_of_quells_is_refused(
    command: str, name: str, nearest: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    said = refusal(monkeypatch, command, env={name: "1"})

    assert f"{name}: there is no such variable; the nearest is {nearest}" in said
    assert list(tmp_path.iterdir()) == []


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    kubernetes = {"QUELL_WEB_PORT": "tcp://10.0.0.1:80", "QUELL_WEB_SERVICE_HOST": "10.0.0.1"}
    more = {"QUELL_WEB_SERVICE_PORT_HTTP": "80", "QUELL_WEB_PORT_80_TCP_ADDR": "10.0.0.1", "QUELL_SENDER_TOKEN": "t"}
    ended = quell("check-config", cwd=tmp_path, QUELL_TEST_NOTHING_SKIPPED="1", **kubernetes, **more)

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("command", ["serve", "check-config"])
@pytest.mark.parametrize("token", ["", " ", "\t"])
def test_a_blank_token_is_refused(command: str, token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert "token: it is blank" in refusal(monkeypatch, command, env={"QUELL_TOKEN": token})
    (tmp_path / "token").write_text(token)
    assert "it is blank" in refusal(monkeypatch, command, env={"QUELL_TOKEN_FILE": "token"})


def test_the_check_lists_every_fault_in_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "quell.toml").write_text(
        '[[policy.rules]]\naction = "restrat"\nautonomy = "auto"\n[evidence.prometheus]\nurl = "http://p"\n'
        'queries = { mood = "up" }\n[actions.webhooks.page]\nurl = "http://pager/"\n'
    )
    ended = quell("check-config", "--config", "quell.toml", cwd=tmp_path, QUELL_NOSUCH="1", QUELL_HOST="0.0.0.0")

    lines = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (2, "")
    assert all(line.startswith("quell: ") for line in lines)
    for part in ("QUELL_NOSUCH", "host 0.0.0.0", "'restrat'", "mood", "page.services", "action page:"):
        assert sum(part in line for line in lines) == 1, ended.stderr
    assert len(lines) == 6


@pytest.mark.parametrize(
    "text",
    [
        '[evidence.prometheus]\nurl = "http://p"\nqueries = { mood = "up" }',
        '[[policy.rules]]\naction = "restrat"\nautonomy = "auto"',
        '[actions.webhooks.page]\nurl = "http://pager/"\nservices = ["cart"]\ncauses = ["memory_leak"]',
        'token_file = "nowhere"',
    ],
)
def test_a_start_that_is_refused_makes_nothing_and_says_what_the_check_says(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quell.toml").write_text(text)

    said = refusal(monkeypatch, "serve", "--port", "0", "--config", "quell.toml")

    assert said == refusal(monkeypatch, "check-config", "--config", "quell.toml")
    assert [path.name for path in tmp_path.iterdir()] == ["quell.toml"]


def test_a_limit_on_open_files_that_is_too_low_to_serve_is_refused_with_the_number_that_is_needed(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path, "server", data=tmp_path / "data", files=200)

    assert server.process.wait(60) == 2
    assert server.err.count("\n") == 1
    assert "200 files and sockets open at once, and needs at least 512" in server.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("columns", ["80", "50", "120"])
def test_the_doctors_table_is_as_wide_as_the_terminal(columns: str, tmp_path: Path) -> None:
    ended = quell("doctor", cwd=tmp_path, QUELL_PORT="0", QUELL_EVIDENCE__LOGS='["/no/such/file"]', COLUMNS=columns)

    assert ended.returncode == 1
    assert max(map(len, ended.stdout.splitlines())) <= int(columns)
    assert "Correct the paths in" in ended.stdout


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
        (("send-test-alert", "--severity", "bogus"), "'bogus': critical, error, warning, info"),
        (("replay", "INC-1", "--config", "nowhere.toml"), "nowhere.toml"),
        (("bench", "lab", "--faults", "sabotage"), "sabotage"),
    ],
)
def test_what_is_not_there_is_named(
    words: tuple[str, ...], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert expected in refusal(monkeypatch, *words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("nonsense",), "No such command 'nonsense'"),
        (("--nonsense",), "No such option: --nonsense"),
        (("serve", "--port", "high"), "Invalid value for '--port'"),
        (("serve", "--port", "70000"), "Invalid value for '--port'"),
        (("replay",), "Missing argument"),
        (("take-back", "INC-1"), "Missing option '--plan'"),
        (("outcomes", "--window", "1d"), "Invalid value for '--window'"),
        (("bench", "nonsense"), "No such command 'nonsense'"),
        (("import", "incidents"), "Missing"),
        (("runbooks", "check"), "Missing argument"),
        (("lab", "--nonsense"), "--data"),
    ],
)
def test_a_command_that_is_not_understood_is_refused(
    words: tuple[str, ...], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expected in refusal(monkeypatch, *words)


def test_an_incident_that_is_not_in_the_log_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = recorded(tmp_path)
    (tmp_path / "quell.toml").write_text(f'data_dir = "{data}"')
    config = ("--config", str(tmp_path / "quell.toml"))

    for words in (
        ("replay", "INC-99"),
        ("export", "events", "--incident", "INC-99"),
        ("export", "incidents", "--incident", "INC-99"),
    ):
        assert "there is no incident INC-99" in refusal(monkeypatch, *words, *config)
    for words in (("replay", "INC-1"), ("export", "incidents", "--incident", "INC-1")):
        ended = quell(*words, *config, cwd=tmp_path)
        assert (ended.returncode, "INC-1" in ended.stdout) == (0, True), ended


def test_the_words_of_a_site_for_a_severity_are_known_with_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quell.toml").write_text('[ingest.severities]\n"Code Mauve" = "critical"\n')
    words = ("send-test-alert", "--url", "http://127.0.0.1:1", "--severity")
    config = ("--config", str(tmp_path / "quell.toml"))

    assert "there is no severity 'code-mauve'" in refusal(monkeypatch, *words, "code-mauve")
    assert "Is `quell serve` running there?" in refusal(monkeypatch, *words, "code-mauve", *config)
    assert "info, Code Mauve" in refusal(monkeypatch, *words, "bogus", *config)
