"""Payments: charges cards through one of two banks, and remembers what came of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from quell.errors import Malformed, UpstreamError
from quell_lab.http.message import Request, Response, RouteHandler, answer, problem
from quell_lab.runtime import Rejected, Runtime

SCHEMES = {"4": "visa", "5": "mastercard"}
SLOW_S = 0.25
TIDY_EVERY_S = 20.0
KEEP_ROWS = 5000
RECEIPTS = 200
STATEMENT_LINES = 9000
PAGE_S = 1.9


class Payment:
    """Charges cards."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.ledger = runtime.lock("ledger")
        self.payments = runtime.registry.counter("payments_total", "service", "outcome", text="Charges by outcome.")

    def routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return the handlers."""
        return {
            ("POST", "/payments"): self.pay,
            ("GET", "/statements"): self.statement,
            ("GET", "/instalments"): self.instalments,
            ("POST", "/reconciliations"): self.reconcile,
        }

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Tidy now and then."""
        return (self.tidy,)

    async def pay(self, request: Request, _: Mapping[str, str]) -> Response:
        """Charge a card once."""
        data = request.json()
        amount_cents, card = data.get("amount_cents"), str(data.get("card", ""))
        if not isinstance(amount_cents, int) or not card.isdigit():
            raise Malformed("`amount_cents` and `card` are needed")
        scheme = scheme_of(card)
        await self.ledger.passed()
        number = await self.note(amount_cents, scheme)
        try:
            await self.charge(amount_cents, card)
        except Rejected as error:
            if error.status != 402:
                raise
            await self.settle(number, "declined")
            return problem(402, "the bank declined the card")
        except UpstreamError:
            await self.settle(number, "failed")
            raise
        await self.settle(number, "paid")
        return answer({"id": number, "scheme": scheme}, status=201)

    async def note(self, amount_cents: int, scheme: str) -> int:
        """Remember that we are about to charge; return its number."""
        db = await self.runtime.pool.acquire()
        if amount_cents < int(self.runtime.config["minimum_cents"]):
            raise Malformed(f"{amount_cents} cents is less than can be charged")
        try:
            rows = await db.fetch(
                "INSERT INTO payments (amount_cents, scheme, state) VALUES (?, ?, 'open') RETURNING id",
                (amount_cents, scheme),
            )
        finally:
            self.runtime.pool.release(db)
        number = int(str(rows[0]["id"]))
        receipt = {"number": number, "amount_cents": amount_cents, "scheme": scheme}
        self.runtime.disk.write(f"receipt-{number % RECEIPTS}.json", json.dumps(receipt).encode())
        return number

    async def settle(self, number: int, state: str) -> None:
        """Remember how it ended."""
        self.payments.add(self.runtime.name, state)
        async with self.runtime.pool.connection() as db:
            await db.execute("UPDATE payments SET state = ? WHERE id = ?", (state, number))

    async def charge(self, amount_cents: int, card: str) -> dict[str, Any]:
        """Ask the bank that the `provider` flag names."""
        config, started = self.runtime.config, time.perf_counter()
        bank = f"bank-{self.runtime.flags['provider']}"
        order = {"merchant": config["merchant"], "amount_cents": amount_cents, "card": card}
        done = await self.runtime.calls.call(
            bank, "POST", "/charges", timeout_ms=int(config["bank_timeout_ms"]), data=order, label="bank"
        )
        took_s = time.perf_counter() - started
        if took_s > SLOW_S:
            self.runtime.log.warning(f"{bank} took {took_s * 1000:.0f} ms for a charge")
        return done

    async def statement(self, request: Request, _: Mapping[str, str]) -> Response:
        """Write the statement of a merchant, for whoever comes to fetch it."""
        ref = "".join(sign for sign in request.query.get("ref", "") if sign.isalnum())[:40]
        lines = "".join(f"{ref};{number};EUR;0.00;settled;shop-eu\n" for number in range(STATEMENT_LINES))
        self.runtime.disk.write(f"spool/statement-{ref}.csv", lines.encode())
        return answer({"ref": ref, "bytes": len(lines)}, status=201)

    async def instalments(self, request: Request, _: Mapping[str, str]) -> Response:
        """Begin to work out how an amount is paid in parts."""
        query = request.query
        self.runtime.work(parts_of(int(query.get("cents", "10000")), int(query.get("part", "1000"))))
        return answer({"begun": True}, status=202)

    async def reconcile(self, request: Request, _: Mapping[str, str]) -> Response:
        """Begin to hold the books against the bank's, page by page."""
        self.runtime.beside(self.compare(int(request.json().get("pages", 1))))
        return answer({"begun": True}, status=202)

    async def compare(self, pages: int) -> None:
        """Go through the bank's pages; a page takes its time to come, and the books stay closed meanwhile."""
        page = 0
        while page != pages:
            async with self.ledger.held():
                await asyncio.sleep(PAGE_S)
            page += 1

    async def tidy(self) -> None:
        """Forget old payments."""
        while True:
            await asyncio.sleep(TIDY_EVERY_S)
            async with self.runtime.pool.connection() as db:
                await db.execute("DELETE FROM payments WHERE id < (SELECT max(id) FROM payments) - ?", (KEEP_ROWS,))


def scheme_of(card: str) -> str:
    """Which card scheme a number belongs to."""
    return SCHEMES.get(card[0], "other")


def parts_of(cents: int, part: int) -> Iterator[int]:
    """What is left after each part."""
    while cents > 0:
        cents -= min(part, cents)
        yield cents


def build(runtime: Runtime) -> Payment:
    """Return the service."""
    return Payment(runtime)
