"""Takes what OpenTelemetry exporters push, keeps a bounded window of it, and answers from memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from quell.errors import BadAnswer, Malformed, Overloaded, Unreachable
from quell.evidence.otlp import protobuf, protojson
from quell.evidence.otlp.answer import SPAN_KINDS, Asked, Found, find
from quell.evidence.otlp.red import SPAN_S
from quell.evidence.otlp.rows import LineRows, RowLimits, SpanRows
from quell.evidence.otlp.signal import Encoding, Figures, Signal, Taken
from quell.evidence.otlp.store import line_shelf, span_shelf
from quell.evidence.source import Collected, Scope
from quell.incident.events import EvidenceKind, Window

AT_ONCE = 2
"""Bodies that are read at the same time; the others wait."""
MOST_WAITING = 64
"""Bodies that may wait; one more is told to come back."""
INLINE_BYTES = 16_384
"""A body up to this size is read at once: a thread would take longer."""
QUIET_S = 300.0
"""Nothing for so long, while something is held, counts as a sender that stopped."""

_READ: Mapping[tuple[Signal, Encoding], Callable[[bytes, RowLimits], SpanRows | LineRows]] = {
    (Signal.SPANS, Encoding.PROTOBUF): protobuf.read_spans,
    (Signal.SPANS, Encoding.JSON): protojson.read_spans,
    (Signal.LINES, Encoding.PROTOBUF): protobuf.read_lines,
    (Signal.LINES, Encoding.JSON): protojson.read_lines,
}


class OtlpSource:
    """
    Spans and log lines as exporters pushed them, with call edges and request series made from the spans.

    The times are the senders' own; where they are far from the arrival the answer says so. Spans that came twice count
    once; for log lines, which have no id, that cannot be told.
    """

    name: str
    kinds: tuple[EvidenceKind, ...]
    """Of what is held now: a site that pushes nothing has no source of anything here."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        keep_s: float = 1800.0,
        max_bytes: int = 64_000_000,
        limits: RowLimits | None = None,
        max_spans: int = 50_000,
        max_lines: int = 5_000,
        name: str = "otlp",
    ) -> None:
        """
        Begin with nothing held.

        Args:
            clock: Unix seconds.
            max_bytes: held at most; half of it for spans, half for log lines.
            limits: of one request.
            max_spans: of an answer; of more, whole traces are chosen by their ids.
            max_lines: of an answer; more are sampled evenly in time, services and levels with few lines first.
        """
        self.name, self.kinds, self._clock = name, (), clock
        self._limits = limits or RowLimits()
        self._max_spans, self._max_lines = max_spans, max_lines
        self._spans = span_shelf(max_bytes=max_bytes // 2, keep_s=keep_s)
        self._lines = line_shelf(max_bytes=max_bytes // 2, keep_s=keep_s)
        self._rejected: Counter[Signal] = Counter()
        self._unread: tuple[float, str] | None = None
        self._reading = asyncio.Semaphore(AT_ONCE)
        self._under_way = 0

    async def take(self, signal: Signal, encoding: Encoding, body: bytes) -> Taken:
        """
        Take one request.

        Raises: Malformed: it cannot be read. Overloaded: too many wait to be read.
        """
        if self._under_way >= MOST_WAITING:
            raise Overloaded(f"{self._under_way} requests wait to be read already", retry_after_s=1.0)
        self._under_way += 1
        try:
            rows = await self._read(signal, encoding, body)
        except Malformed as error:
            self._unread = (self._clock(), str(error))
            raise
        finally:
            self._under_way -= 1
        now = self._clock()
        if isinstance(rows, SpanRows):
            self._spans.add(rows, now)
        else:
            rows.times_ns = [at or int(now * 1e9) for at in rows.times_ns]
            self._lines.add(rows, now)
        self._rejected[signal] += rows.rejected
        self._look()
        return Taken(accepted=len(rows), rejected=rows.rejected, message=rows.message())

    async def _read(self, signal: Signal, encoding: Encoding, body: bytes) -> SpanRows | LineRows:
        read = _READ[signal, encoding]
        if len(body) <= INLINE_BYTES:
            return read(body, self._limits)
        async with self._reading:
            return await asyncio.to_thread(read, body, self._limits)

    def _look(self) -> None:
        """Let go of what is too old, and say anew what there is."""
        now = self._clock()
        self._spans.prune(now)
        self._lines.prune(now)
        logs = (EvidenceKind.LOG,) if len(self._lines) else ()
        self.kinds = (*(SPAN_KINDS if len(self._spans) else ()), *logs)

    def figures(self) -> dict[Signal, Figures]:
        """Return what became of each signal since the start, and what is held of it."""
        return {
            signal: Figures(
                accepted=shelf.accepted,
                rejected=self._rejected[signal],
                dropped=shelf.dropped,
                held=len(shelf),
                held_bytes=shelf.held_bytes,
                bound_bytes=shelf.bound_bytes,
            )
            for signal, shelf in ((Signal.SPANS, self._spans), (Signal.LINES, self._lines))
        }

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return the spans and lines that began in a window, and the series and call edges of it, from memory.

        Raises: Unreachable: something is held, and nothing of this window. BadAnswer: the same, and what came in it
            could not be read.
        """
        self._look()
        asked = Asked(
            scope=scope,
            start=window.start.timestamp(),
            end=window.end.timestamp(),
            now=self._clock(),
            spans=self._spans.parts(),
            lines=self._lines.parts(),
            max_spans=self._max_spans,
            max_lines=self._max_lines,
        )
        held = any(asked.wants(kind) for kind in self.kinds)
        found = await asyncio.to_thread(find, asked) if held else Found()
        if held and not found.services:
            raise self._nothing(asked.start, f"from {window.start:%H:%M:%S} to {window.end:%H:%M:%S}")
        wanted = frozenset(scope.services)
        return Collected(
            source=self.name,
            window=window,
            query=_query(scope),
            spans=found.spans,
            lines=found.lines,
            series=found.series,
            edges=found.edges,
            warnings=found.warnings,
            truncated=found.truncated or bool(asked.start < (self._gave_way() or asked.start)),
            missing=sorted(wanted - found.services) if held else (),
            queries={one.name: _QUERIES[one.name] for one in found.series},
        )

    async def check(self) -> str:
        """Say what is held. Raises: Unreachable: nothing came lately. BadAnswer: nothing that could be read did."""
        self._look()
        newest = self._newest()
        if newest is None:
            if self._unread is not None:
                raise BadAnswer(f"nothing is held; the newest request could not be read: {self._unread[1]}")
            return "nothing has been pushed to /v1/traces or /v1/logs yet, or nothing lately"
        now = self._clock()
        if now - newest > QUIET_S:
            raise self._nothing(now - QUIET_S, f"for {now - newest:.0f} s")
        since = min(at for at in (self._spans.since, self._lines.since) if at is not None)
        figures = self.figures()
        spans, lines = figures[Signal.SPANS], figures[Signal.LINES]
        return (
            f"{spans.held} spans and {lines.held} log lines held since {_clock_time(since)}, "
            f"newest {max(now - newest, 0.0):.0f} s old, {(spans.held_bytes + lines.held_bytes) / 1e6:.1f} MB; "
            f"{spans.dropped + lines.dropped} gave way, {spans.rejected + lines.rejected} rejected"
        )

    def _newest(self) -> float | None:
        return max((at for at in (self._spans.newest, self._lines.newest) if at is not None), default=None)

    def _gave_way(self) -> float | None:
        """Return since when everything is held, Unix seconds; None when nothing has given way."""
        since = [shelf.since for shelf in (self._spans, self._lines) if shelf.dropped and shelf.since is not None]
        return max(since, default=None)

    def _nothing(self, since: float, when: str) -> Unreachable | BadAnswer:
        """Return the error that fits when nothing of use came."""
        if self._unread is not None and self._unread[0] >= since:
            return BadAnswer(f"no span or log line {when}; the newest request could not be read: {self._unread[1]}")
        newest = self._newest()
        told = f"; the newest came at {_clock_time(newest)}" if newest is not None else ""
        return Unreachable(f"no span or log line {when}{told}")


_SERVED, _CALLED = "SERVER or CONSUMER", "CLIENT or PRODUCER"
_QUERIES = {
    f"{prefix}{name}": f"{how} over {SPAN_S:g} s, by service.name{by}, of spans with kind {kinds}"
    for prefix, kinds, by in (("", _SERVED, ""), ("client_", _CALLED, " and callee"))
    for name, how in (
        ("request_rate", "count / s"),
        ("error_ratio", "share with status ERROR"),
        ("latency_mean", "mean duration"),
        ("latency_p99", "99th percentile of the duration"),
    )
}


def _query(scope: Scope) -> str:
    services = ", ".join(scope.services)
    return f"OTLP spans and log records with service.name in ({services})" if services else "OTLP spans and log records"


def _clock_time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"
