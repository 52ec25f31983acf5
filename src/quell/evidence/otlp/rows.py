"""The spans or log lines of one request: checked, cut to size, as columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

UNKNOWN_SERVICE = "unknown_service"
"""OpenTelemetry's name for a resource without `service.name`."""

TRACE_BYTES, SPAN_BYTES = 16, 8
_NO_TRACE, _NO_SPAN = bytes(TRACE_BYTES), bytes(SPAN_BYTES)
_MOST_NS = 2**63 - 1
_REASONS_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLimits:
    """Bounds on what one request may bring."""

    rows: int = 20_000
    """Spans or lines; those after them are rejected."""
    name_chars: int = 200
    """Of the name of a service, a span or a peer; the rest is cut off."""
    text_chars: int = 2_000
    """Of a log line; the rest is cut off."""


class _Rows:
    """What spans and lines have in common."""

    def __init__(self, limits: RowLimits) -> None:
        self.limits = limits
        self.services: list[str] = []
        self.why: Counter[str] = Counter()
        """Rows rejected, by reason."""

    def __len__(self) -> int:
        return len(self.services)

    @property
    def rejected(self) -> int:
        """How many rows were rejected."""
        return self.why.total()

    def message(self) -> str:
        """Say why rows were rejected; empty when none was."""
        told = self.why.most_common(_REASONS_TOLD)
        return "; ".join(f"{count} {reason}" for reason, count in told)

    def reject(self, reason: str) -> None:
        """Count a row that cannot be used."""
        self.why[reason] += 1

    def _room(self) -> bool:
        if len(self.services) < self.limits.rows:
            return True
        self.reject(f"were more than the {self.limits.rows} that one request may hold")
        return False


class SpanRows(_Rows):
    """Spans, a list for each column."""

    def __init__(self, limits: RowLimits) -> None:
        """Begin with none."""
        super().__init__(limits)
        self.ids = bytearray()
        """32 bytes a row: trace id, span id, id of the parent (zeros for a root)."""
        self.names: list[str] = []
        self.peers: list[str] = []
        """Whom a client span calls, as far as its attributes say; empty for the others."""
        self.kinds: list[int] = []
        """As in OTLP: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer."""
        self.errors: list[bool] = []
        self.starts_ns: list[int] = []
        self.ends_ns: list[int] = []

    def add(
        self,
        service: str,
        name: str,
        *,
        trace_id: bytes,
        span_id: bytes,
        parent_id: bytes,
        kind: int,
        start_ns: int,
        end_ns: int,
        error: bool,
        peer: str,
    ) -> None:
        """
        Take a span, or count why it is rejected.

        Args:
            start_ns: Unix nanoseconds, as `end_ns`.
        """
        if len(trace_id) != TRACE_BYTES or trace_id == _NO_TRACE:
            self.reject("have no trace id of 16 bytes that are not all zero")
        elif len(span_id) != SPAN_BYTES or span_id == _NO_SPAN:
            self.reject("have no span id of 8 bytes that are not all zero")
        elif parent_id and len(parent_id) != SPAN_BYTES:
            self.reject("have a parent id that is not 8 bytes long")
        elif not 0 < start_ns <= end_ns <= _MOST_NS:
            self.reject("have no start, or end before they start")
        elif self._room():
            most = self.limits.name_chars
            self.ids += trace_id
            self.ids += span_id
            self.ids += parent_id or _NO_SPAN
            self.services.append(service[:most])
            self.names.append(name[:most])
            self.peers.append(peer[:most])
            self.kinds.append(kind if 0 <= kind <= 5 else 0)
            self.errors.append(error)
            self.starts_ns.append(start_ns)
            self.ends_ns.append(end_ns)


class LineRows(_Rows):
    """Log lines, a list for each column."""

    def __init__(self, limits: RowLimits) -> None:
        """Begin with none."""
        super().__init__(limits)
        self.ids = bytearray()
        """16 bytes a row: trace id, zeros for none."""
        self.levels: list[str] = []
        self.texts: list[str] = []
        self.times_ns: list[int] = []

    def add(self, service: str, *, time_ns: int, severity: int, level: str, text: str, trace_id: bytes) -> None:
        """
        Take a line, or count why it is rejected.

        Args:
            time_ns: Unix nanoseconds; 0 when the sender gave no time at all: then its arrival counts.
            severity: OTLP's number, 1 to 24; 0 unspecified.
            level: the sender's own word for it, used when there is no number.
            trace_id: empty, or 16 bytes; another length counts as none.
        """
        if not 0 <= time_ns <= _MOST_NS:
            self.reject("have a time that is none")
        elif not text:
            self.reject("have no text")
        elif self._room():
            self.ids += trace_id if len(trace_id) == TRACE_BYTES else _NO_TRACE
            self.services.append(service[: self.limits.name_chars])
            self.levels.append(level_of(severity, level[: self.limits.name_chars]))
            self.texts.append(text[: self.limits.text_chars])
            self.times_ns.append(time_ns)


_LEVELS = ("trace", "debug", "info", "warning", "error", "fatal")
_WORDS = {"warn": "warning", "err": "error", "information": "info", "informational": "info"}


def level_of(severity: int, word: str) -> str:
    """
    Return a level in lower case: of OTLP's number when there is one, else of the sender's word; `info` for neither.

    Source: OpenTelemetry, Logs Data Model, SeverityNumber: four numbers a level, from TRACE (1-4) to FATAL (21-24).
    """
    if 1 <= severity <= 24:
        return _LEVELS[(severity - 1) // 4]
    said = word.strip().lower()
    return _WORDS.get(said, said) or "info"
