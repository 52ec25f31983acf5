"""
Reads log lines by CloudWatch Logs Insights.

A query is started, asked for until it is complete, and stopped when that takes too long: what it scans is paid for.

Source: Amazon CloudWatch Logs API reference: `StartQuery`, `GetQueryResults`, `StopQuery`.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from quell.errors import BadAnswer, TimedOut, UpstreamError
from quell.evidence import logtext
from quell.evidence.awscalls import AwsCalls
from quell.evidence.source import LogLine
from quell.incident.events import Window

MOST_GROUPS = 50
"""One query may read so many log groups."""

STOP_S = 1.0
"""For the call that stops a query."""

CHECK_S = 300.0
SERVICE_KEYS = ("service", "service.name", "service_name", "app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Insights:
    """What queries gave."""

    query: str
    lines: Sequence[LogLine]
    warnings: Sequence[str]
    truncated: bool


class LogsInsights:
    """Runs one query over the log groups of services."""

    def __init__(
        self,
        calls: AwsCalls,
        groups: Mapping[str, str],
        *,
        timeout_s: float = 8.0,
        poll_s: float = 0.4,
        max_lines: int = 10_000,
    ) -> None:
        """
        Args:
            calls: of a `logs` client.
            groups: log group by service. Where services share one, a line's own field `service` tells whose it is.
            timeout_s: for a query, from its start to its last line.
            poll_s: between two looks at a query that runs.
            max_lines: of an answer, at most 10,000; the newest stay.
        """
        self._calls, self._groups = calls, dict(groups)
        self._timeout_s, self._poll_s, self._max_lines = timeout_s, poll_s, max_lines

    async def lines(self, services: Sequence[str], window: Window) -> Insights:
        """
        Return the lines of services, all for none, in a window, oldest first.

        Raises: UpstreamError: no query was answered.
        """
        wanted = {service: group for service, group in self._groups.items() if not services or service in services}
        whose: dict[str, list[str]] = defaultdict(list)
        for service, group in wanted.items():
            whose[group].append(service)
        groups = sorted(whose)[:MOST_GROUPS]
        query = f"fields @timestamp, @message, @log | sort @timestamp desc | limit {self._max_lines}"
        told = f"logs insights over {', '.join(groups)}: {query}"
        if not groups:
            return Insights(query=told, lines=(), warnings=(), truncated=False)
        rows = await self._run(groups, query, window.start.timestamp(), window.end.timestamp())
        return await asyncio.to_thread(self._read, rows, told, whose, window)

    async def check(self, now: float) -> str:
        """Say how old the newest line is. Raises: UpstreamError: they cannot be read."""
        groups = sorted(set(self._groups.values()))[:MOST_GROUPS]
        query = "fields @timestamp, @message, @log | sort @timestamp desc | limit 1"
        rows = await self._run(groups, query, now - CHECK_S, now)
        newest = max(
            (at for row in rows if (at := _moment(_fields(row).get("@timestamp", ""))) is not None), default=None
        )
        age = "no line in the last 5 minutes" if newest is None else f"newest line {max(now - newest, 0.0):.0f} s old"
        return f"{len(groups)} log groups can be read, {age}"

    async def _run(self, groups: Sequence[str], query: str, start: float, end: float) -> list[Any]:
        """Return the rows of a query. Raises: UpstreamError; the query is stopped when it does not end in time."""
        query_id, ended = "", False
        try:
            async with asyncio.timeout(self._timeout_s):
                started = await self._calls.call(
                    "start_query",
                    gives="queryId",
                    logGroupNames=list(groups),
                    startTime=math.floor(start),
                    endTime=math.ceil(end),
                    queryString=query,
                )
                query_id = started["queryId"]
                while True:
                    answer = await self._calls.call("get_query_results", gives="status", queryId=query_id)
                    if answer["status"] not in ("Scheduled", "Running"):
                        ended = True
                        break
                    await asyncio.sleep(self._poll_s)
        except TimeoutError as error:
            what = f"logs:GetQueryResults ({self._calls.place})"
            raise TimedOut(f"{what}: the query was not complete within {self._timeout_s:g} s") from error
        finally:
            if query_id and not ended:
                await self._stop(query_id)
        if answer["status"] != "Complete":
            said = str(answer["status"])[:40]
            kind = TimedOut if said == "Timeout" else BadAnswer
            raise kind(f"logs:GetQueryResults ({self._calls.place}): the query ended as {said}")
        return list(answer.get("results", ()))

    async def _stop(self, query_id: str) -> None:
        """Stop a query; that it cannot be stopped helps nobody, as it ends by itself."""
        try:
            async with asyncio.timeout(STOP_S):
                await self._calls.call("stop_query", gives="success", queryId=query_id)
        except (TimeoutError, UpstreamError):
            return

    def _read(self, rows: Sequence[Any], query: str, whose: Mapping[str, Sequence[str]], window: Window) -> Insights:
        """Turn rows into lines, in a thread."""
        lines, nameless, unread = list[LogLine](), 0, 0
        for row in rows[: self._max_lines]:
            held = _fields(row)
            at, text = _moment(held.get("@timestamp", "")), held.get("@message", "").rstrip("\n")
            if at is None:
                unread += 1
                continue
            fields = logtext.fields_of(text)
            service = _service(held.get("@log", ""), fields, whose)
            if not service:
                nameless += 1
            elif window.start.timestamp() <= at < window.end.timestamp():
                lines.append(
                    LogLine(
                        at=at,
                        service=service,
                        level=logtext.level_of(text, {}, fields),
                        text=logtext.message_of(text, fields),
                        trace_id=logtext.first(fields, logtext.TRACE_KEYS)[: logtext.NAME_CHARS],
                        span_id=logtext.first(fields, logtext.SPAN_KEYS)[: logtext.NAME_CHARS],
                    )
                )
        lines.sort(key=lambda line: line.at)
        full = len(rows) >= self._max_lines
        since = f"; there are none before {datetime.fromtimestamp(lines[0].at, UTC):%H:%M:%S}" if lines else ""
        warnings = [f"the limit of {self._max_lines} lines was reached, older ones are missing{since}"] if full else []
        warnings += [f"{nameless} lines name none of the services that share their log group"] if nameless else []
        warnings += [f"{unread} lines could not be read"] if unread else []
        return Insights(query=query, lines=lines, warnings=warnings, truncated=full)


def _fields(row: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {str(cell.get("field", "")): str(cell.get("value", "")) for cell in row}


def _service(log: str, fields: Mapping[str, Any], whose: Mapping[str, Sequence[str]]) -> str:
    """Return whose line it is: `@log` is `account:group`."""
    services = whose.get(log) or whose.get(log.partition(":")[2]) or ()
    if len(services) == 1:
        return services[0]
    named = logtext.first(fields, SERVICE_KEYS)
    return named if named in services else ""


def _moment(text: str) -> float | None:
    """Return Unix seconds of `2025-11-26 12:00:00.123`, which is UTC, or of milliseconds."""
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text) / 1000
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
