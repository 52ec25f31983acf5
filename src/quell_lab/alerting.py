"""Scrapes the shop once a second, evaluates the rules, and sends what they say as Alertmanager webhooks."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec

from quell.errors import ConfigError, QuellError
from quell_lab.http.client import Address, Client
from quell_lab.rules import KEEP_S, RESTARTS_WINDOW_S, RULES, Rule, Scrape, read_metrics
from quell_lab.supervisor import Supervisor, Unit
from quell_lab.telemetry.log import timestamp

EVERY_S = 1.0
REPEAT_S = 15.0
SCRAPE_TIMEOUT_S = 1.0
KEPT = int(RESTARTS_WINDOW_S / EVERY_S) + 5
MAX_QUEUED = 500
SEND_TIMEOUT_S = 3.0
RETRY_S = (0.5, 1.0, 2.0, 4.0, 8.0)
COME_BACK = (401, 403, 404, 408, 429)
"""Answers after which it may work later: the token or the address may be mended."""
NO_END = "0001-01-01T00:00:00Z"


@dataclass(slots=True, kw_only=True)
class Watch:
    """One rule on one service, as it stands."""

    rule: Rule
    service: str
    pending_since: float | None = None
    firing_since: float | None = None
    ended_at: float | None = None
    held_at: float = 0.0
    value: float = 0.0

    def step(self, at: float, holds: bool, value: float | None) -> bool:
        """Take one evaluation; return whether it began or ceased to fire."""
        if holds:
            self.held_at, self.value = at, value or 0.0
            if self.pending_since is None:
                self.pending_since = at
            if self.firing_since is None and at - self.pending_since >= self.rule.for_s:
                self.firing_since, self.ended_at = at, None
                return True
            return False
        self.pending_since = None
        if self.firing_since is not None and at - self.held_at >= KEEP_S:
            self.firing_since, self.ended_at = None, at
            return True
        return False

    def labels(self) -> dict[str, str]:
        """Return the alert's labels."""
        return {
            "alertname": self.rule.name,
            "environment": "lab",
            "service": self.service,
            "severity": self.rule.severity,
        }


@dataclass(slots=True, kw_only=True)
class Group:
    """The alerts of one service: they are sent together."""

    service: str
    watches: list[Watch]
    started: dict[int, float] = field(default_factory=dict)
    """When each watch that fires (or just ended) began, by its place."""
    sent_at: float = 0.0


class Alerting:
    """The shop's own monitoring."""

    def __init__(self, supervisor: Supervisor, services: Sequence[str], *, quell_url: str, token: str | None) -> None:
        self._supervisor = supervisor
        self._client = Client()
        self._groups = [
            Group(service=name, watches=[Watch(rule=rule, service=name) for rule in RULES]) for name in services
        ]
        self._history: dict[str, deque[Scrape]] = {name: deque(maxlen=KEPT) for name in services}
        self._queue: deque[bytes] = deque(maxlen=MAX_QUEUED)
        self._queued = asyncio.Event()
        self._to, self._path = _target(quell_url)
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    async def run(self) -> None:
        """Watch and send until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            group.create_task(self._watch())

    async def _watch(self) -> None:
        """Scrape and evaluate once a second."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await asyncio.gather(*(self._scrape(group.service) for group in self._groups))
            for group in self._groups:
                self._evaluate(group, time.time())
            due = max(due + EVERY_S, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _scrape(self, service: str) -> None:
        """Look at one service."""
        unit = self._supervisor.units[service]
        values: dict[str, float] = {}
        try:
            found = await self._client.request("GET", Address(port=unit.port), "/metrics", timeout_s=SCRAPE_TIMEOUT_S)
            if found.status == 200:
                values = read_metrics(found.body.decode())
        except (QuellError, ValueError):
            values = {}
        up = unit.state == "up" and bool(values)
        values["restarts"] = float(unit.restarts)
        values["throttled"] = unit.host.throttled_s
        values["probe_failed"] = float(not await self._probe(unit))
        self._history[service].append(Scrape(at=time.time(), up=up, values=values))

    async def _probe(self, unit: Unit) -> bool:
        """Ask a service from outside whether it is there."""
        try:
            found = await self._client.request(
                "GET", Address(port=unit.port), "/healthz", timeout_s=unit.probe_timeout_s
            )
        except QuellError:
            return False
        return found.status == 200

    def _evaluate(self, group: Group, at: float) -> None:
        """Step every rule of a service; send when something began, ceased, or is due again."""
        history, changed = self._history[group.service], False
        for place, watch in enumerate(group.watches):
            holds, value = watch.rule.holds(group.service, history)
            changed |= watch.step(at, holds, value)
            if watch.firing_since is not None:
                group.started[place] = watch.firing_since
        if changed or (group.started and at - group.sent_at >= REPEAT_S):
            group.sent_at = at
            self._enqueue(group)
            group.started = {p: s for p, s in group.started.items() if group.watches[p].firing_since is not None}

    def _enqueue(self, group: Group) -> None:
        """Put a group's alerts in the queue; the oldest falls out when it is full."""
        alerts = [self._alert(group.watches[place], began) for place, began in sorted(group.started.items())]
        if len(self._queue) == MAX_QUEUED:
            self._supervisor.log.warning("alerts could not be sent for long; the oldest is dropped")
        self._queue.append(msgspec.json.encode(payload(group.service, alerts, external_url=self._external_url())))
        self._queued.set()

    def _alert(self, watch: Watch, began: float) -> dict[str, object]:
        """Return one alert of a payload."""
        rule, labels = watch.rule, watch.labels()
        firing = watch.firing_since is not None
        ended = NO_END if firing or watch.ended_at is None else _iso(watch.ended_at)
        return {
            "status": "firing" if firing else "resolved",
            "labels": labels,
            "annotations": {
                "summary": rule.says(watch.service, watch.value, rule.limit(watch.service)),
                "value": f"{watch.value:.4g}",
            },
            "startsAt": _iso(began),
            "endsAt": ended,
            "generatorURL": f"http://127.0.0.1:{self._supervisor.units[watch.service].port}/metrics",
            "fingerprint": fingerprint(labels),
        }

    def _external_url(self) -> str:
        """Return the shop's address."""
        return f"http://127.0.0.1:{self._supervisor.units['edge'].port}"

    async def _send(self) -> None:
        """Send what is queued, in order, each until it is accepted or refused for good."""
        tries = 0
        while True:
            if not self._queue:
                self._queued.clear()
                await self._queued.wait()
            body = self._queue[0]
            if await self._deliver(body):
                tries = 0
                if self._queue and self._queue[0] is body:
                    self._queue.popleft()
                continue
            await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
            tries += 1

    async def _deliver(self, body: bytes) -> bool:
        """Post once; return False if it may work later."""
        try:
            found = await self._client.request(
                "POST", self._to, self._path, timeout_s=SEND_TIMEOUT_S, headers=self._headers, body=body
            )
        except QuellError:
            return False
        if found.status >= 500 or found.status in COME_BACK:
            return False
        if found.status >= 300:
            self._supervisor.log.error(f"alerts were refused with {found.status}; they are not sent again")
        return True


def payload(service: str, alerts: Sequence[Mapping[str, object]], *, external_url: str) -> dict[str, object]:
    """Return an Alertmanager webhook body, version 4."""
    return {
        "version": "4",
        "groupKey": f'{{}}:{{service="{service}"}}',
        "truncatedAlerts": 0,
        "status": "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved",
        "receiver": "quell",
        "groupLabels": {"service": service},
        "commonLabels": _common([alert["labels"] for alert in alerts]),
        "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
        "externalURL": external_url,
        "alerts": alerts,
    }


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return 16 hex digits that name an alert by its labels."""
    text = "\xff".join(f"{name}\xfe{labels[name]}" for name in sorted(labels))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _common(maps: Sequence[object]) -> dict[str, str]:
    """Return the pairs that all maps share."""
    first, *others = [one for one in maps if isinstance(one, dict)] or [{}]
    return {name: value for name, value in first.items() if all(one.get(name) == value for one in others)}


def _iso(at: float) -> str:
    """Return Unix seconds as ISO-8601."""
    return timestamp(datetime.fromtimestamp(at, UTC))


def _target(quell_url: str) -> tuple[Address, str]:
    """Return where alerts are posted to; raise `ConfigError`."""
    parts = urlsplit(quell_url)
    if parts.scheme != "http" or not parts.hostname:
        raise ConfigError(f"the address of Quell must be http://HOST:PORT, not {quell_url!r}")
    return Address(host=parts.hostname, port=parts.port or 80), f"{parts.path.rstrip('/')}/ingest/alertmanager"
