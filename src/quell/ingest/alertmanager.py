"""
Alertmanager's webhook, version 4, and Grafana's, which is of the same family.

    {"version": "4", "status": "firing", "receiver": "quell", "alerts": [
      {"status": "firing", "labels": {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"},
       "annotations": {"summary": "checkout fails"}, "startsAt": "2026-01-05T10:00:00Z",
       "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus/graph"}]}

`endsAt` in the year 1 means that the alert fires. Fields that are not known are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from quell.errors import Malformed
from quell.incident.alert import Alert, AlertStatus, Severity, fingerprint, service_of
from quell.incident.severity import severity_in
from quell.ingest.bounds import AlertBounds, moment, surplus
from quell.ingest.proof import Proof, check_all
from quell.ingest.source import Parsed
from quell.ingest.text import clean

_STATUSES = {"firing": AlertStatus.FIRING, "alerting": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}


class _Alert(msgspec.Struct, rename="camel", gc=False):
    labels: dict[str, str]
    status: str = ""
    annotations: dict[str, str] = {}
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = msgspec.field(default="", name="generatorURL")


class _Webhook(msgspec.Struct, rename="camel", gc=False):
    alerts: list[_Alert]
    status: str = ""
    group_key: str = ""
    receiver: str = ""


_Scalar = str | int | float | bool | None


class _LooseAlert(msgspec.Struct, rename="camel"):
    """An alert of a sender that is less strict: values that are not text become text."""

    labels: dict[str, _Scalar]
    status: str | None = None
    annotations: dict[str, _Scalar] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str | None = msgspec.field(default=None, name="generatorURL")


class _LooseWebhook(msgspec.Struct, rename="camel"):
    alerts: list[msgspec.Raw]
    status: str | None = None
    group_key: object = None
    receiver: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """What holds for every alert of a body."""

    status: str
    group: str
    received_at: datetime


_decode = msgspec.json.Decoder(_Webhook).decode
_decode_loose = msgspec.json.Decoder(_LooseWebhook).decode
_decode_alert = msgspec.json.Decoder(_LooseAlert).decode


class Alertmanager:
    """Reads what Alertmanager and Grafana send to a webhook."""

    def __init__(
        self,
        *,
        name: str = "alertmanager",
        proofs: Sequence[Proof] = (),
        bounds: AlertBounds | None = None,
        severities: Mapping[str, Severity] | None = None,
    ) -> None:
        """
        Args:
            severities: what the words of a site count as, by `plain_word`.
        """
        self.name = name
        self._proofs = tuple(proofs)
        self._bounds = bounds or AlertBounds()
        self._severities = dict(severities or {})

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise `Unauthenticated` unless every proof this source asks for holds."""
        check_all(self._proofs, headers, body)

    def parse(self, body: bytes, received_at: datetime) -> Parsed:
        """Return the alerts of a webhook, in its order; raise `Malformed` if it is none."""
        try:
            webhook = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._parse_one_by_one(body, received_at)
        alerts: list[Alert] = []
        rejected = surplus(len(webhook.alerts), self._bounds)
        common = self._common(webhook.status, webhook.receiver, webhook.group_key, received_at)
        for index, raw in enumerate(webhook.alerts[: self._bounds.alerts]):
            try:
                alerts.append(self._alert(raw, common))
            except Malformed as error:
                rejected.append(f"alert {index + 1}: {error}")
        return Parsed(alerts=alerts, rejected=rejected)

    def _parse_one_by_one(self, body: bytes, received_at: datetime) -> Parsed:
        """Read a body that is not quite in order so that one bad alert costs only itself."""
        try:
            webhook = _decode_loose(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"not a webhook of Alertmanager's version 4: {error}") from error
        alerts: list[Alert] = []
        rejected = surplus(len(webhook.alerts), self._bounds)
        common = self._common(webhook.status or "", webhook.receiver, webhook.group_key, received_at)
        for index, raw in enumerate(webhook.alerts[: self._bounds.alerts]):
            try:
                alerts.append(self._alert(_strict(_decode_alert(raw)), common))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Malformed) as error:
                rejected.append(f"alert {index + 1}: {error}")
        return Parsed(alerts=alerts, rejected=rejected)

    def _common(self, status: str, receiver: object, group_key: object, received_at: datetime) -> _Common:
        group = ""
        if isinstance(group_key, str) and group_key:
            group = fingerprint({"receiver": str(receiver or ""), "group": group_key}, namespace=self.name)
        return _Common(status=status, group=group, received_at=received_at)

    def _alert(self, raw: _Alert, common: _Common) -> Alert:
        bounds, labels, received_at = self._bounds, raw.labels, common.received_at
        name = labels.get("alertname") or labels.get("rulename")
        if not name:
            raise Malformed("it has no alertname")
        kept, notes = bounds.fit(labels, raw.annotations)
        severity, severity_raw, severity_known = severity_in(kept, self._severities)
        ends_at = moment(raw.ends_at)
        return Alert(
            fingerprint=fingerprint(labels),
            source=self.name,
            name=clean(name, most=bounds.name_characters),
            service=service_of(kept),
            severity=severity,
            severity_raw=severity_raw,
            severity_known=severity_known,
            status=_status(raw.status or common.status, ends_at, received_at),
            starts_at=moment(raw.starts_at) or received_at,
            received_at=received_at,
            ends_at=ends_at,
            labels=kept,
            annotations=notes,
            link=bounds.link_of(raw.generator_url) if raw.generator_url else None,
            group=common.group,
        )


def _strict(raw: _LooseAlert) -> _Alert:
    return _Alert(
        labels={name: _text(value) for name, value in raw.labels.items()},
        status=raw.status or "",
        annotations={name: _text(value) for name, value in (raw.annotations or {}).items()},
        starts_at=raw.starts_at,
        ends_at=raw.ends_at,
        generator_url=raw.generator_url or "",
    )


def _text(value: _Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _status(word: str, ends_at: datetime | None, received_at: datetime) -> AlertStatus:
    """Return what the sender says; without a word, an end that has passed means resolved."""
    known = _STATUSES.get(word.lower())
    if known is not None:
        return known
    if word:
        raise Malformed(f"its status {clean(word, most=40)!r} is neither firing nor resolved")
    return AlertStatus.RESOLVED if ends_at is not None and ends_at <= received_at else AlertStatus.FIRING
