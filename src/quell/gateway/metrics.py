"""`/metrics` in Prometheus' text format, computed from the read models at each scrape; no label holds an id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from quell.eventlog.log import EventLog
from quell.eventlog.projections.agents import AGENTS, BUCKETS_S
from quell.eventlog.projections.intake import StageCounts
from quell.eventlog.projections.models import ReadModels
from quell.gateway.admission import Admission, Part, TooManyConnections, TooManyOfAddress
from quell.gateway.live import Hub
from quell.gateway.otlp_http import OtlpEndpoint
from quell.incident.alert import IncidentSeverity
from quell.incident.events import State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_AGENT_STATES = ("healthy", "degraded", "failing", "unknown")
_STAGES = tuple(stage.name for stage in fields(StageCounts))


class Metrics:
    """What a scrape shows."""

    def __init__(
        self,
        models: ReadModels,
        log: EventLog,
        *,
        hub: Hub | None = None,
        queued: Callable[[], int] | None = None,
        otlp: OtlpEndpoint | None = None,
        admission: Admission | None = None,
    ) -> None:
        """
        Take what is measured.

        Args:
            hub: the live connections.
            queued: events that wait to be written to the log.
            otlp: what takes in pushed telemetry.
            admission: the connections that are no live ones.
        """
        self._admission = admission
        self._models, self._log, self._hub, self._queued, self._otlp = models, log, hub, queued, otlp
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def render(self) -> bytes:
        """Return the text of one scrape."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: what there is follows from what happened."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Compute every family."""
        yield from self._incidents()
        yield from self._intake()
        yield from self._agents()
        yield from self._event_log()
        if self._hub is not None:
            yield from _sockets(self._hub)
        if self._admission is not None:
            yield from _connections(self._admission)
        if self._otlp is not None:
            yield from _pushed(self._otlp)

    def _incidents(self) -> Iterator[Metric]:
        counts = self._models.board.counts
        incidents = GaugeMetricFamily(
            "quell_incidents", "Incidents by state and severity.", labels=["state", "severity"]
        )
        for state in State:
            for severity in IncidentSeverity:
                incidents.add_metric([state, severity], counts[state, severity])
        yield incidents
        yield GaugeMetricFamily(
            "quell_incidents_open", "Incidents somebody has to care about.", self._models.board.open
        )

    def _intake(self) -> Iterator[Metric]:
        alerts = CounterMetricFamily(
            "quell_intake_alerts", "Alerts by the stage that ended their way.", labels=["source", "stage"]
        )
        for source, counts in self._models.intake.by_source.items():
            for stage in _STAGES:
                alerts.add_metric([source, stage], getattr(counts, stage))
        yield alerts
        held = len(self._models.intake.held)
        yield GaugeMetricFamily("quell_intake_held", "Alerts that wait below the threshold of an incident.", held)

    def _agents(self) -> Iterator[Metric]:
        agents = self._models.agents
        phases = CounterMetricFamily("quell_phases", "Ended phases of responses.", labels=["agent", "phase", "outcome"])
        for (agent, phase, outcome), count in agents.outcomes.items():
            phases.add_metric([agent, phase, outcome], count)
        yield phases
        seconds = HistogramMetricFamily("quell_phase_seconds", "How long phases took.", labels=["phase"])
        for phase, took in agents.seconds.items():
            seconds.add_metric([phase], list(_cumulated(took.counts)), took.sum_s)
        yield seconds
        state = GaugeMetricFamily("quell_agent_state", "1 for the state an agent is in.", labels=["agent", "state"])
        running = GaugeMetricFamily("quell_agent_running", "Incidents an agent works on.", labels=["agent"])
        for agent in AGENTS:
            health = agents.health(agent)
            running.add_metric([agent], len(health.running))
            for name in _AGENT_STATES:
                state.add_metric([agent, name], health.state == name)
        yield state
        yield running

    def _event_log(self) -> Iterator[Metric]:
        head, position = self._log.head, self._models.position
        yield CounterMetricFamily("quell_eventlog_events", "Events in the log.", head)
        yield GaugeMetricFamily(
            "quell_read_models_behind", "Events the read models have yet to take in.", head - position
        )
        if self._queued is not None:
            yield GaugeMetricFamily("quell_eventlog_queued", "Events that wait to be written.", self._queued())


def _connections(admission: Admission) -> Iterator[Metric]:
    yield GaugeMetricFamily("quell_connections", "HTTP connections, live ones not counted.", admission.open)
    yield GaugeMetricFamily(
        "quell_connections_waiting", "Of them, those whose request is not whole.", admission.waiting
    )
    refused = CounterMetricFamily("quell_connections_refused", "HTTP connections refused.", labels=["reason"])
    for kind in (TooManyConnections, TooManyOfAddress):
        refused.add_metric([kind.reason], admission.refused[kind.reason])
    yield refused
    late = CounterMetricFamily("quell_requests_timed_out", "Clients that were waited for in vain.", labels=["part"])
    for part in Part:
        late.add_metric([part], admission.timed_out[part])
    yield late


def _sockets(hub: Hub) -> Iterator[Metric]:
    counts = hub.counts
    for name, says, value in (
        ("sockets", "Live connections.", len(hub.connections)),
        ("sockets_behind", "Live connections that cannot keep up.", hub.lagging),
        ("sockets_queue_bytes", "Bytes held for single connections.", hub.queue_bytes),
        ("subscriptions", "Channels followed, over all connections.", hub.subscriptions),
        ("channels", "Channels there are.", hub.channels),
        ("channels_ring_bytes", "Bytes of history kept in the channels.", hub.ring_bytes),
    ):
        yield GaugeMetricFamily(f"quell_{name}", says, value)
    for name, says, value in (
        ("sockets_opened", "Live connections since the start.", counts.connected),
        ("sockets_refused", "Live connections refused since the start.", counts.refused),
        ("sockets_blocked", "Times that a socket did not take all it was given.", counts.blocked),
        ("publications", "Events published to channels.", counts.publications),
        ("deliveries", "Events given to connections.", counts.deliveries),
        ("frames", "Frames written to connections.", counts.frames),
        ("frames_bytes", "Bytes of these frames.", counts.frame_bytes),
        ("conflated", "Events left out because a newer one followed.", counts.conflated),
        ("snapshots", "Subscriptions that began with a snapshot.", counts.snapshots),
        ("resumes", "Subscriptions that went on where they had stopped.", counts.resumes),
        ("resumes_lost", "Subscriptions that history could not help: they got a snapshot.", counts.lost),
        ("resets", "Subscriptions ended because history no longer reached.", counts.resets),
    ):
        yield CounterMetricFamily(f"quell_{name}", says, value)
    closes = CounterMetricFamily("quell_sockets_closed", "Connections the server ended.", labels=["code"])
    for code, count in sorted(counts.closes.items()):
        closes.add_metric([str(int(code))], count)
    yield closes
    for name, says, seconds in (
        ("flush", "How long it took to write to everyone who keeps up.", counts.flush_s),
        ("live_latency", "From an event to when the kernel had it for everyone who keeps up.", counts.latency_s),
    ):
        buckets = list(_cumulated(seconds.counts, seconds.bounds_s))
        yield HistogramMetricFamily(f"quell_{name}_seconds", says, buckets, seconds.sum_s)


def _pushed(otlp: OtlpEndpoint) -> Iterator[Metric]:
    """Yield what became of the spans and log lines that were pushed."""
    requests = CounterMetricFamily("quell_otlp_requests", "Requests with telemetry.", labels=["signal", "status"])
    for signal, statuses in otlp.requests().items():
        for status, count in sorted(statuses.items()):
            requests.add_metric([signal, str(status)], count)
    yield requests
    items = CounterMetricFamily(
        "quell_otlp_items", "Spans and log lines: accepted, rejected, or given way since.", labels=["signal", "outcome"]
    )
    held = GaugeMetricFamily("quell_otlp_held", "Spans and log lines held.", labels=["signal"])
    held_bytes = GaugeMetricFamily("quell_otlp_held_bytes", "Memory they take.", labels=["signal"])
    for signal, figures in otlp.sink.figures().items():
        for outcome in ("accepted", "rejected", "dropped"):
            items.add_metric([signal, outcome], getattr(figures, outcome))
        held.add_metric([signal], figures.held)
        held_bytes.add_metric([signal], figures.held_bytes)
    yield from (items, held, held_bytes)


def _cumulated(counts: list[int], bounds_s: tuple[float, ...] = BUCKETS_S) -> Iterator[tuple[str, float]]:
    """Yield (upper bound, events at or below it) as the format wants it."""
    total = 0
    for bound, count in zip((*bounds_s, None), counts, strict=True):
        total += count
        yield ("+Inf" if bound is None else str(float(bound)), total)
