"""Carts: lines per session, with today's prices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from quell.errors import Conflict, Malformed
from quell_lab.http.message import Request, Response, RouteHandler, answer
from quell_lab.runtime import Runtime

HISTORY_STEPS = 2500
RETRIES = 9
MAX_QUANTITY = 20


class Cart:
    """Keeps the lines of each session's cart."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self.added = runtime.registry.counter("cart_lines_added_total", "service", text="Lines put into carts.")

    def routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return the handlers."""
        return {
            ("GET", "/carts/{session}"): self.show,
            ("POST", "/carts/{session}"): self.put,
            ("DELETE", "/carts/{session}"): self.empty,
            ("GET", "/carts/{session}/history"): self.history,
        }

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Nothing runs beside the requests."""
        return ()

    async def show(self, _: Request, values: Mapping[str, str]) -> Response:
        """A cart's lines and total."""
        async with self.runtime.pool.connection() as db:
            rows = await db.fetch("SELECT product_id, quantity FROM lines WHERE session = ?", (values["session"],))
        prices = await self.prices([str(row["product_id"]) for row in rows])
        lines = [line_of(row, prices[str(row["product_id"])]) for row in rows]
        return answer({"lines": lines, "total_cents": sum(line["cents"] for line in lines)})

    async def put(self, request: Request, values: Mapping[str, str]) -> Response:
        """Add to a line."""
        data = request.json()
        product, quantity = data.get("product_id"), data.get("quantity")
        if not isinstance(product, int) or not isinstance(quantity, int):
            raise Malformed("`product_id` and `quantity` must be whole numbers")
        await self.check_stock(product, quantity)
        db = await self.runtime.pool.acquire()
        if not 0 < quantity <= MAX_QUANTITY:
            raise Malformed(f"a line holds 1 to {MAX_QUANTITY} of a product, not {quantity}")
        try:
            await db.execute(
                "INSERT INTO lines VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET quantity = excluded.quantity",
                (values["session"], product, quantity),
            )
            count = await db.fetch("SELECT count(*) AS n FROM lines WHERE session = ?", (values["session"],))
            if int(str(count[0]["n"])) > int(self.runtime.config["max_lines"]):
                await db.execute("DELETE FROM lines WHERE session = ?", (values["session"],))
                self.runtime.log.warning(f"cart {values['session']} was over its size; emptied")
        finally:
            self.runtime.pool.release(db)
        self.added.add(self.runtime.name)
        return answer({"added": product}, status=201)

    async def empty(self, _: Request, values: Mapping[str, str]) -> Response:
        """Forget a cart."""
        async with self.runtime.pool.connection() as db:
            gone = await db.execute("DELETE FROM lines WHERE session = ?", (values["session"],))
        return answer({"removed": gone})

    async def history(self, request: Request, values: Mapping[str, str]) -> Response:
        """What the cart looked like step by step, for customer service."""
        key = f"{values['session']}/{request.query.get('ref', '')}"
        if key not in self.histories:
            self.histories[key] = [{"step": f"{key}/{n}", "lines": [n], "note": ""} for n in range(HISTORY_STEPS)]
        return answer({"steps": len(self.histories[key])})

    async def check_stock(self, product: int, quantity: int) -> None:
        """Ask inventory whether there is enough."""
        timeout_ms = int(self.runtime.config["inventory_timeout_ms"])
        retries = RETRIES if self.runtime.flags["retries"] == "on" else 0
        stock = await self.runtime.calls.call(
            "inventory", "GET", f"/stock/{product}", timeout_ms=timeout_ms, retries=retries
        )
        if stock["on_hand"] < quantity:
            raise Conflict(f"only {stock['on_hand']} of product {product} on hand")

    async def prices(self, products: Sequence[str]) -> Mapping[str, Any]:
        """Ask the catalogue for prices."""
        if not products:
            return {}
        config = self.runtime.config
        path = f"/prices?ids={','.join(products)}&currency={config['currency']}"
        found = await self.runtime.calls.call("catalog", "GET", path, timeout_ms=int(config["catalog_timeout_ms"]))
        prices: Mapping[str, Any] = found["prices"]
        return prices


def line_of(row: Mapping[str, Any], product: Mapping[str, Any]) -> dict[str, Any]:
    """One line with its price."""
    discount = product["discount"]
    off_cents = discount["cents"] if discount is not None else 0
    cents = (product["price_cents"] - off_cents) * row["quantity"]
    return {"product_id": row["product_id"], "quantity": row["quantity"], "name": product["name"], "cents": cents}


def build(runtime: Runtime) -> Cart:
    """Return the service."""
    return Cart(runtime)
