"""
Incidents of a status page: as Atlassian Statuspage lists them (`/api/v2/incidents.json`, which GitHub uses too), and as
collections of them name their columns.

A page says when something was announced, and often when its impact began and ended. When it was found is not said.

Source: Atlassian Statuspage, Status API v2; mrshu/github-statuses (the CSV form).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quell.ingest.past.jsonfile import as_text, text_at

CSV_COLUMNS: Mapping[str, str] = {
    "id": "incident_id",
    "started_at": "downtime_start",
    "restored_at": "downtime_end",
    "closed_at": "resolved_at",
    "severity": "impact",
    "maintenance": "maintenance",
    "duration_minutes": "duration_minutes",
}
"""Of a collection of GitHub's incidents, by field."""

SEVERAL = "several services"
"""The service of an incident of more than one component."""

MAINTENANCE = "maintenance"


def from_csv(values: dict[str, str], line: Mapping[str, str]) -> None:
    """Add what follows from the columns of a collection: service and title, and that maintenance has no severity."""
    if "components" in line:
        _name(values, [name.strip() for name in line["components"].split("|") if name.strip()])
    _sort_out(values)


def from_rest(item: Any) -> dict[str, str]:
    """Return the texts of an incident, or of a scheduled maintenance, by field."""
    components = item.get("components")
    names = [text_at(one, "name") for one in (components if isinstance(components, list) else [])[:100]]
    values = {
        "id": text_at(item, "id"),
        "title": text_at(item, "name"),
        "severity": text_at(item, "impact_override") or text_at(item, "impact"),
        "started_at": text_at(item, "started_at") or text_at(item, "scheduled_for") or text_at(item, "created_at"),
        "restored_at": text_at(item, "resolved_at"),
        "maintenance": "true" if text_at(item, "scheduled_for") else "",
        "followed_up": "true" if _has_review(item) else "",
    }
    _name(values, [name for name in names if name])
    _sort_out(values)
    return values


def _name(values: dict[str, str], components: list[str]) -> None:
    if not values.get("service"):
        values["service"] = components[0] if len(components) == 1 else SEVERAL if components else ""
    if not values.get("title"):
        values["title"] = ", ".join(components)


def _sort_out(values: dict[str, str]) -> None:
    """A page writes `maintenance` where the impact of an incident stands."""
    if values.get("severity", "").strip().lower() == MAINTENANCE:
        values["severity"], values["maintenance"] = "", "true"


def _has_review(item: Any) -> bool:
    updates = item.get("incident_updates")
    listed = updates[:1000] if isinstance(updates, list) else []
    states = [as_text(one.get("status")) for one in listed if isinstance(one, dict)]
    return "postmortem" in states or bool(text_at(item, "postmortem_body"))
