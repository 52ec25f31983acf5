"""What traces say: on requests edge > cart > store whose times are made up."""

from __future__ import annotations

from collections.abc import Sequence

from quell.evidence.source import Span
from quell.signals.traces import Spans, calls, columns, merged, trace_signs

ONSET_S = 1000.0


def request(
    at: float,
    *,
    way_s: float = 0.002,
    work_s: float = 0.01,
    store: bool = True,
    failed: Sequence[str] = (),
    jitter: float = 0.0,
) -> list[Span]:
    """A request: edge calls cart over a way, cart works and calls the store."""
    trace = f"t{at}"

    def span(span_id: str, parent: str, service: str, name: str, lasts: float) -> Span:
        return Span(
            trace_id=trace,
            span_id=span_id,
            parent_id=parent,
            service=service,
            name=name,
            at=at,
            duration_s=lasts + jitter,
            error=service in failed,
        )

    worked = work_s + 0.006
    spans = [
        span("1", "", "edge", "GET /", worked + way_s + 0.01),
        span("2", "1", "edge", "call cart", worked + way_s),
        span("3", "2", "cart", "handle", worked),
        span("4", "3", "cart", "call store", 0.006),
    ]
    return [*spans, span("5", "4", "store", "query", 0.005)] if store else spans


def seen(*since: dict[str, object]) -> Spans:
    before = [span for i in range(20) for span in request(float(i), jitter=0.0001 * (i % 3))]
    after = [
        span
        for i in range(10)
        for span in request(ONSET_S + i, **since[i % len(since)])  # type: ignore[arg-type]
    ]
    return columns([*before, *after])


def strongest(spans: Spans) -> tuple[str, str]:
    sign = trace_signs(spans, onset_s=ONSET_S)[0]
    return sign.service, sign.family


def test_nothing_new_is_no_sign() -> None:
    assert trace_signs(seen({}), onset_s=ONSET_S) == []


def test_a_longer_way_is_charged_to_the_one_called() -> None:
    assert strongest(seen({"way_s": 0.5})) == ("cart", "trace_gap")


def test_longer_work_is_charged_to_the_worker() -> None:
    spans = seen({"work_s": 0.4})

    assert [sign.service for sign in trace_signs(spans, onset_s=ONSET_S)] == ["cart"]


def test_a_call_without_a_span_of_its_callee_is_silence() -> None:
    assert strongest(seen({"store": False}, {})) == ("store", "trace_silence")


def test_the_deepest_failure_of_a_trace_is_the_first() -> None:
    signs = trace_signs(seen({"failed": ("edge", "cart", "store")}), onset_s=ONSET_S)

    assert [sign.service for sign in signs if sign.family == "trace_error"] == ["store"]


def test_failures_as_frequent_as_before_are_no_sign() -> None:
    before = [span for i in range(10) for span in request(float(i), failed=("cart",))]
    after = [span for i in range(10) for span in request(ONSET_S + i, failed=("cart",))]

    assert trace_signs(columns([*before, *after]), onset_s=ONSET_S) == []


def test_one_slow_request_of_many_is_no_sign() -> None:
    assert trace_signs(seen({"way_s": 0.5}, *([{}] * 9)), onset_s=ONSET_S) == []


def test_later_spans_are_not_read() -> None:
    assert trace_signs(seen({"way_s": 0.5}), onset_s=ONSET_S, until_s=ONSET_S) == []


def test_a_span_twice_counts_once() -> None:
    once = [span for i in range(5) for span in request(float(i))]

    assert columns([*once, *once]).at.size == len(once)


def test_calls_are_read_from_traces() -> None:
    assert calls(seen({})) == [("cart", "store"), ("edge", "cart")]


def test_no_spans_no_signs() -> None:
    assert trace_signs(columns([]), onset_s=ONSET_S) == []


def test_parts_put_together_are_the_whole() -> None:
    before = columns([span for i in range(20) for span in request(float(i))])
    after = columns([span for i in range(10) for span in request(ONSET_S + i, way_s=0.5)])

    whole = merged([before, after])
    assert calls(whole) == [("cart", "store"), ("edge", "cart")]
    assert strongest(whole) == ("cart", "trace_gap")
