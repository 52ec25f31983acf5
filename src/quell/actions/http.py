"""A change that another system makes when it is called: a fixed URL on a listed host, with a fixed form of body."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from quell.actions.action import Done, DryRun, Target
from quell.actions.address import same_place
from quell.actions.exchange import Answer, ask, shown
from quell.actions.hosts import AllowedHosts
from quell.actions.patterns import matches_any
from quell.addresses import shown_address
from quell.errors import (
    ActionFailed,
    BadAnswer,
    ConfigError,
    Forbidden,
    RateLimited,
    TimedOut,
    UpstreamError,
)

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
VALUE_CHARS = 500
"""The longest value that a param may have."""
REDIRECTS = 3
SAME_METHOD = frozenset({307, 308})
TO_GET = frozenset({301, 302, 303})
CHANGE = "the change itself"
NOT_ASKED = "nothing was asked beforehand: it has no address for a dry run, so whether it can be done is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """
    One request, as the settings write it.

    In `body`, a string that is `{service}` or `{<declared param>}` as a whole becomes that value; nothing else is
    filled in, and nothing at all in `url` and `headers`.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpActionSpec:
    """An action as the settings write it; what is None cannot be asked of the other side."""

    name: str
    services: tuple[str, ...]
    """The services that it is for, as patterns; it refuses every other one."""
    run: HttpCall
    expected: str
    risk: str
    params: tuple[str, ...] = ()
    """Names that a target must give, each with a value."""
    dry_run: HttpCall | None = None
    """2xx: it would work; 4xx: it would not, and why. Never the address that makes the change."""
    verify: HttpCall | None = None
    """2xx: it is in place; 4xx: it is not."""
    undo: HttpCall | None = None
    undo_is: str = "It cannot be taken back."
    max_bytes: int = 65_536
    """Of an answer; the rest is not read."""
    settle_s: float = 5.0
    """How long to ask `verify` after an answer that never came."""
    secret_path: bool = False
    """Path and query of its addresses are a secret that does not look like one: they are never shown."""


class HttpAction:
    """
    The action. The other side must honour the Idempotency-Key header: a call whose answer was lost is sent again.

    Raises (on construction): ConfigError, as `check_spec`.
    """

    def __init__(
        self, spec: HttpActionSpec, client: httpx.AsyncClient, hosts: AllowedHosts, *, poll_s: float = 0.25
    ) -> None:
        self.name = spec.name
        self.reversible = spec.undo is not None
        self.expected = spec.expected
        self.risk = spec.risk
        self.undo_is = spec.undo_is
        self._spec = spec
        self._client = client
        self._hosts = hosts
        self._poll_s = poll_s
        check_spec(spec, hosts)

    async def dry_run(self, target: Target) -> DryRun:
        """
        Say what would be sent, and ask the other side at the address for that; without one no call is made, and only
        the name of the host is looked up.
        """
        try:
            values = self._values(target)
            await self._hosts.address(httpx.URL(self._spec.run.url))
            said = NOT_ASKED if self._spec.dry_run is None else await self._try(self._spec.dry_run, values)
        except (ActionFailed, Forbidden) as error:
            return DryRun(possible=False, steps=(), reason=str(error))
        told = ", ".join(f"{name} = {shown(value, 100)}" for name, value in values.items())
        steps = (f"{self._what(self._spec.run)} with {told}", said)
        return DryRun(possible=True, steps=steps, undo_params=dict(target.params), params=dict(target.params))

    def covers(self, service: str) -> bool:
        """Return whether the settings name the service for it."""
        return matches_any(service, self._spec.services)

    def calls(self, target: Target) -> tuple[str, ...]:
        """Return the call, and those that ask after it and take it back."""
        also = ((self._spec.verify, "asks whether it is in place"), (self._spec.undo, "takes it back"))
        return (
            self._what(self._spec.run),
            *(f"{self._what(call)} ({why})" for call, why in also if call is not None),
        )

    def blast_radius(self, target: Target) -> tuple[str, ...]:
        """Return the service: of more nothing is known here."""
        return (target.service,)

    async def run(self, target: Target, *, key: str) -> Done:
        """Make the call; with no usable answer, `verify` decides if there is one."""
        values = self._values(target)
        try:
            answer = await self._ask(self._spec.run, values, key=key)
        except (TimedOut, BadAnswer) as error:
            output = await self._find_out(values, error)
        else:
            failed = answer.status >= 500 and self._spec.verify is not None
            output = (
                await self._find_out(values, BadAnswer(self._said(self._spec.run, answer)))
                if failed
                else self._output(self._spec.run, answer)
            )
        return Done(output=output, undo_params=dict(target.params))

    async def verify(self, target: Target) -> bool:
        """Return what the other side says; True when it cannot be asked: the answer to `run` is all there is then."""
        if self._spec.verify is None:
            return True
        try:
            return await self._in_place(self._spec.verify, self._values(target))
        except ActionFailed as error:
            raise BadAnswer(f"{self.name} cannot be verified: {error}") from error

    async def undo_check(self, target: Target, undo_params: Mapping[str, str]) -> DryRun:
        """Ask whether the change is still in place, if that can be asked."""
        try:
            undo, values = self._way_back(target, undo_params)
            await self._hosts.address(httpx.URL(undo.url))
            there = self._spec.verify is None or await self._in_place(self._spec.verify, values)
        except (ActionFailed, Forbidden) as error:
            return DryRun(possible=False, steps=(), reason=str(error))
        if not there:
            return DryRun(possible=False, steps=(), reason=f"{self.name}: the change is not in place any more")
        return DryRun(possible=True, steps=(self._what(undo),))

    async def undo(self, target: Target, undo_params: Mapping[str, str], *, key: str) -> Done:
        """Make the call that takes it back."""
        undo, values = self._way_back(target, undo_params)
        answer = await self._ask(undo, values, key=f"{key}/undo")
        return Done(output=self._output(undo, answer))

    def _way_back(self, target: Target, undo_params: Mapping[str, str]) -> tuple[HttpCall, dict[str, str]]:
        """Return the call that takes it back and its values. Raises: ActionFailed: there is none, or wrong params."""
        if self._spec.undo is None:
            raise ActionFailed(f"{self.name} of {target.service} cannot be undone: {self.undo_is}")
        return self._spec.undo, self._values(Target(service=target.service, params={**target.params, **undo_params}))

    def _values(self, target: Target) -> dict[str, str]:
        """
        Return what may be filled in.

        Raises: ActionFailed: the action is not for the service, or params are missing, unknown or too long.
        """
        if not self.covers(target.service):
            raise ActionFailed(
                f"{self.name} is for {', '.join(self._spec.services[:5])}, not for {shown(target.service, 80)}"
            )
        declared = set(self._spec.params)
        if wrong := sorted(declared ^ target.params.keys()):
            raise ActionFailed(
                f"{self.name} takes the params ({', '.join(sorted(declared))}); wrong: {', '.join(wrong)}"
            )
        values = {"service": target.service, **target.params}
        for name, value in values.items():
            if len(value) > VALUE_CHARS:
                raise ActionFailed(f"{self.name}: {name} is longer than {VALUE_CHARS} characters")
        return values

    def _what(self, call: HttpCall) -> str:
        return f"{call.method} {shown_address(call.url, secret_path=self._spec.secret_path)}"

    def _said(self, call: HttpCall, answer: Answer) -> str:
        words = shown(answer.body, 200)
        return f"{self._what(call)}: answered {answer.status}" + (f", {words}" if words else "")

    async def _ask(self, call: HttpCall, values: Mapping[str, str], *, key: str | None = None) -> Answer:
        """Send a call and follow its redirects to listed hosts."""
        try:
            async with asyncio.timeout(call.timeout_s):
                answer = await self._follow(call, values, key)
        except TimeoutError as error:
            raise TimedOut(f"{self._what(call)}: no answer within {call.timeout_s:g} s") from error
        except Forbidden as error:
            raise ActionFailed(f"{self.name}: {error}") from error
        if answer.status == 429:
            raise RateLimited(f"{self._what(call)}: asked to wait")
        return answer

    async def _follow(self, call: HttpCall, values: Mapping[str, str], key: str | None) -> Answer:
        method, url, body = call.method, httpx.URL(call.url), _filled(call.body, values)
        headers = {**call.headers} | ({} if key is None else {"Idempotency-Key": key})
        for _ in range(REDIRECTS + 1):
            answer = await self._send(call, method, url, headers, body)
            if not (answer.location and answer.status in SAME_METHOD | (TO_GET if method == "GET" else set())):
                return answer
            try:
                there = url.join(answer.location)
            except httpx.InvalidURL as error:
                raise BadAnswer(f"{self._what(call)}: redirects to something that is no URL") from error
            if (there.scheme, there.host, there.port) != (url.scheme, url.host, url.port):
                # Configured headers hold credentials for the configured place only.
                headers = {name: value for name, value in headers.items() if name == "Idempotency-Key"}
            if call in (self._spec.dry_run, self._spec.verify) and changed_by(self._spec, method, there):
                raise Forbidden(f"{self._what(call)} only asks, and redirects to what makes the change")
            if url.scheme == "https" and there.scheme != "https":
                raise Forbidden(f"{self._what(call)} redirects from https to {there.scheme}")
            url = there
        raise BadAnswer(f"{self._what(call)}: more than {REDIRECTS} redirects")

    async def _send(
        self, call: HttpCall, method: str, url: httpx.URL, headers: Mapping[str, str], body: object
    ) -> Answer:
        """Send to the address that was checked, not to whatever the name leads to a moment later."""
        address = await self._hosts.address(url)
        request = self._client.build_request(
            method,
            url.copy_with(host=address),
            headers={
                **headers,
                "Host": url.netloc.decode("ascii"),
                "Accept-Encoding": "identity",
                "Connection": "close",
            },
            json=body,
            extensions={"sni_hostname": url.host},
        )
        return await ask(
            self._client, request, what=self._what(call), timeout_s=call.timeout_s, max_bytes=self._spec.max_bytes
        )

    async def _try(self, call: HttpCall, values: Mapping[str, str]) -> str:
        answer = await self._ask(call, values)
        if answer.status >= 500:
            raise BadAnswer(self._said(call, answer))
        return self._output(call, answer)

    def _output(self, call: HttpCall, answer: Answer) -> str:
        if not answer.ok:
            raise ActionFailed(self._said(call, answer))
        return shown(answer.body) or f"{self._what(call)}: answered {answer.status}"

    async def _in_place(self, call: HttpCall, values: Mapping[str, str]) -> bool:
        answer = await self._ask(call, values)
        if answer.status >= 500 or answer.status in {401, 403} or 300 <= answer.status < 400:
            raise BadAnswer(self._said(call, answer))
        return answer.ok

    async def _find_out(self, values: Mapping[str, str], error: UpstreamError) -> str:
        """Ask `verify` until it says that the change is in place, or the time for it is over."""
        call = self._spec.verify
        if call is None:
            raise error
        deadline = time.monotonic() + self._spec.settle_s
        while True:
            try:
                there = await self._in_place(call, values)
            except (UpstreamError, ActionFailed) as unread:
                raise error from unread
            if there:
                return f"{error}; asked afterwards, the change is in place"
            if not isinstance(error, TimedOut) or time.monotonic() >= deadline:
                raise ActionFailed(f"{error}; asked afterwards, the change is not in place") from error
            await asyncio.sleep(self._poll_s)


def check_spec(spec: HttpActionSpec, hosts: AllowedHosts) -> None:
    """
    Check that none of an action's calls could go astray.

    Raises: ConfigError: a host is not listed, an address holds a placeholder, a call that only asks or takes back goes
        to the address of one that changes something, a body names a param that is not declared, or the method is not
        one of those known.
    """
    for call in (spec.run, spec.dry_run, spec.verify, spec.undo):
        if call is not None:
            _check_call(spec, call, hosts)
    for asks, call in (("the dry run", spec.dry_run), ("verify", spec.verify)):
        if call is not None and (changes := changed_by(spec, call.method, call.url)):
            raise ConfigError(f"action {spec.name}: the address of {asks} is that of {changes}: it needs its own")
    undo, run = spec.undo, spec.run
    if undo is not None and (undo.method, undo.body) == (run.method, run.body) and same_place(undo.url, run.url):
        raise ConfigError(f"action {spec.name}: the call of undo is that of {CHANGE}: it would make it once more")


def changed_by(spec: HttpActionSpec, method: str, url: httpx.URL | str) -> str:
    """Say what a call to an address would change; empty for nothing that is known."""
    for what, call in ((CHANGE, spec.run), ("undo", spec.undo)):
        if call is not None and call.method == method and same_place(call.url, url):
            return what
    return ""


def _check_call(spec: HttpActionSpec, call: HttpCall, hosts: AllowedHosts) -> None:
    if call.method not in METHODS:
        raise ConfigError(f"action {spec.name}: {call.method!r} is none of {', '.join(sorted(METHODS))}")
    if "{" in call.url:
        raise ConfigError(f"action {spec.name}: nothing is filled in in an address; the body names the service")
    try:
        hosts.check(httpx.URL(call.url))
    except httpx.InvalidURL as error:
        raise ConfigError(f"action {spec.name}: {shown_address(call.url)} is no address") from error
    except Forbidden as error:
        raise ConfigError(f"action {spec.name}: {error}") from error
    unknown = _placeholders(call.body) - {"service", *spec.params}
    if unknown:
        raise ConfigError(f"action {spec.name}: its body uses {', '.join(sorted(unknown))}, which is not declared")


def _name_in(text: str) -> str | None:
    """Return the param that a string of a body stands for."""
    inner = text[1:-1]
    return inner if text == f"{{{inner}}}" and inner.isidentifier() else None


def _placeholders(body: object) -> set[str]:
    if isinstance(body, Mapping):
        return set().union(*(_placeholders(value) for value in body.values()))
    if isinstance(body, (list, tuple)):
        return set().union(*(_placeholders(value) for value in body))
    name = _name_in(body) if isinstance(body, str) else None
    return set() if name is None else {name}


def _filled(body: object, values: Mapping[str, str]) -> object:
    """Return a body with its placeholders filled."""
    if isinstance(body, Mapping):
        return {name: _filled(value, values) for name, value in body.items()}
    if isinstance(body, (list, tuple)):
        return [_filled(value, values) for value in body]
    name = _name_in(body) if isinstance(body, str) else None
    return body if name is None else values[name]
