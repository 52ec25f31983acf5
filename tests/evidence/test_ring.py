"""The bounded memory of one target."""

import numpy as np
import pytest

from quell.evidence.ring import Ring


def test_the_oldest_rows_give_way_and_order_is_kept():
    ring = Ring(rows=4, most_columns=8, notes=1)
    for i in range(10):
        ring.append(100.0 + i, {0: float(i)}, (0,))

    stretch = ring.between(0, 1e9)
    assert stretch.times.tolist() == [106, 107, 108, 109]
    assert stretch.values[:, 0].tolist() == [6, 7, 8, 9]
    assert (ring.oldest(), ring.newest(), ring.written) == (106, 109, 10)


def test_a_window_holds_its_start_and_not_its_end():
    ring = Ring(rows=10, most_columns=1, notes=1)
    for i in range(5):
        ring.append(float(i + 1), {0: 1.0}, (0,))

    assert ring.between(2, 4).times.tolist() == [2, 3]


def test_a_row_without_an_answer_is_down_and_empty():
    ring = Ring(rows=10, most_columns=2, notes=1)
    ring.append(1, {1: 5.0}, (0,))
    ring.append(2, None, (0,))

    stretch = ring.between(0, 9)
    assert stretch.up.tolist() == [True, False]
    assert np.isnan(stretch.values[1]).all()
    assert np.isnan(stretch.values[0, 0])


def test_a_clock_set_back_takes_the_older_rows_with_it():
    ring = Ring(rows=10, most_columns=1, notes=1)
    for at in (1000.0, 1001.0, 1002.0):
        ring.append(at, {0: at}, (0,))

    moved = ring.append(703.0, {0: 1.0}, (0,))
    times = ring.between(0, 1e9).times
    assert moved == pytest.approx(300)
    assert (np.diff(times) > 0).all()
    assert times.tolist() == pytest.approx([700, 701, 702, 703])


def test_memory_never_exceeds_what_is_said():
    ring = Ring(rows=50, most_columns=300, notes=4)
    for i in range(200):
        ring.append(float(i + 1), dict.fromkeys(range(min(3 * i + 1, 300)), 1.0), (0, 0, 0, 0))

    assert ring.held_bytes <= ring.bound_bytes
    assert ring.between(0, 1e9).values.shape == (50, 300)


def test_a_column_given_away_keeps_nothing_of_its_past():
    ring = Ring(rows=5, most_columns=2, notes=1)
    ring.append(1, {0: 1.0, 1: 2.0}, (0,))

    ring.clear_columns([0, 99])
    assert np.isnan(ring.between(0, 9).values[0]).tolist() == [True, False]
