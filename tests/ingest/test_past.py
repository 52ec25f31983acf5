"""Past incidents from files: what is read, and what is said of rows that cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.errors import Malformed, TooLarge
from quell.incident.events import PastIncident
from quell.ingest.past import csvfile, jsonfile, pagerduty, reading, statuspage
from quell.ingest.past.checks import ID_CHARACTERS, check_source
from quell.ingest.past.fields import ALIASES, EXTRA, FIELDS, Row, read_mapping
from quell.ingest.past.moments import BadTime, read_moment
from quell.ingest.past.reading import Reader, Rejected, Taken
from quell.ingest.past.shapes import Shape, opened

PAYLOADS = Path(__file__).parent.parent / "payloads/past"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
OWN = ("id=Ticket", "title=What", "service=Where", "severity=Prio", "started_at=From", "detected_at=Found")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Read:
    """What became of a file."""

    def __init__(
        self, path: Path, *pairs: str, shape: Shape = Shape.AUTO, zone: ZoneInfo | None = None, now: datetime = NOW
    ) -> None:
        self.reader = Reader(now=now, zone=zone)
        with opened(path, shape, read_mapping(pairs)) as file:
            self.shape, self.place = file.shape, file.place
            found = list(self.reader.read(file.rows))
        self.past = {one.past.id: one.past for one in found if isinstance(one, Taken)}
        self.rejected = [one for one in found if isinstance(one, Rejected)]

    @property
    def reasons(self) -> dict[int, str]:
        return {one.place: one.reason for one in self.rejected}


def lines(folder: Path, *rows: str, header: str = "id,started_at,restored_at") -> Path:
    """Write a CSV file."""
    path = folder / "past.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def one(**values: str) -> PastIncident | Rejected:
    """Return what becomes of one row."""
    row = Row(place=2, values={"id": "X", "started_at": "2026-01-01T00:00:00Z", **values})
    (found,) = Reader(now=NOW).read([row])
    return found.past if isinstance(found, Taken) else found


def reason(**values: str) -> str:
    found = one(**values)
    assert isinstance(found, Rejected), found
    return found.says


def test_a_rest_export_of_pagerduty_has_detection_and_no_start_of_the_impact() -> None:
    read = Read(PAYLOADS / "pagerduty.json")

    assert (read.shape, read.place, read.reasons) == (Shape.PAGERDUTY, "item", {})
    assert read.past["PAST001"] == PastIncident(
        id="PAST001",
        title="Checkout answers slowly",
        service="checkout",
        team="Payments",
        severity="SEV2",
        detected_at=at("2026-03-02T08:15:00"),
        acknowledged_at=at("2026-03-02T08:17:30"),
        restored_at=at("2026-03-02T09:00:00"),
        restored_by="person",
        alerts=3,
    )
    assert read.past["PAST002"].restored_at == at("2026-03-03T09:20:00")
    assert read.past["PAST002"].restored_by == "itself"


def test_an_incident_of_pagerduty_that_is_not_resolved_has_no_end() -> None:
    open_one = Read(PAYLOADS / "pagerduty.json").past["PAST003"]

    assert (open_one.restored_at, open_one.restored_by) == (None, "unknown")


def test_a_report_of_pagerduty_says_the_same_as_its_rest_export() -> None:
    read = Read(PAYLOADS / "pagerduty.csv")

    assert (read.shape, read.place) == (Shape.PAGERDUTY, "line")
    first, second = read.past.values()
    assert (first.id, first.title, first.service, first.severity) == (
        "PAST001",
        "Checkout answers slowly",
        "checkout",
        "SEV1",
    )
    assert (first.detected_at, first.started_at) == (at("2026-03-02T08:15:00"), None)
    assert first.acknowledged_at == at("2026-03-02T08:17:30")
    assert (first.restored_at, first.restored_by) == (at("2026-03-02T09:00:00"), "person")
    assert (second.restored_at, second.restored_by) == (at("2026-03-03T09:20:00"), "itself")


def test_a_status_page_tells_incidents_from_maintenance() -> None:
    read = Read(PAYLOADS / "statuspage.json")

    assert (read.shape, read.reasons) == (Shape.STATUSPAGE, {})
    slow, errors, move = read.past.values()
    assert (slow.started_at, slow.restored_at) == (at("2026-02-01T12:00:00"), at("2026-02-01T12:55:00"))
    assert (slow.service, slow.severity, slow.kind, slow.followed_up) == ("Search", "SEV2", "real", True)
    assert (errors.service, errors.severity, errors.followed_up) == ("several services", "SEV4", False)
    assert errors.started_at == at("2026-02-04T23:00:00")
    assert (move.kind, move.severity, move.started_at) == ("maintenance", "", at("2026-02-08T02:00:00"))


def test_a_collection_of_githubs_incidents_counts_from_the_impact_and_not_from_the_announcement() -> None:
    read = Read(PAYLOADS / "github-status.csv")

    assert read.shape is Shape.GITHUB_STATUS
    assert read.past["501"] == PastIncident(
        id="501",
        title="Pages, Webhooks",
        service="several services",
        severity="SEV2",
        started_at=at("2026-01-10T10:00:00"),
        detected_at=at("2026-01-10T10:00:00"),
        restored_at=at("2026-01-10T10:50:00"),
        closed_at=at("2026-01-10T11:00:00"),
    )
    assert (read.past["502"].kind, read.past["502"].severity) == ("maintenance", "")
    assert read.reasons == {4: "it lasted no time at all"}
    assert read.reader.kinds == {"real": 2, "maintenance": 1}


def test_a_row_with_a_duration_and_no_end_ends_after_its_duration() -> None:
    assert Read(PAYLOADS / "github-status.csv").past["504"].restored_at == at("2026-01-13T10:30:00")


def test_any_csv_can_be_mapped_and_every_bad_row_is_named_by_the_line_on_which_it_begins() -> None:
    read = Read(PAYLOADS / "own.csv", *OWN, "restored_at=Until", zone=BERLIN)

    assert list(read.past) == ["A-1", "A-5"]
    assert read.past["A-1"].started_at == at("2026-01-05T08:00:00")
    assert read.past["A-1"].title == "Door, jammed"
    assert read.reasons == {
        3: "the end is before the start",
        4: "the id is in the file before",
        5: "started_at was never on the clock, since summer time began",
        6: "started_at was on the clock twice, when summer time ended",
        9: "the line has fewer columns than the first",
    }
    assert read.reader.notices == {reading.OPEN: 1, reading.DETECTED: 1}


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": 7, "at": {"from": 1767258000, "to": 1767261600}}]',
        '{"items": [{"id": 7, "at": {"from": 1767258000, "to": 1767261600}}], "more": false}',
        '{"id": 7, "at": {"from": 1767258000, "to": 1767261600}}\n\n{"id": "broken"\n[1]\n',
    ],
)
def test_json_is_a_list_an_object_with_one_or_lines(text: str, tmp_path: Path) -> None:
    path = tmp_path / "past.json"
    path.write_text(text)

    read = Read(path, "started_at=at.from", "restored_at=at.to")

    assert read.past["7"].started_at == at("2026-01-01T09:00:00")
    assert read.past["7"].restored_at == at("2026-01-01T10:00:00")
    assert set(read.reasons.values()) <= {"it cannot be read as JSON", "it is not a JSON object"}
    assert read.place == ("line" if "broken" in text else "item")


def test_columns_are_found_by_names_that_tools_often_use(tmp_path: Path) -> None:
    path = lines(
        tmp_path,
        "\t".join(("INC9", "Down", "SEV5", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")),
        header="\ufeffNumber\tShort Description\tPriority\tOpened At\tResolved At",
    )

    incident = Read(path).past["INC9"]

    assert (incident.title, incident.severity, incident.detected_at) == ("Down", "SEV5", at("2026-01-01T00:00:00"))


def test_the_page_names_every_field_and_every_name_it_is_found_by() -> None:
    page = (PAYLOADS.parents[2] / "docs/import.md").read_text(encoding="utf-8")

    for name in (*FIELDS, *EXTRA):
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.rpartition("|")[0].rpartition("|")[2].replace("`", "").replace(",", "").split() == [
            *ALIASES.get(name, ())
        ]


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        (["when=at"], "there is no field 'when'"),
        (["id"], "written field=column"),
        (["id="], "written field=column"),
        (["id=a", "id=b"], "mapped twice"),
        (["id=nowhere"], "the column 'nowhere' is not in the file, which has: key"),
        ([], "no column is known for the start"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(pairs: Sequence[str], says: str, tmp_path: Path) -> None:
    path = lines(tmp_path, header="key,what,when it was")

    with pytest.raises(Malformed, match=says):
        Read(path, *pairs)


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("a.csv", b"", "empty"),
        ("a.json", b"", "empty"),
        ("a.json", b"[{]", "cannot be read as JSON"),
        ("a.json", b'{"x": 1, "y": [', "cannot be read as JSON"),
        ("a.json", b"[" * 100_000, "cannot be read as JSON"),
        ("a.json", b'{"incidents": {"a": 1}', "cannot be read as JSON"),
        ("a.csv", b"\x00\x01\x02", "no column is known for the id"),
    ],
)
def test_a_file_that_is_none_of_the_shapes_is_refused(name: str, body: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(body)

    with pytest.raises(Malformed, match=says):
        Read(tmp_path / name)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="No such file"):
        Read(tmp_path / "nowhere.csv")


def test_a_line_without_an_end_is_not_held_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvfile, "LINE_CHARACTERS", 100)

    with pytest.raises(TooLarge, match="a line of the file has more than 100"):
        Read(lines(tmp_path, "x" * 101))


def test_a_document_over_the_bound_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonfile, "DOCUMENT_BYTES", 10)
    (tmp_path / "a.json").write_text("[" + " " * 20 + "]")

    with pytest.raises(TooLarge, match="JSON lines may be of any length"):
        Read(tmp_path / "a.json")


def test_deep_nesting_rejects_the_item_and_not_the_file(tmp_path: Path) -> None:
    deep = '{"id": "deep", "x": ' + "[" * 5_000 + "]" * 5_000 + "}"
    good = '{"id": "good", "started_at": "2026-01-01T00:00:00Z"}'
    (tmp_path / "a.jsonl").write_text(f"{good}\n{deep}\n")

    read = Read(tmp_path / "a.jsonl")

    assert list(read.past) == ["good"]
    assert len(read.rejected) == 1


def test_bytes_that_are_no_text_do_not_stop_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,title,started_at\n1,caf\xe9,2026-01-01T00:00:00Z\n2,b,2026-01-01T00:00:00Z\n")

    assert [past.title for past in Read(path).past.values()] == ["caf\ufffd", "b"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"id": " "}, "no id"),
        ({"id": "x" * (ID_CHARACTERS + 1)}, "the id is not 1 to 200 characters"),
        ({"id": "a\x1b[2Jb"}, "the id is not 1 to 200 characters"),
        ({"started_at": ""}, "neither a start nor a detection"),
        ({"started_at": "yesterday"}, "started_at 'yesterday' is not a time"),
        ({"started_at": "2026-01-01T10:00:00"}, "started_at '2026-01-01T10:00:00' has no time zone"),
        ({"started_at": "2026-01-01"}, "is a date without a time"),
        ({"started_at": "1" * 400}, "is not a time"),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "is not a time"),
        ({"started_at": "1980-01-01T00:00:00Z"}, "a time is before 1990"),
        ({"restored_at": "2025-12-31T23:59:59Z"}, "the end is before the start"),
        ({"restored_at": "2026-01-01T00:00:00Z"}, "it lasted no time at all"),
        ({"restored_at": "2026-01-01T00:30:00Z", "detected_at": "2026-01-01T00:31:00Z"}, "the end is before the start"),
        ({"started_at": "2019-01-01T00:00:00Z", "restored_at": "2026-01-01T00:00:00Z"}, "more than 5 years"),
        ({"restored_at": "2026-11-26T12:05:01Z"}, "a time is in the future"),
        ({"duration_minutes": "0"}, "it lasted no time at all"),
        ({"duration_minutes": "-5"}, "the end is before the start"),
        ({"duration_minutes": "nan"}, "duration_minutes 'nan' is not a length of time"),
        (
            {"started_at": "9999-12-31T23:59:59Z", "duration_minutes": "5"},
            "duration_minutes leads to a time that no calendar has",
        ),
        ({"duration_minutes": "1e300"}, "duration_minutes '1e300' is not a length of time"),
        ({"kind": "party"}, "kind 'party' is none of"),
        ({"alerts": "-1"}, "alerts '-1' is not a number"),
        ({"alerts": "\u0663"}, "is not a number"),
        ({"followed_up": "perhaps"}, "followed_up 'perhaps' is neither yes nor no"),
        ({"maintenance": "perhaps"}, "maintenance 'perhaps' is neither yes nor no"),
    ],
)
def test_a_row_that_cannot_have_been_so_is_rejected_with_its_reason(values: dict[str, str], says: str) -> None:
    assert says in reason(**values)


def test_a_clock_five_minutes_ahead_is_forgiven() -> None:
    found = one(restored_at="2026-11-26T12:05:00Z", started_at="2026-11-26T11:00:00Z")

    assert isinstance(found, PastIncident)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("P1", "SEV1"),
        (" critical ", "SEV1"),
        ("Major", "SEV2"),
        ("minor", "SEV3"),
        ("none", "SEV4"),
        ("sev5", "SEV5"),
        ("", ""),
        ("dreadful", ""),
    ],
)
def test_severities_follow_the_published_table_and_unknown_words_stay_out(word: str, severity: str) -> None:
    found = one(severity=word)

    assert isinstance(found, PastIncident)
    assert found.severity == severity


def test_what_was_assumed_is_counted() -> None:
    reader = Reader(now=NOW)
    row = Row(place=2, values={"id": "X", "started_at": "1767258000", "severity": "dreadful", "restored_by": "luck"})

    list(reader.read([row]))

    assert reader.notices == {reading.DETECTED: 1, reading.OPEN: 1, reading.SEVERITY: 1, reading.RESTORER: 1}


def test_texts_are_cleaned_and_cut() -> None:
    found = one(title="a\x1b[31m\u202eb" + "x" * 400, service="s\x00" + "y" * 200)

    assert isinstance(found, PastIncident)
    assert found.title.isprintable()
    assert found.service.isprintable()
    assert len(found.title) <= 300
    assert len(found.service) <= 100


def test_a_rejected_row_does_not_take_its_id_away(tmp_path: Path) -> None:
    path = lines(tmp_path, "1,never,", "1,2026-01-01T00:00:00Z,", "1,2026-01-02T00:00:00Z,")

    read = Read(path)

    assert read.past["1"].started_at == at("2026-01-01T00:00:00")
    assert read.reasons == {2: "started_at is not a time", 4: "the id is in the file before"}


def test_rows_are_taken_from_a_file_one_at_a_time() -> None:
    taken = 0

    def rows() -> Iterator[Row]:
        nonlocal taken
        for taken in range(1, 1_000_000):
            yield Row(place=taken, values={"id": str(taken), "started_at": "1767258000"})

    results = Reader(now=NOW).read(rows())
    next(results)
    next(results)

    assert taken == 2


@pytest.mark.parametrize("source", ["", "Quell", "quell", "a/b", "-a", "a" * 51, "a b", "a\n"])
def test_a_source_that_could_be_taken_for_something_else_is_refused(source: str) -> None:
    with pytest.raises(Malformed):
        check_source(source)


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-01T10:00:00Z",
        "2026-07-01 10:00:00 UTC",
        "2026-07-01T12:00:00+02:00",
        "20260701T100000Z",
        "1782900000",
        "1782900000.0",
    ],
)
def test_a_moment_can_be_written_in_several_ways(text: str) -> None:
    assert read_moment(text, None) == at("2026-07-01T10:00:00")


@given(
    st.datetimes(at("1995-01-01").replace(tzinfo=None), at("2035-01-01").replace(tzinfo=None)),
    st.sampled_from(["Europe/Berlin", "America/New_York"]),
)
def test_a_local_time_is_read_as_the_one_moment_at_which_clocks_showed_it_or_not_at_all(
    local: datetime, name: str
) -> None:
    zone = ZoneInfo(name)
    shown = [
        moment
        for hours in range(-6, 7)
        if (moment := local.replace(tzinfo=UTC) + timedelta(hours=hours)).astimezone(zone).replace(tzinfo=None) == local
    ]

    if len(shown) == 1:
        assert read_moment(local.isoformat(" "), zone) == shown[0]
    else:
        with pytest.raises(BadTime):
            read_moment(local.isoformat(" "), zone)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=12))
def test_whatever_a_row_holds_it_is_taken_or_rejected_with_a_reason(time: str, text: str, number: str) -> None:
    found = one(id=text, title=text, started_at=time, duration_minutes=number, alerts=number, kind="", severity=text)

    assert isinstance(found, PastIncident) or found.reason


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=20), st.lists, max_leaves=20))
def test_whatever_stands_where_a_shape_looks_a_document_is_read(value: object) -> None:
    names = (
        "id title status service teams acknowledgements priority created_at name impact components incident_updates "
        "last_status_change_by alert_counts scheduled_for"
    )
    item = dict.fromkeys(names.split(), value)

    for read in (pagerduty.from_rest, statuspage.from_rest):
        assert all(isinstance(text, str) for text in read({**item, "status": "resolved"}).values())


def test_json_lines_may_hold_one_incident_only(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps({"id": "only", "started_at": "2026-01-01T00:00:00Z"}))

    assert list(Read(path).past) == ["only"]
