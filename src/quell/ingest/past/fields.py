"""The fields of a past incident, what they are called elsewhere, and one row of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from quell.errors import Malformed

TIMES = ("started_at", "detected_at", "acknowledged_at", "restored_at", "closed_at")

FIELDS = ("id", "title", "service", "team", "severity", "kind", *TIMES, "restored_by", "alerts", "followed_up")
"""What an incident has."""

EXTRA = ("duration_minutes", "acknowledged_after_s", "maintenance")
"""What a file may say in the place of `restored_at`, of `acknowledged_at`, and of `kind`."""

ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("incident_id", "incident_number", "issue_key", "number", "key", "tiny_id", "ticket"),
    "title": ("name", "summary", "short_description", "message", "description"),
    "service": (
        "service_name", "component", "component_s", "components", "affected_services", "impacted_services",
        "business_service", "configuration_item", "cmdb_ci", "application", "app",
    ),
    "team": ("team_name", "assignment_group", "owner_team", "teams", "owner"),
    "severity": ("priority", "impact", "urgency"),
    "started_at": ("start", "started", "start_time", "impact_start", "impact_start_date", "began_at"),
    "detected_at": (
        "detected", "created_at", "created_on", "opened_at", "reported_at", "triggered_at", "created", "opened",
        "sys_created_on",
    ),
    "acknowledged_at": ("acknowledged", "acked_at"),
    "restored_at": (
        "end", "ended_at", "end_time", "impact_end", "impact_end_date", "resolved_at", "resolved_on", "mitigated_at",
        "resolved", "resolution_date",
    ),
    "closed_at": ("closed",),
    "duration_minutes": ("duration_min", "minutes"),
}  # fmt: skip
"""Names of columns that are taken for a field without being told, the first that is there."""


LACKING: Mapping[str, str] = {
    "service": "the service is not known, and they are not judged by it",
    "team": "they cannot be told apart by team",
    "severity": "the severity is not known, and they are not judged by it",
    "started_at": "when the impact began is not known, and they are not judged by it",
    "detected_at": "they are taken as detected when they started",
    "acknowledged_at": "they are in no time to acknowledge",
    "restored_at": "they are in no time to restore",
    "closed_at": "whether they were closed in time is not judged",
    "restored_by": "who restored them is not known, and they are not judged by it",
    "alerts": "whether they are linked to alerts is not judged",
    "followed_up": "whether they were followed up is not judged",
}
"""Fields for which a source may have no place at all, and what follows from it."""

INSTEAD: Mapping[str, str] = {"restored_at": "duration_minutes", "acknowledged_at": "acknowledged_after_s"}
"""What a file may say in the place of a field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One incident as a file has it."""

    place: int
    """Line of the file, or for JSON documents number of the item, from 1."""
    values: Mapping[str, str]
    """Texts by our name for the field; those that are empty or not there are not known."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """What the file calls a field, where that is known."""
    fault: str = ""
    """Why the row cannot be read at all; empty when it can."""
    raw: object = field(default=None, repr=False)
    """As it came, for the list of what was rejected."""


def read_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """
    Return which column holds a field, from `field=column` pairs.

    Raises: Malformed: no such field, one is named twice, or a pair is not a pair.
    """
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not (name and equals and column):
            raise Malformed(f"a mapping is written field=column, not {pair[:100]!r}")
        if name not in FIELDS and name not in EXTRA:
            raise Malformed(f"there is no field {name[:100]!r}: {', '.join((*FIELDS, *EXTRA))}")
        if name in mapping:
            raise Malformed(f"the field {name} is mapped twice")
        mapping[name] = column
    return mapping


def lacking(said: Set[str]) -> tuple[str, ...]:
    """Return the fields of `LACKING` for which a file has no place, from those that it has in any row."""
    return tuple(name for name in LACKING if name not in said and INSTEAD.get(name) not in said)


def plain(column: str) -> str:
    """Return the name of a column in lower case with `_` between its words."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.strip())
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def find_columns(
    columns: Sequence[str], mapping: Mapping[str, str], known: Mapping[str, Sequence[str]] = ALIASES
) -> dict[str, int]:
    """
    Return which column each field is in, counted from 0.

    Args:
        mapping: columns by field, as a person gave them; they go before what is known.
        known: names, in the form of `plain`, by field; the field's own name is always one.

    Raises: Malformed: a column is not there, or is there twice; there is no column for the id, or for any time.
    """
    found: dict[str, int] = {}
    for name, column in mapping.items():
        if columns.count(column) != 1:
            has = ", ".join(columns)[:500]
            many = "not in the file" if column not in columns else "in the file more than once"
            raise Malformed(f"the column {column[:100]!r} is {many}, which has: {has}")
        found[name] = columns.index(column)
    plains = [plain(column) for column in columns]
    for name in (*FIELDS, *EXTRA):
        free = [at for at, column in enumerate(plains) if column == name and at not in found.values()]
        if name not in found and free:
            found[name] = free[0]
    for name, others in known.items():
        if name in found:
            continue
        for other in others:
            if other in plains and plains.index(other) not in found.values():
                found[name] = plains.index(other)
                break
    check_found(set(found), columns)
    return found


def check_found(found: set[str], columns: Sequence[str]) -> None:
    """Raises: Malformed: an id, or any time from which one could begin to count, is in no column."""
    has = ", ".join(columns)[:500]
    if "id" not in found:
        raise Malformed(f"no column is known for the id; say --map id=COLUMN. The file has: {has}")
    if not found & {"started_at", "detected_at"}:
        raise Malformed(f"no column is known for the start; say --map started_at=COLUMN. The file has: {has}")
