"""`quell outcomes` and `quell export outcomes`: the page's figures in a terminal, and the records behind them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quell.cli import app
from tests.cli.running import refusal, serving

NOBODY = "http://127.0.0.1:1"


def history(folder: Path, count: int) -> Path:
    """A file of incidents, each restored in 40 minutes, the first a day ago; every fourth is a drill."""
    file = folder / "history.csv"
    rows = ["id,started_at,restored_at,severity,service,kind"]
    for number in range(count):
        begun = datetime.now(UTC) - timedelta(days=1, hours=number)
        ended = begun + timedelta(minutes=40)
        kind = "drill" if number % 4 == 3 else "real"
        rows.append(f"{number},{begun.isoformat()},{ended.isoformat()},SEV{1 + number % 2},cart,{kind}")
    file.write_text("\n".join(rows), encoding="utf-8")
    return file


def said(*words: str) -> str:
    ended = CliRunner().invoke(app, list(words))
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_an_imported_history_is_reported_and_exported(tmp_path: Path) -> None:
    file = history(tmp_path, 40)
    with serving(tmp_path) as server:
        said("import", "incidents", str(file), "--source", "old", "--url", server.url)
        table = said("outcomes", "--url", server.url, "--by", "severity")
        report = json.loads(said("outcomes", "--url", f"{server.url}/", "--output", "json"))
        drills = said("outcomes", "--url", server.url, "--kind", "drill")
        assert server.end() == 0

    assert table.startswith("A typical incident is restored in 40 minutes (95 %: 40 to 40).")
    assert table.splitlines()[0] == report["sentence"]["text"]
    assert "Of other kinds in this window, never mixed: 10 drill" in table
    assert [line.split()[0] for line in table.splitlines() if line.startswith("SEV")] == ["SEV1", "SEV2"]
    assert report["counts"]["handled"] == 30
    assert "10 handled, 0 open" in drills

    data = str(tmp_path / "data")
    rows = list(csv.DictReader(io.StringIO(said("export", "outcomes", "--data", data))))
    assert len(rows) == 40
    assert rows[0]["id"] == "old/0"
    target = tmp_path / "real.json"
    said("export", "outcomes", "--data", data, "--format", "json", "--kind", "real", "--to", str(target))
    assert {row["origin"] for row in json.loads(target.read_text())} == {"real"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("outcomes", "--url", NOBODY), "does not answer"),
        (("outcomes", "--url", "here"), "does not answer"),
        (("export", "outcomes", "--incident", "INC-1"), "not out of outcomes"),
        (("export", "events", "--format", "csv"), "JSON lines"),
        (("export", "incidents", "--kind", "drill"), "JSON lines"),
        (("export", "figures"), "events, incidents or outcomes"),
        (("export", "outcomes", "--data", "/nowhere/at/all"), "there is no event log"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    assert says in refusal(monkeypatch, *words)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path) as server:
        server.end()

    says = refusal(monkeypatch, "export", "outcomes", "--data", str(tmp_path / "data"), "--to", str(tmp_path))

    assert "cannot be written: Is a directory" in says
