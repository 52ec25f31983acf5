"""
Reads CloudWatch: metrics by `GetMetricData`, log lines by Logs Insights.

Source: Amazon CloudWatch API reference, `GetMetricData`.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from quell.errors import BadAnswer, UpstreamError
from quell.evidence.awscalls import AwsCalls
from quell.evidence.logsinsights import Insights, LogsInsights
from quell.evidence.source import Collected, LogLine, Scope
from quell.incident.events import EvidenceKind, Series, Window

MOST_METRICS = 500
"""One call may ask for so many."""

MOST_POINTS = 1_440
"""Points of one series asked for; a longer window is asked for with a longer period."""

MOST_PAGES = 10
KEPT = 8
"""Answers kept for those who ask for the same a moment later."""

CHECK_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """One statistic of one metric, as CloudWatch names it."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str

    def __str__(self) -> str:
        dimensions = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.stat} of {self.namespace} {self.metric}{{{dimensions}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """Which metric gives a series that agents read, and how."""

    service: str
    name: str
    """Of the series: `request_rate`."""
    unit: str
    stat: Stat
    over: Stat | None = None
    """Divided by this; where only this has a value, the other counts as zero."""
    per_second: bool = False
    """Divided by the seconds of a period: a sum becomes a rate."""
    scale: float = 1.0
    """Multiplied with this: 0.001 makes seconds of milliseconds."""
    peer: str = ""

    def __str__(self) -> str:
        over = f" / {self.over}" if self.over else ""
        rate = " / period" if self.per_second else ""
        return f"{self.stat}{over}{rate}" + (f" * {self.scale:g}" if self.scale != 1 else "")


Points = Mapping[float, float]
"""Value by the start of its period, Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    """What `GetMetricData` gave."""

    asked_at: float
    points: Mapping[Stat, Points]
    warnings: Sequence[str] = ()
    truncated: bool = False


@dataclass(slots=True, kw_only=True)
class _Parts:
    """What an answer is put together from."""

    series: list[Series] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    failed: list[UpstreamError] = field(default_factory=list)
    truncated: bool = False


class CloudWatchSource:
    """
    Asks CloudWatch for the metrics that a table names, and for the lines of the log groups of services.

    A point stands at the end of its period, and only periods that are over are asked for. When one of metrics and logs
    fails, the other is given with a warning; when both fail, so does the source.
    """

    def __init__(
        self,
        calls: AwsCalls,
        metrics: Sequence[Metric],
        insights: LogsInsights | None = None,
        *,
        clock: Callable[[], float],
        period_s: int = 60,
        settle_s: float = 30.0,
        name: str = "cloudwatch",
    ) -> None:
        """
        Args:
            calls: of a `cloudwatch` client.
            metrics: one for each series and service.
            insights: reads log lines; None when there are none to read.
            clock: Unix seconds.
            period_s: of the points: 1, 5, 10, 30 or a multiple of 60.
            settle_s: a period is asked for only so long after its end, as values come late.
        """
        self.name, self._calls, self._metrics, self._insights = name, calls, tuple(metrics), insights
        self._clock, self._period_s, self._settle_s = clock, period_s, settle_s
        kinds = ((EvidenceKind.METRIC, bool(metrics)), (EvidenceKind.LOG, insights is not None))
        self.kinds: tuple[EvidenceKind, ...] = tuple(kind for kind, there in kinds if there)
        self._kept: OrderedDict[tuple[object, ...], _Raw] = OrderedDict()

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return the series and lines of a window.

        Raises: UpstreamError: neither metrics nor logs could be read.
        """
        kinds = [kind for kind in self.kinds if not scope.kinds or kind in scope.kinds]
        wanted, parts = set(scope.services), _Parts()
        metrics = [one for one in self._metrics if not wanted or one.service in wanted]
        ask_logs = EvidenceKind.LOG in kinds and self._insights is not None
        ask_metrics = EvidenceKind.METRIC in kinds and bool(metrics)
        _, insights = await asyncio.gather(
            self._add_metrics(metrics, window, parts) if ask_metrics else _nothing(),
            self._add_lines(scope.services, window, parts) if ask_logs else _nothing(),
        )
        if parts.failed and len(parts.failed) == ask_logs + ask_metrics:
            raise parts.failed[0]
        lines: Sequence[LogLine] = insights.lines if insights else ()
        given = {one.service for one in parts.series} | {line.service for line in lines}
        return Collected(
            source=self.name,
            window=window,
            query="; ".join(parts.queries) or f"nothing asked of {self._calls.place}",
            series=parts.series,
            lines=lines,
            warnings=[*parts.warnings, *map(str, parts.failed)],
            truncated=parts.truncated or bool(parts.failed),
            missing=sorted(wanted - given) if kinds and not parts.failed else (),
            queries=_queries(metrics) if ask_metrics else {},
        )

    async def check(self) -> str:
        """Say which metrics have values and that logs can be read. Raises: UpstreamError: one of them cannot be."""
        now, said = self._clock(), list[str]()
        if self._metrics:
            period_s = float(self._period_s)
            end = math.floor((now - self._settle_s) / period_s) * period_s
            raw = await self._ask(self._metrics, end - CHECK_S, end, self._period_s)
            seen = [one for one in self._metrics if raw.points.get(one.stat) or (one.over and raw.points.get(one.over))]
            silent = [f"{one.service} {one.name}" for one in self._metrics if one not in seen]
            newest = max((max(points) for points in raw.points.values() if points), default=None)
            age = "" if newest is None else f", the newest {now - newest - period_s:.0f} s old"
            said.append(f"{len(seen)} of {len(self._metrics)} metrics have values in the last 15 minutes{age}")
            said += [f"nothing for {', '.join(silent)}"] if silent else []
            said += raw.warnings
        if self._insights is not None:
            said.append(await self._insights.check(now))
        return "; ".join(said)

    async def _add_metrics(self, metrics: Sequence[Metric], window: Window, parts: _Parts) -> None:
        start, end = window.start.timestamp(), window.end.timestamp()
        period_s = self._period_for(end - start)
        first = math.floor(start / period_s) * period_s - period_s
        last = math.floor(min(end, self._clock() - self._settle_s) / period_s) * period_s
        # A window that has only begun is asked for all the same: that nobody answers is something to know.
        last = max(last, first + period_s)
        parts.queries.append(self._told(metrics, first, last, period_s))
        try:
            raw = await self._ask(metrics, first, last, period_s)
        except UpstreamError as error:
            parts.failed.append(error)
            return
        parts.warnings += raw.warnings
        parts.truncated |= raw.truncated
        for one in metrics:
            series = _series(one, raw.points, start, end, period_s)
            if series is not None:
                parts.series.append(series)
        parts.series.sort(key=lambda series: (series.service, series.name, sorted(series.labels.items())))

    async def _add_lines(self, services: Sequence[str], window: Window, parts: _Parts) -> Insights | None:
        assert self._insights is not None
        try:
            found = await self._insights.lines(services, window)
        except UpstreamError as error:
            parts.failed.append(error)
            return None
        parts.warnings += found.warnings
        parts.queries.append(found.query)
        parts.truncated |= found.truncated
        return found

    def _period_for(self, lasts_s: float) -> int:
        least_s = lasts_s / MOST_POINTS
        return self._period_s if least_s <= self._period_s else 60 * math.ceil(least_s / 60)

    async def _ask(self, metrics: Sequence[Metric], first: float, last: float, period_s: int) -> _Raw:
        """Return the values of a stretch, or those returned a moment ago. Raises: UpstreamError."""
        stats = tuple(dict.fromkeys(stat for one in metrics for stat in (one.stat, one.over) if stat is not None))
        key, now = (first, last, period_s, stats), self._clock()
        kept = self._kept.get(key)
        if kept is not None and 0 <= now - kept.asked_at < period_s:
            return kept
        points: dict[Stat, dict[float, float]] = defaultdict(dict)
        warnings, truncated = list[str](), False
        for i in range(0, len(stats), MOST_METRICS):
            some = stats[i : i + MOST_METRICS]
            pages, more = await self._calls.pages(
                "get_metric_data",
                gives="MetricDataResults",
                following="NextToken",
                most=MOST_PAGES,
                MetricDataQueries=[_query(f"m{n}", stat, period_s) for n, stat in enumerate(some)],
                StartTime=datetime.fromtimestamp(first, UTC),
                EndTime=datetime.fromtimestamp(last, UTC),
                ScanBy="TimestampAscending",
            )
            truncated |= more
            for page in pages:
                warnings += [_message(one) for one in page.get("Messages", ())]
                for result in page["MetricDataResults"]:
                    stat = _stat_of(result, some)
                    if result.get("StatusCode") not in ("Complete", "PartialData", None):
                        warnings.append(f"{stat}: {str(result['StatusCode'])[:40]}")
                    for at, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False):
                        if math.isfinite(value):
                            points[stat][at.timestamp()] = float(value)
        warnings += ["there are more values than were read"] if truncated else []
        raw = _Raw(asked_at=now, points=dict(points), warnings=list(dict.fromkeys(warnings)), truncated=truncated)
        self._kept[key] = raw
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return raw

    def _told(self, metrics: Sequence[Metric], first: float, last: float, period_s: int) -> str:
        """Return what is asked, as one would type it."""
        stats = dict.fromkeys(stat for one in metrics for stat in (one.stat, one.over) if stat is not None)
        asked = json.dumps([_query(f"m{n}", stat, period_s) for n, stat in enumerate(stats)])
        ends = (datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z") for at in (first, last))
        start, end = ends
        return (
            f"aws cloudwatch get-metric-data --start-time {start} --end-time {end} --scan-by TimestampAscending "
            f"--metric-data-queries '{asked}'"
        )


async def _nothing() -> None:
    return None


def _query(number: str, stat: Stat, period_s: int) -> dict[str, object]:
    return {
        "Id": number,
        "MetricStat": {
            "Metric": {
                "Namespace": stat.namespace,
                "MetricName": stat.metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in stat.dimensions],
            },
            "Period": period_s,
            "Stat": stat.stat,
        },
    }


def _stat_of(result: Mapping[str, object], asked: Sequence[Stat]) -> Stat:
    """Return what a result is of. Raises: BadAnswer: nobody asked for it."""
    number = str(result.get("Id", ""))[1:]
    if not (number.isascii() and number.isdigit()) or int(number) >= len(asked):
        raise BadAnswer(f"GetMetricData: a result with the id {str(result.get('Id'))[:40]!r}, which was not asked for")
    return asked[int(number)]


def _message(message: Mapping[str, object]) -> str:
    return f"{message.get('Code', '')}: {message.get('Value', '')}"[:200]


def _series(one: Metric, points: Mapping[Stat, Points], start: float, end: float, period_s: int) -> Series | None:
    """Return a series of the points that stand in [start, end); None when it has none."""
    values: Points = points.get(one.stat, {})
    if one.over is not None:
        whole = points.get(one.over, {})
        values = {at: values.get(at, 0.0) / total for at, total in whole.items() if total}
    factor = one.scale / (period_s if one.per_second else 1.0)
    found = sorted((at + period_s, value * factor) for at, value in values.items() if start <= at + period_s < end)
    if not found:
        return None
    return Series(
        name=one.name,
        service=one.service,
        unit=one.unit,
        labels={"peer": one.peer} if one.peer else {},
        times=tuple(at for at, _ in found),
        values=tuple(value for _, value in found),
    )


def _queries(metrics: Sequence[Metric]) -> dict[str, str]:
    """Return how each series is made, by its name."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in metrics:
        found[one.name].append(f"{one.service}: {one}")
    return {name: "; ".join(told) for name, told in found.items()}
