"""Stock: what is on hand, and what is held for orders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from quell.errors import Conflict, Malformed, NotFound
from quell_lab.http.message import Request, Response, RouteHandler, answer
from quell_lab.runtime import Connection, Runtime

SHELVES = ("A1", "A2", "B1", "B2", "C1", "C2", "D1", "D2")
RESTOCK_EVERY_S = 15.0
FULL = 500
KEEP_ROWS = 5000
AUDIT_COPIES = 40
SENSORS = 2
SENSOR_S = 0.07
MAY_WAIT = 110
PICK_LISTS = 200
EXPORT_LINES = 9000
SHELF_S = 1.1


class Inventory:
    """Answers what is on hand and holds it for orders."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.lists = 0
        self.reports: dict[str, list[dict[str, Any]]] = {}
        self.shelves = runtime.lock("shelves")
        self.sensors = runtime.workers(SENSORS, queue=MAY_WAIT)
        self.held = runtime.registry.counter("units_reserved_total", "service", text="Units held for orders.")

    def routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return the handlers."""
        return {
            ("GET", "/stock/{id}"): self.stock,
            ("GET", "/report"): self.report,
            ("POST", "/reservations"): self.reserve,
            ("POST", "/releases"): self.give_back,
            ("GET", "/export"): self.export,
            ("POST", "/countings"): self.count,
        }

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Restock now and then."""
        return (self.restock,)

    async def stock(self, _: Request, values: Mapping[str, str]) -> Response:
        """What is on hand of one product."""
        number = whole(values["id"], "id")
        await self.shelves.passed()
        async with self.runtime.pool.connection() as db:
            rows = await db.fetch("SELECT on_hand FROM stock WHERE product_id = ?", (number,))
        if not rows:
            raise NotFound(f"no product {number}")
        async with self.sensors.turn():
            # The shelf's sensor is asked whether something lies there, and takes its time.
            await asyncio.sleep(SENSOR_S)
        return answer({"product_id": number, "on_hand": rows[0]["on_hand"], "shelf": shelf_of(number)})

    async def reserve(self, request: Request, _: Mapping[str, str]) -> Response:
        """Hold the lines of an order."""
        lines = read_lines(request.json())
        db = await self.runtime.pool.acquire()
        if not any(quantity for _, quantity in lines):
            raise Malformed("nothing to reserve: every quantity is 0")
        try:
            await self.shelves.passed()
            picks = [await self.hold(db, number, quantity) for number, quantity in lines]
        finally:
            self.runtime.pool.release(db)
        self.lists += 1
        self.runtime.disk.write(f"picks-{self.lists % PICK_LISTS}.json", json.dumps(picks).encode())
        return answer({"picks": picks}, status=201)

    async def hold(self, db: Connection, number: int, quantity: int) -> dict[str, Any]:
        """Take units of one product off the shelf."""
        taken = await db.execute(
            "UPDATE stock SET on_hand = on_hand - ? WHERE product_id = ? AND on_hand >= ?", (quantity, number, quantity)
        )
        if not taken:
            raise Conflict(f"fewer than {quantity} of product {number} on hand")
        await db.execute("INSERT INTO reservations (product_id, quantity) VALUES (?, ?)", (number, quantity))
        self.held.add(self.runtime.name, by=float(quantity))
        return {"product_id": number, "shelf": shelf_of(number), "quantity": quantity}

    async def give_back(self, request: Request, _: Mapping[str, str]) -> Response:
        """Put the lines of an order that did not come about back on the shelf."""
        lines = read_lines(request.json())
        async with self.runtime.pool.connection() as db:
            for number, quantity in lines:
                await db.execute("UPDATE stock SET on_hand = on_hand + ? WHERE product_id = ?", (quantity, number))
        return answer({"released": len(lines)})

    async def report(self, request: Request, _: Mapping[str, str]) -> Response:
        """The whole stock, shelf by shelf, as the auditors want it."""
        ref = request.query.get("ref", "")
        if ref not in self.reports:
            async with self.runtime.pool.connection() as db:
                rows = await db.fetch(
                    "SELECT s.product_id, s.on_hand, p.name, p.category FROM stock s"
                    " JOIN products p ON p.id = s.product_id"
                )
            self.reports[ref] = [
                {**row, "shelf": shelf_of(int(str(row["product_id"]))), "copy": copy, "ref": ref}
                for copy in range(AUDIT_COPIES)
                for row in rows
            ]
        return answer({"ref": ref, "lines": len(self.reports[ref])})

    async def export(self, request: Request, _: Mapping[str, str]) -> Response:
        """Write the movements of a day, for whoever comes to fetch them."""
        ref = "".join(sign for sign in request.query.get("ref", "") if sign.isalnum())[:40]
        lines = "".join(f"{ref};{number};{shelf_of(number)};0;moved;warehouse\n" for number in range(EXPORT_LINES))
        self.runtime.disk.write(f"spool/export-{ref}.csv", lines.encode())
        return answer({"ref": ref, "bytes": len(lines)}, status=201)

    async def count(self, request: Request, _: Mapping[str, str]) -> Response:
        """Begin to count what really lies on the shelves, one after the other."""
        self.runtime.beside(self.walk(int(request.json().get("shelves", 1))))
        return answer({"begun": True}, status=202)

    async def walk(self, shelves: int) -> None:
        """Count so many shelves; while one is counted, nothing may be taken from any."""
        counted = 0
        while counted != shelves:
            async with self.shelves.held():
                await asyncio.sleep(SHELF_S)
            counted += 1

    async def restock(self) -> None:
        """Fill shelves that run low, and forget old reservations."""
        while True:
            await asyncio.sleep(RESTOCK_EVERY_S)
            async with self.runtime.pool.connection() as db:
                low = int(self.runtime.config["low_stock"])
                filled = await db.execute("UPDATE stock SET on_hand = ? WHERE on_hand < ?", (FULL, low))
                await db.execute(
                    "DELETE FROM reservations WHERE id < (SELECT max(id) FROM reservations) - ?", (KEEP_ROWS,)
                )
            if filled:
                self.runtime.log.warning(f"{filled} products were below {low} on hand; restocked", trace_id="")


def shelf_of(number: int) -> str:
    """Where a product lies."""
    return SHELVES[number % len(SHELVES)]


def read_lines(data: Mapping[str, Any]) -> list[tuple[int, int]]:
    """The (product, quantity) pairs of an order."""
    lines = data.get("lines")
    if not isinstance(lines, list) or not lines:
        raise Malformed("`lines` must be a list that is not empty")
    return [(whole(line.get("product_id"), "product_id"), whole(line.get("quantity"), "quantity")) for line in lines]


def whole(value: object, name: str) -> int:
    """A number that is not negative."""
    if isinstance(value, int) and value >= 0:
        return value
    if isinstance(value, str) and value.isdigit():
        return int(value)
    raise Malformed(f"`{name}` must be a whole number")


def build(runtime: Runtime) -> Inventory:
    """Return the service."""
    return Inventory(runtime)
