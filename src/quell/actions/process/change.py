"""
What every change of a process has in common.

Each change is first pinned: whatever its params leave open is read from the service's state and written down as
params. A pinned change names the state before and after, so it can be checked, repeated and taken back by a process
that knows nothing else, and it is refused when somebody has moved the state on since. Undo params are those of the
inverse change.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from quell.actions.action import Done, DryRun, Target
from quell.actions.process.supervisor import SERVICE_NAME, Service, SupervisorClient
from quell.errors import ActionFailed, NotFound

Params = Mapping[str, str]
Callers = Callable[[str], Sequence[str]]

REMEMBERED = 256
"""How many runs whose params were not pinned are kept in mind."""


class Impossible(ActionFailed):
    """The service's state does not allow the change; nothing was asked of the supervisor."""


def no_callers(service: str) -> Sequence[str]:
    """Know of no service that calls another."""
    return ()


class ProcessChange(ABC):
    """
    One change of one service, made by the supervisor; the subclasses say which.

    Args:
        callers: the services that call a service, as far as known now, nearest first.
    """

    name: str
    verb: str
    """Last part of the path in the control API."""
    expected: str
    risk: str
    undo_is: str
    reversible: bool = True
    undo_verb: ClassVar[str] = ""
    """Of the way back, where it is another."""
    interrupts: ClassVar[bool] = False
    """Whether callers feel it: the process is replaced."""
    relative: ClassVar[bool] = False
    """Whether what is asked depends on the state ("the one before"), so that asking twice would go two steps."""
    pins: ClassVar[tuple[str, ...]]
    """The params that a pinned change has."""
    takes: ClassVar[Mapping[str, str]] = {}
    """The params that a runbook may set, each with the pattern that its value must match."""

    def __init__(self, supervisor: SupervisorClient, *, callers: Callers = no_callers) -> None:
        self._supervisor = supervisor
        self._callers = callers
        self._ran: dict[str, tuple[str, Params]] = {}

    @abstractmethod
    def pin(self, now: Service, params: Params) -> Params:
        """Name everything that the params leave open. Raises: Impossible."""

    @abstractmethod
    def step(self, service: str, pinned: Params) -> str:
        """Say the change in one line, with the values before and after."""

    @abstractmethod
    def body(self, pinned: Params) -> Mapping[str, object]:
        """Return what the control API is sent."""

    @abstractmethod
    def in_place(self, now: Service, pinned: Params) -> bool:
        """Return whether a state shows the change."""

    def moved(self, now: Service, pinned: Params) -> str:
        """Say what somebody else has made of the state since the change was pinned; empty when nobody has."""
        return ""

    def inverse(self, pinned: Params) -> Params:
        """Return the params of the change that takes this one back."""
        return {}

    async def take_back(self, service: str, inverse: Params, *, key: str) -> str:
        """Make the inverse change and return the output."""
        raise NotImplementedError(f"{self.name} is not reversible")

    async def dry_run(self, target: Target) -> DryRun:
        """Read the state and say what would change."""
        try:
            now = await self._supervisor.service(target.service)
            pinned = self._checked(now, self.pin(now, target.params))
            step = self.step(target.service, pinned)
            if self.in_place(now, pinned):
                return DryRun(possible=False, steps=(), reason=f"in place already: {step}")
        except (NotFound, Impossible) as error:
            return DryRun(possible=False, steps=(), reason=str(error))
        return DryRun(possible=True, steps=(step,), undo_params=self.inverse(pinned), params=pinned)

    def covers(self, service: str) -> bool:
        """Every service that the supervisor runs; which these are, its answer to a dry run says."""
        return SERVICE_NAME.fullmatch(service) is not None

    def calls(self, target: Target) -> tuple[str, ...]:
        """Return the call of the control API, and that of the way back."""
        made = self._supervisor.call(target.service, self.verb)
        back = self._supervisor.call(target.service, self.undo_verb or self.verb)
        return (made, f"{back} (takes it back)") if self.reversible else (made,)

    def blast_radius(self, target: Target) -> tuple[str, ...]:
        """Return the service, and those that call it if its process is replaced."""
        callers = self._callers(target.service) if self.interrupts else ()
        return tuple(dict.fromkeys((target.service, *callers)))

    async def run(self, target: Target, *, key: str) -> Done:
        """Make the change."""
        now = await self._read(target.service)
        known = self._ran.get(key)
        pinned = self._checked(now, self.pin(now, target.params) if known is None else known[1])
        self._remember(key, target.service, pinned)
        if self.relative and self.in_place(now, pinned):
            return Done(
                output=f"in place already: {self.step(target.service, pinned)}", undo_params=self.inverse(pinned)
            )
        output = await self._supervisor.change(
            target.service, self.verb, self.body(pinned), key=key, in_place=lambda s: self.in_place(s, pinned)
        )
        return Done(output=output or self.step(target.service, pinned), undo_params=self.inverse(pinned))

    async def verify(self, target: Target) -> bool:
        """Return whether the state shows the change; params that are not pinned mean the last run here."""
        pinned = self._pinned(target)
        if pinned is None:
            return False
        try:
            return self.in_place(await self._supervisor.service(target.service), pinned)
        except (NotFound, Impossible):
            return False

    async def undo_check(self, target: Target, undo_params: Params) -> DryRun:
        """Read the state and say what taking it back would change."""
        try:
            inverse = self._inverse_of(target, undo_params)
            now = await self._read(target.service)
            self._checked(now, inverse)
        except ActionFailed as error:
            return DryRun(possible=False, steps=(), reason=str(error))
        step = self.step(target.service, inverse)
        if self.in_place(now, inverse):
            return DryRun(possible=False, steps=(), reason=f"it is as it was before already: {step}")
        return DryRun(possible=True, steps=(step,))

    async def undo(self, target: Target, undo_params: Params, *, key: str) -> Done:
        """Take the change back; pinned params do when no undo params were kept."""
        inverse = self._inverse_of(target, undo_params)
        self._checked(await self._read(target.service), inverse)
        output = await self.take_back(target.service, inverse, key=f"{key}/undo")
        return Done(output=output or self.step(target.service, inverse))

    def _inverse_of(self, target: Target, undo_params: Params) -> Params:
        """Return the params of the change that takes this one back. Raises: ActionFailed: there is none."""
        if not self.reversible:
            raise ActionFailed(f"{self.name} of {target.service} cannot be undone: {self.undo_is}")
        pinned = self._pinned(target)
        inverse = undo_params or (self.inverse(pinned) if pinned is not None else {})
        if not self._is_pinned(inverse):
            raise ActionFailed(f"{self.name} of {target.service} cannot be undone: what it was before was not kept")
        return inverse

    async def _read(self, service: str) -> Service:
        try:
            return await self._supervisor.service(service)
        except NotFound as error:
            raise ActionFailed(f"{self.name}: {error}") from error

    def _checked(self, now: Service, pinned: Params) -> Params:
        if moved := self.moved(now, pinned):
            raise Impossible(f"{self.name}: somebody has changed {now.name} since: {moved}")
        return pinned

    def _pinned(self, target: Target) -> Params | None:
        if self._is_pinned(target.params):
            return target.params
        last = (pinned for service, pinned in reversed(self._ran.values()) if service == target.service)
        return next(last, None)

    def _is_pinned(self, params: Params) -> bool:
        return all(name in params for name in self.pins)

    def _remember(self, key: str, service: str, pinned: Params) -> None:
        self._ran.pop(key, None)
        self._ran[key] = (service, pinned)
        while len(self._ran) > REMEMBERED:
            del self._ran[next(iter(self._ran))]
