"""What changed in the logs."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.signals.templates import compare, mask, sample


@dataclass(frozen=True)
class Line:
    at: float
    text: str
    service: str = "cart"
    level: str = "info"


def requests(start: float, count: int, every_s: float = 0.1) -> list[Line]:
    return [Line(start + i * every_s, f"GET /cart/{i} 200 in {i % 7}.{i % 9} ms") for i in range(count)]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call to payment:8080 failed", "call to <host> failed"),
        ("call to http://127.0.0.1:41231/pay", "call to http://<host>/pay"),
        ("peer [::1]:443 gone", "peer <host> gone"),
        ("took 12.5 ms, 3 tries", "took <num> ms, <num> tries"),
        ("trace 4bf92f3577b34da6a3ce929d0e0e4736", "trace <hex>"),
        ("at 0x7f3a", "at <hex>"),
        ("order 123e4567-e89b-12d3-a456-426614174000 paid", "order <uuid> paid"),
        ("[req-81f2] done", "[<id>] done"),
        ("since 2026-01-02T03:04:05.678Z", "since <time>"),
        ("KeyError: 'currency' in price_of", "KeyError: 'currency' in price_of"),
        ("worker-12 of utf8", "worker-<num> of utf8"),
    ],
)
def test_mask_replaces_what_differs_from_line_to_line(text, masked):
    assert mask(text) == masked


def test_mask_replaces_quoted_text_when_asked():
    assert mask("KeyError: 'currency'", quoted=True) == "KeyError: <str>"


def test_a_new_template_is_named_with_its_count_first_time_and_an_example():
    errors = [Line(320 + i, f"KeyError: 'currency' in order {i}", level="error") for i in range(30)]

    shifts = compare(requests(0, 3000), requests(300, 500) + errors, before_s=300, after_s=50)
    assert [(s.kind, s.level, s.count_before, s.count_after, s.first_seen) for s in shifts] == [
        ("new", "error", 0, 30, 320)
    ]
    assert shifts[0].template == "KeyError: 'currency' in order <num>"
    assert shifts[0].example == "KeyError: 'currency' in order 0"


def test_one_new_line_is_enough_to_be_listed():
    shifts = compare(requests(0, 500), [*requests(100, 500), Line(120, "out of memory", level="error")])

    assert [s.template for s in shifts] == ["out of memory"]


def test_what_stopped_is_vanished():
    beats = [Line(float(i), f"cache holds {i} entries") for i in range(100)]

    shifts = compare(requests(0, 1000) + beats, requests(100, 1000), before_s=100, after_s=100)
    assert [(s.kind, s.template) for s in shifts] == [("vanished", "cache holds <num> entries")]
    assert shifts[0].score < -3


def test_a_rate_that_grew_is_more_and_one_that_shrank_is_less():
    before = [Line(i, f"retry {i}") for i in range(0, 100, 5)] + [Line(i, f"hit {i}") for i in range(100)]
    after = [Line(100 + i, f"retry {i}") for i in range(100)] + [Line(100 + i, f"hit {i}") for i in range(0, 100, 5)]

    shifts = compare(before, after, before_s=100, after_s=100)
    assert {(s.template, s.kind) for s in shifts} == {("retry <num>", "more"), ("hit <num>", "less")}
    retry = next(s for s in shifts if s.kind == "more")
    assert (retry.rate_before, retry.rate_after) == (pytest.approx(0.2), pytest.approx(1.0))


def test_the_same_words_of_another_service_or_level_are_counted_apart():
    before = [Line(float(i), "slow answer", level="warning") for i in range(50)]
    after = [Line(50 + float(i), "slow answer", level="error") for i in range(50)]
    after += [Line(50 + float(i), "slow answer", service="payment", level="warning") for i in range(50)]

    shifts = compare(before, after, before_s=50, after_s=50)
    assert {(s.service, s.level, s.kind) for s in shifts} == {
        ("cart", "warning", "vanished"),
        ("cart", "error", "new"),
        ("payment", "warning", "new"),
    }


def test_more_lines_than_the_bound_are_sampled_evenly_and_it_is_said():
    shifts = compare(
        requests(0, 4000), [*requests(400, 4000), *(Line(500 + i, "boom") for i in range(400))], max_lines=1000
    )

    boom = next(s for s in shifts if s.template == "boom")
    assert boom.read == pytest.approx(1000 / 4400)
    assert boom.count_after == pytest.approx(400 * boom.read, rel=0.5)
    assert boom.rate_after == pytest.approx(400 / 500, rel=0.5)


def test_a_sample_is_spread_over_the_whole_time():
    kept = sample(requests(0, 1000), 10)

    assert [line.at // 10 for line in kept] == list(range(10))


def test_an_example_is_at_most_300_characters():
    (shift,) = compare([], [Line(1, "x" * 5000)])

    assert len(shift.example) == 300


def test_nothing_compared_with_nothing_is_nothing():
    assert compare([], []) == []


LINES = st.lists(
    st.builds(
        Line,
        st.floats(0, 100),
        st.one_of(st.sampled_from(("a b c 1", "a b c 2", "a x c 3", "boom 7 at h:80")), st.text(max_size=20)),
        st.sampled_from(("cart", "edge")),
        st.sampled_from(("info", "error")),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(LINES, LINES, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter_and_counts_add_up(before, after, random):
    shuffled_before, shuffled_after = random.sample(before, len(before)), random.sample(after, len(after))

    shifts = compare(before, after)
    assert compare(shuffled_before, shuffled_after) == shifts
    assert sum(s.count_after for s in shifts) <= len(after)
    assert all(s.count_before == 0 for s in shifts if s.kind == "new")
