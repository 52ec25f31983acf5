"""Facts per service for the ranking of causes, measured from telemetry."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from quell.agents.case import Case, Telemetry
from quell.agents.changes import changes_of
from quell.agents.indicators import RECENT_S, Measured, began, find, measure, reach
from quell.agents.past import calm, undisturbed
from quell.agents.prediction import running_out
from quell.incident.events import Series
from quell.signals.causes import RETRYING, causes_of
from quell.signals.facts import PeerFacts, ServiceFacts
from quell.signals.localize import Sign
from quell.signals.rootcause import explained_by_callees
from quell.signals.sequences import breaks, sequence_signs
from quell.signals.series import Array, as_array
from quell.signals.templates import PatternShift
from quell.signals.traces import columns, trace_signs

REQUEST_SERIES = ("request_rate", "error_ratio", "latency_mean")
CLIENT_SERIES = ("client_request_rate", "client_error_ratio", "client_latency_mean")
"""A service, or calls to it, with any of these was measured."""

LEAST_CALLS = 0.2
"""Fewer calls per second than this are taken for this many when it is said how many times as many there are."""

ITS_OWN = ("lock_wait_ratio", "cpu_use")
"""What callers that try again bring a service short of only after they began to."""
BEFORE = timedelta(seconds=1)

NOW_REACH = timedelta(seconds=30)
"""What traces, logs and restarts showed longer ago says nothing of now."""

RETRIED_LOAD = 1.3
"""A service whose requests are retried, and that gets so many times its normal ones, bears a storm."""

FEW_FAILURES = 3.0
"""Fewer failed requests than this lately are chance, whatever share of a quiet service's requests they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """A series now and normally."""

    now: float
    normal: float
    series: Series

    @property
    def excess(self) -> float:
        """How far it is above normal."""
        return self.now - self.normal


def levels(series: Series | None, case: Case) -> Levels | None:
    """Return the recent and the normal level of a series: means over what is a number; None when either has none."""
    if series is None or not series.times:
        return None
    times, values = np.array(series.times), as_array(series.values)
    known = np.isfinite(values)
    late = known & (times > max(times[-1] - reach(times, RECENT_S), case.over_s))
    before = known & calm(times, case)
    if not before.any():
        before = known & undisturbed(times, case)
    if not late.any() or not before.any():
        return None
    return Levels(now=float(values[late].mean()), normal=float(np.median(values[before])), series=series)


def failing(ratio: Series | None, case: Case) -> float | None:
    """
    Return the share of requests that fail of late, above normal; None where it was not read.

    No past, or one that was itself past the limit, makes no failure normal: then all of them count.
    """
    level = levels(ratio, case)
    if level is not None and level.normal <= case.limits.error_ratio:
        return max(level.excess, 0.0)
    return recently(ratio, case)


def recently(series: Series | None, case: Case) -> float | None:
    """Return the mean of the recent readings of a series; None where there are none."""
    if series is None or not series.times:
        return None
    times, values = np.array(series.times), as_array(series.values)
    late = np.isfinite(values) & (times > max(times[-1] - reach(times, RECENT_S), case.over_s))
    return float(values[late].mean()) if late.any() else None


def peers_of(telemetry: Telemetry, service: str, name: str) -> dict[str, Series]:
    """Return the series of that name of a service by the peer it calls."""
    found = telemetry.series.get((service, name), ())
    return {series.labels["peer"]: series for series in found if "peer" in series.labels}


def facts_of(
    case: Case,
    telemetry: Telemetry,
    measured: Sequence[Measured],
    shifts: Sequence[PatternShift],
    onset: datetime,
    *,
    among: Collection[str] = (),
) -> list[ServiceFacts]:
    """
    Return the facts of every service that has metrics, or traces or logs that show something.

    Args:
        among: who left its range first is told among these; empty for among all.
    """
    signs = signs_of(telemetry, onset)
    with_metrics = {one.service for one in measured}
    services = sorted(with_metrics | set(signs))
    # One reading without an answer is no trouble yet, but it explains calls that fail.
    troubled = {service: _shows_symptom(measured, service) or _down(measured, service) > 0 for service in services}
    starts = {service: _start(measured, service, case) for service in services}
    known = sorted(start for one, start in starts.items() if start is not None and (not among or one in among))
    middle = known[len(known) // 2] if known else onset.timestamp()
    found = [
        dataclasses.replace(
            _service(case, telemetry, measured, shifts, onset, service, troubled, starts.get(service), middle),
            measured=service in with_metrics,
            signs=tuple(signs.get(service, ())),
        )
        for service in services
    ]
    return _with_retries(found, measured, case)


def trouble_now(case: Case, telemetry: Telemetry) -> dict[str, bool]:
    """
    Return of each service that was read lately whether something of it is a cause now.

    What its callees do to it makes it none. A service that was not read is not in the answer: nobody knows.
    """
    measured, since = measure(telemetry, case), case.now - NOW_REACH
    read = {
        one.service
        for one in measured
        if one.recent().size and one.times[-1] > case.now.timestamp() - reach(one.times, NOW_REACH.total_seconds())
    }
    found = facts_of(case, telemetry, measured, (), since)
    return {one.service: bool(causes_of(one)) for one in found if one.service in read}


def _with_retries(found: Sequence[ServiceFacts], measured: Sequence[Measured], case: Case) -> list[ServiceFacts]:
    """Add to who retries what the one called gets because of it, and to that one who does it."""
    loads = {one.service: one.load for one in found}
    follows = {one.service: _short_before(one, measured, case) for one in found if one.retry_rise >= RETRYING}
    storms = {
        one.retry_peer: one.service
        for one in sorted(found, key=lambda one: one.retry_rise)
        if follows.get(one.service) == "" and loads.get(one.retry_peer, 1.0) > RETRIED_LOAD
    }
    return [
        dataclasses.replace(
            one,
            retry_peer_load=loads.get(one.retry_peer, 1.0),
            retry_follows=follows.get(one.service, ""),
            retried_by=storms.get(one.service, ""),
        )
        for one in found
    ]


def _short_before(caller: ServiceFacts, measured: Sequence[Measured], case: Case) -> str:
    """
    Return what the one whose calls are retried was short of before; then the retries are what follows from it.

    Retries that are few yet have only just begun.
    """
    tries = find(measured, caller.service, "retry_ratio")
    since = began(tries, case)[0] if tries is not None and tries.out_of_range() else case.now
    for name in ITS_OWN:
        own = find(measured, caller.retry_peer, name)
        if own is not None and own.out_of_range() and since - began(own, case)[0] >= BEFORE:
            return own.kind.says
    return ""


def signs_of(telemetry: Telemetry, onset: datetime) -> dict[str, list[Sign]]:
    """Return what traces and the order of log lines show since the onset, by service."""
    at = onset.timestamp()
    found: dict[str, list[Sign]] = {}
    signs = trace_signs(columns(telemetry.spans), onset_s=at) if telemetry.spans else []
    for sign in [*signs, *sequence_signs(breaks(telemetry.lines, onset_s=at))]:
        found.setdefault(sign.service, []).append(sign)
    return found


def _service(
    case: Case,
    telemetry: Telemetry,
    measured: Sequence[Measured],
    shifts: Sequence[PatternShift],
    onset: datetime,
    service: str,
    troubled: Mapping[str, bool],
    start: float | None,
    middle: float,
) -> ServiceFacts:
    peers = _peers(case, telemetry, service, troubled)
    own_latency_s, own_latency = _own_latency(case, telemetry, service)
    pool, memory = find(measured, service, "pool_use"), find(measured, service, "memory_use")
    disk = find(measured, service, "disk_use")
    timeouts = levels(telemetry.one(service, "pool_timeouts_rate"), case)
    load = levels(telemetry.one(service, "request_rate"), case)
    return ServiceFacts(
        service=service,
        own_errors=_own_errors(case, telemetry, service, troubled),
        own_latency=own_latency,
        own_latency_s=own_latency_s,
        down=_down(measured, service),
        restarts=_restarts(telemetry, service, onset),
        pool_use=_late(pool),
        pool_rise=_rise(pool),
        pool_timeouts=max(timeouts.excess, 0.0) if timeouts else 0.0,
        memory_use=_late(memory),
        memory_rise=_rise(memory),
        memory_full_in_s=_full_in_s(memory, case),
        disk_use=_late(disk),
        disk_rise=_rise(disk),
        disk_full_in_s=_full_in_s(disk, case),
        cpu_use=_late(find(measured, service, "cpu_use")),
        cpu_rise=_rise(find(measured, service, "cpu_use")),
        lock_wait_rise=_rise(find(measured, service, "lock_wait_ratio")),
        cache_hit=_late(find(measured, service, "cache_hit_ratio")),
        cache_drop=_drop(find(measured, service, "cache_hit_ratio")),
        retry_rise=_rise(find(measured, service, "retry_ratio")),
        retry_peer=_retried(telemetry, service),
        throttled_rise=_rise(find(measured, service, "cpu_throttled_ratio")),
        neighbour_cpu_rise=_rise(find(measured, service, "neighbour_cpu_use")),
        load=load.now / load.normal if load and load.normal > 1 else 1.0,
        new_errors=sum(shift.count_after for shift in shifts if is_new_error(shift, service)),
        calls_known=any(service in edge for edge in telemetry.edges),
        unmeasured=unmeasured(telemetry, service, case),
        beside=_beside(telemetry, service, case, troubled),
        peers=peers,
        changes=changes_of(
            telemetry.changes, measured, service, onset if start is None else datetime.fromtimestamp(start, UTC)
        ),
        lead_s=middle - start if start is not None else 0.0,
    )


def unmeasured(telemetry: Telemetry, service: str, case: Case) -> tuple[str, ...]:
    """Return what a service calls, by the links that are known, of which neither it nor its caller was measured."""
    traced = {span.service for span in telemetry.spans}
    called = {callee for caller, callee in telemetry.edges if caller == service and callee != service}
    return tuple(
        callee
        for callee in sorted(called - traced)
        if all(recently(telemetry.one(callee, name), case) is None for name in REQUEST_SERIES)
        and all(recently(peers_of(telemetry, service, name).get(callee), case) is None for name in CLIENT_SERIES)
    )


def _beside(telemetry: Telemetry, service: str, case: Case, troubled: Mapping[str, bool]) -> tuple[str, ...]:
    """Return what a service calls that is in trouble, where neither metrics nor traces tell of the calls to it."""
    traced = {span.service for span in telemetry.spans}
    called = {callee for caller, callee in telemetry.edges if caller == service and callee != service}
    return tuple(
        callee
        for callee in sorted(called - traced)
        if troubled.get(callee, False)
        and all(recently(peers_of(telemetry, service, name).get(callee), case) is None for name in CLIENT_SERIES)
    )


def is_new_error(shift: PatternShift, service: str) -> bool:
    """Whether a log template is an error that the service did not write before."""
    return shift.service == service and shift.kind == "new" and shift.level.lower() in ("error", "critical", "fatal")


def _shows_symptom(measured: Sequence[Measured], service: str) -> bool:
    return any(one.out_of_range() for one in measured if one.service == service and one.kind.symptom)


def _start(measured: Sequence[Measured], service: str, case: Case) -> float | None:
    starts = [began(one, case)[0].timestamp() for one in measured if one.service == service and one.out_of_range()]
    return min(starts, default=None)


def _late(one: Measured | None) -> float | None:
    late = np.empty(0) if one is None else one.recent(6.0)
    return float(np.median(late)) if late.size else None


def _rise(one: Measured | None) -> float:
    late = _late(one)
    if one is None or one.normal is None or late is None:
        return 0.0
    return max(late - one.normal.center, 0.0)


def _drop(one: Measured | None) -> float:
    late = _late(one)
    if one is None or one.normal is None or late is None:
        return 0.0
    return max(one.normal.center - late, 0.0)


def _full_in_s(one: Measured | None, case: Case) -> float | None:
    made = running_out(one, case.now)
    return None if made is None else made.in_s


def _retried(telemetry: Telemetry, service: str) -> str:
    """Return the peer whose calls are retried most of late, empty when none is."""
    latest = {
        peer: max((value for value in series.values[-12:] if value is not None), default=0.0)
        for peer, series in peers_of(telemetry, service, "retry_ratio").items()
    }
    return max(sorted(latest), key=lambda peer: latest[peer], default="")


def _down(measured: Sequence[Measured], service: str) -> float:
    up = find(measured, service, "up")
    if up is None:
        return 0.0
    late = up.recent(20.0)
    return float((late < 0.5).mean()) if late.size else 0.0


def _restarts(telemetry: Telemetry, service: str, onset: datetime) -> float:
    """Count restarts by itself since shortly before the onset; those in the change log were ordered."""
    series = telemetry.one(service, "restarts")
    if series is None or not series.times:
        return 0.0
    times, counts = np.array(series.times), as_array(series.values)
    since = onset.timestamp() - 30
    late = counts[(times >= since) & np.isfinite(counts)]
    return float(late.max() - late.min()) if late.size else 0.0


def _own_errors(case: Case, telemetry: Telemetry, service: str, troubled: Mapping[str, bool]) -> float:
    """Return the share of requests that fail above normal and that no troubled callee explains."""
    share = failing(telemetry.one(service, "error_ratio"), case)
    rate = recently(telemetry.one(service, "request_rate"), case)
    if share is None or rate is None or rate <= 0:
        return 0.0
    calls = peers_of(telemetry, service, "client_request_rate")
    errors_to: dict[str, float] = {}
    for peer, series in peers_of(telemetry, service, "client_error_ratio").items():
        failed, called = failing(series, case), recently(calls.get(peer), case)
        if failed is not None and called is not None:
            errors_to[peer] = failed * called
    own = max(share * rate - explained_by_callees(service, errors_to, troubled), 0.0)
    if own * RECENT_S < FEW_FAILURES:
        return 0.0
    return float(min(own / rate, 1.0))


def _own_latency(case: Case, telemetry: Telemetry, service: str) -> tuple[float, float]:
    """Return (seconds, multiple of normal) by which the service's own time per request is above normal."""
    mean, rate = telemetry.one(service, "latency_mean"), telemetry.one(service, "request_rate")
    if mean is None or rate is None or not mean.times:
        return 0.0, 0.0
    times = np.array(mean.times)
    own = as_array(mean.values) * _onto(rate, times)
    waits = peers_of(telemetry, service, "client_latency_mean")
    calls = peers_of(telemetry, service, "client_request_rate")
    watched = {name for name, _ in telemetry.series}
    for peer, series in waits.items():
        if peer in calls and peer in watched:
            own = own - np.nan_to_num(_onto(series, times) * _onto(calls[peer], times))
    per_request = np.divide(own, _onto(rate, times), out=np.full(times.size, np.nan), where=_onto(rate, times) > 0)
    values = tuple(None if not np.isfinite(value) else float(value) for value in per_request)
    level = levels(Series(name="own_time", service=service, unit="s", times=mean.times, values=values), case)
    if level is None:
        return 0.0, 0.0
    excess = max(level.excess, 0.0)
    return excess, excess / max(level.normal, 0.005)


def _onto(series: Series, times: Array) -> Array:
    """Read a series at other times; what is not there is not a number."""
    known = dict(zip(series.times, series.values, strict=True))
    return as_array([known.get(float(at)) for at in times])


def _peers(case: Case, telemetry: Telemetry, service: str, troubled: Mapping[str, bool]) -> tuple[PeerFacts, ...]:
    waits = peers_of(telemetry, service, "client_latency_mean")
    errors = peers_of(telemetry, service, "client_error_ratio")
    calls = peers_of(telemetry, service, "client_request_rate")
    found = []
    for peer in sorted({*waits, *errors}):
        wait, error = levels(waits.get(peer), case), levels(errors.get(peer), case)
        failed = max(error.excess, 0.0) if error else recently(errors.get(peer), case)
        rate = levels(calls.get(peer), case)
        found.append(
            PeerFacts(
                peer=peer,
                watched=peer in troubled,
                latency_excess_s=max(wait.excess, 0.0) if wait else 0.0,
                error_excess=failed or 0.0,
                load=rate.now / max(rate.normal, LEAST_CALLS) if rate else 1.0,
            )
        )
    return tuple(found)
