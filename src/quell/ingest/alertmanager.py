"""
Alertmanager's webhook, version 4, and Grafana's, which is of the same family.

    {"version": "4", "status": "firing", "receiver": "quell", "groupKey": "{}:{}", "truncatedAlerts": 0, "alerts": [
      {"status": "firing", "labels": {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"},
       "annotations": {"summary": "checkout fails"}, "startsAt": "2026-01-05T10:00:00Z",
       "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus/graph", "fingerprint": "5ef1"}]}

`endsAt` in the year 1 means that the alert fires. Fields that are not known are left alone; one that is known
but cannot be read is dropped, and the alert says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from quell.errors import Malformed
from quell.incident.alert import Alert, AlertStatus, Severity, fingerprint, service_of
from quell.incident.severity import severity_in
from quell.ingest.bounds import AlertBounds, moment, surplus
from quell.ingest.grafana import TEST, LegacyRule, is_test, name_in
from quell.ingest.lenient import NOTES, Fields, count_of, text_of
from quell.ingest.proof import Proof, check_all
from quell.ingest.source import Parsed
from quell.ingest.text import clean

SENDER_KEY_CHARACTERS = 64

_STATUSES = {"firing": AlertStatus.FIRING, "alerting": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}


class _Alert(msgspec.Struct, rename="camel", gc=False):
    labels: dict[str, str]
    status: str = ""
    annotations: dict[str, str] = {}
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = msgspec.field(default="", name="generatorURL")
    fingerprint: str = ""


class _Webhook(msgspec.Struct, rename="camel", gc=False):
    alerts: list[_Alert]
    status: Any = None
    group_key: Any = None
    receiver: Any = None
    truncated_alerts: Any = 0
    org_id: Any = None


class _LooseWebhook(msgspec.Struct, rename="camel"):
    alerts: list[msgspec.Raw]
    status: Any = None
    group_key: Any = None
    receiver: Any = None
    truncated_alerts: Any = 0
    org_id: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """What holds for every alert of a body."""

    status: str
    group: str
    org: str
    received_at: datetime


_decode = msgspec.json.Decoder(_Webhook).decode
_decode_loose = msgspec.json.Decoder(_LooseWebhook).decode


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
        common = self._common(webhook, received_at)
        for index, raw in enumerate(webhook.alerts[: self._bounds.alerts]):
            try:
                alerts.append(self._alert(raw, common))
            except Malformed as error:
                rejected.append(f"alert {index + 1}: {error}")
        return Parsed(alerts=alerts, rejected=rejected, not_sent=count_of(webhook.truncated_alerts))

    def _parse_one_by_one(self, body: bytes, received_at: datetime) -> Parsed:
        """Read a body that is not quite in order so that one bad alert costs only itself."""
        try:
            webhook = _decode_loose(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            rule = _legacy(body)
            if rule is None:
                raise Malformed(f"not a webhook of Alertmanager's version 4: {error}") from error
            return Parsed(alerts=[self._of_rule(rule, received_at)])
        alerts: list[Alert] = []
        rejected = surplus(len(webhook.alerts), self._bounds)
        common = self._common(webhook, received_at)
        for index, raw in enumerate(webhook.alerts[: self._bounds.alerts]):
            try:
                fields = Fields(raw)
                alerts.append(self._alert(_strict(fields), common, fields.notes))
            except Malformed as error:
                rejected.append(f"alert {index + 1}: {error}")
        return Parsed(alerts=alerts, rejected=rejected, not_sent=count_of(webhook.truncated_alerts))

    def _common(self, webhook: _Webhook | _LooseWebhook, received_at: datetime) -> _Common:
        key, group = webhook.group_key, ""
        if isinstance(key, str) and key:
            group = fingerprint({"receiver": text_of(webhook.receiver), "group": key}, namespace=self.name)
        status = webhook.status if isinstance(webhook.status, str) else ""
        org = "" if webhook.org_id is None else clean(text_of(webhook.org_id), most=SENDER_KEY_CHARACTERS)
        return _Common(status=status, group=group, org=org, received_at=received_at)

    def _alert(self, raw: _Alert, common: _Common, notes: Sequence[str] = ()) -> Alert:
        bounds, labels, received_at = self._bounds, raw.labels, common.received_at
        name = name_in(labels)
        if not name:
            raise Malformed("it has no alertname")
        kept, annotations, left_out = bounds.fit(labels, raw.annotations)
        severity, severity_raw, severity_known = severity_in(kept, self._severities)
        ends_at = moment(raw.ends_at)
        link = bounds.link_of(raw.generator_url) if raw.generator_url else None
        if link is None and raw.generator_url:
            left_out = (*left_out, "Its generatorURL was dropped: it is no address that can be shown.")
        return Alert(
            fingerprint=fingerprint(labels, namespace=f"{self.name}/{common.org}"),
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
            annotations=annotations,
            link=link,
            group=common.group,
            org=common.org,
            sender_key=raw.fingerprint if len(raw.fingerprint) <= SENDER_KEY_CHARACTERS else "",
            test=TEST if is_test(labels) else "",
            notes=(*notes, *left_out)[:NOTES],
        )

    def _of_rule(self, rule: LegacyRule, received_at: datetime) -> Alert:
        """Return the alert of a rule of Grafana's legacy alerting."""
        kept, annotations, left_out = self._bounds.fit(rule.labels, rule.annotations)
        severity, severity_raw, severity_known = severity_in(kept, self._severities)
        return Alert(
            fingerprint=fingerprint(rule.identity, namespace=f"{self.name}/{rule.org}"),
            source=self.name,
            name=clean(rule.name, most=self._bounds.name_characters),
            service=service_of(kept),
            severity=severity,
            severity_raw=severity_raw,
            severity_known=severity_known,
            status=rule.status,
            starts_at=received_at,
            received_at=received_at,
            labels=kept,
            annotations=annotations,
            link=self._bounds.link_of(rule.link) if rule.link else None,
            org=clean(rule.org, most=SENDER_KEY_CHARACTERS),
            test=rule.test,
            notes=left_out,
        )


def _legacy(body: bytes) -> LegacyRule | None:
    """Return the rule of a legacy webhook; None when the body is none. Raises: Malformed: its state says nothing."""
    try:
        fields = Fields(body)
    except Malformed:
        return None
    return LegacyRule(fields) if fields.text("ruleName") and fields.text("state") else None


def _strict(fields: Fields) -> _Alert:
    return _Alert(
        labels=fields.texts("labels", needed=True),
        status=fields.text("status"),
        annotations=fields.texts("annotations"),
        starts_at=fields.time("startsAt"),
        ends_at=fields.time("endsAt"),
        generator_url=fields.text("generatorURL"),
        fingerprint=fields.text("fingerprint"),
    )


def _status(word: str, ends_at: datetime | None, received_at: datetime) -> AlertStatus:
    """Return what the sender says; without a word, an end that has passed means resolved."""
    known = _STATUSES.get(word.lower())
    if known is not None:
        return known
    if word:
        raise Malformed(f"its status {clean(word, most=40)!r} is neither firing nor resolved")
    return AlertStatus.RESOLVED if ends_at is not None and ends_at <= received_at else AlertStatus.FIRING
