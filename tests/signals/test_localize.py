"""Which service an incident comes from, on small systems whose answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.signals.fusion import Observation, locate
from quell.signals.localize import Kind, Measures, Sign, Symptom, measure_signs, strength_of, suspects

ONSET_S, STEP_S = 600.0, 10.0
TIMES = STEP_S * np.arange(80, dtype=np.float64)
AFTER = TIMES >= ONSET_S

Row = tuple[str, Kind, str, float, float]
"""(service, kind, peer, before, since)."""


def system(*rows: Row, noise: float = 0.02, seed: int = 1) -> Measures:
    rng = np.random.default_rng(seed)
    services = tuple(sorted({name for row in rows for name in (row[0], row[2]) if name}))
    place = {name: i for i, name in enumerate(services)}
    values = [
        np.where(AFTER, since, before) * (1 + noise * rng.standard_normal(TIMES.size)) for *_, before, since in rows
    ]
    return Measures(
        services=services,
        times=TIMES,
        values=np.array(values),
        owner=np.array([place[row[0]] for row in rows]),
        kind=np.array([row[1] for row in rows]),
        peer=np.array([place.get(row[2], -1) for row in rows]),
    )


def first(measures: Measures, edges: list[tuple[str, str]], symptom: Symptom | None = None) -> str:
    seen = Observation(onset_s=ONSET_S, until_s=float(TIMES[-1]), measures=measures, edges=edges, symptom=symptom)
    return locate(seen)[0].service


def test_a_caller_is_not_blamed_for_what_its_callee_adds() -> None:
    measures = system(
        ("edge", Kind.LATENCY, "", 0.1, 0.6),
        ("store", Kind.LATENCY, "", 0.02, 0.52),
        ("edge", Kind.LOAD, "", 10, 10),
        ("store", Kind.LOAD, "", 10, 10),
    )

    assert first(measures, [("edge", "store")]) == "store"


def test_a_caller_is_blamed_for_what_its_callees_do_not_add() -> None:
    measures = system(
        ("edge", Kind.LATENCY, "", 0.1, 0.9),
        ("store", Kind.LATENCY, "", 0.02, 0.04),
        ("edge", Kind.LOAD, "", 10, 10),
        ("store", Kind.LOAD, "", 10, 10),
    )

    assert first(measures, [("edge", "store")]) == "edge"


def test_a_little_time_in_many_requests_outweighs_much_in_few() -> None:
    measures = system(
        ("edge", Kind.LATENCY, "", 0.1, 0.3),
        ("rare", Kind.LATENCY, "", 0.1, 0.5),
        ("often", Kind.LATENCY, "", 0.1, 0.14),
        ("edge", Kind.LOAD, "", 10, 10),
        ("rare", Kind.LOAD, "", 0.1, 0.1),
        ("often", Kind.LOAD, "", 50, 50),
    )

    edges = [("edge", "rare"), ("edge", "often")]
    assert first(measures, edges, Symptom(service="edge", kind=Kind.LATENCY)) == "often"


def test_one_that_was_never_called_before_is_its_callers_doing() -> None:
    measures = system(
        ("edge", Kind.ERRORS, "", 0.0, 0.2),
        ("cart", Kind.ERRORS, "", 0.0, 0.2),
        ("missing-table", Kind.ERRORS, "", float("nan"), 1.0),
        ("edge", Kind.LOAD, "", 10, 10),
        ("cart", Kind.LOAD, "", 10, 10),
        ("missing-table", Kind.LOAD, "", 0, 2),
        noise=0.0,
    )

    edges = [("edge", "cart"), ("cart", "missing-table")]
    assert first(measures, edges, Symptom(service="edge", kind=Kind.ERRORS)) == "cart"


def test_a_slow_way_to_a_service_is_charged_to_the_one_called() -> None:
    measures = system(
        ("edge", Kind.LATENCY, "store", 0.02, 0.3),
        ("edge", Kind.LATENCY, "cart", 0.02, 0.02),
        ("edge", Kind.LATENCY, "", 0.1, 0.38),
    )

    assert first(measures, []) == "store"


def test_time_spent_waiting_for_others_is_not_ones_own() -> None:
    waiting = system(
        ("edge", Kind.LATENCY, "", 0.1, 0.5), ("edge", Kind.WAIT, "", 0.05, 0.45), ("cart", Kind.CPU, "", 0.1, 0.12)
    )
    working = system(
        ("edge", Kind.LATENCY, "", 0.1, 0.5), ("edge", Kind.WAIT, "", 0.05, 0.05), ("cart", Kind.CPU, "", 0.1, 0.12)
    )

    strengths = [
        next((sign.strength for sign in measure_signs(one, [], onset_s=ONSET_S) if sign.family == "latency"), 0.0)
        for one in (waiting, working)
    ]
    assert strengths[0] < 0.3 * strengths[1]


def test_a_fall_of_every_measure_is_no_sign() -> None:
    rows: list[Row] = [("cart", kind, "", 10.0, 1.0) for kind in Kind]

    assert measure_signs(system(*rows), [], onset_s=ONSET_S) == []


def test_what_comes_after_the_end_is_not_read() -> None:
    measures = system(("cart", Kind.CPU, "", 0.1, 0.9))
    later = measures.values.copy()
    later[:, TIMES > 700] = 0.1

    early = measure_signs(measures, [], onset_s=ONSET_S, until_s=700)
    assert early == measure_signs(dataclasses.replace(measures, values=later), [], onset_s=ONSET_S, until_s=700)
    assert early


def test_a_series_with_no_past_says_nothing() -> None:
    measures = system(("cart", Kind.CPU, "", float("nan"), 0.9))

    assert measure_signs(measures, [], onset_s=ONSET_S) == []


def test_no_reading_since_the_onset_says_nothing() -> None:
    measures = system(("cart", Kind.CPU, "", 0.1, 0.9))

    assert measure_signs(measures, [], onset_s=5000.0) == []


def test_equal_suspects_come_by_name() -> None:
    signs = [Sign(service=name, family="cpu", strength=1.0, says="") for name in ("zeta", "alpha", "mid")]

    assert [one.service for one in suspects(signs)] == ["alpha", "mid", "zeta"]


def test_only_the_strongest_sign_of_a_family_counts() -> None:
    signs = [Sign(service="cart", family="cpu", strength=one, says="") for one in (1.0, 2.0, 1.5)]

    assert suspects(signs)[0].strength == 2.0


def test_suspects_without_a_sign_take_no_share() -> None:
    sign = Sign(service="cart", family="cpu", strength=3.0, says="")

    alone, among = suspects([sign])[0], suspects([sign], [f"s{i}" for i in range(1000)])[0]
    assert alone.share == among.share


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_strength_grows_with_distance(one: float, other: float) -> None:
    assert (strength_of(one) <= strength_of(other)) or one > other


@given(st.permutations(range(6)), st.floats(0.01, 100.0))
def test_neither_the_order_of_series_nor_the_unit_of_a_resource_matters(order: list[int], unit: float) -> None:
    rows: list[Row] = [
        ("edge", Kind.CPU, "", 0.1, 0.1),
        ("cart", Kind.CPU, "", 0.2, 0.9),
        ("store", Kind.CPU, "", 0.3, 0.31),
        ("edge", Kind.MEMORY, "", 5.0, 5.0),
        ("cart", Kind.MEMORY, "", 5.0, 9.0),
        ("store", Kind.MEMORY, "", 5.0, 5.1),
    ]
    measures = system(*rows)
    shuffled = dataclasses.replace(
        measures,
        values=measures.values[order] * unit,
        owner=measures.owner[order],
        kind=measures.kind[order],
        peer=measures.peer[order],
    )

    before = [(one.service, one.family, one.strength) for one in measure_signs(measures, [], onset_s=ONSET_S)]
    after = [(one.service, one.family, one.strength) for one in measure_signs(shuffled, [], onset_s=ONSET_S)]
    assert [one[:2] for one in before] == [one[:2] for one in after]
    assert [one[2] for one in after] == pytest.approx([one[2] for one in before], rel=1e-6)


@given(st.lists(st.sampled_from([float("nan"), 0.0, 1e300, -1e300, 0.5]), min_size=80, max_size=80))
def test_any_values_give_finite_signs(values: list[float]) -> None:
    measures = system(("cart", Kind.CPU, "", 0.1, 0.1), ("cart", Kind.LATENCY, "", 0.1, 0.1))
    wild = dataclasses.replace(measures, values=np.array([values, values]))

    assert all(np.isfinite(sign.strength) for sign in measure_signs(wild, [], onset_s=ONSET_S))
