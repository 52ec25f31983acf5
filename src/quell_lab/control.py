"""The control interface: one token for what Quell may do to the shop, another for those who run drills."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

from quell.errors import (
    ActionFailed,
    Conflict,
    Forbidden,
    InputError,
    Malformed,
    NotFound,
    QuellError,
    TimedOut,
    Unauthenticated,
    UpstreamError,
)
from quell_lab.drills import Drills
from quell_lab.http.message import Request, Response, RouteHandler, Router, answer, problem
from quell_lab.operations import Operations, Outcome
from quell_lab.roster import SERVICES
from quell_lab.telemetry.metrics import CONTENT_TYPE, Registry

MAX_KEYS = 2000
MAX_KEY = 200
BY = "quell"
STATUS: tuple[tuple[type[QuellError], int], ...] = (
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Malformed, 400),
    (InputError, 400),
    (Conflict, 409),
    (TimedOut, 504),
    (ActionFailed, 502),
    (UpstreamError, 502),
)


class Answers:
    """The answers given to idempotency keys: the same key again gets the first answer, and nothing is done."""

    def __init__(self) -> None:
        self._given: OrderedDict[str, tuple[bytes, asyncio.Task[Response]]] = OrderedDict()

    async def once(self, request: Request, work: Callable[[], Awaitable[Response]]) -> Response:
        """Do the work, or wait for and give the answer that the key already got. Raises: Malformed, Conflict."""
        key = request.headers.get("idempotency-key", "")
        if not key:
            return await work()
        if len(key) > MAX_KEY:
            raise Malformed(f"an Idempotency-Key has at most {MAX_KEY} characters")
        digest = hashlib.blake2b(b"\n".join((request.method.encode(), request.path.encode(), request.body))).digest()
        if key in self._given:
            first, task = self._given[key]
            if first != digest:
                raise Conflict("this Idempotency-Key was used for another request")
        else:
            task = asyncio.get_running_loop().create_task(_settle(work))
            self._given[key] = (digest, task)
            while len(self._given) > MAX_KEYS:
                self._given.popitem(last=False)
        return await asyncio.shield(task)


async def _settle(work: Callable[[], Awaitable[Response]]) -> Response:
    """Do the work; an error of ours is an answer too."""
    try:
        return await work()
    except QuellError as error:
        return refusal(error)


def refusal(error: QuellError) -> Response:
    """Return the problem that an error means."""
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    return problem(status, str(error), reason=error.reason)


class Control:
    """Routes, tokens and idempotency of the control interface; also serves the supervisor's metrics."""

    def __init__(
        self, operations: Operations, drills: Drills, registry: Registry, *, action_token: str, drill_token: str
    ) -> None:
        self._operations = operations
        self._drills = drills
        self._registry = registry
        self._answers = Answers()
        self._tokens = {"services": action_token, "drills": drill_token, "faults": drill_token}
        self._router = Router(self._routes())

    def _routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return every route."""
        acts = (
            *("restart", "roll_back", "roll_back_config", "deploy", "set_config", "scale_pool", "flag"),
            *("flush_cache", "clear_disk", "stop_neighbour"),
        )
        return {
            ("GET", "/services"): self._services,
            **{("POST", f"/services/{{name}}/{act}"): self._act(act) for act in acts},
            ("GET", "/faults"): self._faults,
            ("GET", "/drills"): self._list_drills,
            ("POST", "/drills"): self._start_drill,
            ("DELETE", "/drills/{id}"): self._end_drill,
        }

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path == "/metrics":
            return Response(status=200, body=self._registry.render(), content_type=CONTENT_TYPE)
        if request.path == "/healthz":
            return answer({"status": "ok"})
        try:
            self._allow(request)
            run, values, _ = self._router.find(request.method, request.path)
            if request.method == "GET":
                return await run(request, values)
            return await self._answers.once(request, lambda: _await(run(request, values)))
        except QuellError as error:
            return refusal(error)

    def _allow(self, request: Request) -> None:
        """Let a request in whose token fits its path. Raises: Unauthenticated, Forbidden, NotFound."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise Unauthenticated("an Authorization header with a bearer token is needed")
        right = self._tokens.get(request.path.split("/")[1])
        fits = [token for token in set(self._tokens.values()) if hmac.compare_digest(token.encode(), given.encode())]
        if not fits:
            raise Unauthenticated("the bearer token is not known here")
        if right is None:
            raise NotFound(f"no route for {request.path[:120]}")
        if right != fits[0]:
            raise Forbidden("this token is not for this part of the interface")

    async def _services(self, _: Request, __: Mapping[str, str]) -> Response:
        return answer({"items": [self._operations.describe(name) for name in SERVICES]})

    def _act(self, act: str) -> RouteHandler:
        """Return the handler of one kind of change."""

        async def run(request: Request, values: Mapping[str, str]) -> Response:
            outcome = await self._change(act, values["name"], request.json())
            return answer({"before": outcome.before, "after": outcome.after, "output": outcome.output})

        return run

    async def _change(self, act: str, name: str, data: Mapping[str, object]) -> Outcome:
        """Carry out one change."""
        operations = self._operations
        if act == "restart":
            return await operations.restart(name, by=BY)
        if act == "roll_back":
            to = data.get("to")
            return await operations.roll_back(name, str(to) if to else None, by=BY)
        if act == "roll_back_config":
            return await operations.roll_back_config(name, by=BY)
        if act == "deploy":
            return await operations.deploy(name, _text(data, "version"), by=BY)
        if act == "set_config":
            return await operations.set_config(name, _text(data, "key"), _text(data, "value"), by=BY)
        if act == "flag":
            return await operations.switch_flag(name, _text(data, "name"), _text(data, "value"), by=BY)
        if act == "flush_cache":
            return await operations.flush_cache(name, by=BY)
        if act == "clear_disk":
            return await operations.clear_disk(name, by=BY)
        if act == "stop_neighbour":
            return await operations.stop_neighbour(name, by=BY)
        size = _text(data, "size")
        if not size.isdigit():
            raise Malformed("`size` must be a whole number")
        return await operations.scale_pool(name, int(size), by=BY)

    async def _faults(self, _: Request, __: Mapping[str, str]) -> Response:
        return answer({"items": self._drills.truth()})

    async def _list_drills(self, _: Request, __: Mapping[str, str]) -> Response:
        return answer({"items": self._drills.listed()})

    async def _start_drill(self, request: Request, _: Mapping[str, str]) -> Response:
        data = request.json()
        wanted = {
            name: str(data[name])
            for name in ("fault", "service", "of", "also", "also_service", "missing")
            if data.get(name)
        }
        return answer(await self._drills.start(**wanted), status=201)

    async def _end_drill(self, _: Request, values: Mapping[str, str]) -> Response:
        return answer(await self._drills.end(values["id"]))


async def _await(work: Awaitable[Response]) -> Response:
    """Turn any awaitable into a coroutine."""
    return await work


def _text(data: Mapping[str, object], name: str) -> str:
    """Return a value of the body as text; raise `Malformed` if it is missing."""
    value = data.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise Malformed(f"`{name}` is missing")
    return str(value)
