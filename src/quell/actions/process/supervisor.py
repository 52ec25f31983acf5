"""Speaks the control API of a supervisor of services: reads their state, asks for one change at a time."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import msgspec

from quell.actions.exchange import Answer, ask, shown
from quell.addresses import shown_address
from quell.errors import ActionFailed, BadAnswer, NotFound, RateLimited, TimedOut, UpstreamError

T = TypeVar("T")

CONFLICT = 409
"""The state does not allow it: perhaps because it has been done already."""

SERVICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Names that may stand in a path; what alerts call a service is not trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service as the supervisor sees it. None: it does not say, or there is no such thing."""

    name: str
    version: str
    state: str
    """`up`, `starting`, `down` or `crashed`."""
    previous_version: str | None = None
    pid: int | None = None
    restarts: int = 0
    pool_size: int | None = None
    flags: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    config_revision: int | str | None = None
    previous_config: dict[str, Any] | None = None
    cache_entries: int | None = None
    disk_used_bytes: int | None = None
    disk_quota_bytes: int | None = None
    neighbours: list[str] = field(default_factory=list)
    """Processes of somebody else on its host."""

    @property
    def up(self) -> bool:
        """Whether its process runs and answers."""
        return self.state == "up"


class _Listing(msgspec.Struct):
    items: list[Service]


class _Changed(msgspec.Struct):
    """What the supervisor answers to a change; before and after are not ours to read."""

    output: str = ""


class _Problem(msgspec.Struct):
    title: str = ""
    detail: str = ""


class SupervisorClient:
    """
    One supervisor.

    Args:
        client: shared; its own limits and TLS settings hold.
        timeout_s: for one question, longer than the supervisor itself gives a restart.
        settle_s: how long to watch the state after an answer that never came.
        max_bytes: of one answer.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        token: str,
        timeout_s: float,
        *,
        settle_s: float = 12.0,
        poll_s: float = 0.2,
        max_bytes: int = 1_000_000,
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._authorization = f"Bearer {token}"
        self._timeout_s = timeout_s
        self._settle_s = settle_s
        self._poll_s = poll_s
        self._max_bytes = max_bytes

    async def service(self, name: str) -> Service:
        """Return a service's state now. Raises: NotFound: the supervisor has none of that name; UpstreamError."""
        for service in await self.services():
            if service.name == name:
                return service
        raise NotFound(f"the supervisor runs no service named {shown(name, 80)!r}")

    async def services(self) -> list[Service]:
        """Return all services' state now. Raises: UpstreamError."""
        answer = await self._ask("GET", "/services")
        if answer.status == 429:
            raise RateLimited(f"{self._what('GET', '/services')}: asked to wait")
        if not answer.ok:
            raise BadAnswer(_said(self._what("GET", "/services"), answer))
        return _decode(answer, _Listing, self._what("GET", "/services")).items

    async def change(
        self,
        service: str,
        verb: str,
        body: Mapping[str, object],
        *,
        key: str,
        in_place: Callable[[Service], bool],
    ) -> str:
        """
        Ask for a change and return its output once it is in place.

        With no usable answer the service's state decides, not the missing answer.

        Args:
            in_place: tells from a state whether the change has been made.

        Raises:
            ActionFailed: refused, or the state shows that it did not complete.
            UpstreamError: nothing is known; the same key may be tried again.
        """
        if not SERVICE_NAME.fullmatch(service):
            raise ActionFailed(f"{shown(service, 80)!r} is no name of a service")
        path = _path(service, verb)
        what = self._what("POST", path)
        try:
            answer = await self._ask("POST", path, body=body, key=key)
            if answer.status == 429:
                raise RateLimited(f"{what}: asked to wait")
            if 400 <= answer.status < 500 and answer.status != CONFLICT:
                raise ActionFailed(_said(what, answer))
            if not answer.ok:
                raise BadAnswer(_said(what, answer))
            return shown(_decode(answer, _Changed, what).output)
        except (TimedOut, BadAnswer) as error:
            return await self._find_out(service, in_place, error)

    def call(self, service: str, verb: str) -> str:
        """Return the call that asks for a change, as `METHOD address`, the address' secrets masked."""
        return self._what("POST", _path(service, verb))

    async def _find_out(self, name: str, in_place: Callable[[Service], bool], error: UpstreamError) -> str:
        """Read the state until it shows the change, or that it will not come."""
        deadline = time.monotonic() + self._settle_s
        while True:
            try:
                now = await self.service(name)
            except (UpstreamError, NotFound) as unread:
                raise error from unread
            if in_place(now):
                return f"{error}; the state of {name} shows that the change is in place"
            pending = isinstance(error, TimedOut) or now.state == "starting"
            if not pending or time.monotonic() >= deadline:
                raise ActionFailed(
                    f"{error}; the change is not in place: {name} is {shown(now.state, 40)}, "
                    f"release {shown(now.version, 40)}"
                ) from error
            await asyncio.sleep(self._poll_s)

    async def _ask(
        self, method: str, path: str, *, body: Mapping[str, object] | None = None, key: str | None = None
    ) -> Answer:
        headers = {"Authorization": self._authorization, "Accept-Encoding": "identity"}
        if key is not None:
            headers["Idempotency-Key"] = key
        request = self._client.build_request(method, self._base_url + path, headers=headers, json=body)
        return await ask(
            self._client,
            request,
            what=self._what(method, path),
            timeout_s=self._timeout_s,
            max_bytes=self._max_bytes,
            again=True,
        )

    def _what(self, method: str, path: str) -> str:
        return f"{method} {shown_address(self._base_url + path)}"


def _path(service: str, verb: str) -> str:
    return f"/services/{service}/{verb}"


def _decode(answer: Answer, kind: type[T], what: str) -> T:
    if answer.cut:
        raise BadAnswer(f"{what}: the answer is longer than the limit of {len(answer.body)} bytes")
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadAnswer(f"{what}: the answer cannot be read ({shown(str(error), 200)})") from error


def _said(what: str, answer: Answer) -> str:
    """Say a status that is no success, with the problem's own words if it has some."""
    try:
        problem = msgspec.json.decode(answer.body, type=_Problem)
        words = problem.detail or problem.title
    except (msgspec.MsgspecError, UnicodeDecodeError):
        words = ""
    return f"{what}: answered {answer.status}" + (f", {shown(words)}" if words else "")
