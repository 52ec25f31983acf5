"""`quell runbooks`: what is in use, and what is wrong with a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import quell, refusal

OWN = """
name = "restart-leaking-memory"
version = "7"
title = "Restart what leaks"
why = "gives the memory back"
expected = "memory falls"
undo = "A restart cannot be taken back."
risk = "low"
[match]
causes = ["memory_leak"]
[[steps]]
action = "restart"
"""


def settings(folder: Path, *files: tuple[str, str]) -> str:
    """Write runbooks, and settings that name their folder; return the settings' path."""
    (folder / "own").mkdir()
    for name, text in files:
        (folder / "own" / name).write_text(text)
    (folder / "quell.toml").write_text(f'[actions]\nrunbooks = "{folder}/own"\n')
    return str(folder / "quell.toml")


def test_ones_own_runbook_is_listed_in_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    config = settings(tmp_path, ("mine.toml", OWN))

    ended = quell("runbooks", "--config", config, "--output", "json", cwd=tmp_path)

    rows = {row["name"]: row for row in json.loads(ended.stdout)}
    mine = rows["restart-leaking-memory"]
    assert (mine["version"], mine["from"], mine["file"]) == ("7", "own", "mine.toml")
    assert rows["restart-full-pool"]["from"] == "shipped"


@pytest.mark.parametrize("command", ["serve", "runbooks"])
def test_every_bad_runbook_is_named_in_the_one_line_of_a_refusal(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = OWN.replace('risk = "low"', 'risk = "none"')
    config = settings(tmp_path, ("a.toml", bad), ("b.toml", "= ="), ("c.toml", OWN))
    more = ("--port", "0", "--data", str(tmp_path / "data")) if command == "serve" else ()

    said = refusal(monkeypatch, command, "--config", config, *more)

    assert "a.toml: risk: input should be 'low', 'medium' or 'high'" in said
    assert "b.toml: not TOML" in said
    assert "c.toml" not in said


def test_a_webhook_that_names_a_cause_that_there_is_not_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quell.toml").write_text(
        '[actions.webhooks.page]\nurl = "http://pager/"\nservices = ["edge"]\ncauses = ["bad_luck"]\n'
        '[actions]\nallowed_hosts = ["pager"]\n'
    )

    said = refusal(monkeypatch, "check-config", "--config", str(tmp_path / "quell.toml"))

    assert "actions.webhooks.page.causes: no cause 'bad_luck'" in said


@pytest.mark.parametrize("command", ["check-config", "serve"])
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["a"], "actions.webhooks.a.services: must name the services that it changes"),
        (["a", 'services = ["orders"]', "b", 'services = ["ord*"]'], "both fit memory_leak of service 'orders'"),
        (["a", 'services = ["orders"]', 'dry_run_url = "http://hooks/a"'], "the address of the dry run is that of the"),
    ],
)
def test_a_webhook_that_could_hit_another_service_is_refused_in_one_line(
    command: str, settings: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = '[actions.webhooks.{0}]\nurl = "http://hooks/{0}"\ncauses = ["memory_leak"]\n'
    text = "".join(head.format(line) if len(line) == 1 else f"{line}\n" for line in settings)
    (tmp_path / "quell.toml").write_text(f'[actions]\nallowed_hosts = ["hooks"]\n{text}')
    more = ("--port", "0", "--data", str(tmp_path / "data")) if command == "serve" else ()

    assert says in refusal(monkeypatch, command, "--config", str(tmp_path / "quell.toml"), *more)


def test_check_says_of_each_file_whether_it_can_be_used_and_ends_with_2_when_one_cannot(tmp_path: Path) -> None:
    settings(tmp_path, ("a.toml", OWN), ("b.toml", "x = 1"))

    ended = quell("runbooks", "check", "own", "--output", "json", cwd=tmp_path)

    assert ended.returncode == 2, ended.stderr
    assert [(row["file"], row["says"]) for row in json.loads(ended.stdout)] == [
        ("a.toml", "can be used"),
        ("b.toml", "is missing"),
    ]

    (tmp_path / "own" / "b.toml").unlink()

    assert quell("runbooks", "check", "own", cwd=tmp_path).returncode == 0


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No such file" in refusal(monkeypatch, "runbooks", "check", str(tmp_path / "nowhere"))
