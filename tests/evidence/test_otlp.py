"""What is held of pushed spans and log lines, and what is made of it."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.errors import BadAnswer, Malformed, Unreachable
from quell.evidence.otlp import protobuf, protojson
from quell.evidence.otlp.rows import LineRows, RowLimits, SpanRows, level_of
from quell.evidence.otlp.signal import Encoding, Signal, Taken
from quell.evidence.otlp.source import QUIET_S, OtlpSource
from quell.evidence.otlp.store import Shelf, line_shelf, span_shelf
from quell.evidence.source import Collected, Scope
from quell.incident.events import EvidenceKind, Series, Window
from tests.evidence.otlp_wire import Sent, a_line, json_lines, json_spans, protobuf_lines, protobuf_spans

T0 = 1_000_000.0
LIMITS = RowLimits()


class Clock:
    def __init__(self, at: float = T0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def window(start: float, end: float) -> Window:
    return Window(start=datetime.fromtimestamp(start, UTC), end=datetime.fromtimestamp(end, UTC))


async def push(source: OtlpSource, *spans: Sent) -> Taken:
    return await source.take(Signal.SPANS, Encoding.JSON, json_spans(spans))


async def held(*spans: Sent, now: float = T0 + 60, **options: Any) -> OtlpSource:
    source = OtlpSource(clock=Clock(now), **options)
    await push(source, *spans)
    return source


async def asked(source: OtlpSource, *services: str, start: float = T0, end: float = T0 + 60) -> Collected:
    return await source.collect(Scope(services=services), window(start, end))


def one(collected: Collected, service: str, name: str, **labels: str) -> Series:
    (series,) = (s for s in collected.series if (s.service, s.name, s.labels) == (service, name, labels))
    return series


def value(series: Series, at: float) -> float | None:
    return series.values[series.times.index(at)]


SPANS = (
    Sent(trace=7, span=1, name="GET /buy", at=T0 + 0.25, took_s=0.5, error=True),
    Sent(trace=7, span=2, parent=1, kind="client", attributes=(("server.address", "pay:80"), ("peer.service", "pay"))),
    Sent(trace=2**127 + 5, span=2**63 + 9, service="pay", kind="consumer", name="zahle ä"),
)


def test_both_encodings_say_the_same_of_spans() -> None:
    plain, packed = protojson.read_spans(json_spans(SPANS), LIMITS), protobuf.read_spans(protobuf_spans(SPANS), LIMITS)

    columns = [{k: v for k, v in vars(rows).items() if k != "limits"} for rows in (plain, packed)]
    assert columns[0] == columns[1]
    assert (plain.services, plain.peers) == (["checkout", "checkout", "pay"], ["", "pay", ""])
    assert (plain.kinds, plain.errors) == ([2, 3, 5], [True, False, False])


def test_both_encodings_say_the_same_of_log_lines() -> None:
    records = [
        a_line(T0, "no stock", 17, traceId="0" * 31 + "7"),
        a_line(T0, "", 9, body={"kvlistValue": {"values": [{"key": "n", "value": {"intValue": "5"}}]}}),
        {"observedTimeUnixNano": str(round(T0 * 1e9)), "severityText": "WARN", "body": {"stringValue": "late"}},
        a_line(T0, "failed", 21, attributes=[{"key": "exception.type", "value": {"stringValue": "KeyError"}}]),
    ]
    request = protobuf_lines()
    resource = request.resource_logs.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "checkout"
    logs, at_ns = resource.scope_logs.add().log_records, round(T0 * 1e9)
    first = logs.add(time_unix_nano=at_ns, severity_number=17, trace_id=bytes(15) + b"\x07")
    first.body.string_value = "no stock"
    second = logs.add(time_unix_nano=at_ns, severity_number=9)
    second.body.kvlist_value.values.add(key="n").value.int_value = 5
    logs.add(observed_time_unix_nano=at_ns, severity_text="WARN").body.string_value = "late"
    fourth = logs.add(time_unix_nano=at_ns, severity_number=21)
    fourth.body.string_value = "failed"
    fourth.attributes.add(key="exception.type").value.string_value = "KeyError"

    plain = protojson.read_lines(json_lines(*records), LIMITS)
    packed = protobuf.read_lines(request.SerializeToString(), LIMITS)

    columns = [{k: v for k, v in vars(rows).items() if k != "limits"} for rows in (plain, packed)]
    assert columns[0] == columns[1]
    assert plain.texts == ["no stock", '{"n":5}', "late", "failed: KeyError"]
    assert plain.levels == ["error", "info", "warning", "fatal"]


@pytest.mark.parametrize(
    ("number", "word", "level"),
    [(1, "", "trace"), (8, "", "debug"), (12, "whatever", "info"), (13, "", "warning"), (17, "", "error"),
     (24, "", "fatal"), (0, "Error", "error"), (0, "WARN", "warning"), (0, "", "info"), (99, "", "info")],
)  # fmt: skip
def test_severities_become_the_levels_that_diagnosis_knows(number: int, word: str, level: str) -> None:
    assert level_of(number, word) == level


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ({"traceId": "0" * 32}, "trace id"),
        ({"traceId": "abc"}, "trace id"),
        ({"traceId": "Zz" * 16}, "trace id"),
        ({"spanId": ""}, "span id"),
        ({"parentSpanId": "ab"}, "parent id"),
        ({"startTimeUnixNano": "0"}, "start"),
        ({"startTimeUnixNano": "soon"}, "start"),
        ({"endTimeUnixNano": "5"}, "end before they start"),
        ({"endTimeUnixNano": str(2**64)}, "end before they start"),
    ],
)
def test_a_span_that_cannot_be_used_is_rejected_alone_and_its_reason_told(spoil: dict[str, str], why: str) -> None:
    body = json.loads(json_spans([Sent(span=1), Sent(span=2)]))
    body["resourceSpans"][0]["scopeSpans"][0]["spans"][0] |= spoil

    rows = protojson.read_spans(json.dumps(body).encode(), LIMITS)

    assert (len(rows), rows.rejected) == (1, 1)
    assert why in rows.message()


def test_more_spans_than_one_request_may_hold_are_rejected_and_counted() -> None:
    body = protobuf_spans([Sent(span=i + 1) for i in range(7)])

    rows = protobuf.read_spans(body, RowLimits(rows=5))

    assert (len(rows), rows.rejected) == (5, 2)
    assert "2 were more than the 5" in rows.message()


def test_names_and_texts_are_cut_to_size() -> None:
    limits = RowLimits(name_chars=10, text_chars=20)

    spans = protojson.read_spans(json_spans([Sent(name="n" * 99, service="s" * 99)]), limits)
    lines = protojson.read_lines(json_lines(a_line(T0, "t" * 99)), limits)

    assert (spans.names, spans.services, lines.texts) == (["n" * 10], ["s" * 10], ["t" * 20])


def test_a_resource_without_a_name_is_an_unknown_service() -> None:
    body = json.loads(json_spans([Sent()]))
    del body["resourceSpans"][0]["resource"]

    assert protojson.read_spans(json.dumps(body).encode(), LIMITS).services == ["unknown_service"]


@given(body=st.binary(max_size=300))
def test_any_bytes_are_read_or_malformed(body: bytes) -> None:
    for read in (protobuf.read_spans, protobuf.read_lines, protojson.read_spans, protojson.read_lines):
        with contextlib.suppress(Malformed):
            read(body, LIMITS)


@given(
    cut=st.integers(min_value=1), flips=st.lists(st.tuples(st.integers(min_value=0), st.integers(0, 255)), max_size=4)
)
def test_a_broken_request_is_read_or_malformed(cut: int, flips: list[tuple[int, int]]) -> None:
    for whole, read in ((protobuf_spans(SPANS), protobuf.read_spans), (json_spans(SPANS), protojson.read_spans)):
        body = bytearray(whole[: len(whole) - cut % len(whole)])
        for place, byte in flips:
            body[place % len(body)] = byte
        try:
            rows = read(bytes(body), LIMITS)
        except Malformed:
            continue
        assert len(rows) <= len(SPANS)


def test_values_nested_without_end_are_malformed_or_cut() -> None:
    deep: Any = {"stringValue": "x"}
    for _ in range(300):
        deep = {"arrayValue": {"values": [deep]}}
    body = json_lines({"timeUnixNano": "5", "body": deep})

    assert protojson.read_lines(body, LIMITS).texts[0].startswith("[[[")
    with pytest.raises(Malformed):
        protojson.read_lines(b'{"resourceLogs":' + b"[" * 100_000, LIMITS)


def span_rows(count: int, *, first: int = 1, name: str = "n") -> SpanRows:
    rows = SpanRows(RowLimits(rows=10**9))
    for i in range(first, first + count):
        rows.add(
            "checkout", f"{name}{i}", trace_id=i.to_bytes(16, "big"), span_id=i.to_bytes(8, "big"), parent_id=b"",
            kind=2, start_ns=i, end_ns=i + 5, error=False, peer="",
        )  # fmt: skip
    return rows


def line_rows(count: int, *, first: int = 1, text: str = "t") -> LineRows:
    rows = LineRows(RowLimits(rows=10**9))
    for i in range(first, first + count):
        rows.add("checkout", time_ns=i, severity=9, level="", text=f"{text}{i}", trace_id=b"")
    return rows


STEPS = st.lists(st.tuples(st.integers(0, 700), st.floats(0, 90), st.integers(1, 200)), max_size=25)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, max_bytes=st.integers(60_000, 400_000))
def test_spans_never_take_more_than_their_bytes_and_the_oldest_give_way(
    steps: list[tuple[int, float, int]], max_bytes: int
) -> None:
    shelf, at, sent = span_shelf(max_bytes=max_bytes, keep_s=120), T0, 0
    for count, later_s, chars in steps:
        at += later_s
        shelf.add(span_rows(count, first=sent + 1, name="n" * chars), at)
        sent += count

        assert shelf.held_bytes <= max_bytes
        kept = [int(span) for part in shelf.parts() for span in part.columns["span"]]
        assert kept == list(range(sent - len(kept) + 1, sent + 1))
        assert (len(shelf), shelf.accepted, shelf.dropped) == (len(kept), sent, sent - len(kept))


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_lines_never_take_more_than_their_bytes_and_keep_their_texts(steps: list[tuple[int, float, int]]) -> None:
    shelf, at, sent = line_shelf(max_bytes=150_000, keep_s=120), T0, 0
    for count, later_s, chars in steps:
        at += later_s
        shelf.add(line_rows(count, first=sent + 1, text="ä" * chars), at)
        sent += count

        assert shelf.held_bytes <= 150_000
        texts = [part.line(row) for part in shelf.parts() for row in range(len(part.columns))]
        numbers = [int(text.strip("ä")) for text in texts]
        assert numbers == list(range(sent - len(numbers) + 1, sent + 1))


@pytest.mark.parametrize("shelf", [span_shelf(max_bytes=10**6, keep_s=120), line_shelf(max_bytes=10**6, keep_s=120)])
def test_what_is_older_than_is_kept_gives_way(shelf: Shelf[Any]) -> None:
    rows: Any = span_rows(3) if shelf.bound_bytes and "span" in shelf._kind.names else line_rows(3)
    shelf.add(rows, T0)

    shelf.prune(T0 + 119)
    assert len(shelf) == 3
    shelf.prune(T0 + 121)
    assert (len(shelf), shelf.dropped, shelf.held_bytes) == (0, 3, 0)


def test_a_reader_keeps_what_it_was_given_while_more_comes_in() -> None:
    shelf = span_shelf(max_bytes=60_000, keep_s=120)
    shelf.add(span_rows(10), T0)
    (part,) = shelf.parts()
    before = part.columns.tobytes()

    shelf.add(span_rows(5_000, first=11), T0 + 1)

    assert shelf.dropped >= 10
    assert part.columns.tobytes() == before
    assert part.names[int(part.columns["name"][9])] == "n10"


async def test_spans_are_given_as_they_were_sent() -> None:
    source = await held(*SPANS[:2])

    spans = (await asked(source)).spans

    assert [(s.trace_id, s.span_id, s.parent_id) for s in spans] == [
        (SPANS[1].trace_id, SPANS[1].span_id, SPANS[1].parent_id),
        (SPANS[0].trace_id, SPANS[0].span_id, ""),
    ]
    assert (spans[1].service, spans[1].name, spans[1].error) == ("checkout", "GET /buy", True)
    assert (spans[1].at, spans[1].duration_s) == (pytest.approx(T0 + 0.25, abs=1e-6), pytest.approx(0.5, rel=1e-6))


async def test_a_child_of_another_service_is_a_call() -> None:
    source = await held(
        Sent(span=1, service="edge"),
        Sent(span=2, parent=1, service="edge", kind="client"),
        Sent(span=3, parent=2, service="cart"),
        Sent(span=4, parent=3, service="cart", kind="internal"),
        Sent(span=5, parent=4, service="stock"),
        Sent(span=6, parent=99, service="lost"),
    )

    assert (await asked(source)).edges == [("cart", "stock"), ("edge", "cart")]


async def test_the_same_span_id_in_two_traces_is_two_parents() -> None:
    source = await held(
        Sent(trace=1, span=5, service="a"),
        Sent(trace=2, span=5, service="b"),
        Sent(trace=2, span=6, parent=5, service="c"),
    )

    assert (await asked(source)).edges == [("b", "c")]


async def test_a_client_span_without_a_child_calls_its_peer() -> None:
    source = await held(
        Sent(span=1, service="cart", kind="client", attributes=(("db.system.name", "postgresql"),)),
        Sent(span=2, service="cart", kind="client", attributes=(("server.address", "10.0.0.7"),)),
        Sent(span=3, service="cart", kind="internal", attributes=(("peer.service", "nobody"),)),
    )

    collected = await asked(source)
    assert collected.edges == [("cart", "postgresql")]
    assert {s.labels["peer"] for s in collected.series} == {"postgresql", "10.0.0.7"}


async def test_a_call_whose_child_never_came_is_counted_to_the_service_that_others_reached() -> None:
    address = (("server.address", "10.0.0.7"),)
    source = await held(
        Sent(trace=1, span=1, service="cart", kind="client", at=T0 + 10, attributes=address),
        Sent(trace=1, span=2, parent=1, service="stock", at=T0 + 10),
        Sent(trace=2, span=3, service="cart", kind="client", at=T0 + 10, error=True, attributes=address),
    )

    collected = await asked(source)

    assert collected.edges == [("cart", "stock")]
    assert value(one(collected, "cart", "client_error_ratio", peer="stock"), T0 + 11) == 0.5


async def test_a_span_that_came_twice_counts_once_and_the_answer_says_so() -> None:
    source = await held(Sent(span=1, at=T0 + 10), Sent(span=2, at=T0 + 11))
    await push(source, Sent(span=1, at=T0 + 10))

    collected = await asked(source)

    assert len(collected.spans) == 2
    assert collected.warnings == ["1 spans came twice and count once"]


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=30), most=st.integers(5, 60))
async def test_too_many_spans_leave_whole_traces(sizes: list[int], most: int) -> None:
    spans = [Sent(trace=t + 1, span=100 * t + i + 1, at=T0 + t) for t, size in enumerate(sizes) for i in range(size)]
    source = await held(*spans, max_spans=most)

    collected = await asked(source)

    given_ = [span.trace_id for span in collected.spans]
    whole = {f"{t + 1:032x}": size for t, size in enumerate(sizes)}
    assert len(given_) == min(len(spans), len(given_)) <= most
    assert max(sizes) > most or all(given_.count(trace) == whole[trace] for trace in given_)
    assert collected.truncated is (len(spans) > most)
    assert bool(collected.warnings) is (len(spans) > most)


async def flow(rate: int, seconds: int, *, failing: int = 0, took_s: float = 0.1, **options: Any) -> OtlpSource:
    """Return a source with `rate` requests a second for so long, of which `failing` fail, received as they ended."""
    source = OtlpSource(clock=Clock(), **options)
    for second in range(seconds):
        source._clock.at = T0 + second + 1  # type: ignore[attr-defined]
        ended = [T0 + second + (i + 0.5) / rate for i in range(rate)]
        await push(
            source,
            *(
                Sent(trace=i + 1 + second * rate, span=1, at=end - took_s, took_s=took_s, error=i < failing)
                for i, end in enumerate(ended)
            ),
        )
    return source


async def test_server_spans_become_rate_errors_and_latency_with_the_names_and_units_of_what_is_scraped() -> None:
    source = await flow(20, 30, failing=5)

    collected = await asked(source, start=T0 + 10, end=T0 + 25)

    found = {(s.name, s.unit): value(s, T0 + 20) for s in collected.series}
    assert found == {
        ("request_rate", "1/s"): pytest.approx(20, abs=0.3),
        ("error_ratio", "ratio"): pytest.approx(0.25, abs=0.01),
        ("latency_mean", "s"): pytest.approx(0.1, rel=1e-4),
        ("latency_p99", "s"): pytest.approx(0.1, rel=0.09),
    }
    assert set(collected.queries) == {"request_rate", "error_ratio", "latency_mean", "latency_p99"}


async def test_spans_that_serve_nobody_make_no_series() -> None:
    source = await held(Sent(kind="internal"), Sent(span=2, kind="client"))

    assert (await asked(source)).series == []


async def test_a_series_ends_where_spans_may_still_be_on_their_way() -> None:
    source = OtlpSource(clock=Clock(T0 + 40))
    await push(source, *(Sent(trace=i + 1, at=T0 + 20 + i, took_s=0.0) for i in range(11)))

    times = one(await asked(source, start=T0 + 20), "checkout", "request_rate").times

    # The spans came 10 to 20 s after their end: nobody knows yet of the last 20 s.
    assert times == (T0 + 20,)


async def test_a_service_that_falls_silent_has_a_rate_of_zero_and_no_latency() -> None:
    source = await flow(10, 20)
    source._clock.at = T0 + 50  # type: ignore[attr-defined]

    collected = await asked(source, end=T0 + 50)

    rate, mean = (one(collected, "checkout", name) for name in ("request_rate", "latency_mean"))
    assert (value(rate, T0 + 15), value(rate, T0 + 40)) == (pytest.approx(10), 0.0)
    assert (value(mean, T0 + 15), value(mean, T0 + 40)) == (pytest.approx(0.1, rel=1e-4), None)


async def test_a_service_has_no_rate_before_it_has_been_there_for_as_long_as_a_rate_looks_back() -> None:
    source = await flow(10, 30)

    collected = await asked(source, start=T0 - 30, end=T0 + 30)

    # The first request ended at 0.05 s, and a rate looks back over 5 s.
    rate, mean = one(collected, "checkout", "request_rate"), one(collected, "checkout", "latency_mean")
    assert (mean.times[0], mean.values[0]) == (T0 + 1, pytest.approx(0.1, rel=1e-4))
    assert (value(rate, T0 + 5), value(rate, T0 + 6)) == (None, pytest.approx(10))


async def test_a_past_window_is_answered_the_same_later_on() -> None:
    source = await flow(5, 40)
    before = await asked(source, start=T0 + 5, end=T0 + 20)
    source._clock.at = T0 + 200  # type: ignore[attr-defined]

    assert await asked(source, start=T0 + 5, end=T0 + 20) == before


@settings(max_examples=30, deadline=None)
@given(took=st.lists(st.floats(1e-4, 50), min_size=1, max_size=200))
async def test_the_99th_percentile_is_near_that_of_the_durations(took: list[float]) -> None:
    spans = [Sent(trace=i + 1, at=T0 + 100 - s, took_s=s) for i, s in enumerate(took)]
    source = await held(*spans, now=T0 + 170)

    p99 = max(v for v in one(await asked(source, start=T0 + 99, end=T0 + 120), "checkout", "latency_p99").values if v)

    exact = float(np.quantile(took, 0.99, method="inverted_cdf"))
    assert math.isclose(p99, exact, rel_tol=0.1)


async def test_more_services_than_are_made_series_of_are_named_in_a_warning() -> None:
    spans = [Sent(trace=i + 1, service=f"s{i}", at=T0 + 10) for i in range(503)]
    source = await held(*spans, Sent(trace=999, service="s7", at=T0 + 11))

    collected = await asked(source)

    assert len({s.service for s in collected.series}) == 500
    assert "s7" in {s.service for s in collected.series}
    assert "3 services or pairs left out" in collected.warnings[-1]


async def test_lines_keep_their_trace_their_level_and_their_own_time() -> None:
    source = OtlpSource(clock=Clock(T0 + 30))
    await source.take(
        Signal.LINES, Encoding.JSON, json_lines(a_line(T0 + 9.5, "no stock", 17, traceId="ab" * 16), service="cart")
    )

    (line,) = (await asked(source)).lines

    assert (line.service, line.level, line.text, line.trace_id) == ("cart", "error", "no stock", "ab" * 16)
    assert line.at == pytest.approx(T0 + 9.5, abs=1e-6)


async def test_a_line_without_any_time_is_dated_by_its_arrival() -> None:
    source = OtlpSource(clock=Clock(T0 + 30))
    await source.take(Signal.LINES, Encoding.JSON, json_lines({"body": {"stringValue": "when?"}}))

    (line,) = (await asked(source)).lines

    assert line.at == pytest.approx(T0 + 30)


async def test_too_many_lines_are_thinned_and_the_answer_says_so() -> None:
    source = OtlpSource(clock=Clock(T0 + 30), max_lines=10)
    lines = [a_line(T0 + i / 10, f"line {i}") for i in range(100)]
    await source.take(Signal.LINES, Encoding.JSON, json_lines(*lines, a_line(T0 + 5, "broken", 17)))

    collected = await asked(source)

    assert (len(collected.lines), collected.truncated) == (10, True)
    assert "broken" in {line.text for line in collected.lines}
    assert collected.warnings == ["10 of 101 lines were kept, spread evenly over the window"]


@pytest.mark.parametrize(("off_s", "side"), [(-3600.0, "before they came"), (3600.0, "ahead of the clock")])
async def test_spans_of_a_wrong_clock_are_kept_at_their_own_time_and_named(off_s: float, side: str) -> None:
    source = await held(
        Sent(span=1, at=T0 + 30 + off_s, took_s=0.0),
        Sent(trace=2, span=2, at=T0 + 30, service="cart", took_s=0.0),
        now=T0 + 30,
    )

    here = await asked(source)
    there = await asked(source, start=T0 + off_s, end=T0 + off_s + 60)

    assert [span.service for span in here.spans] == ["cart"]
    assert [span.service for span in there.spans] == ["checkout"]
    assert here.warnings == [f"checkout: 1 spans are dated 3600 s {side}" + (
        "; their own times were kept" if off_s < 0 else " of this machine; their own times were kept"
    )]  # fmt: skip
    assert there.warnings == []


async def test_lines_of_a_wrong_clock_are_named_too() -> None:
    source = OtlpSource(clock=Clock(T0 + 30))
    await source.take(Signal.LINES, Encoding.JSON, json_lines(a_line(T0 - 500, "old"), a_line(T0 + 1, "new")))

    assert (await asked(source)).warnings == [
        "checkout: 1 lines are dated 530 s before they came; their own times were kept"
    ]


async def test_nothing_pushed_is_no_source_of_anything() -> None:
    source = OtlpSource(clock=Clock())

    collected = await asked(source, "checkout")

    assert source.kinds == ()
    assert (collected.spans, collected.series, collected.missing, collected.warnings) == ((), (), (), ())
    assert "nothing has been pushed" in await source.check()


async def test_it_is_a_source_of_what_is_held_and_of_nothing_else() -> None:
    source = OtlpSource(clock=Clock(), keep_s=120)
    await source.take(Signal.LINES, Encoding.JSON, json_lines(a_line(T0, "x")))
    assert source.kinds == (EvidenceKind.LOG,)

    await push(source, Sent())
    assert set(source.kinds) == set(EvidenceKind) - {EvidenceKind.CHANGE}

    source._clock.at += 121  # type: ignore[attr-defined]
    assert "or nothing lately" in await source.check()
    assert source.kinds == ()


async def test_a_service_that_gave_nothing_is_missing() -> None:
    source = await held(Sent(at=T0 + 5))

    assert (await asked(source, "checkout", "cart")).missing == ["cart"]


async def test_a_window_with_nothing_in_it_is_an_error_and_no_empty_answer() -> None:
    source = await held(Sent(at=T0 + 5))

    with pytest.raises(Unreachable, match="the newest came at"):
        await asked(source, start=T0 + 30, end=T0 + 60)


async def test_check_says_what_is_held_since_when_and_what_gave_way() -> None:
    source = OtlpSource(clock=Clock(), max_bytes=200_000)
    for i in range(4):
        await push(source, *(Sent(trace=1000 * i + j + 1, name=f"n{i}{j}" * 40) for j in range(500)))
    source._clock.at += 7  # type: ignore[attr-defined]
    figures = source.figures()[Signal.SPANS]

    assert figures.dropped > 0
    assert figures.held_bytes <= figures.bound_bytes
    assert await source.check() == (
        f"{figures.held} spans and 0 log lines held since 13:46:40 UTC, newest 7 s old, "
        f"{figures.held_bytes / 1e6:.1f} MB; {figures.dropped} gave way, 0 rejected"
    )
    assert (await asked(source, start=T0 - 10, end=T0 + 60)).truncated


async def test_check_fails_when_a_sender_stopped() -> None:
    source = await held(Sent(), now=T0)
    source._clock.at += QUIET_S + 1  # type: ignore[attr-defined]

    with pytest.raises(Unreachable, match="for 301 s"):
        await source.check()


async def test_check_says_that_what_comes_cannot_be_read() -> None:
    source = OtlpSource(clock=Clock())
    with pytest.raises(Malformed):
        await source.take(Signal.SPANS, Encoding.PROTOBUF, b"\xff\xff")

    with pytest.raises(BadAnswer, match="could not be read"):
        await source.check()


def kinds_given(collected: Collected) -> Sequence[str]:
    given_ = {"spans": collected.spans, "lines": collected.lines, "series": collected.series, "edges": collected.edges}
    return [name for name, found in given_.items() if found]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (EvidenceKind.TRACE, ["spans"]),
        (EvidenceKind.LOG, ["lines"]),
        (EvidenceKind.METRIC, ["series"]),
        (EvidenceKind.TOPOLOGY, ["edges"]),
    ],
)
async def test_only_the_kind_asked_for_is_given(kind: EvidenceKind, expected: list[str]) -> None:
    source = await held(Sent(at=T0 + 5), Sent(span=2, parent=1, at=T0 + 5, service="cart"))
    await source.take(Signal.LINES, Encoding.JSON, json_lines(a_line(T0 + 5, "x")))

    collected = await source.collect(Scope(kinds=(kind,)), window(T0, T0 + 60))

    assert kinds_given(collected) == expected
