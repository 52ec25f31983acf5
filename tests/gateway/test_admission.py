"""How many connections there may be: whoever is let in is counted until it goes, and nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.errors import Overloaded
from quell.gateway.admission import Admission, AdmissionLimits, TooManyConnections, TooManyOfAddress, site_of


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("no address: at all", "no address: at all", True),
    ],
)
def test_one_site_has_many_addresses_of_ipv6_and_one_of_ipv4(one: str, other: str, same: bool) -> None:
    assert (site_of(one) == site_of(other)) is same


def test_an_address_that_is_waited_for_too_often_is_refused_and_others_are_let_in() -> None:
    admission = Admission(AdmissionLimits(connections=10, waiting_per_address=2))
    admission.enter("10.0.0.1")
    admission.enter("10.0.0.1")

    with pytest.raises(TooManyOfAddress):
        admission.enter("10.0.0.1")
    admission.enter("10.0.0.2")
    admission.have_heard("10.0.0.1")
    admission.enter("10.0.0.1")
    assert (admission.open, admission.waiting, admission.refused["connections_of_address"]) == (4, 3, 1)


def test_a_proxy_whose_requests_are_whole_may_hold_all_connections_but_no_more_than_there_are() -> None:
    admission = Admission(AdmissionLimits(connections=5, waiting_per_address=1))
    for _ in range(5):
        admission.enter("10.0.0.1")
        admission.have_heard("10.0.0.1")

    with pytest.raises(TooManyConnections):
        admission.enter("10.0.0.2")
    admission.enter(None)
    assert admission.open == 6, "our own processes have no address and are let in"


@given(st.lists(st.tuples(st.sampled_from(["10.0.0.1", "10.0.0.2", "2001:db8::1", None]), st.integers(0, 3))))
def test_what_is_counted_is_what_came_and_has_not_gone(acts: list[tuple[str | None, int]]) -> None:
    admission = Admission(AdmissionLimits(connections=4, waiting_per_address=2))
    there: list[tuple[str | None, bool]] = []
    for address, act in acts:
        if act == 0:
            try:
                admission.enter(address)
            except Overloaded:
                continue
            there.append((address, True))
        elif act == 1 and (address, True) in there:
            admission.have_heard(address)
            there[there.index((address, True))] = (address, False)
        elif act >= 2 and (address, act == 2) in there:
            admission.leave(address, waiting=act == 2)
            there.remove((address, act == 2))
        assert (admission.open, admission.waiting) == (len(there), sum(waits for _, waits in there))
