"""The source that asks a Loki, over one that answers as its API documents, and over one that does not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from quell.errors import BadAnswer, Unreachable
from quell.evidence.logtext import TEXT_CHARS, fields_of, level_of, message_of
from quell.evidence.loki import PARTS, LokiSource
from quell.evidence.source import Scope
from quell.incident.events import EvidenceKind, Window
from tests.evidence.faults import FAULTS, patience_s
from tests.evidence.vendor import Reply, Request, Vendor, recorded

NOW = datetime(2025, 11, 26, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=5), end=NOW)


def streams(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "streams", "result": list(rows)}}


def row(service: str, *lines: tuple[float, str]) -> dict[str, Any]:
    return {"stream": {"service_name": service}, "values": [[str(round(at * 1e9)), text] for at, text in lines]}


@asynccontextmanager
async def asking(answer: Callable[[Request], Reply], **options: Any) -> AsyncIterator[tuple[LokiSource, Vendor]]:
    async with Vendor(answer) as vendor, httpx.AsyncClient(trust_env=False) as client:
        yield LokiSource(f"{vendor.url}/", client, **{"clock": NOW.timestamp, "timeout_s": 30.0, **options}), vendor


def always(body: Any) -> Callable[[Request], Reply]:
    return lambda request: Reply(body=body)


async def test_a_recorded_answer_becomes_lines_with_level_message_and_trace() -> None:
    async with asking(always(recorded("loki/streams.json"))) as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert [(line.service, line.level, line.text, line.trace_id) for line in found.lines] == [
        ("cart", "warning", "cache miss", ""),
        ("edge", "info", "just some text", ""),
        ("edge", "fatal", "[FATAL] out of memory", ""),
        ("edge", "info", "GET /cart", "cd34"),
        ("edge", "error", "upstream timed out", "ab12"),
        ("cart", "warning", "pool nearly empty", "0af7651916cd43dd8448eb211c80319c"),
    ]
    assert any(warning.endswith("lines have no label service_name") for warning in found.warnings)


async def test_the_exact_query_is_kept_and_every_matcher_is_in_it() -> None:
    options = {"service_label": "app", "matchers": ['env="prod"'], "filters": '!= "healthz"'}
    async with asking(always(streams()), **options) as (source, vendor):
        found = await source.collect(Scope(services=("cart", "e.ge")), WINDOW)

    asked = vendor.asked[0].query
    assert asked["query"] == r'{app=~"cart|e\\.ge", env="prod"} != "healthz"'
    assert found.query.startswith(asked["query"])
    assert asked["direction"] == "backward"


async def test_a_service_name_cannot_break_out_of_its_quotes() -> None:
    async with asking(always(streams())) as (source, vendor):
        await source.collect(Scope(services=('x"} or {a="b',)), WINDOW)

    assert vendor.asked[0].query["query"] == r'{service_name="x\"} or {a=\"b"}'


async def test_the_parts_of_a_window_are_the_window_with_nothing_twice() -> None:
    async with asking(always(streams())) as (source, vendor):
        await source.collect(Scope(), WINDOW)

    parts = sorted((int(one.query["start"]), int(one.query["end"])) for one in vendor.asked)
    assert len(parts) == PARTS
    assert [end for _, end in parts[:-1]] == [start for start, _ in parts[1:]]
    assert (parts[0][0], parts[-1][1]) == (WINDOW.start.timestamp() * 1e9, WINDOW.end.timestamp() * 1e9)


async def test_a_part_that_is_full_is_named_and_the_others_keep_their_lines() -> None:
    def answer(request: Request) -> Reply:
        start, limit = int(request.query["start"]) / 1e9, int(request.query["limit"])
        count = limit if start == WINDOW.start.timestamp() else 1
        return Reply(body=streams(row("cart", *((start + 0.1 * i, f"line {i}") for i in range(count)))))

    async with asking(answer, max_lines=50) as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert len(found.lines) == 10 + PARTS - 1
    assert found.truncated
    assert found.warnings == ["the limit of 10 lines was reached, older ones are missing, in 11:55:00 to 11:56:00"]


async def test_a_loki_that_ignores_the_limit_gives_no_more_lines_than_it() -> None:
    lines = [(WINDOW.start.timestamp() + 0.1 * i, "x") for i in range(500)]
    async with asking(always(streams(row("cart", *lines))), max_lines=50) as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert len(found.lines) <= 50
    assert found.truncated


async def test_a_part_that_fails_is_a_warning_and_holds_up_no_other() -> None:
    def answer(request: Request) -> Reply:
        if int(request.query["start"]) == WINDOW.start.timestamp() * 1e9:
            return Reply(body={"message": "too many outstanding requests"}, status="429 Too Many Requests")
        return Reply(body=streams(row("cart", (int(request.query["start"]) / 1e9 + 1, "x"))))

    async with asking(answer) as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert len(found.lines) == PARTS - 1
    assert found.truncated
    assert "1 of 5 parts of the window are missing" in found.warnings[0]
    assert "too many outstanding requests" in found.warnings[0]


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_an_error_of_its_kind_in_good_time(fault: str) -> None:
    behaviour, kind = FAULTS[fault]
    async with asking(always(None), timeout_s=patience_s(kind), max_bytes=500_000) as (source, vendor):
        vendor.trouble = behaviour
        with pytest.raises(kind):
            await source.collect(Scope(), WINDOW)
        with pytest.raises(kind):
            await source.check()


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_a_refusal_says_which_permission_is_missing(status: str) -> None:
    reply = Reply(body=b"no org id", status=status, content="text/plain; charset=utf-8")
    async with asking(lambda request: reply) as (source, _):
        with pytest.raises(BadAnswer, match=r"no org id; .* lacks the permission: read logs"):
            await source.collect(Scope(), WINDOW)


async def test_one_that_is_not_there_is_unreachable() -> None:
    async with asking(always(streams())) as (source, vendor):
        await vendor.stop()
        with pytest.raises(Unreachable):
            await source.collect(Scope(), WINDOW)


@pytest.mark.parametrize("kind", ["matrix", "vector", ""])
async def test_an_answer_that_is_no_streams_is_none(kind: str) -> None:
    body = {"status": "success", "data": {"resultType": kind, "result": []}}
    async with asking(always(body)) as (source, _):
        with pytest.raises(BadAnswer, match="not streams"):
            await source.collect(Scope(), WINDOW)


async def test_entries_that_are_no_entries_are_counted_and_the_others_kept() -> None:
    one = {"stream": {"service_name": "cart"}, "values": [["x", "y"], ["1"], [1, 2], ["1764158399000000000", "ok"]]}
    async with asking(always(streams(one))) as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert [line.text for line in found.lines] == ["ok"]
    assert "15 lines could not be read" in found.warnings


async def test_the_tenant_and_the_credential_are_sent_with_every_request() -> None:
    async with asking(always(streams()), headers={"Authorization": "Bearer a", "X-Scope-OrgID": "t"}) as (
        source,
        vendor,
    ):
        await source.collect(Scope(), WINDOW)

    assert {(one.headers["authorization"], one.headers["x-scope-orgid"]) for one in vendor.asked} == {("Bearer a", "t")}


async def test_services_that_gave_no_line_are_named() -> None:
    async with asking(always(streams(row("cart", (WINDOW.start.timestamp(), "x"))))) as (source, _):
        found = await source.collect(Scope(services=("cart", "mail")), WINDOW)

    assert found.missing == ["mail"]


async def test_another_kind_is_not_asked_for() -> None:
    async with asking(always(streams())) as (source, vendor):
        await source.collect(Scope(kinds=(EvidenceKind.METRIC,)), WINDOW)

    assert vendor.asked == []


async def test_check_says_of_how_many_services_it_has_lines() -> None:
    async with asking(always({"status": "success", "data": ["cart", "edge"]})) as (source, vendor):
        said = await source.check()

    assert said == "answers: lines of 2 services by the label service_name in the last hour"
    assert vendor.asked[0].path == "/loki/api/v1/label/service_name/values"


async def test_check_says_that_the_label_is_wrong() -> None:
    async with asking(always({"status": "success"}), service_label="app") as (source, _):
        assert await source.check() == "answers, and no stream of the last hour has the label app"


def test_a_label_that_is_no_label_is_refused() -> None:
    with pytest.raises(ValueError, match="no name of a label"):
        LokiSource("http://x", httpx.AsyncClient(), clock=NOW.timestamp, service_label='a="b", c')


@pytest.mark.parametrize(
    ("text", "level", "message"),
    [
        ('{"severity":"WARNING","message":"m"}', "warning", "m"),
        ('{"level":30,"msg":"m"}', "info", "m"),
        ('{"level":"error","body":{"a":1}}', "error", '{"level":"error","body":{"a":1}}'),
        ('{"level":"error",', "error", '{"level":"error",'),
        ('time=1 level=warn msg="a \\"b\\" c"', "warning", 'a "b" c'),
        ("url=/x?level= ok", "info", "url=/x?level= ok"),
        ("2025-11-26 ERROR [main] boom", "error", "2025-11-26 ERROR [main] boom"),
        ("terror in the information desk" + " " * 60 + "error", "info", None),
        ("", "info", ""),
    ],
)
def test_the_level_and_the_message_are_read_from_the_line(text: str, level: str, message: str | None) -> None:
    fields = fields_of(text)

    assert level_of(text, {}, fields) == level
    assert message is None or message_of(text, fields) == message


def test_what_the_source_says_of_the_level_counts_more_than_the_line() -> None:
    text = '{"level":"error","msg":"m"}'

    assert level_of(text, {"detected_level": "debug"}, fields_of(text)) == "debug"
    assert level_of(text, {"detected_level": "unknown"}, fields_of(text)) == "error"


@pytest.mark.parametrize(
    "text", ["level=" + "a" * 200_000, 'level="' * 30_000, "a.b-" * 50_000 + " level=", "{" * 100_000]
)
def test_a_hostile_line_is_read_in_a_moment_and_cut(text: str) -> None:
    fields = fields_of(text)

    assert len(message_of(text, fields)) <= TEXT_CHARS
    assert level_of(text, {}, fields)
