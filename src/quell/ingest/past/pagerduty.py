"""
Incidents of PagerDuty: as its REST API v2 lists them, and as its reports export them to CSV.

PagerDuty knows when an incident was triggered, which is its detection; when the impact began it does not know.

Source: PagerDuty REST API v2, List incidents; PagerDuty, Incidents report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quell.ingest.past.jsonfile import as_text, text_at

CSV_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("incident_id", "incident_number"),
    "title": ("description", "title", "summary"),
    "service": ("service_name",),
    "team": ("team_name", "escalation_policy_name"),
    "severity": ("priority_name", "priority", "urgency"),
    "detected_at": ("created_on", "created_at"),
    "restored_at": ("resolved_on", "resolved_at"),
    "acknowledged_after_s": ("seconds_to_first_ack",),
}


def from_csv(values: dict[str, str], line: Mapping[str, str]) -> None:
    """Add what follows from the columns of a report: how long it was, and who resolved it."""
    seconds = line.get("seconds_to_resolve", "").strip()
    if seconds.isascii() and seconds.replace(".", "", 1).isdigit() and len(seconds) < 16:
        values.setdefault("duration_minutes", str(float(seconds) / 60))
    if "restored_by" not in values and line.keys() & {"auto_resolved", "resolved_by_user_name", "resolved_by_user_id"}:
        by_itself = line.get("auto_resolved", "").strip().lower() in ("true", "t", "1", "yes")
        person = line.get("resolved_by_user_name", "") or line.get("resolved_by_user_id", "")
        values["restored_by"] = "itself" if by_itself else "person" if person.strip() else ""


def from_rest(item: Any) -> dict[str, str]:
    """Return the texts of an incident by field."""
    acknowledgements = item.get("acknowledgements")
    acknowledged = [
        text_at(one, "at") for one in (acknowledgements if isinstance(acknowledgements, list) else [])[:100]
    ]
    resolved = item.get("status") == "resolved"
    return {
        "id": text_at(item, "id") or text_at(item, "incident_number"),
        "title": text_at(item, "title") or text_at(item, "summary"),
        "service": text_at(item, "service.summary"),
        "team": _first(item.get("teams")),
        "severity": text_at(item, "priority.summary") or text_at(item, "urgency"),
        "detected_at": text_at(item, "created_at"),
        "acknowledged_at": min((at for at in acknowledged if at), default=""),
        "restored_at": _resolved_at(item) if resolved else "",
        "restored_by": _restorer(text_at(item, "last_status_change_by.type")) if resolved else "",
        **({"alerts": text_at(item, "alert_counts.all")} if "alert_counts" in item else {}),
    }


def _resolved_at(item: Any) -> str:
    """The last change of a resolved incident is that it was resolved; older answers have no `resolved_at`."""
    return text_at(item, "resolved_at") or text_at(item, "last_status_change_at")


def _restorer(kind: str) -> str:
    """A person resolves as a user; the tool that sent the alert resolves as a service or an integration."""
    if kind.startswith("user"):
        return "person"
    return "itself" if kind.startswith(("service", "integration")) else ""


def _first(found: Any) -> str:
    first = found[0] if isinstance(found, list) and found else None
    return as_text(first.get("summary")) if isinstance(first, dict) else ""
