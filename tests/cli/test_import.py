"""`quell import incidents`: what it sends, what it says, and how it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from quell.cli import app, importing, posting
from tests.cli.running import refusal, serving

HEADER = "id,started_at,restored_at"
NOBODY = "http://127.0.0.1:1"


class Desk:
    """A server that knows what it was sent, and answers as a test wants first."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.first: list[tuple[int, bytes, dict[str, str]]] = []
        """Answers that are given before it works."""
        self.refuses: set[str] = set()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                desk.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, answer, headers = desk.first.pop(0) if desk.first else (200, desk.take(body), {})
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def take(self, body: dict[str, Any]) -> bytes:
        ids = [one["id"] for one in body["incidents"]]
        rejected = [
            {"index": at, "id": one, "reason": "not today"} for at, one in enumerate(ids) if one in self.refuses
        ]
        good = [one for one in ids if one not in self.refuses]
        fresh = [one for one in good if one not in self.known]
        if not body["dry_run"]:
            self.known.update(fresh)
        return json.dumps({"imported": len(fresh), "known": len(good) - len(fresh), "rejected": rejected}).encode()


@pytest.fixture
def desk() -> Iterator[Desk]:
    found = Desk()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


def rows(count: int) -> list[str]:
    return [f"I{number},2026-01-05T10:00:00Z,2026-01-05T11:00:00Z" for number in range(count)]


def written(folder: Path, *lines: str) -> str:
    path = folder / "past.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n")
    return str(path)


def run(*words: str, url: str = NOBODY) -> Result:
    return CliRunner().invoke(app, ["import", "incidents", "--source", "pager", "--url", url, *words])


def summary(*words: str, url: str = NOBODY) -> tuple[int, dict[str, Any]]:
    ended = run(*words, "--output", "json", url=url)
    found: dict[str, Any] = json.loads(ended.stdout)
    return ended.exit_code, found


def test_good_rows_are_imported_once_however_often_it_is_run(desk: Desk, tmp_path: Path) -> None:
    file = written(tmp_path, *rows(3))

    first, second = summary(file, url=desk.url), summary(file, url=desk.url)

    assert (first[0], first[1]["imported"], first[1]["known"]) == (0, 3, 0)
    assert (second[0], second[1]["imported"], second[1]["known"]) == (0, 0, 3)


def test_rows_go_in_batches_and_each_batch_has_the_same_key_each_time(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    file = written(tmp_path, *rows(5))

    run(file, url=desk.url)
    run(file, url=desk.url)

    keys = [headers["idempotency-key"] for headers, _ in desk.requests]
    assert [len(body["incidents"]) for _, body in desk.requests] == [2, 2, 1] * 2
    assert keys[:3] == keys[3:]
    assert len(set(keys)) == 3


def test_bad_rows_are_named_by_line_the_good_ones_imported_and_the_exit_code_is_1(desk: Desk, tmp_path: Path) -> None:
    file = written(tmp_path, *rows(1), "B1,2026-01-05T10:00:00Z,2026-01-05T09:00:00Z", "B2,never,")

    ended = run(file, url=desk.url)

    assert ended.exit_code == 1
    assert desk.known == {"I0"}
    assert "line 3  B1  the end is before the start" in ended.stdout
    assert "line 4  B2  started_at 'never' is not a time" in ended.stdout


def test_only_the_first_twenty_bad_rows_are_shown_and_all_are_written(tmp_path: Path) -> None:
    file, bad = written(tmp_path, *(f"B{number},never," for number in range(25))), tmp_path / "bad.jsonl"

    _, found = summary(file, "--dry-run", "--rejected", str(bad))

    assert (found["rejected"], len(found["first_rejected"])) == (25, 20)
    assert found["reasons"] == {"started_at is not a time": 25}
    lines = [json.loads(line) for line in bad.read_text().splitlines()]
    assert lines[24] == {
        "line": 26,
        "id": "B24",
        "reason": "started_at 'never' is not a time",
        "row": ["B24", "never", ""],
    }


def test_a_dry_run_asks_what_is_known_and_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.known = {"I0"}

    code, found = summary(written(tmp_path, *rows(3)), "--dry-run", url=desk.url)

    assert (code, found["imported"], found["known"], found["dry_run"]) == (0, 2, 1, True)
    assert desk.known == {"I0"}
    assert all(body["dry_run"] for _, body in desk.requests)


def test_a_dry_run_does_without_a_server_and_says_so(tmp_path: Path) -> None:
    code, found = summary(written(tmp_path, *rows(3)), "--dry-run")

    assert (code, found["imported"], found["known"]) == (0, 3, None)
    assert f"{NOBODY} does not answer" in found["not_asked"]


def test_what_the_server_rejects_is_named_by_its_line(desk: Desk, tmp_path: Path) -> None:
    desk.refuses = {"I1"}

    code, found = summary(written(tmp_path, "B,never,", *rows(3)), url=desk.url)

    assert (code, found["imported"], found["rejected"]) == (1, 2, 2)
    assert found["first_rejected"][1] == {"line": 4, "id": "I1", "says": "not today"}
    assert found["kinds"] == {"real": 2}


def test_the_token_is_sent(desk: Desk, tmp_path: Path) -> None:
    CliRunner().invoke(
        app,
        ["import", "incidents", written(tmp_path, *rows(1)), "--source", "pager", "--url", desk.url],
        env={"QUELL_TOKEN": "a-token-for-this-test"},
    )

    assert desk.requests[0][0]["authorization"] == "Bearer a-token-for-this-test"


def test_a_busy_server_is_asked_again_with_the_same_batch(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("quell.cli.imports.time.sleep", pauses.append)
    desk.first = [(503, b"{}", {"retry-after": "3"}), (429, b"{}", {"retry-after": "900"})]

    code, found = summary(written(tmp_path, *rows(1)), url=desk.url)

    assert (code, found["imported"]) == (0, 1)
    assert pauses == [3.0, posting.LONGEST_PAUSE_S]
    assert len({headers["idempotency-key"] for headers, _ in desk.requests}) == 1


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, b'{"detail": "a bearer token is needed"}', "answered 401: a bearer token is needed"),
        (404, b"<html>", "answered 404: <html>"),
        (200, b'{"hello": 1}', "something else than Quell"),
        (302, b"", "answered 302"),
    ],
)
def test_an_answer_that_takes_nothing_ends_it_and_says_what_was_taken_before(
    status: int, body: bytes, says: str, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 1)
    desk.first = [(200, desk.take({"incidents": [{"id": "I0"}], "dry_run": False}), {}), (status, body, {})]
    words = ("import", "incidents", written(tmp_path, *rows(2)), "--source", "pager", "--url", desk.url)

    said = refusal(monkeypatch, *words)

    assert says in said
    assert "1 incidents were taken before" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.csv", "--source", "pager"], "No such file"),
        (["past.csv", "--source", "Not A Name"], "a source is named with"),
        (["past.csv", "--source", "quell"], "a source is named with"),
        (["past.csv", "--source", "pager", "--map", "id=nowhere"], "the column 'nowhere' is not in the file"),
        (["past.csv", "--source", "pager", "--map", "when=x"], "there is no field 'when'"),
        (["past.csv", "--source", "pager", "--time-zone", "Nowhere/City"], "there is no time zone"),
        (["past.csv", "--source", "pager", "--time-zone", "../../etc/passwd"], "there is no time zone"),
        (["past.csv", "--source", "pager", "--rejected", "past.csv"], "is the file that is read"),
        (["past.csv", "--source", "pager", "--rejected", "no/folder"], "cannot be written"),
        (["past.csv", "--source", "pager", "--format", "json"], "cannot be read as JSON"),
        (["past.csv", "--source", "pager", "--url", NOBODY], "does not answer"),
        (["past.csv", "--source", "pager", "--url", "nowhere"], "does not answer"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = Path(written(tmp_path, *rows(1))).read_text()

    assert says in refusal(monkeypatch, "import", "incidents", *words)
    assert (tmp_path / "past.csv").read_text() == before


def test_a_real_quell_takes_an_import_once_and_knows_it_after_a_restart(tmp_path: Path) -> None:
    file = written(tmp_path, *rows(700), "B,never,")

    with serving(tmp_path) as server:
        found = [summary(file, "--dry-run", url=server.url), summary(file, url=server.url)]
        assert server.end() == 0
    with serving(tmp_path, "again") as server:
        found.append(summary(file, url=server.url))

    assert [(code, one["imported"], one["known"], one["rejected"]) for code, one in found] == [
        (1, 700, 0, 1),
        (1, 700, 0, 1),
        (1, 0, 700, 1),
    ]


def test_dates_of_which_nothing_says_the_order_are_refused_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "a,03/04/26 1:00 PM,03/04/26 2:00 PM", "b,05/06/26 1:00 PM,05/06/26 2:00 PM")

    said = refusal(monkeypatch, "import", "incidents", path, "--source", "pager", "--url", NOBODY, "--time-zone", "UTC")

    assert "started_at '03/04/26 1:00 PM' may be day/month or month/day" in said


@pytest.mark.parametrize("given", ["month-first", "MM/dd/yy h:mm a", "%m/%d/%y %I:%M %p"])
def test_a_person_says_the_order(given: str, tmp_path: Path, desk: Desk) -> None:
    path = written(tmp_path, "a,03/04/26 1:00 PM,03/04/26 2:00 PM")

    status, found = summary(path, "--time-zone", "Europe/Berlin", "--date-format", given, url=desk.url)

    (incident,) = desk.requests[0][1]["incidents"]
    assert (status, found["imported"], incident["started_at"]) == (0, 1, "2026-03-04T12:00:00Z")


def test_a_column_that_the_file_lacks_is_named_and_told_to_the_server(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "jira.csv"
    path.write_text("Issue key,Component/s,Priority,Created\nOPS-12,cart,Highest,2026-01-05T10:00:00Z\n")

    said = run(str(path), url=desk.url)

    (incident,) = desk.requests[0][1]["incidents"]
    lacks = [
        "team",
        "started_at",
        "acknowledged_at",
        "restored_at",
        "closed_at",
        "restored_by",
        "alerts",
        "followed_up",
    ]
    assert incident["not_recorded"] == lacks
    assert "This file has no column for closed_at, so whether they were closed in time is not judged." in said.stdout
    assert "no column for service" not in said.stdout


def test_a_column_that_is_empty_in_every_row_is_not_one_that_the_file_lacks(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    path.write_text("id,started_at,duration_minutes,closed_at\nA,2026-01-05T10:00:00Z,5,\n")

    _, found = summary(str(path), url=desk.url)

    assert not {"started_at", "closed_at", "restored_at"} & set(found["lacks"])


def test_a_time_without_a_zone_names_the_option_the_column_and_the_line(tmp_path: Path, desk: Desk) -> None:
    path = tmp_path / "jira.csv"
    path.write_text("Issue key,Created\nOPS-12,12/Mar/26 3:04 PM\n")

    said = run(str(path), url=desk.url)

    assert said.exit_code == 1
    assert (
        "line 2  OPS-12  detected_at (column 'Created') '12/Mar/26 3:04 PM' has no time zone: "
        "say where it was written with --time-zone"
    ) in said.stdout
