"""Whether log lines of a request still follow one another as they used to."""

from __future__ import annotations

import pytest

from quell.evidence.source import LogLine
from quell.signals.sequences import breaks, sequence_signs, statement_of

ONSET_S = 1000.0


def request(number: int, texts: list[str], *, at: float, service: str = "cart") -> list[LogLine]:
    return [
        LogLine(at=at + 0.01 * i, service=service, level="info", text=text, trace_id=f"t{number}-{at}", span_id="s")
        for i, text in enumerate(texts)
    ]


USUAL = ["INFO cart.py:10 add item 7", "INFO cart.py:20 price is 12", "INFO cart.py:30 stored"]


def lines(since: list[str], *, before: list[str] = USUAL, count: int = 8) -> list[LogLine]:
    past = [line for i in range(20) for line in request(i, before, at=float(i))]
    return past + [line for i in range(count) for line in request(i, since, at=ONSET_S + i)]


def test_the_usual_order_is_no_break() -> None:
    assert breaks(lines(USUAL), onset_s=ONSET_S) == []


def test_code_that_stops_in_the_middle_is_a_break() -> None:
    found = breaks(lines(USUAL[:2]), onset_s=ONSET_S)

    assert [(one.statement, one.follower, one.usual, one.bad) for one in found] == [
        ("cart.py:20", "(end)", "cart.py:30", True)
    ]


def test_an_error_where_none_was_counts_in_full_and_another_branch_a_little() -> None:
    failed = [*USUAL[:2], "ERROR cart.py:40 no such price"]
    branched = [*USUAL[:2], "INFO cart.py:50 price from the catalogue"]

    strengths = []
    for since in (failed, branched):
        levelled = [
            LogLine(
                at=line.at,
                service=line.service,
                level="error" if line.text.startswith("ERROR") else "info",
                text=line.text,
                trace_id=line.trace_id,
                span_id=line.span_id,
            )
            for line in lines(since)
        ]
        strengths.append(sequence_signs(breaks(levelled, onset_s=ONSET_S))[0].strength)
    assert strengths[1] < 0.7 * strengths[0]


def test_a_break_that_was_there_before_is_none() -> None:
    past = [line for i in range(5) for line in request(i, USUAL[:2], at=100.0 + i)]

    assert breaks([*past, *lines(USUAL[:2])], onset_s=ONSET_S) == []


def test_a_new_kind_of_request_is_the_callers_doing() -> None:
    assert breaks(lines(["INFO cart.py:70 clear", "INFO cart.py:71 cleared"]), onset_s=ONSET_S) == []


def test_lines_without_a_trace_say_nothing() -> None:
    bare = [LogLine(at=line.at, service="cart", level="info", text=line.text) for line in lines(USUAL[:2])]

    assert breaks(bare, onset_s=ONSET_S) == []


def test_a_line_written_twice_counts_once() -> None:
    assert breaks([*lines(USUAL), *lines(USUAL)], onset_s=ONSET_S) == []


def test_the_order_in_which_lines_arrive_does_not_matter() -> None:
    given = lines(USUAL[:2])

    assert breaks(given[::-1], onset_s=ONSET_S) == breaks(given, onset_s=ONSET_S)


@pytest.mark.parametrize(
    ("text", "statement", "level"),
    [
        ("21:15:43.650 WARN  o.s.OrderServiceImpl#361 TraceID: d9 [getOrder]", "o.s.OrderServiceImpl#361", "warn"),
        ("2026-01-01 ERROR shop/cart.py:42 failed", "shop/cart.py:42", "error"),
        ("order 17 stored in 12 ms", "order <num> stored in <num> ms", ""),
        ("see issue #12 for this", "see issue #<num> for this", ""),
        ("", "", ""),
    ],
)
def test_a_statement_is_named_by_its_place_or_its_words(text: str, statement: str, level: str) -> None:
    assert statement_of(text) == (statement, level)
