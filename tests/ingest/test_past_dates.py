"""Dates of past incidents as tools and locales write them, and the order of day and month, which is never guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.errors import Malformed
from quell.ingest.past.dates import Columns, DateFormat, Order, read_date, read_format
from quell.ingest.past.moments import BadTime, read_moment
from quell.ingest.past.reading import Reader, Rejected, look_through
from quell.ingest.past.shapes import Shape, opened

ROME = ZoneInfo("Europe/Rome")
NOON = datetime(2025, 6, 23, 12, 5, tzinfo=UTC)  # 14:05 in Rome


@pytest.mark.parametrize(
    "text",
    [
        "23/Jun/25 2:05 PM",
        "23/Jun/2025 14:05",
        "23-JUN-25 02:05 p.m.",
        "23 juin 2025 14:05",
        "23. Juni 2025, 14:05:00",
        "23. Juni 2025 um 14:05",
        "23-giu-2025 14.05",
        "Jun 23, 2025 2:05 PM",
        "June 23rd, 2025 2:05pm",
        "Mon, 23 Jun 2025 12:05:00 +0000",
        "23/06/2025 14:05",
        "06/23/25 2:05:00 PM",
        "23.06.2025 14:05:00",
        "23-06-2025 14:05:00",
        "2025/06/23 14:05",
        "2025/06/23 12:05:00 UTC",
        "2025-06-23 14:05",
        "1750680300000",
    ],
)
def test_a_date_is_read_as_its_tool_means_it(text: str) -> None:
    assert read_moment(text, ROME) == NOON


@pytest.mark.parametrize(
    "text",
    [
        "23/Foo/25 2:05 PM",
        "31/Feb/25 2:05 PM",
        "23/Jun/25 13:05 PM",
        "23/Jun/25 0:05 AM",
        "23/Jun/25",
        "45/46/2025 1:00",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadTime):
        read_moment(text, ROME)


def test_twelve_in_the_morning_is_midnight() -> None:
    assert [read_date(f"1/Jan/26 12:30 {half}", None).hour for half in ("AM", "PM")] == [0, 12]  # type: ignore[union-attr]


@given(st.datetimes(datetime(2000, 1, 1), datetime(2049, 1, 1)), st.sampled_from(Order))  # noqa: DTZ001
def test_a_date_with_a_known_order_is_read_back(at: datetime, order: Order) -> None:
    whole = at.replace(microsecond=0)
    written = whole.strftime("%d/%m/%y %I:%M:%S %p" if order is Order.DAY else "%m/%d/%y %I:%M:%S %p")

    assert read_date(written, order) == whole


class TestTheOrder:
    @staticmethod
    def of(*texts: str) -> DateFormat:
        columns = Columns()
        for text in texts:
            columns.note("detected_at", text)
        return columns.settled(DateFormat())

    @pytest.mark.parametrize(("shows", "order"), [("25/03/26 1:00", "day-first"), ("03/25/26 1:00", "month-first")])
    def test_is_settled_by_any_row_of_the_column(self, shows: str, order: str) -> None:
        assert self.of("03/04/26 1:00", shows, "05/05/26 1:00").order_in("detected_at") == order

    def test_of_one_column_says_nothing_of_another(self) -> None:
        columns = Columns()
        columns.note("restored_at", "25/03/26 1:00")
        columns.note("detected_at", "03/04/26 1:00")

        with pytest.raises(Malformed, match="detected_at '03/04/26 1:00' may be day/month or month/day"):
            columns.settled(DateFormat())

    @pytest.mark.parametrize("texts", [["03/04/26 1:00"], ["03/04/26 1:00", "25/03/26 1:00", "03/25/26 1:00"]])
    def test_that_nothing_settles_is_asked_for(self, texts: list[str]) -> None:
        with pytest.raises(Malformed, match="--date-format day-first"):
            self.of(*texts)

    @pytest.mark.parametrize("text", ["2026/03/04 1:00", "04/Mar/26 1:00", "04/04/26 1:00", "nothing"])
    def test_is_not_asked_for_where_none_is_needed(self, text: str) -> None:
        assert self.of(text).order_in("detected_at") is None


class TestAFormatThatAPersonSays:
    @pytest.mark.parametrize(
        ("format_", "text"),
        [
            ("day-first", "04/03/26 3:00 PM"),
            ("month-first", "03/04/26 3:00 PM"),
            ("%y.%d.%m %H:%M", "26.04.03 15:00"),
            ("dd/MMM/yy h:mm a", "04/Mar/26 3:00 PM"),
            ("yyyy.MM.dd HH:mm", "2026.03.04 15:00"),
        ],
    )
    def test_is_kept_to(self, format_: str, text: str) -> None:
        known = read_format(format_)

        read = read_moment(text, ZoneInfo("UTC"), order=known.order, pattern=known.pattern)

        assert read == datetime(2026, 3, 4, 15, 0, tzinfo=UTC)

    @pytest.mark.parametrize("format_", ["", "european", "%d/%m", "%d/%m/%y", "%d/%m/%y %I:%M", "%Q", "dd/MM", "%"])
    def test_that_names_no_moment_is_refused(self, format_: str) -> None:
        with pytest.raises(Malformed, match="the date format"):
            read_format(format_)


def read_file(path: Path, given: DateFormat) -> list[tuple[str, datetime | None, datetime | None, str]]:
    with opened(path, Shape.AUTO, {}) as file:
        dates, _ = look_through(file.rows, given)
    reader = Reader(now=datetime(2026, 6, 1, tzinfo=UTC), zone=ROME, dates=dates)
    with opened(path, Shape.AUTO, {}) as file:
        found = list(reader.read(file.rows))
    assert not [one for one in found if isinstance(one, Rejected)]
    return [
        (one.past.title, one.past.detected_at, one.past.restored_at, one.past.severity)
        for one in found
        if not isinstance(one, Rejected)
    ]


EXPORTS = {
    "jira.csv": "Summary,Issue key,Issue id,Priority,Component/s,Created,Resolved,Labels,Labels\n"
    "Mail stuck,IT-7,9,Highest,mail,23/Jun/25 2:05 PM,23/Jun/25 3:05 PM,a,b\n",
    "servicenow.csv": "Number,Short description,Priority,Opened,Resolved\n"
    "INC007,Mail stuck,1 - Critical,23-06-2025 14:05:00,23-06-2025 15:05:00\n",
    "american.csv": "Number;Short description;Priority;Opened;Resolved\n"
    "INC007;Mail stuck;1 - Critical;06/23/2025 02:05:00 PM;06/23/2025 03:05:00 PM\n",
    "opsgenie.csv": "TinyID,Message,Priority,CreatedAt,ResolvedAt\n7,Mail stuck,P1,1750680300000,1750683900000\n",
    "opsgenie.json": '{"data": [{"tinyId": "7", "message": "Mail stuck", "priority": "P1", "resolved": true, '
    '"createdAt": "2025-06-23T12:05:00.000Z", "resolvedAt": "2025-06-23T13:05:00.000Z"}]}',
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_read_without_being_told_its_columns(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(EXPORTS[name], encoding="utf-8")

    assert read_file(path, DateFormat()) == [("Mail stuck", NOON, NOON.replace(hour=13), "SEV1")]
