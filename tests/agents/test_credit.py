"""Whose a recovery is: the action's, or something's that would have come anyway."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from quell.agents.credit import ACTION, NONE, UNCLEAR, credit_of
from quell.incident.events import Indicator
from tests.agents.shop import NOW, Shop

ACTED_S = (NOW - timedelta(seconds=15)).timestamp()


def out_of_range(service: str) -> Indicator:
    return Indicator(
        service=service,
        series="error_ratio",
        labels={},
        unit="ratio",
        normal_low=0.0,
        normal_high=0.05,
        bad_when="above",
        onset=NOW - timedelta(seconds=60),
        worst=0.6,
        evidence_id="E1",
    )


def with_mail(shop: Shop, ratio: float) -> Shop:
    """Add a service that neither calls the shop's nor is called by them."""
    shop._set("mail", "error_ratio", "ratio", np.full(shop.times.size, ratio))
    return shop


def credited(shop: Shop, *services: str, target: str | None = "payment") -> str:
    indicators = [out_of_range(service) for service in services]
    return credit_of(target, indicators, shop.telemetry(), acted_s=None if target is None else ACTED_S)[0]


def test_what_only_the_changed_service_and_its_callers_show_is_the_actions() -> None:
    assert credited(Shop(), "payment", "checkout", "edge") == ACTION


def test_a_service_apart_that_came_back_too_makes_it_unclear() -> None:
    assert credited(with_mail(Shop(), 0.0), "payment", "mail") == UNCLEAR


def test_a_service_apart_that_is_still_bad_takes_nothing_away() -> None:
    assert credited(with_mail(Shop(), 0.6), "payment", "mail") == ACTION


def test_load_that_went_away_makes_it_unclear() -> None:
    shop = Shop()
    rates = np.where(shop.times > ACTED_S, 4.0, 20.0)
    shop._set("edge", "request_rate", "1/s", rates)

    assert credited(shop, "payment") == UNCLEAR


def test_a_recovery_without_a_change_is_nobodys() -> None:
    assert credited(Shop(), "payment", target=None) == NONE


@pytest.mark.parametrize("service", ["edge", "checkout"])
def test_without_telemetry_nothing_speaks_against_the_action(service: str) -> None:
    empty = replace(Shop().telemetry(), series={}, edges=())

    assert credit_of("payment", [out_of_range(service)], empty, acted_s=ACTED_S)[0] == ACTION
