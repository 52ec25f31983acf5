"""Which PromQL gives each series that agents read; a site names its own where its metrics are called otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quell.evidence.statuslabels import NO_FAILURE, STATUS_LABELS

SPAN_MARK = "$span"
"""Stands for the seconds over which rates are taken, as in `[$span]`."""

SERVICE_MARK, PEER_MARK = "$service", "$peer"
"""Stand for the labels that name the service, and whom it calls, as in `by ($service)`. Nothing else is filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorQuery:
    """How one series is asked for."""

    unit: str
    promql: str

    def filled(
        self, span_s: float, service_labels: Sequence[str] = ("service",), peer_labels: Sequence[str] = ("peer",)
    ) -> str:
        """Return the query with its span and labels."""
        query = self.promql.replace(SPAN_MARK, f"{span_s:g}s")
        query = query.replace(SERVICE_MARK, ", ".join(service_labels))
        return query.replace(PEER_MARK, ", ".join(peer_labels))


def _rate(metric: str, by: str, matches: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{matches}[$span]))"


def error_ratio_of(metric: str, by: str) -> str:
    """
    Return the PromQL for the share of a counter's requests that fail, of those that a label tells the status of.

    A counter without any such label gives no series: a matcher alone would take a label that is not there for a
    status that is no success, and every request for a failure.
    """
    told = " or ".join(f'rate({metric}{{{label}!=""}}[$span])' for label in STATUS_LABELS)
    failed = " or ".join(
        f'rate({metric}{{{_before(number)}{label}!="",{label}!~"{NO_FAILURE}"}}[$span])'
        for number, label in enumerate(STATUS_LABELS)
    )
    total = f"sum by ({by}) ({told})"
    # Where nothing failed the first side has no series at all, so a zero of the same labels stands in for it.
    return f"(sum by ({by}) ({failed}) or 0 * {total}) / ({total} > 0)"


def _before(number: int) -> str:
    """Return matchers for a series that has none of the status labels that count more than one of them."""
    return "".join(f'{label}="",' for label in STATUS_LABELS[:number])


def _requests(metric: str, by: str) -> tuple[str, str]:
    """Return (requests per second, share that fails) of a counter of requests by their status."""
    return _rate(metric, by), error_ratio_of(metric, by)


def _times(metric: str, by: str) -> tuple[str, str]:
    mean = f"{_rate(f'{metric}_sum', by)} / ({_rate(f'{metric}_count', by)} > 0)"
    return mean, f"histogram_quantile(0.99, {_rate(f'{metric}_bucket', f'{by}, le')})"


_SERVICE, _PEER = SERVICE_MARK, f"{SERVICE_MARK}, {PEER_MARK}"
_RATE, _ERRORS = _requests("http_requests_total", _SERVICE)
_MEAN, _P99 = _times("http_request_duration_seconds", _SERVICE)
_CALL_RATE, _CALL_ERRORS = _requests("http_client_requests_total", _PEER)
_CALL_MEAN, _CALL_P99 = _times("http_client_request_duration_seconds", _PEER)
_HITS, _READS = _rate("cache_reads_total", _SERVICE, '{result="hit"}'), _rate("cache_reads_total", _SERVICE)
_AGAIN, _CALLS = _rate("http_client_retries_total", _PEER), _rate("http_client_requests_total", _PEER)


def _max(metric: str) -> str:
    return f"max by ({_SERVICE}) ({metric})"


QUERIES: Mapping[str, IndicatorQuery] = {
    name: IndicatorQuery(unit=unit, promql=promql)
    for name, unit, promql in (
        ("request_rate", "1/s", _RATE),
        ("error_ratio", "ratio", _ERRORS),
        ("latency_mean", "s", _MEAN),
        ("latency_p99", "s", _P99),
        ("client_request_rate", "1/s", _CALL_RATE),
        ("client_error_ratio", "ratio", _CALL_ERRORS),
        ("client_latency_mean", "s", _CALL_MEAN),
        ("client_latency_p99", "s", _CALL_P99),
        ("up", "", f"min by ({_SERVICE}) (up)"),
        ("restarts", "restarts", _max("service_restarts_total")),
        ("memory_bytes", "bytes", _max("process_resident_memory_bytes")),
        ("memory_limit_bytes", "bytes", _max("process_memory_limit_bytes")),
        ("pool_in_use", "connections", _max("db_pool_in_use")),
        ("pool_size", "connections", _max("db_pool_size")),
        ("pool_timeouts_rate", "1/s", _rate("db_pool_timeouts_total", _SERVICE)),
        ("disk_used_bytes", "bytes", _max("disk_used_bytes")),
        ("disk_quota_bytes", "bytes", _max("disk_quota_bytes")),
        ("queue_depth", "requests", _max("request_queue_depth")),
        ("cpu_use", "ratio", _rate("process_cpu_seconds_total", _SERVICE)),
        ("lock_wait_ratio", "ratio", _rate("lock_wait_seconds_total", _SERVICE)),
        ("cpu_throttled_ratio", "ratio", _rate("container_cpu_cfs_throttled_seconds_total", _SERVICE)),
        ("neighbour_cpu_use", "ratio", _rate("host_other_cpu_seconds_total", _SERVICE)),
        ("cache_hit_ratio", "ratio", f"({_HITS} or 0 * {_READS}) / ({_READS} > 0)"),
        ("retry_ratio", "retries", f"{_AGAIN} / (({_CALLS} - {_AGAIN}) > 0)"),
    )
}
"""By series. The result has a label that names the service, and `peer` where it is about calls to another."""

CALLS = "client_request_rate"
"""The series whose `peer` tells who calls whom."""
