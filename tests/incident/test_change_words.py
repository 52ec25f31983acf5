"""A change in words."""

from __future__ import annotations

import pytest

from quell.incident.change_words import say_change


@pytest.mark.parametrize(
    ("action", "service", "says", "says_of"),
    [
        ("roll_back", "payment", "roll back payment", "roll back of payment"),
        ("restart_orders", "orders", "restart orders", "restart orders"),
        ("restart_orders-api", "orders-api", "restart orders-api", "restart orders-api"),
        ("restart_order_api", "order-api", "restart order api", "restart order api"),
        ("restart_payments", "pay", "restart payments pay", "restart payments of pay"),
    ],
)
def test_a_service_is_named_once(action: str, service: str, says: str, says_of: str) -> None:
    assert say_change(action, service) == says
    assert say_change(action, service, of="of") == says_of
