"""
Reads a Prometheus over its HTTP API, and whatever answers as it does: Thanos, Mimir, VictoriaMetrics.

Source: Prometheus documentation, HTTP API: `query`, `query_range`, `status/buildinfo`; the error object and `warnings`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from quell.addresses import shown_address
from quell.errors import BadAnswer, RateLimited, TimedOut, Unreachable, UpstreamError
from quell.evidence.decoding import decode
from quell.evidence.indicatorqueries import CALLS, QUERIES, IndicatorQuery
from quell.evidence.source import Collected, Scope
from quell.incident.events import EvidenceKind, Series, Window

MOST_POINTS = 2_000
"""Points of one series asked for; a longer window is asked for with a longer step."""

AT_ONCE = 6
"""Queries on their way at the same time."""

SAID_CHARS = 200


class _Result(msgspec.Struct):
    metric: dict[str, str] = {}
    values: list[tuple[float, str]] = []


class _Data(msgspec.Struct, rename="camel"):
    result_type: str = ""
    result: list[_Result] = []


class _Answer(msgspec.Struct, rename="camel"):
    """What the API answers with; fields that are not named here are passed over."""

    status: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    error_type: str = ""
    error: str = ""
    warnings: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """How a site's series map to what agents read."""

    service_labels: tuple[str, ...] = ("service", "service_name", "job")
    """The first of these that a series has names its service."""
    peer_labels: tuple[str, ...] = ("peer", "server_address", "destination_service")
    queries: Mapping[str, IndicatorQuery] = field(default_factory=lambda: QUERIES)


class PrometheusSource:
    """
    Asks a Prometheus one query for each series that agents read, and gives what it answers by service.

    A query that fails is named in the warnings; when every one fails, so does the source.
    """

    kinds: tuple[EvidenceKind, ...] = (EvidenceKind.METRIC, EvidenceKind.TOPOLOGY)

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        *,
        clock: Callable[[], float],
        mapped: Mapped | None = None,
        step_s: float = 15.0,
        span_s: float = 60.0,
        timeout_s: float = 5.0,
        max_bytes: int = 16_000_000,
        headers: Mapping[str, str] | None = None,
        name: str = "prometheus",
    ) -> None:
        """
        Args:
            url: its address, with the path it is served under if any.
            client: kept open by the caller.
            clock: Unix seconds.
            step_s: between two points; at least the interval at which it scrapes.
            span_s: over which rates are taken; at least twice that interval.
            timeout_s: for one query, from connecting to its last byte.
            max_bytes: a longer answer to one query is refused.
            headers: sent with each request, such as a bearer token.
        """
        self.name, self._url, self._client, self._clock = name, url.rstrip("/"), client, clock
        self._shown = shown_address(self._url)
        self._mapped = mapped or Mapped()
        self._step_s, self._span_s, self._timeout_s, self._max_bytes = step_s, span_s, timeout_s, max_bytes
        self._headers = {"Accept": "application/json", "User-Agent": "quell", **(headers or {})}

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return the series and call edges of a window.

        Raises: UpstreamError: no query was answered.
        """
        kinds = set(scope.kinds or self.kinds) & set(self.kinds)
        if not kinds:
            return Collected(source=self.name, window=window, query="")
        wanted = self._mapped.queries
        if kinds == {EvidenceKind.TOPOLOGY}:
            wanted = {name: query for name, query in wanted.items() if name == CALLS}
        asked = self._filled(wanted)
        turns = asyncio.Semaphore(AT_ONCE)
        answers = await asyncio.gather(*(self._ask(turns, promql, window) for promql in asked.values()))
        failed = [answer for answer in answers if isinstance(answer, UpstreamError)]
        if failed and len(failed) == len(answers):
            raise failed[0]
        warnings: list[str] = []
        series: list[Series] = []
        for (name, query), answer in zip(wanted.items(), answers, strict=True):
            if isinstance(answer, UpstreamError):
                warnings.append(f"{name}: {answer}")
                continue
            results, said = answer
            warnings += [f"{name}: {text[:SAID_CHARS]}" for text in said]
            series += self._series(name, query.unit, results, window, warnings)
        return self._collected(scope, window, kinds, series, asked, warnings)

    def _collected(
        self,
        scope: Scope,
        window: Window,
        kinds: set[EvidenceKind],
        series: Sequence[Series],
        asked: Mapping[str, str],
        warnings: Sequence[str],
    ) -> Collected:
        services = set(scope.services)
        edges = {
            (one.service, peer)
            for one in series
            if one.name == CALLS and (peer := one.labels.get("peer")) and any(value for value in one.values)
        }
        kept = [one for one in series if not services or one.service in services]
        return Collected(
            source=self.name,
            window=window,
            query=f"query_range of {len(asked)} queries at {self._shown}, step {self._step_for(window):g} s",
            series=sorted(kept, key=lambda one: (one.service, one.name, sorted(one.labels.items())))
            if EvidenceKind.METRIC in kinds
            else (),
            edges=sorted(edge for edge in edges if not services or services & set(edge))
            if EvidenceKind.TOPOLOGY in kinds
            else (),
            warnings=list(dict.fromkeys(warnings)),
            missing=sorted(services - {one.service for one in kept}),
            queries=dict(asked) if EvidenceKind.METRIC in kinds else {},
        )

    async def check(self) -> str:
        """Say which version answers, and of how many series and services. Raises: UpstreamError: it does not answer."""
        about = await self._data("/api/v1/status/buildinfo", {}, missing_is_empty=True)
        version = about.get("version", "unknown version") if isinstance(about, dict) else "unknown version"
        now = self._clock()
        window_s = 10 * self._step_s
        turns = asyncio.Semaphore(AT_ONCE)
        asked = self._filled(self._mapped.queries)
        answers = await asyncio.gather(
            *(self._ask_between(turns, promql, now - window_s, now, self._step_s) for promql in asked.values())
        )
        services: set[str] = set()
        newest, count, silent = 0.0, 0, []
        failed = {
            name: answer for name, answer in zip(asked, answers, strict=True) if isinstance(answer, UpstreamError)
        }
        if failed and len(failed) == len(answers):
            raise next(iter(failed.values()))
        for name, answer in zip(asked, answers, strict=True):
            if isinstance(answer, UpstreamError):
                continue
            results = answer[0]
            count += len(results)
            services |= {self._service_of(one.metric) for one in results}
            newest = max([newest, *(one.values[-1][0] for one in results if one.values)])
            if not results:
                silent.append(name)
        told = f"; nothing for {', '.join(silent)}" if silent else ""
        told += f"; failing: {', '.join(failed)} ({next(iter(failed.values()))})" if failed else ""
        if not count:
            return f"version {version} answers, and has none of the {len(asked)} series that agents read" + (
                told if failed else ""
            )
        return (
            f"version {version}: {count} series of {len(services - {''})} services, the newest point "
            f"{max(now - newest, 0.0):.0f} s old{told}"
        )

    def _filled(self, queries: Mapping[str, IndicatorQuery]) -> dict[str, str]:
        """Return the PromQL by series. The labels are not dropped by an aggregation, or none could stand in."""
        labels, peers = self._mapped.service_labels, self._mapped.peer_labels
        return {name: query.filled(self._span_s, labels, peers) for name, query in queries.items()}

    def _step_for(self, window: Window) -> float:
        lasts_s = (window.end - window.start).total_seconds()
        return max(self._step_s, math.ceil(lasts_s / MOST_POINTS))

    async def _ask(
        self, turns: asyncio.Semaphore, promql: str, window: Window
    ) -> tuple[list[_Result], list[str]] | UpstreamError:
        start, end = window.start.timestamp(), min(window.end.timestamp(), self._clock())
        return await self._ask_between(turns, promql, start, end, self._step_for(window))

    async def _ask_between(
        self, turns: asyncio.Semaphore, promql: str, start: float, end: float, step_s: float
    ) -> tuple[list[_Result], list[str]] | UpstreamError:
        if end <= start:
            return [], []
        form = {
            "query": promql,
            "start": f"{start:.3f}",
            "end": f"{end:.3f}",
            "step": f"{step_s:g}",
            "timeout": f"{self._timeout_s:g}s",
        }
        try:
            async with turns:
                answer = await self._post("/api/v1/query_range", form)
            data = decode(answer.data, _Data)
        except UpstreamError as error:
            return error
        except msgspec.DecodeError as error:
            return BadAnswer(f"POST {self._shown}/api/v1/query_range: not the documented shape: {error}")
        if data.result_type != "matrix":
            return BadAnswer(f"POST {self._shown}/api/v1/query_range: a {data.result_type or 'nothing'}, not a matrix")
        return data.result, answer.warnings

    async def _data(self, path: str, form: Mapping[str, str], *, missing_is_empty: bool = False) -> Any:
        try:
            answer = await self._post(path, form, method="GET")
        except BadAnswer:
            if missing_is_empty:
                return {}
            raise
        return msgspec.json.decode(answer.data)

    async def _post(self, path: str, form: Mapping[str, str], *, method: str = "POST") -> _Answer:
        """Ask, and return the answer when it is a success. Raises: UpstreamError of the kind that fits."""
        url = f"{self._url}{path}"
        what = f"{method} {shown_address(url)}"
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._client.stream(
                    method, url, data=dict(form) or None, headers=self._headers, timeout=self._timeout_s
                ) as response,
            ):
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > self._max_bytes:
                        raise BadAnswer(f"{what}: more than {self._max_bytes} bytes")
        except (TimeoutError, httpx.TimeoutException) as error:
            raise TimedOut(f"{what}: no complete answer within {self._timeout_s:g} s") from error
        except httpx.DecodingError as error:
            raise BadAnswer(f"{what}: the body cannot be decoded: {error}") from error
        except httpx.InvalidURL as error:
            raise Unreachable(f"{what}: this is no address that can be asked") from error
        except (httpx.HTTPError, OSError) as error:
            raise Unreachable(f"{what}: {type(error).__name__}: {error}") from error
        return self._read(what, response, bytes(body))

    def _read(self, what: str, response: httpx.Response, body: bytes) -> _Answer:
        if response.status_code == 429:
            raise RateLimited(f"{what}: 429")
        try:
            answer = decode(body, _Answer)
        except msgspec.DecodeError as error:
            content = response.headers.get("content-type", "no content type")
            raise BadAnswer(f"{what}: HTTP {response.status_code}, {content}, no JSON of its API: {error}") from error
        if answer.status == "success" and response.status_code == 200:
            return answer
        said = f"{answer.error_type or 'error'}: {answer.error or 'no reason given'}"[:SAID_CHARS]
        if answer.error_type == "timeout" or response.status_code == 503:
            raise TimedOut(f"{what}: HTTP {response.status_code}, {said}")
        raise BadAnswer(f"{what}: HTTP {response.status_code}, {said}")

    def _service_of(self, metric: Mapping[str, str]) -> str:
        return next((metric[label] for label in self._mapped.service_labels if metric.get(label)), "")

    def _series(
        self, name: str, unit: str, results: Sequence[_Result], window: Window, warnings: list[str]
    ) -> list[Series]:
        start, end = window.start.timestamp(), window.end.timestamp()
        found: dict[tuple[str, str], Series] = {}
        nameless = twice = 0
        for result in results:
            service = self._service_of(result.metric)
            peer = next((result.metric[label] for label in self._mapped.peer_labels if result.metric.get(label)), "")
            points = [(at, _number(text)) for at, text in result.values if start <= at < end]
            if not service:
                nameless += 1
            elif (service, peer) in found:
                twice += 1
            elif any(value is not None for _, value in points):
                found[service, peer] = Series(
                    name=name,
                    service=service,
                    unit=unit,
                    labels={"peer": peer} if peer else {},
                    times=tuple(at for at, _ in points),
                    values=tuple(value for _, value in points),
                )
        if nameless:
            labels = ", ".join(self._mapped.service_labels)
            warnings.append(f"{name}: {nameless} series name no service ({labels})")
        if twice:
            warnings.append(f"{name}: {twice} further series of the same service were left out")
        return list(found.values())


def _number(text: str) -> float | None:
    """Return a sample's value; NaN and infinities are nothing usable."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
