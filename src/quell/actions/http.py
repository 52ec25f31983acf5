"""A change that another system makes when it is called: a fixed URL on a listed host, with a fixed form of body."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from quell.actions.action import Done, DryRun, Target
from quell.actions.exchange import Answer, ask, shown
from quell.actions.hosts import AllowedHosts
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
    run: HttpCall
    expected: str
    risk: str
    params: tuple[str, ...] = ()
    """Names that a target must give, each with a value."""
    dry_run: HttpCall | None = None
    """2xx: it would work; 4xx: it would not, and why."""
    verify: HttpCall | None = None
    """2xx: it is in place; 4xx: it is not."""
    undo: HttpCall | None = None
    undo_is: str = "It cannot be taken back."
    max_bytes: int = 65_536
    """Of an answer; the rest is not read."""
    settle_s: float = 5.0
    """How long to ask `verify` after an answer that never came."""


class HttpAction:
    """
    The action. The other side must honour the Idempotency-Key header: a call whose answer was lost is sent again.

    Raises (on construction): ConfigError: a host is not listed, a body names a param that is not declared, or the
        method is not one of those known.
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
        for call in (spec.run, spec.dry_run, spec.verify, spec.undo):
            if call is not None:
                self._check(call)

    async def dry_run(self, target: Target) -> DryRun:
        """Say what would be sent; ask the other side too if it can be asked."""
        try:
            values = self._values(target)
            await self._hosts.address(httpx.URL(self._spec.run.url))
            said = "" if self._spec.dry_run is None else await self._try(self._spec.dry_run, values)
        except (ActionFailed, Forbidden) as error:
            return DryRun(possible=False, steps=(), reason=str(error))
        told = ", ".join(f"{name} = {shown(value, 100)}" for name, value in values.items())
        steps = (f"{_what(self._spec.run)} with {told}", *([said] if said else []))
        return DryRun(possible=True, steps=steps, undo_params=dict(target.params), params=dict(target.params))

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
                await self._find_out(values, BadAnswer(_said(self._spec.run, answer)))
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

    async def undo(self, target: Target, undo_params: Mapping[str, str], *, key: str) -> Done:
        """Make the call that takes it back."""
        if self._spec.undo is None:
            raise ActionFailed(f"{self.name} of {target.service} cannot be undone: {self.undo_is}")
        values = self._values(Target(service=target.service, params={**target.params, **undo_params}))
        answer = await self._ask(self._spec.undo, values, key=f"{key}/undo")
        return Done(output=self._output(self._spec.undo, answer))

    # --- what is sent

    def _check(self, call: HttpCall) -> None:
        if call.method not in METHODS:
            raise ConfigError(f"action {self.name}: {call.method!r} is none of {', '.join(sorted(METHODS))}")
        try:
            self._hosts.check(httpx.URL(call.url))
        except (Forbidden, httpx.InvalidURL) as error:
            raise ConfigError(f"action {self.name}: {error}") from error
        unknown = _placeholders(call.body) - {"service", *self._spec.params}
        if unknown:
            raise ConfigError(f"action {self.name}: its body uses {', '.join(sorted(unknown))}, which is not declared")

    def _values(self, target: Target) -> dict[str, str]:
        """Return what may be filled in. Raises: ActionFailed: params are missing, unknown or too long."""
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

    async def _ask(self, call: HttpCall, values: Mapping[str, str], *, key: str | None = None) -> Answer:
        """Send a call and follow its redirects to listed hosts."""
        try:
            async with asyncio.timeout(call.timeout_s):
                answer = await self._follow(call, values, key)
        except TimeoutError as error:
            raise TimedOut(f"{_what(call)}: no answer within {call.timeout_s:g} s") from error
        except Forbidden as error:
            raise ActionFailed(f"{self.name}: {error}") from error
        if answer.status == 429:
            raise RateLimited(f"{_what(call)}: asked to wait")
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
                raise BadAnswer(f"{_what(call)}: redirects to something that is no URL") from error
            if (there.scheme, there.host, there.port) != (url.scheme, url.host, url.port):
                # Configured headers hold credentials for the configured place only.
                headers = {name: value for name, value in headers.items() if name == "Idempotency-Key"}
            if url.scheme == "https" and there.scheme != "https":
                raise Forbidden(f"{_what(call)} redirects from https to {there.scheme}")
            url = there
        raise BadAnswer(f"{_what(call)}: more than {REDIRECTS} redirects")

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
            self._client, request, what=_what(call), timeout_s=call.timeout_s, max_bytes=self._spec.max_bytes
        )

    # --- what comes back

    async def _try(self, call: HttpCall, values: Mapping[str, str]) -> str:
        answer = await self._ask(call, values)
        if answer.status >= 500:
            raise BadAnswer(_said(call, answer))
        return self._output(call, answer)

    def _output(self, call: HttpCall, answer: Answer) -> str:
        if not answer.ok:
            raise ActionFailed(_said(call, answer))
        return shown(answer.body) or f"{_what(call)}: answered {answer.status}"

    async def _in_place(self, call: HttpCall, values: Mapping[str, str]) -> bool:
        answer = await self._ask(call, values)
        if answer.status >= 500 or answer.status in {401, 403} or 300 <= answer.status < 400:
            raise BadAnswer(_said(call, answer))
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


def _what(call: HttpCall) -> str:
    """Name a call without its path, which may hold a secret."""
    url = httpx.URL(call.url)
    return f"{call.method} {url.scheme}://{url.netloc.decode('ascii')}"


def _said(call: HttpCall, answer: Answer) -> str:
    words = shown(answer.body, 200)
    return f"{_what(call)}: answered {answer.status}" + (f", {words}" if words else "")


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
