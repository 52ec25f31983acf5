"""Outcomes over REST: what was imported is reported, edited and exported, and nothing is taken that cannot be so."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quell.incident.events import OUTCOME_STREAM, AssumptionsSet, PastIncident, PastIncidentsImported, RecordCorrected
from tests.gateway.site import Site, open_site

ASSUMED = {
    "based_on": 0,
    "cost_per_minute_low": 100,
    "cost_per_minute_high": 400,
    "currency": "EUR",
    "reason": "from the books",
    "by": "ana",
}


def past(number: int, *, minutes: float = 30, days: float = 2, **more: Any) -> PastIncident:
    begun = (datetime.now(UTC) - timedelta(days=days, seconds=number)).replace(microsecond=0)
    given: dict[str, Any] = {
        "title": f"Incident {number}",
        "service": "cart",
        "severity": "SEV2",
        "started_at": begun,
        "detected_at": begun,
        "restored_at": begun + timedelta(minutes=minutes),
        **more,
    }
    return PastIncident(id=str(number), **given)


async def imported(site: Site, *incidents: PastIncident) -> None:
    await site.tell(OUTCOME_STREAM, PastIncidentsImported(source="old", incidents=incidents, by="person:ana"))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as opened:
        yield opened


async def recorded(site: Site, kind: type) -> list[Any]:
    return [one.event for one in await site.log.read_stream(OUTCOME_STREAM) if isinstance(one.event, kind)]


def figure(report: dict[str, Any], key: str) -> dict[str, Any]:
    return next(one for one in report["figures"] if one["key"] == key)["estimate"]


async def test_nothing_is_reported_of_nothing(site: Site) -> None:
    report = await site.get("outcomes")

    assert report["sentence"]["text"] == "No incidents in the last 28 days."
    assert {one["estimate"]["value"] for one in report["figures"]} == {None}
    trend, saved = await site.get("outcomes/trend"), await site.get("outcomes/savings")
    assert (trend["decision"]["word"], trend["dots"], trend["did"]) == ("not_enough", [], [])
    assert (saved["savings"]["minutes"], saved["savings"]["claimed"]) == (None, False)
    assert await site.get("outcomes/records") == {"items": [], "next_cursor": None}


async def test_a_report_is_of_one_window_and_one_kind(site: Site) -> None:
    drills = [past(100 + number, minutes=1, kind="drill") for number in range(8)]
    older = [past(200 + number, minutes=90, days=60) for number in range(8)]
    await imported(site, *(past(number, minutes=30 + number) for number in range(8)), *drills, *older)

    report = await site.get("outcomes", window="28d", by="service")
    assert figure(report, "time_to_restore")["value"] == pytest.approx(33.5 * 60)
    assert (report["counts"]["handled"], report["others"]) == (8, {"drill": 8})
    assert [(one["name"], one["n"]) for one in report["strata"]] == [("cart", 8)]
    assert (await site.get("outcomes", window="all"))["counts"]["handled"] == 16
    drilled = await site.get("outcomes", kind="drill")
    assert (drilled["counts"]["handled"], figure(drilled, "time_to_restore")["value"]) == (8, 60)


async def test_the_picture_can_be_turned_back(site: Site) -> None:
    await imported(site, past(1), past(2, days=200))

    now = await site.get("outcomes/trend")
    assert [one["id"] for one in now["dots"]] == ["old/1"]
    assert now["until"] == now["as_of"]
    day = (datetime.now(UTC) - timedelta(days=190)).date()
    then = await site.get("outcomes/trend", until=day.isoformat())
    assert [one["id"] for one in then["dots"]] == ["old/2"]
    assert then["until"][:10] == then["line"][-1]["day"] == day.isoformat()
    ahead = await site.get("outcomes/trend", until=(datetime.now(UTC) + timedelta(days=9)).date().isoformat())
    assert ahead["until"] == ahead["as_of"]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("outcomes", {"window": "3d"}),
        ("outcomes", {"kind": "all"}),
        ("outcomes", {"by": "colour"}),
        ("outcomes/trend", {"until": "yesterday"}),
        ("outcomes/trend", {"until": "0001-01-01"}),
        ("outcomes/export", {"format": "xlsx"}),
        ("outcomes/records", {"limit": "0"}),
    ],
)
async def test_a_question_that_has_no_answer_is_refused(site: Site, path: str, params: dict[str, str]) -> None:
    answer = await site.client.get(f"/api/v1/{path}", params=params)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_every_figure_that_is_shown_has_a_definition(site: Site) -> None:
    report = await site.get("outcomes")
    defined = {one["key"] for one in (await site.get("outcomes/definitions"))["items"]}

    assert {one["estimate"]["method"] for one in report["figures"]} <= defined


async def test_records_come_in_pages_newest_first(site: Site) -> None:
    await imported(site, *(past(number) for number in range(5)))

    first = await site.get("outcomes/records", limit=3)
    second = await site.get("outcomes/records", limit=3, after=first["next_cursor"])
    assert [one["id"] for one in first["items"] + second["items"]] == [f"old/{number}" for number in range(5)]
    assert second["next_cursor"] is None


async def test_a_page_after_a_record_that_is_not_there_is_refused_and_not_the_first_one(site: Site) -> None:
    await imported(site, past(1))

    answer = await site.client.get("/api/v1/outcomes/records", params={"after": "old/99"})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "begin with the first page" in answer.json()["detail"]


async def test_an_export_is_a_table_in_which_nothing_is_a_formula(site: Site) -> None:
    await imported(site, past(1, title="=HYPERLINK(1)", team='a,b\n"c"'), past(2, title="@sum"))

    answer = await site.client.get("/api/v1/outcomes/export")

    assert answer.headers["content-disposition"] == 'attachment; filename="quell-outcomes.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["title"] for row in rows] == ["'=HYPERLINK(1)", "'@sum"]
    assert rows[0]["team"] == 'a,b\n"c"'
    assert (rows[0]["started_clock"], rows[0]["acknowledged_at"]) == ("imported", "")
    as_json = json.loads((await site.client.get("/api/v1/outcomes/export", params={"format": "json"})).text)
    assert [row["title"] for row in as_json] == ["=HYPERLINK(1)", "@sum"]


async def test_assumptions_are_versions_that_say_who_and_why(site: Site) -> None:
    (nothing,) = (await site.get("outcomes/assumptions"))["items"]
    assert (nothing["version"], nothing["cost_per_minute_low"]) == (0, None)

    answer = await site.put("outcomes/assumptions", ASSUMED, Idempotency_Key="one")
    again = await site.put("outcomes/assumptions", {**ASSUMED, "based_on": 1, "currency": "USD"})

    assert answer.status_code == again.status_code == 200
    newest, first, _ = (await site.get("outcomes/assumptions"))["items"]
    assert (newest["version"], newest["currency"], first["currency"]) == (2, "USD", "EUR")
    assert (first["set_by"], first["reason"]) == ("person:operator (says: ana)", "from the books")
    assert (await site.get("outcomes"))["assumptions_version"] == 2


async def test_assumptions_sent_again_with_their_key_are_answered_and_others_with_it_refused(site: Site) -> None:
    first = await site.put("outcomes/assumptions", ASSUMED, Idempotency_Key="one")

    again = await site.put("outcomes/assumptions", ASSUMED, Idempotency_Key="one")
    other = await site.put("outcomes/assumptions", {**ASSUMED, "currency": "USD"}, Idempotency_Key="one")

    assert (again.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["reason"]) == (422, "key_reused")
    assert len(await recorded(site, AssumptionsSet)) == 1


async def test_assumptions_over_ones_that_were_not_seen_are_refused(site: Site) -> None:
    await site.put("outcomes/assumptions", ASSUMED)

    answer = await site.put("outcomes/assumptions", ASSUMED)

    assert answer.status_code == 409
    assert "set by person:operator (says: ana)" in answer.json()["detail"]
    assert len(await recorded(site, AssumptionsSet)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"cost_per_minute_high": None},
        {"cost_per_minute_low": 500},
        {"cost_per_minute_low": 0},
        {"cost_per_minute_low": "NaN"},
        {"currency": "euro"},
        {"target_s": {"SEV9": 60}},
        {"target_s": {"SEV1": 0}},
        {"running_cost_month": -1},
        {"reason": ""},
        {"more": 1},
    ],
)
async def test_assumptions_that_cannot_be_so_are_refused(site: Site, wrong: dict[str, Any]) -> None:
    answer = await site.put("outcomes/assumptions", {**ASSUMED, **wrong})

    assert answer.status_code in (400, 422), answer.text
    assert await recorded(site, AssumptionsSet) == []


async def correct(site: Site, known_as: str, **body: Any) -> Any:
    return await site.post(f"outcomes/records/{known_as}/corrections", {"reason": "the log says so", **body})


async def test_a_correction_is_answered_and_reported_at_once(site: Site) -> None:
    await imported(site, *(past(number) for number in range(8)))
    (before,) = [one for one in (await site.get("outcomes/records"))["items"] if one["id"] == "old/3"]
    until = datetime.fromisoformat(before["started"]["at"]) + timedelta(minutes=10)

    answer = await correct(site, "old/3", restored_at=until.isoformat(), team="shop", by="bo")

    assert answer.status_code == 200, answer.text
    assert (answer.json()["team"], answer.json()["edited_by"]) == ("shop", "person:operator (says: bo)")
    (event,) = await recorded(site, RecordCorrected)
    assert (event.by, event.typed_name, event.reason) == ("person:operator", "bo", "the log says so")
    assert set(event.changes) == {"restored_at", "team"}
    trend = await site.get("outcomes/trend")
    assert sorted(one["lasted_s"] for one in trend["dots"]) == [600, *[1800] * 7]


async def test_a_record_becomes_a_drill_by_a_word_of_a_person(site: Site) -> None:
    await imported(site, past(1), past(2))

    await correct(site, "old/1", kind="drill")

    report = await site.get("outcomes")
    assert (report["counts"]["handled"], report["others"]) == (1, {"drill": 1})


async def test_an_old_record_that_is_kept_in_sums_only_can_be_corrected(tmp_path: Path) -> None:
    async with open_site(tmp_path, kept=100) as site:
        await imported(site, *(past(number, days=2 + number) for number in range(120)))
        assert len((await site.get("outcomes/records", limit=200))["items"]) == 100

        answer = await correct(site, "old/119", kind="maintenance")
        assert answer.status_code == 200, answer.text
        twice = await correct(site, "old/119", team="shop")

        assert (twice.json()["origin"], twice.json()["team"]) == ("maintenance", "shop")
        assert (await site.get("outcomes", window="all"))["counts"]["handled"] == 119
        assert (await site.get("outcomes", window="all", kind="maintenance"))["counts"]["handled"] == 1


async def test_times_the_wrong_way_round_are_refused_until_a_person_insists(site: Site) -> None:
    await imported(site, past(1))

    refused = await correct(site, "old/1", restored_at="2026-01-05T10:00:00+01:00")
    assert refused.status_code == 400
    assert "it would be restored at 2026-01-05 09:00:00 UTC, before it detected" in refused.json()["detail"]
    assert await recorded(site, RecordCorrected) == []

    insisted = await correct(site, "old/1", restored_at="2026-01-05T10:00:00+01:00", even_if_out_of_order=True)
    assert insisted.status_code == 200
    assert {one["why"] for one in (await site.get("outcomes"))["excluded"]}


@pytest.mark.parametrize(
    ("known_as", "body", "status"),
    [
        ("old/99", {"team": "shop"}, 404),
        ("INC-1", {"team": "shop"}, 404),
        ("old/1", {}, 400),
        ("old/1", {"kind": "secret"}, 422),
        ("old/1", {"severity": "SEV7"}, 422),
        ("old/1", {"restored_at": "2026-01-05T10:00:00"}, 422),
        ("old/1", {"restored_at": "1066-10-14T10:00:00Z"}, 422),
        ("old/1", {"team": "x" * 101}, 422),
        ("old/1", {"colour": "red"}, 422),
        ("old/1", {"team": "shop", "reason": ""}, 422),
    ],
)
async def test_a_correction_that_cannot_be_is_refused(
    site: Site, known_as: str, body: dict[str, Any], status: int
) -> None:
    await imported(site, past(1))

    answer = await correct(site, known_as, **body)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await recorded(site, RecordCorrected) == []


async def test_a_repeated_correction_counts_once(site: Site) -> None:
    await imported(site, past(1))

    for _ in range(2):
        path = "outcomes/records/old/1/corrections"
        answer = await site.post(path, {"team": "shop", "reason": "so"}, Idempotency_Key="one")
        assert answer.status_code == 200

    assert len(await recorded(site, RecordCorrected)) == 1
