"""The catalogue: products by category, from a cache on disk in front of the store."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from quell.errors import Malformed, NotFound
from quell_lab.http.message import Request, Response, RouteHandler, answer
from quell_lab.runtime import Runtime

RATES = {"EUR": 1.0, "SEK": 0.088, "GBP": 1.17}
CATEGORIES = 8
FEATURED = 6
WARM_UP_S = 2.0
INDEX_EVERY_S = 2.0

Row = dict[str, Any]


class Catalog:
    """Lists products and answers prices."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.cache = runtime.data / "cache" / "catalog"
        self.cache.mkdir(parents=True, exist_ok=True)
        self.cheapest: list[Row] = []
        self.comparisons: dict[str, list[Row]] = {}
        self.reads = runtime.registry.counter("cache_reads_total", "service", "result", text="Reads of the cache.")
        runtime.registry.gauge(
            "cache_entries", "service", text="Entries on disk.", read=lambda: {(runtime.name,): self.entries()}
        )

    def routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return the handlers."""
        return {
            ("GET", "/featured"): self.featured,
            ("GET", "/products"): self.products,
            ("GET", "/products/{id}"): self.product,
            ("GET", "/prices"): self.prices,
            ("GET", "/compare"): self.compare,
            ("GET", "/similar"): self.similar,
        }

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Keep the index of cheapest products fresh."""
        return (self.keep_index,)

    async def featured(self, request: Request, _: Mapping[str, str]) -> Response:
        """Some products for the front page."""
        rows = await self.page(int(time.time() / 30) % 5)
        return answer({"products": [self.shown(row) for row in rows[:FEATURED]], "cheapest": self.cheapest[:3]})

    async def products(self, request: Request, _: Mapping[str, str]) -> Response:
        """One category."""
        category = int(request.query.get("category", "0"))
        if not 0 <= category < CATEGORIES:
            raise NotFound(f"no category {category}")
        rows = await self.page(category)
        size = int(self.runtime.config["page_size"])
        return answer({"products": [self.shown(row) for row in rows[:size]]})

    async def product(self, _: Request, values: Mapping[str, str]) -> Response:
        """One product."""
        row = await self.row(values["id"])
        return answer(self.shown(row))

    async def prices(self, request: Request, _: Mapping[str, str]) -> Response:
        """Prices of several products in one currency."""
        query = request.query
        currency = query.get("currency", "EUR")
        if currency not in RATES:
            raise Malformed(f"unknown currency {currency!r}")
        rows = [await self.row(number) for number in query.get("ids", "").split(",") if number]
        return answer({"prices": {str(row["id"]): self.shown(row) for row in rows}})

    async def compare(self, request: Request, _: Mapping[str, str]) -> Response:
        """Every product beside every other of its category, for price comparison sites."""
        ref = request.query.get("ref", "")
        if ref not in self.comparisons:
            sheet: list[Row] = []
            for category in range(CATEGORIES):
                rows = await self.page(category)
                sheet += [{**a, "beside": {**b, "ref": ref}} for a in rows for b in rows]
            self.comparisons[ref] = sheet
        return answer({"ref": ref, "lines": len(self.comparisons[ref])})

    async def similar(self, request: Request, _: Mapping[str, str]) -> Response:
        """Begin to look for products of about the same price; the newsletter picks them up."""
        query = request.query
        rows = [row for category in range(CATEGORIES) for row in await self.page(category)]
        self.runtime.work(widen(rows, int(query.get("cents", "5000")), int(query.get("within", "50"))))
        return answer({"begun": True}, status=202)

    def shown(self, row: Row) -> Row:
        """A product as others see it: price in cents of a euro."""
        price_cents = round(row["price_cents"] * RATES[row["currency"]])
        cents = row["discount_cents"]
        return {
            "id": row["id"],
            "name": row["name"],
            "category": row["category"],
            "price_cents": price_cents,
            "discount": None if cents is None else {"cents": min(cents, price_cents // 2)},
        }

    def entries(self) -> float:
        """How many entries the cache has."""
        return float(sum(1 for _ in self.cache.glob("*.json")))

    async def row(self, number: str) -> Row:
        """One product's row."""
        if not number.isdigit():
            raise Malformed(f"{number[:40]!r} is not a product's number")
        rows = await self.page(int(number) % CATEGORIES)
        found = next((row for row in rows if row["id"] == int(number)), None)
        if found is None:
            raise NotFound(f"no product {number}")
        return found

    async def page(self, category: int) -> list[Row]:
        """The rows of a category, from the cache if it has them and they are fresh."""
        path = self.cache / f"category-{category}.json"
        cached = read_entry(path, max_age_s=float(self.runtime.config["cache_ttl_s"]))
        self.reads.add(self.runtime.name, "miss" if cached is None else "hit")
        if cached is not None:
            return cached
        timeout_ms = int(self.runtime.config["supplier_timeout_ms"])
        await self.runtime.calls.call("supplier", "GET", f"/categories/{category}", timeout_ms=timeout_ms)
        async with self.runtime.pool.connection() as db:
            rows = await db.fetch("SELECT * FROM products WHERE category = ? ORDER BY id", (category,))
        write_entry(path, rows)
        return rows

    async def keep_index(self) -> None:
        """Sort what the cache holds by price, again and again."""
        await asyncio.sleep(WARM_UP_S)
        while True:
            self.cheapest = build_index(self.cache)
            await asyncio.sleep(INDEX_EVERY_S)


def widen(rows: Sequence[Row], cents: int, within: int) -> Iterator[int]:
    """Double the distance until there are enough products in it; yield how many there were each time."""
    found = 0
    while found < FEATURED:
        found = sum(abs(row["price_cents"] - cents) < within for row in rows)
        within *= 2
        yield found


def build_index(cache: Path) -> list[Row]:
    """The cheapest products of all cached categories."""
    rows: list[Row] = []
    for path in sorted(cache.glob("category-*.json")):
        rows += read_entry(path, max_age_s=None) or []
    rows.sort(key=lambda row: row["price_cents"] - (row["discount_cents"] or 0))
    return [{"id": row["id"], "price_cents": row["price_cents"]} for row in rows[:FEATURED]]


def read_entry(path: Path, *, max_age_s: float | None) -> list[Row] | None:
    """A cache entry's rows; None if there is none, or it is older than `max_age_s`."""
    try:
        entry = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    if max_age_s is not None and time.time() - entry["written_at"] > max_age_s:
        return None
    rows: list[Row] = entry["rows"]
    return rows


def write_entry(path: Path, rows: list[Row]) -> None:
    """Replace a cache entry as a whole; one that an import has pinned stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_pinned(path):
        return
    draft = path.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
    draft.write_text(json.dumps({"written_at": time.time(), "rows": rows}))
    draft.replace(path)


def is_pinned(path: Path) -> bool:
    """Whether an import wrote an entry that is to stay."""
    try:
        return bool(json.loads(path.read_bytes()).get("pinned"))
    except FileNotFoundError:
        return False


def build(runtime: Runtime) -> Catalog:
    """Return the service."""
    return Catalog(runtime)
