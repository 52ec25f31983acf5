"""
Reads log lines from Grafana Loki over its HTTP API.

Source: Grafana Loki documentation, HTTP API: `query_range` (streams, `limit`, `direction`, categorized labels),
`label/<name>/values`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import httpx
import msgspec

from quell.errors import BadAnswer, UpstreamError
from quell.evidence import httpjson, logtext
from quell.evidence.decoding import decode
from quell.evidence.source import Collected, LogLine, Scope
from quell.incident.events import EvidenceKind, Window

PARTS = 5
"""A window is asked for in so many parts: a limit that is reached then thins it everywhere, and not at one end."""

AT_ONCE = 3
"""Requests on their way at the same time."""

CHECK_S = 3600.0
NEEDS = "read logs (of that tenant)"

_PLAIN_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class _Stream(msgspec.Struct):
    stream: dict[str, str] = {}
    values: list[list[msgspec.Raw]] = []


class _Data(msgspec.Struct, rename="camel"):
    result_type: str = ""
    result: list[_Stream] = []


class _Answer(msgspec.Struct):
    status: str
    data: _Data
    warnings: list[str] = []


class _Names(msgspec.Struct):
    status: str
    data: list[str] = []


class _Metadata(msgspec.Struct, rename="camel"):
    structured_metadata: dict[str, str] = {}
    parsed: dict[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One stretch of the window and what it gave."""

    start_ns: int
    end_ns: int
    lines: Sequence[LogLine] = ()
    nameless: int = 0
    unread: int = 0
    full: bool = False
    warnings: Sequence[str] = ()

    def span(self) -> str:
        """Say which stretch it is: `12:00:00 to 12:01:00`."""
        ends = (datetime.fromtimestamp(at / 1e9, UTC) for at in (self.start_ns, self.end_ns))
        return " to ".join(f"{at:%H:%M:%S}" for at in ends)


class LokiSource:
    """
    Asks a Loki for the lines of services, which one of its labels names.

    A part of the window that fails is named in the warnings; when every part fails, so does the source.
    """

    kinds: tuple[EvidenceKind, ...] = (EvidenceKind.LOG,)

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        *,
        clock: Callable[[], float],
        service_label: str = "service_name",
        matchers: Sequence[str] = (),
        filters: str = "",
        max_lines: int = 5_000,
        timeout_s: float = 5.0,
        max_bytes: int = 16_000_000,
        headers: Mapping[str, str] | None = None,
        name: str = "loki",
    ) -> None:
        """
        Args:
            url: its address, with the path it is served under if any.
            client: kept open by the caller.
            clock: Unix seconds.
            service_label: the label that holds the service.
            matchers: further ones that every query has: `env="prod"`.
            filters: LogQL behind the selector: `!= "healthz"`.
            max_lines: of an answer; no part of the window gives more than its share.
            timeout_s: for one request, from connecting to its last byte.
            max_bytes: a longer answer to one request is refused.
            headers: sent with each request: a bearer token, `X-Scope-OrgID`.
        """
        if not _PLAIN_LABEL.match(service_label):
            raise ValueError(f"{service_label!r} is no name of a label")
        self.name, self._url, self._client, self._clock = name, url.rstrip("/"), client, clock
        self._label, self._matchers, self._filters = service_label, tuple(matchers), filters.strip()
        self._max_lines, self._timeout_s, self._max_bytes = max_lines, timeout_s, max_bytes
        self._headers = {"X-Loki-Response-Encoding-Flags": "categorize-labels", **(headers or {})}

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return the lines of a window, oldest first.

        Raises: UpstreamError: no part of the window was answered.
        """
        query = self._logql(scope.services)
        if scope.kinds and EvidenceKind.LOG not in scope.kinds:
            return Collected(source=self.name, window=window, query=query)
        turns = asyncio.Semaphore(AT_ONCE)
        stretches = self._stretches(window)
        answers = await asyncio.gather(*(self._ask(turns, query, *stretch) for stretch in stretches))
        parts = [answer for answer in answers if isinstance(answer, _Part)]
        failed = [answer for answer in answers if isinstance(answer, UpstreamError)]
        if failed and not parts:
            raise failed[0]
        wanted = set(scope.services)
        # A label's regular expression is anchored, so what comes is what was asked for; this keeps it so.
        lines = [line for part in parts for line in part.lines if not wanted or line.service in wanted]
        lines.sort(key=lambda line: line.at)
        return Collected(
            source=self.name,
            window=window,
            query=f"{query} (limit {self._share} for each of {len(stretches)} parts of the window, newest first)",
            lines=lines,
            warnings=self._warnings(parts, failed, len(answers)),
            truncated=bool(failed) or any(part.full for part in parts),
            missing=sorted(wanted - {line.service for line in lines}),
        )

    async def check(self) -> str:
        """Say which services it has lines of in the last hour. Raises: UpstreamError: it does not answer."""
        now = self._clock()
        params = {"start": _ns(now - CHECK_S), "end": _ns(now)}
        answered = await self._get(f"/loki/api/v1/label/{self._label}/values", params)
        found = httpjson.read(answered, _Names, needs=NEEDS)
        if found.status != "success":
            raise BadAnswer(f"{answered.what}: status {found.status[:40]!r}")
        if not found.data:
            return f"answers, and no stream of the last hour has the label {self._label}"
        return f"answers: lines of {len(found.data)} services by the label {self._label} in the last hour"

    @property
    def _share(self) -> int:
        return max(self._max_lines // PARTS, 1)

    def _logql(self, services: Sequence[str]) -> str:
        if len(services) == 1:
            test = f"{self._label}={json.dumps(services[0], ensure_ascii=False)}"
        elif services:
            pattern = "|".join(re.escape(service) for service in services)
            test = f"{self._label}=~{json.dumps(pattern, ensure_ascii=False)}"
        else:
            test = f'{self._label}=~".+"'
        return f"{{{', '.join((test, *self._matchers))}}} {self._filters}".strip()

    def _stretches(self, window: Window) -> list[tuple[int, int]]:
        """Cut a window into parts of (start, end) nanoseconds; the end is not included, in Loki too."""
        start = int(window.start.timestamp() * 1e6) * 1_000
        end = min(int(window.end.timestamp() * 1e6) * 1_000, int(_ns(self._clock())))
        if end <= start:
            return [(start, start + 1)]
        edges = [start + (end - start) * i // PARTS for i in range(PARTS + 1)]
        return [(a, b) for a, b in pairwise(edges) if a < b]

    async def _ask(self, turns: asyncio.Semaphore, query: str, start_ns: int, end_ns: int) -> _Part | UpstreamError:
        params: dict[str, str | int] = {
            "query": query,
            "start": str(start_ns),
            "end": str(end_ns),
            "limit": self._share,
            "direction": "backward",
        }
        try:
            async with turns:
                answered = await self._get("/loki/api/v1/query_range", params)
                return await asyncio.to_thread(self._part, answered, start_ns, end_ns)
        except UpstreamError as error:
            return error

    async def _get(self, path: str, params: Mapping[str, str | int]) -> httpjson.Answered:
        return await httpjson.ask(
            self._client,
            f"{self._url}{path}",
            timeout_s=self._timeout_s,
            max_bytes=self._max_bytes,
            params=params,
            headers=self._headers,
        )

    def _part(self, answered: httpjson.Answered, start_ns: int, end_ns: int) -> _Part:
        """Read an answer, in a thread. Raises: UpstreamError: it is none."""
        answer = httpjson.read(answered, _Answer, needs=NEEDS)
        if answer.status != "success" or answer.data.result_type != "streams":
            got = answer.data.result_type or "nothing"
            raise BadAnswer(f"{answered.what}: status {answer.status[:40]!r}, {got[:40]} and not streams")
        lines: list[LogLine] = []
        nameless = unread = total = 0
        for stream in answer.data.result:
            service = stream.stream.get(self._label, "")
            total += len(stream.values)
            if not service:
                nameless += len(stream.values)
                continue
            for value in stream.values:
                at_ns, line = _line(value, service, stream.stream)
                if line is None:
                    unread += 1
                elif start_ns <= at_ns < end_ns:
                    lines.append(line)
        return _Part(
            start_ns=start_ns,
            end_ns=end_ns,
            lines=lines[: self._share],
            nameless=nameless,
            unread=unread,
            full=total >= self._share,
            warnings=[text[: httpjson.SAID_CHARS] for text in answer.warnings[:5]],
        )

    def _warnings(self, parts: Sequence[_Part], failed: Sequence[UpstreamError], asked: int) -> list[str]:
        found = [text for part in parts for text in part.warnings]
        if failed:
            found.append(f"{len(failed)} of {asked} parts of the window are missing: {failed[0]}")
        if full := [part.span() for part in parts if part.full]:
            found.append(f"the limit of {self._share} lines was reached, older ones are missing, in {', '.join(full)}")
        if nameless := sum(part.nameless for part in parts):
            found.append(f"{nameless} lines have no label {self._label}")
        if unread := sum(part.unread for part in parts):
            found.append(f"{unread} lines could not be read")
        return list(dict.fromkeys(found))


def _line(value: Sequence[msgspec.Raw], service: str, labels: Mapping[str, str]) -> tuple[int, LogLine | None]:
    """Return (nanoseconds, line) of `[nanoseconds, line]`, or with a third, metadata; no line when it is neither."""
    try:
        stamp, text = (decode(part, str) for part in value[:2])
        at_ns = int(stamp)
        more = decode(value[2], _Metadata) if len(value) > 2 else _Metadata()
    except (ValueError, msgspec.DecodeError):
        return 0, None
    named = {**labels, **more.parsed, **more.structured_metadata}
    fields = logtext.fields_of(text)
    return at_ns, LogLine(
        at=at_ns / 1e9,
        service=service[: logtext.NAME_CHARS],
        level=logtext.level_of(text, named, fields),
        text=logtext.message_of(text, fields),
        trace_id=(logtext.first(named, logtext.TRACE_KEYS) or logtext.first(fields, logtext.TRACE_KEYS))[
            : logtext.NAME_CHARS
        ],
        span_id=(logtext.first(named, logtext.SPAN_KEYS) or logtext.first(fields, logtext.SPAN_KEYS))[
            : logtext.NAME_CHARS
        ],
    )


def _ns(at: float) -> str:
    return str(int(at * 1e6) * 1_000)
