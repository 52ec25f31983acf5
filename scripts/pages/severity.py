"""docs/severity.md: what tools call bad, and what Quell calls it."""

from __future__ import annotations

from pages.table import GENERATED, code, table
from quell.incident.alert import INCIDENT_SEVERITY, SEVERITY_WORDS, UNKNOWN_SEVERITY, IncidentSeverity, Severity

INTRO = """
# Severities

Alerts have one of four severities. Tools write them in many words; case and blanks around them do not matter. What the
tool wrote is kept beside what it counts as.
"""


def page() -> str:
    """Return docs/severity.md."""
    rows = [
        (
            code(severity),
            ", ".join(code(word) for word, counts_as in SEVERITY_WORDS.items() if counts_as is severity),
            code(INCIDENT_SEVERITY[severity]),
        )
        for severity in Severity
    ]
    never = [severity for severity in IncidentSeverity if severity not in INCIDENT_SEVERITY.values()]
    return "\n".join(
        [
            GENERATED,
            INTRO.strip(),
            "",
            table(["Alert", "Words that count as it", "Incident"], rows),
            f"A missing or unknown word counts as {code(UNKNOWN_SEVERITY)}, and the alert is marked.",
            "",
            "An incident has the severity of its worst alert; `SEV1` is the worst. A person may change it.",
            f"Only a person gives {', '.join(code(one) for one in never)}.",
            "",
        ]
    )
