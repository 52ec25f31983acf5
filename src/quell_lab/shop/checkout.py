"""Checkout: from a cart to a paid order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from quell.errors import Conflict, Malformed, UpstreamError
from quell_lab.http.message import Request, Response, RouteHandler, answer
from quell_lab.runtime import Rejected, Runtime

SHIPPING_CENTS = {"DE": 490, "AT": 590, "NL": 590, "FR": 690}
SHIPPING_ELSEWHERE_CENTS = 1290
TAX_TABLES = {"standard": {"DE": 19, "AT": 20, "NL": 21, "FR": 20}}
TAX_ELSEWHERE = 21


class Checkout:
    """Turns carts into orders."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.orders = runtime.registry.counter("orders_total", "service", "outcome", text="Orders by outcome.")

    def routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return the handlers."""
        return {("POST", "/orders"): self.order}

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Nothing runs beside the requests."""
        return ()

    async def order(self, request: Request, _: Mapping[str, str]) -> Response:
        """Check a cart out: price it, hold the stock, take the money, empty the cart."""
        data = request.json()
        session, country, card = (str(data.get(name, "")) for name in ("session", "country", "card"))
        if not session or not card:
            raise Malformed("`session` and `card` are needed")
        cart = await self.call("cart", "GET", f"/carts/{session}")
        if not cart["lines"]:
            raise Conflict(f"the cart of {session} is empty")
        amount_cents = cart["total_cents"] + self.shipping(country)
        amount_cents += amount_cents * self.tax(country) // 100
        held = {"lines": [{"product_id": x["product_id"], "quantity": x["quantity"]} for x in cart["lines"]]}
        await self.call("inventory", "POST", "/reservations", held)
        payment = await self.pay({"amount_cents": amount_cents, "card": card, "order": session}, held)
        await self.call("cart", "DELETE", f"/carts/{session}")
        self.orders.add(self.runtime.name, "paid")
        return answer({"amount_cents": amount_cents, "payment": payment["id"]}, status=201)

    async def pay(self, charge: Mapping[str, Any], held: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take the money; if that does not work, put the stock back."""
        try:
            return await self.call("payment", "POST", "/payments", charge)
        except UpstreamError as error:
            self.orders.add(self.runtime.name, "declined" if isinstance(error, Rejected) else "failed")
            await self.call("inventory", "POST", "/releases", held)
            raise

    def shipping(self, country: str) -> int:
        """Cents."""
        return SHIPPING_CENTS.get(country, SHIPPING_ELSEWHERE_CENTS)

    def tax(self, country: str) -> int:
        """Percent."""
        return TAX_TABLES[self.runtime.config["tax_table"]].get(country, TAX_ELSEWHERE)

    async def call(self, peer: str, method: str, path: str, data: object | None = None) -> dict[str, Any]:
        """Call a service within its configured time."""
        timeout_ms = int(self.runtime.config[f"{peer}_timeout_ms"])
        return await self.runtime.calls.call(peer, method, path, timeout_ms=timeout_ms, data=data)


def build(runtime: Runtime) -> Checkout:
    """Return the service."""
    return Checkout(runtime)
