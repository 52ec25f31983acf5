"""How counters of requests tell which of them failed: the labels that hold the status, and what is no failure."""

from __future__ import annotations

import re
from collections.abc import Mapping

STATUS_LABELS = ("code", "status", "status_code", "http_status_code", "http_response_status_code")
"""
The labels that instrumentations write the status of a response into: `code` by promhttp, `status` by
prometheus-flask-exporter and most hand-written counters, `status_code` by express-prom-bundle, the last two by
OpenTelemetry (before and since its stable conventions). The first of these that a series has counts.
"""

NO_FAILURE = "[1-4].*|(?i:ok|success|succeeded|completed)"
"""A status that is no failure, as a regular expression that RE2 and Python read alike and that is matched whole."""

_NO_FAILURE = re.compile(NO_FAILURE)


def status_of(labels: Mapping[str, str]) -> str:
    """Return the status that a series of requests counts; empty when its labels tell none."""
    return next((labels[name] for name in STATUS_LABELS if labels.get(name)), "")


def failure(status: str) -> bool:
    """Say whether a status is a failure: 5xx, and words like `timeout`; one that is not told is none."""
    return bool(status) and _NO_FAILURE.fullmatch(status) is None
