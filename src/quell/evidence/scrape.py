"""Watches Prometheus text endpoints itself, for those who have no Prometheus."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from quell.addresses import shown_address
from quell.errors import BadAnswer, RateLimited, TimedOut, Unreachable, UpstreamError
from quell.evidence.derive import Derivation, Derived, merge
from quell.evidence.exposition import Reader, Reading, SeriesKey
from quell.evidence.keepsake import Kept
from quell.evidence.ring import Ring, Stretch
from quell.evidence.source import Collected, Scope
from quell.incident.events import EvidenceKind, Window
from quell.signals.series import GAP_SPANS

SPAN_S = 5.0
"""Rates, ratios and latencies are taken over this many seconds."""

FAILING_AFTER = 3
"""A target that failed so many times in a row is reported as failing."""

SKEW_S = 60.0
"""A target whose timestamps differ from our clock by more than this is named in the warnings."""

NOTES = ("lines could not be read", "samples came twice", "values were not numbers", "samples were beyond the cap")

StateChange = Callable[[str, bool, str, str], None]
"""Called with (source, ok, reason, detail) when a target goes from answering to failing and back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeTarget:
    """One endpoint."""

    service: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every scrape: credentials."""
    trusted: ssl.SSLContext | None = None
    """What its certificate is checked against; None for what the system trusts."""

    @property
    def shown(self) -> str:
        """The address with secrets masked: all that is ever said or kept of it."""
        return shown_address(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """How one target answers."""

    service: str
    url: str
    """With secrets masked."""
    last_success_at: float | None
    """Unix seconds."""
    last_error: str
    """What went wrong last; empty when it never failed."""
    failures: int
    """In a row, up to now."""
    samples: int
    """In the newest answer."""
    took_s: float
    """How long the newest answer took."""


class _Watched:
    """A target with what is known of it."""

    def __init__(self, target: ScrapeTarget, *, rows: int, max_series: int) -> None:
        self.target = target
        self.reader = Reader(max_series=max_series)
        self.ring = Ring(rows=rows, most_columns=max_series, notes=len(NOTES))
        self.last_success_at: float | None = None
        self.failing_since: float | None = None
        self.last_error: UpstreamError | None = None
        self.failures = 0
        self.samples = 0
        self.took_s = 0.0
        self.skew_s = 0.0
        self.reported = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """What one target said in a window."""

    service: str
    keys: tuple[SeriesKey, ...]
    kinds: dict[str, str]
    stretch: Stretch
    last_error: UpstreamError | None
    skew_s: float

    @classmethod
    def of(cls, watched: _Watched, start: float, end: float) -> _Copy:
        return cls(
            service=watched.target.service,
            keys=tuple(watched.reader.series),
            kinds=dict(watched.reader.kinds),
            stretch=watched.ring.between(start, end),
            last_error=watched.last_error,
            skew_s=watched.skew_s,
        )


class ScrapeSource:
    """
    Scrapes every target on its own beat and keeps a bounded window of what they said in memory.

    The times of the samples are ours: what a target says about time is compared, warned about, and not used.
    """

    name: str
    kinds: tuple[EvidenceKind, ...] = (EvidenceKind.METRIC, EvidenceKind.TOPOLOGY)

    def __init__(
        self,
        targets: Sequence[ScrapeTarget],
        client: httpx.AsyncClient,
        *,
        clock: Callable[[], float],
        interval_s: float = 1.0,
        keep_s: float = 1800.0,
        timeout_s: float = 2.0,
        span_s: float = SPAN_S,
        max_bytes: int = 4_000_000,
        max_series: int = 500,
        on_state_change: StateChange | None = None,
        name: str = "scrape",
    ) -> None:
        """
        Args:
            client: kept open by the caller.
            clock: Unix seconds.
            keep_s: memory holds this much at the given interval; it is bounded by `bound_bytes`.
            timeout_s: for one scrape, from connecting to its last byte.
            span_s: seconds over which rates are taken.
            max_bytes: a longer answer is refused.
            max_series: of one target; samples of further series are left out, counted and warned about.
        """
        self.name, self._client, self._clock = name, client, clock
        self._interval_s, self._timeout_s, self._span_s = interval_s, timeout_s, span_s
        self._max_bytes, self._on_state_change = max_bytes, on_state_change
        self._keep_s = keep_s
        self._clients: dict[ssl.SSLContext, httpx.AsyncClient] = {}
        """Beside the one that was given, by what they trust."""
        rows = max(2, math.ceil(keep_s / interval_s))
        self._watched = [_Watched(target, rows=rows, max_series=max_series) for target in targets]

    @property
    def held_bytes(self) -> int:
        """Memory the kept values take now."""
        return sum(watched.ring.held_bytes for watched in self._watched)

    @property
    def bound_bytes(self) -> int:
        """Memory the kept values never exceed."""
        return sum(watched.ring.bound_bytes for watched in self._watched)

    def state(self) -> tuple[TargetState, ...]:
        """Return how each target answers, in the order in which they were given."""
        return tuple(
            TargetState(
                service=w.target.service,
                url=w.target.shown,
                last_success_at=w.last_success_at,
                last_error=str(w.last_error or ""),
                failures=w.failures,
                samples=w.samples,
                took_s=w.took_s,
            )
            for w in self._watched
        )

    def keep(self, *, seconds: float) -> list[Kept]:
        """Return copies of the newest rows of every target, for `keepsake.write`."""
        since = self._clock() - seconds
        return [
            Kept(
                service=w.target.service,
                url=w.target.shown,
                series=tuple(w.reader.series),
                kinds=dict(w.reader.kinds),
                stretch=w.ring.between(since, math.inf),
            )
            for w in self._watched
        ]

    def restore(self, kept: Sequence[Kept]) -> int:
        """Begin with what was kept of the same targets and is not too old; return how many began so."""
        now, known = self._clock(), {(one.service, shown_address(one.url)): one for one in kept}
        count = 0
        for watched in self._watched:
            one = known.get((watched.target.service, watched.target.shown))
            if one is None or not one.stretch.times.size or not 0 <= now - one.stretch.times[-1] < self._keep_s:
                continue
            watched.reader.restore(one.series, one.kinds, at=float(one.stretch.times[-1]))
            watched.ring.restore(one.stretch)
            count += 1
        return count

    async def run(self) -> None:
        """Scrape for ever, each target on its own beat; the caller owns the task and cancels it."""
        try:
            async with asyncio.TaskGroup() as group:
                for i, watched in enumerate(self._watched):
                    group.create_task(self._watch(watched, delay_s=self._interval_s * i / len(self._watched)))
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connections that are this source's own."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def scrape_once(self) -> None:
        """Scrape every target once, all at the same time; failures are kept as state, not raised."""
        await asyncio.gather(*(self._scrape(watched) for watched in self._watched))

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return the derived series and call edges of a window, from memory.

        Raises: UpstreamError: no target answered in the window.
        """
        start, end = window.start.timestamp(), window.end.timestamp()
        before = start - GAP_SPANS * self._span_s
        # Copied here, on the loop: the scrapes go on while a thread works on the copies.
        stretches = [_Copy.of(w, before, end) for w in self._watched]
        self._require_answers(stretches, start, window)
        whole, twice = await asyncio.to_thread(self._derive, stretches, start)
        wanted = set(scope.services)
        series = [s for s in whole.series if not wanted or s.service in wanted]
        edges = sorted(e for e in whole.edges if not wanted or wanted & set(e))
        warnings = self._warnings(stretches, start)
        warnings += [f"{service}: two targets give the same series; its own was taken" for service in twice]
        oldest = [at for w in self._watched if w.ring.written > w.ring.rows and (at := w.ring.oldest()) is not None]
        kinds = scope.kinds or self.kinds
        metrics = EvidenceKind.METRIC in kinds
        return Collected(
            source=self.name,
            window=window,
            query=self._query(scope),
            series=series if metrics else (),
            edges=edges if EvidenceKind.TOPOLOGY in kinds else (),
            warnings=warnings,
            truncated=bool(oldest) and start < max(oldest),
            missing=sorted((wanted or {w.target.service for w in self._watched}) - _spoke(whole)),
            queries=whole.queries if metrics else {},
        )

    async def check(self) -> str:
        """Say how many targets answered lately; scrape once when none was tried. Raises: UpstreamError: none did."""
        if not any(watched.ring.written for watched in self._watched):
            await self.scrape_once()
        fresh = [w for w in self._watched if w.failures == 0 and w.ring.written]
        if not fresh:
            raise self._worst(f"none of {len(self._watched)} targets answers")
        samples = sum(watched.samples for watched in fresh)
        failing = ", ".join(w.target.service for w in self._watched if w not in fresh)
        return (
            f"{len(fresh)} of {len(self._watched)} targets answer, {samples} samples, "
            f"{self.held_bytes / 1e6:.1f} MB held" + (f"; not answering: {failing}" if failing else "")
        )

    async def _watch(self, watched: _Watched, *, delay_s: float) -> None:
        """Scrape one target on the beat; a slow answer skips beats and never piles up."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay_s
        while True:
            await asyncio.sleep(max(due - loop.time(), 0.0))
            await self._scrape(watched)
            late = max(loop.time() - due, 0.0)
            due += self._interval_s * (math.floor(late / self._interval_s) + 1)

    async def _scrape(self, watched: _Watched) -> None:
        """Ask one target and keep what it says, or that it did not answer."""
        began = asyncio.get_running_loop().time()
        try:
            body = await self._fetch(watched.target)
            at = self._clock()
            reading = self._read(watched, body, at)
        except UpstreamError as error:
            self._failed(watched, error, self._clock())
            return
        watched.took_s = asyncio.get_running_loop().time() - began
        self._answered(watched, reading, at)

    async def _fetch(self, target: ScrapeTarget) -> bytes:
        """Return the body of one scrape. Raises: UpstreamError of the kind that fits."""
        what, client = f"GET {target.shown}", self._client_of(target)
        headers = {**_HEADERS, **target.headers}
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                client.stream("GET", target.url, headers=headers, timeout=self._timeout_s) as response,
            ):
                _require_text(response, what)
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > self._max_bytes:
                        raise BadAnswer(f"{what}: more than {self._max_bytes} bytes")
                return bytes(body)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise TimedOut(f"{what}: no complete answer within {self._timeout_s:g} s") from error
        except httpx.DecodingError as error:
            raise BadAnswer(f"{what}: the body cannot be decoded: {error}") from error
        except httpx.InvalidURL as error:
            raise Unreachable(f"{what}: this is no address that can be asked") from error
        except (httpx.HTTPError, OSError) as error:
            raise Unreachable(f"{what}: {type(error).__name__}: {error}") from error

    def _client_of(self, target: ScrapeTarget) -> httpx.AsyncClient:
        """Return the client that trusts what a target's settings say."""
        if target.trusted is None:
            return self._client
        if target.trusted not in self._clients:
            self._clients[target.trusted] = httpx.AsyncClient(verify=target.trusted, follow_redirects=False)
        return self._clients[target.trusted]

    def _read(self, watched: _Watched, body: bytes, at: float) -> Reading:
        """Read a body. Raises: BadAnswer: it is not Prometheus text."""
        reading = watched.reader.read(body.decode("utf-8", errors="replace"), at=at)
        if reading.dropped:
            kept_since = watched.ring.oldest() or at
            watched.ring.clear_columns(watched.reader.forget(min(kept_since, at - self._keep_s)))
        if len(reading.values) < max(1, reading.malformed):
            raise BadAnswer(
                f"GET {watched.target.shown}: {reading.malformed} lines cannot be read and {len(reading.values)} can"
            )
        return reading

    def _answered(self, watched: _Watched, reading: Reading, at: float) -> None:
        notes = (reading.malformed, reading.duplicates, reading.not_numbers, reading.dropped)
        watched.ring.append(at, reading.values, notes)
        watched.skew_s = 0.0 if reading.stamp_s is None else reading.stamp_s - at
        watched.samples, watched.failures, watched.last_success_at = len(reading.values), 0, at
        if watched.reported:
            lasted = at - (watched.failing_since or at)
            self._report(watched, True, "answers", f"{watched.target.shown} answers again after {lasted:.1f} s")
        watched.failing_since, watched.reported = None, False

    def _failed(self, watched: _Watched, error: UpstreamError, at: float) -> None:
        watched.ring.append(at, None, (0,) * len(NOTES))
        watched.failures += 1
        watched.last_error = error
        watched.failing_since = watched.failing_since or at
        if watched.failures >= FAILING_AFTER and not watched.reported:
            watched.reported = True
            self._report(watched, False, error.reason, str(error))

    def _report(self, watched: _Watched, ok: bool, reason: str, detail: str) -> None:
        if self._on_state_change is not None:
            self._on_state_change(f"{self.name}/{watched.target.service}", ok, reason, detail)

    def _derive(self, stretches: Sequence[_Copy], start: float) -> tuple[Derived, list[str]]:
        return merge(
            (
                copy.service,
                Derivation(copy.keys, copy.kinds, copy.stretch, service=copy.service, span_s=self._span_s).derive(
                    start
                ),
            )
            for copy in stretches
        )

    def _require_answers(self, stretches: Sequence[_Copy], start: float, window: Window) -> None:
        """Raise when no target answered in the window."""
        if any(bool((c.stretch.up & (c.stretch.times >= start)).any()) for c in stretches):
            return
        raise self._worst(
            f"no scrape of {len(self._watched)} targets succeeded from {window.start:%H:%M:%S} to {window.end:%H:%M:%S}"
        )

    def _worst(self, message: str) -> UpstreamError:
        """Return an error of the kind of the newest failure."""
        errors = [w.last_error for w in self._watched if w.last_error is not None and w.failures]
        if not errors:
            return Unreachable(message)
        return type(errors[-1])(f"{message}; last: {errors[-1]}")

    def _warnings(self, stretches: Sequence[_Copy], start: float) -> list[str]:
        """Return what looked wrong in the window, a line each."""
        warnings = []
        for copy in stretches:
            name, stretch = copy.service, copy.stretch
            inside = stretch.times >= start
            failed = int((inside & ~stretch.up).sum())
            if failed:
                warnings.append(f"{name}: {failed} of {int(inside.sum())} scrapes failed ({copy.last_error})")
            totals = stretch.notes[inside].sum(axis=0)
            warnings += [f"{name}: {int(n)} {what}" for n, what in zip(totals, NOTES, strict=True) if n]
            if abs(copy.skew_s) > SKEW_S:
                side = "ahead" if copy.skew_s > 0 else "behind"
                warnings.append(f"{name}: its timestamps are {abs(copy.skew_s):.0f} s {side}; our own clock was used")
        return warnings

    def _query(self, scope: Scope) -> str:
        services = scope.services or tuple(w.target.service for w in self._watched)
        return f'{{service=~"{"|".join(services)}"}} (scraped every {self._interval_s:g} s)'


_HEADERS = {"Accept": "text/plain;version=0.0.4", "Accept-Encoding": "identity", "User-Agent": "quell"}


def _require_text(response: httpx.Response, what: str) -> None:
    """Raise the `UpstreamError` that fits unless the answer is a text that may hold metrics."""
    if response.status_code == 429:
        raise RateLimited(f"{what}: 429")
    if response.status_code != 200:
        raise BadAnswer(f"{what}: HTTP {response.status_code}")
    content = response.headers.get("content-type", "text/plain").split(";")[0].strip().lower()
    if content not in ("text/plain", "application/openmetrics-text"):
        raise BadAnswer(f"{what}: content is {content}, not Prometheus text")


def _spoke(derived: Derived) -> set[str]:
    """Return the services that gave more than the mere fact that they were asked."""
    return {series.service for series in derived.series if series.name not in ("up", "service_up", "restarts")}
