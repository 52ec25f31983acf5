"""
Worst first: who waits to begin a response, and who waits for a turn in one.

Starting every response at once would make all of them compete for the same cores, the worst one with them; so they
wait here, before the engine hears of them, and are sorted by how bad their incidents are now.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog

from quell.errors import StorageError
from quell.incident.alert import IncidentSeverity
from quell.workflow.engine import Started
from quell.workflow.names import again

logger = structlog.get_logger()

LONGEST_WAITING_EVERY = 4
"""Every so many of those that are let in, it is the one that has waited longest, whatever its severity."""

RESERVED = 2
"""How many more may be let in where the worst is a SEV1: it must not wait for a verification of minutes to end."""

MOST_STARTS = 8
"""How often a response is begun that ends in the engine and not in the log, before a person is asked for."""

AGAIN_S = 1.0
"""Before a start that the store refused is tried again."""


class Line:
    """Who waits, the worst first; every fourth is the one that has waited longest, so that none waits for ever."""

    def __init__(self) -> None:
        self._waiting: dict[str, IncidentSeverity] = {}
        """In the order in which they came."""
        self._let_in = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, key: str) -> bool:
        return key in self._waiting

    def put(self, key: str, severity: IncidentSeverity) -> None:
        """Put somebody in line; who waits already keeps its age and takes the new severity."""
        self._waiting[key] = severity

    def discard(self, key: str) -> None:
        """Let somebody leave."""
        self._waiting.pop(key, None)

    def let_in(self, under_way: int, at_once: int) -> tuple[str, IncidentSeverity] | None:
        """Take out who is let in next while so many are under way and so many may be; None when nobody is."""
        if not self._waiting or under_way >= at_once + RESERVED:
            return None
        worst = min(self._waiting, key=self._waiting.__getitem__)
        if under_way < at_once:
            self._let_in += 1
            oldest = next(iter(self._waiting))
            chosen = oldest if self._let_in % LONGEST_WAITING_EVERY == 0 else worst
        elif self._waiting[worst] is IncidentSeverity.SEV1:
            chosen = worst
        else:
            return None
        return chosen, self._waiting.pop(chosen)


class Turns:
    """Lets at most `at_once` phases work at a time, and a few more where the worst is a SEV1."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._under_way = 0
        self._line = Line()
        self._turns: dict[str, asyncio.Future[None]] = {}

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._line)

    def rank(self, key: str, severity: IncidentSeverity) -> None:
        """Say how bad it is by now, of one that may be waiting."""
        if key in self._line:
            self._line.put(key, severity)
            self._let_in()

    @asynccontextmanager
    async def take(self, key: str, severity: IncidentSeverity) -> AsyncIterator[None]:
        """
        Hold a turn.

        Args:
            key: whose turn; it can wait for one at a time.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.put(key, severity)
        self._turns[key] = turn
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            else:
                self._line.discard(key)
                self._turns.pop(key, None)
            raise
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        self._under_way -= 1
        self._let_in()

    def _let_in(self) -> None:
        while (chosen := self._line.let_in(self._under_way, self._at_once)) is not None:
            self._under_way += 1
            self._turns.pop(chosen[0]).set_result(None)


class StartQueue:
    """
    Starts responses, the worst first, and no more at a time than can be worked on.

    A response that waits for a person takes no place. `run` starts them; the workflow itself says with `under_way` that
    it is running.

    Args:
        start: see to it that a workflow of this id is under way.
        give_up: called with the id of a response that cannot be run.
        at_once: places.
    """

    def __init__(
        self, start: Callable[[str], Awaitable[Started]], give_up: Callable[[str], Awaitable[None]], *, at_once: int
    ) -> None:
        self._start = start
        self._give_up = give_up
        self._at_once = at_once
        self._line = Line()
        self._starting: set[str] = set()
        self._running: set[str] = set()
        self._aside: set[str] = set()
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many responses have not begun yet."""
        return len(self._line)

    def running(self, response: str) -> bool:
        """Return whether a response is running here, or about to."""
        return response in self._running or response in self._starting

    def submit(self, response: str, severity: IncidentSeverity) -> None:
        """Have a response started; doing so again changes nothing but its place in the line."""
        if not self.running(response):
            self._line.put(response, severity)
            self._changed.set()

    def rank(self, response: str, severity: IncidentSeverity) -> None:
        """Say how bad it is by now, of one that may be waiting."""
        if response in self._line:
            self.submit(response, severity)

    @contextmanager
    def under_way(self, response: str) -> Iterator[None]:
        """Be a response that runs, for the length of a block."""
        self._running.add(response)
        self._starting.discard(response)
        self._line.discard(response)
        try:
            yield
        finally:
            self._running.discard(response)
            self._changed.set()

    @contextmanager
    def aside(self, response: str) -> Iterator[None]:
        """Give the place up for the length of a block, in which a person is waited for."""
        self._aside.add(response)
        self._changed.set()
        try:
            yield
        finally:
            self._aside.discard(response)

    async def run(self) -> None:
        """Start what waits, for ever."""
        while True:
            self._changed.clear()
            taken = len((self._running | self._starting) - self._aside)
            chosen = self._line.let_in(taken, self._at_once)
            if chosen is None:
                await self._changed.wait()
                continue
            response, severity = chosen
            try:
                await self._begin(response)
            except StorageError as error:
                logger.warning("response_not_started", response=response, error=str(error))
                self._line.put(response, severity)
                await asyncio.sleep(AGAIN_S)

    async def _begin(self, response: str) -> None:
        """Start a response; where the engine has ended it although the log has not, under an id that is new to it."""
        self._starting.add(response)
        started = None
        try:
            for number in range(MOST_STARTS):
                started = await self._start(again(response, number))
                if started is not Started.ENDED:
                    return
            await self._give_up(response)
        finally:
            if started is not Started.ANEW:
                self._starting.discard(response)
