"""The Prometheus text format, in good and in bad shape."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from quell.evidence.exposition import Reader, SeriesKey

NOW = 1_700_000_000.0


def read(text: str, reader: Reader | None = None) -> dict[SeriesKey, float]:
    reader = reader or Reader(max_series=100)
    reading = reader.read(text, at=NOW)
    return {reader.series[column]: value for column, value in reading.values.items()}


def test_it_reads_what_the_official_client_writes_as_the_official_parser_does():
    registry = CollectorRegistry()
    requests = Counter("http_requests", "All", ["service", "code"], registry=registry)
    size = Gauge("pool_size", 'Odd "help"\nwith lines', ["note"], registry=registry)
    times = Histogram("took_seconds", "How long", ["service"], registry=registry)
    rng = random.Random(1)
    for _ in range(50):
        requests.labels("cart", rng.choice(("200", "500"))).inc(rng.random())
        times.labels("cart").observe(rng.expovariate(10))
    size.labels('a "quoted"\\ {brace}, comma\nline').set(-math.inf)
    size.labels("ünïcode = 1").set(1.5e-300)
    text = generate_latest(registry).decode()

    expected = {
        SeriesKey(s.name, tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }
    reader = Reader(max_series=100)
    for _ in range(2):
        got = read(text, reader)
        assert got.keys() == expected.keys()
        assert all(got[k] == v for k, v in expected.items() if math.isfinite(v))
    assert reader.kinds["http_requests_total"] == "counter"
    assert reader.kinds["took_seconds"] == "histogram"


LABEL_TEXT = st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\r"), max_size=20)


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), LABEL_TEXT, max_size=4))
def test_any_label_text_survives_its_escaping(labels):
    escaped = {k: v.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') for k, v in labels.items()}
    inner = ",".join(f'{k}="{v}"' for k, v in escaped.items())

    expected = SeriesKey("m", tuple(sorted(labels.items())))
    assert read(f"m{{{inner}}} 4\n") == {expected: 4.0}


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text):
    reader = Reader(max_series=10)

    reading = reader.read(text, at=NOW)
    assert len(reading.values) <= 10


@pytest.mark.parametrize("line", ["{}", "m", "m{", 'm{a="b} 1', "m{a=b} 1", "m one", "1m 2", 'm{a="b"}', "<html>"])
def test_a_line_that_cannot_be_read_is_counted_and_the_others_stay(line):
    reader = Reader(max_series=10)

    reading = reader.read(f"good 1\n{line}\nalso 2\n", at=NOW)
    assert reading.malformed == 1
    assert len(reading.values) == 2


def test_of_a_series_that_comes_twice_the_first_is_kept_whatever_the_order_of_its_labels():
    reader = Reader(max_series=10)
    text = 'm{a="1",b="2"} 5\nm{b="2",a="1"} 7\nm{a="1",b="2"} 9\n'

    for _ in range(2):
        reading = reader.read(text, at=NOW)
        assert list(reading.values.values()) == [5]
        assert reading.duplicates == 2


@pytest.mark.parametrize("word", ["NaN", "+Inf", "-Inf"])
def test_a_value_that_is_no_number_is_kept_as_a_hole_and_counted(word):
    reader = Reader(max_series=10)

    reading = reader.read(f"m {word}\n", at=NOW)
    assert math.isnan(reading.values[0])
    assert reading.not_numbers == 1


def test_a_timestamp_is_noted_and_does_not_make_another_series():
    reader = Reader(max_series=10)

    first = reader.read(f"m 1 {int((NOW - 300) * 1000)}\n", at=NOW)
    second = reader.read(f"m 2 {int((NOW - 299) * 1000)}\n", at=NOW)
    assert (first.values, second.values) == ({0: 1.0}, {0: 2.0})
    assert second.stamp_s == pytest.approx(NOW - 299)


def test_series_beyond_the_cap_are_left_out_and_counted():
    reader = Reader(max_series=3)

    reading = reader.read("".join(f'm{{i="{i}"}} {i}\n' for i in range(10)), at=NOW)
    assert (len(reading.values), reading.dropped) == (3, 7)


def test_columns_of_series_not_seen_for_long_are_given_to_new_ones():
    reader = Reader(max_series=2)
    reader.read("old 1\nkept 2\n", at=NOW)
    reader.read("kept 2\n", at=NOW + 100)

    freed = reader.forget(NOW + 50)
    reading = reader.read("kept 2\nnew 3\n", at=NOW + 101)
    assert freed == [0]
    assert {reader.series[c].name: v for c, v in reading.values.items()} == {"kept": 2, "new": 3}


def test_memory_of_known_lines_is_bounded_for_a_target_that_never_says_the_same_twice():
    reader = Reader(max_series=5)
    for i in range(200):
        reader.read(f'# note {i}\n# TYPE t{i} gauge\nm{{i="{i}"}} 1\n', at=NOW + i)

    assert max(len(reader._comments), len(reader._lines), len(reader.kinds)) <= 20
