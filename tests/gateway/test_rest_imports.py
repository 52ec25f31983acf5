"""Incidents of the past over REST: each counts once, and what cannot have been so is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from quell.incident.events import OUTCOME_STREAM, PastIncident, PastIncidentsImported
from tests.gateway.site import Site, open_site

PATH = "outcomes/imports"


def row(known_as: str, **more: Any) -> dict[str, Any]:
    return {
        "id": known_as,
        "title": f"Incident {known_as}",
        "started_at": "2026-01-05T10:00:00+01:00",
        "detected_at": "2026-01-05T10:00:00+01:00",
        "restored_at": "2026-01-05T11:00:00+01:00",
        **more,
    }


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as opened:
        yield opened


async def imported(site: Site, *rows: dict[str, Any], key: str = "", **more: Any) -> dict[str, Any]:
    headers = {"Idempotency_Key": key} if key else {}
    answer = await site.post(PATH, {"source": "pager", "incidents": rows, **more}, **headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def recorded(site: Site) -> list[PastIncidentsImported]:
    events = [one.event for one in await site.log.read_stream(OUTCOME_STREAM)]
    return [event for event in events if isinstance(event, PastIncidentsImported)]


async def test_an_import_is_one_event_with_times_in_utc_and_who_did_it(site: Site) -> None:
    answer = await imported(site, row("1", severity="SEV2"), row("2"), by="ana")

    assert answer == {"received": 2, "imported": 2, "known": 0, "rejected": [], "dry_run": False}
    (event,) = await recorded(site)
    assert (event.source, event.by, event.typed_name) == ("pager", "person:operator", "ana")
    assert len(event.incidents) == 2
    assert event.incidents[0] == PastIncident(
        id="1",
        title="Incident 1",
        severity="SEV2",
        started_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        detected_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        restored_at=datetime(2026, 1, 5, 10, tzinfo=UTC),
    )


async def test_what_was_imported_before_is_skipped_and_counted(site: Site) -> None:
    await imported(site, row("1"))

    again = await imported(site, row("1", title="another"), row("2"))

    assert (again["imported"], again["known"]) == (1, 1)
    assert [[past.id for past in event.incidents] for event in await recorded(site)] == [["1"], ["2"]]


async def test_the_same_id_of_another_source_is_another_incident(site: Site) -> None:
    await imported(site, row("1"))

    other = await site.post(PATH, {"source": "page", "incidents": [row("1")]})

    assert other.json()["imported"] == 1


async def test_when_all_is_known_nothing_is_recorded(site: Site) -> None:
    await imported(site, row("1"))
    head = site.log.head

    await imported(site, row("1"))

    assert site.log.head == head


async def test_a_key_that_is_used_for_other_incidents_is_refused_and_does_not_swallow_them(site: Site) -> None:
    await imported(site, row("1"), key="k" * 200)

    again = await site.post(PATH, {"source": "pager", "incidents": [row("2")]}, Idempotency_Key="k" * 200)

    assert (again.status_code, again.json()["reason"]) == (422, "key_reused")
    assert await imported(site, row("2"), key="another") == {
        "received": 1,
        "imported": 1,
        "known": 0,
        "rejected": [],
        "dry_run": False,
    }


async def test_a_dry_run_says_what_would_be_and_records_nothing(site: Site) -> None:
    await imported(site, row("1"))
    head = site.log.head

    answer = await imported(site, row("1"), row("2"), row("3", restored_at="2025-01-01T00:00:00Z"), dry_run=True)

    assert (answer["imported"], answer["known"], len(answer["rejected"])) == (1, 1, 1)
    assert site.log.head == head


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"restored_at": "2026-01-05T08:59:59Z"}, "the end is before the start"),
        ({"restored_at": "2026-01-05T09:00:00Z"}, "it lasted no time at all"),
        ({"restored_at": "2100-01-01T00:00:00Z"}, "a time is in the future"),
        ({"started_at": None, "detected_at": None}, "neither a start nor a detection"),
        ({"started_at": "1950-01-01T00:00:00Z"}, "a time is before 1990"),
        ({"id": "a\u0007"}, "the id is not 1 to 200 characters that can be shown"),
        ({"id": "good"}, "the id is in the request before"),
    ],
)
async def test_a_row_that_cannot_have_been_so_is_named_and_the_others_are_imported(
    site: Site, bad: dict[str, Any], reason: str
) -> None:
    answer = await imported(site, row("good"), {**row("bad"), **bad})

    (rejected,) = answer["rejected"]
    assert (rejected["index"], rejected["reason"]) == (1, reason)
    assert (answer["received"], answer["imported"]) == (2, 1)


@pytest.mark.parametrize(
    "bad",
    [
        {"title": "x" * 301},
        {"service": "x" * 101},
        {"id": ""},
        {"id": "x" * 201},
        {"severity": "dreadful"},
        {"kind": "party"},
        {"started_at": "2026-01-05T10:00:00"},
        {"started_at": "9999-12-31T23:59:59Z"},
        {"started_at": 1767258000},
        {"started_at": "1767258000"},
        {"followed_up": 1},
        {"alerts": -1},
        {"restored_by": "luck"},
        {"colour": "red"},
    ],
)
async def test_what_does_not_fit_its_type_is_refused_whole(site: Site, bad: dict[str, Any]) -> None:
    answer = await site.post(PATH, {"source": "pager", "incidents": [row("1"), {**row("2"), **bad}]})

    assert answer.status_code == 422
    assert site.log.head == 0


@pytest.mark.parametrize("source", ["quell", "a/b", "", "A", "x" * 51])
async def test_a_source_that_cannot_be_one_is_refused(site: Site, source: str) -> None:
    answer = await site.post(PATH, {"source": source, "incidents": [row("1")]})

    assert answer.status_code in (400, 422)


async def test_a_thousand_incidents_fit_a_request_and_one_more_does_not(site: Site) -> None:
    rows = [row(f"{'x' * 190}{number}", title="\u00e4" * 300) for number in range(1_001)]

    most = await site.post(PATH, {"source": "pager", "incidents": rows[:1_000]})
    more = await site.post(PATH, {"source": "pager", "incidents": rows})

    assert most.json()["imported"] == 1_000
    assert more.status_code == 422


async def test_a_body_over_four_mebibytes_is_refused(site: Site) -> None:
    answer = await site.post(PATH, {"source": "pager", "incidents": [row("1", title="x" * 4_200_000)]})

    assert answer.status_code == 413


async def test_other_routes_still_read_64_kibibytes_only(site: Site) -> None:
    answer = await site.post("silences", {"matchers": [], "comment": "x" * 70_000})

    assert answer.status_code == 413


async def test_texts_are_cleaned_once_more(site: Site) -> None:
    await imported(site, row("1", title="a\u001b[31m\u202eb", service="s\u0000"))

    (event,) = await recorded(site)
    assert (event.incidents[0].title, event.incidents[0].service) == ("a[31mb", "s")
