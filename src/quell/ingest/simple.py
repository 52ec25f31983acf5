"""
Quell's own way of taking alerts, for scripts and tools that have none: one alert, or many.

    {"alerts": [{"name": "DiskFull", "service": "db", "severity": "critical", "status": "firing",
                 "summary": "/var is 99 % full", "labels": {"disk": "/var"}, "dedup_key": "db-var"}]}

The fields are explained in docs/ingest.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from quell.errors import Malformed
from quell.incident.alert import Alert, AlertStatus, Severity, fingerprint, service_of
from quell.incident.severity import severity_in
from quell.ingest.bounds import AlertBounds, moment, surplus
from quell.ingest.lenient import NOTES, Fields
from quell.ingest.proof import Proof, check_all
from quell.ingest.source import Parsed
from quell.ingest.text import clean

DEDUP_KEY_CHARACTERS = 255
OWN_TEST = "quell"
"""`Alert.test` of an alert that Quell's own `send-test-alert` sent."""


class _Alert(msgspec.Struct):
    name: str = ""
    service: str | None = None
    severity: str | None = None
    status: str | None = None
    summary: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    dedup_key: str | None = None
    link: str | None = None
    test: bool = False
    notes: tuple[str, ...] = ()


class _Body(msgspec.Struct):
    alerts: list[msgspec.Raw] | None = None


_decode = msgspec.json.Decoder(_Body).decode
_decode_alert = msgspec.json.Decoder(_Alert).decode


class SimpleAlerts:
    """Reads alerts in Quell's own form."""

    def __init__(
        self,
        *,
        name: str = "alerts",
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
        """Return the alerts of a body, in its order; raise `Malformed` if it holds none to read."""
        try:
            found = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"neither an alert nor a list of alerts: {error}") from error
        if found.alerts is None:
            return Parsed(alerts=[self._read(body, received_at)])
        alerts: list[Alert] = []
        rejected = surplus(len(found.alerts), self._bounds)
        for index, raw in enumerate(found.alerts[: self._bounds.alerts]):
            try:
                alerts.append(self._read(raw, received_at))
            except Malformed as error:
                rejected.append(f"alert {index + 1}: {error}")
        return Parsed(alerts=alerts, rejected=rejected)

    def _read(self, raw: bytes | msgspec.Raw, received_at: datetime) -> Alert:
        try:
            alert = _decode_alert(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._alert(_strict(Fields(raw)), received_at)
        alert.notes = ()
        return self._alert(alert, received_at)

    def _alert(self, raw: _Alert, received_at: datetime) -> Alert:
        bounds = self._bounds
        if not raw.name.strip():
            raise Malformed("its name is empty")
        if raw.dedup_key is not None and len(raw.dedup_key) > DEDUP_KEY_CHARACTERS:
            raise Malformed(f"its dedup_key is longer than {DEDUP_KEY_CHARACTERS} characters")
        labels, annotations = self._labels(raw), dict(raw.annotations or {})
        if raw.summary:
            annotations["summary"] = raw.summary
        kept, notes, left_out = bounds.fit(labels, annotations)
        link = bounds.link_of(raw.link) if raw.link else None
        if link is None and raw.link:
            left_out = (*left_out, "Its link was dropped: it is no address that can be shown.")
        severity, severity_raw, severity_known = severity_in(kept, self._severities)
        if raw.dedup_key:
            identity = fingerprint({"dedup_key": raw.dedup_key}, namespace=self.name)
        else:
            identity = fingerprint(labels, namespace=self.name)
        return Alert(
            fingerprint=identity,
            source=self.name,
            name=clean(raw.name.strip(), most=bounds.name_characters),
            service=service_of(kept),
            severity=severity,
            severity_raw=severity_raw,
            severity_known=severity_known,
            status=_status(raw.status),
            starts_at=moment(raw.starts_at) or received_at,
            received_at=received_at,
            ends_at=moment(raw.ends_at),
            labels=kept,
            annotations=notes,
            link=link,
            test=OWN_TEST if raw.test else "",
            notes=(*raw.notes, *left_out)[:NOTES],
        )

    def _labels(self, raw: _Alert) -> dict[str, str]:
        """Return the labels as other tools write them, so that silences and correlation read all alike."""
        labels = {**(raw.labels or {}), "alertname": raw.name.strip()}
        if raw.service:
            labels["service"] = raw.service
        if raw.severity:
            labels["severity"] = raw.severity
        return labels


def _strict(fields: Fields) -> _Alert:
    alert = _Alert(
        name=fields.text("name"),
        service=fields.text("service"),
        severity=fields.text("severity"),
        status=fields.text("status"),
        summary=fields.text("summary"),
        labels=fields.texts("labels"),
        annotations=fields.texts("annotations"),
        starts_at=fields.time("starts_at"),
        ends_at=fields.time("ends_at"),
        dedup_key=fields.text("dedup_key"),
        link=fields.text("link"),
        test=fields.text("test") == "true",
    )
    alert.notes = tuple(fields.notes)
    return alert


def _status(word: str | None) -> AlertStatus:
    try:
        return AlertStatus((word or "firing").strip().lower())
    except ValueError as error:
        raise Malformed(f"its status {clean(word or '', most=40)!r} is neither firing nor resolved") from error
