"""docs/severity.md: what tools call bad, and what Quell calls it."""

from __future__ import annotations

from pages.table import GENERATED, code, table
from quell.incident.alert import IncidentSeverity, Severity
from quell.incident.severity import INCIDENT_SEVERITY, SEVERITY_LABELS, SEVERITY_WORDS, UNKNOWN_SEVERITY

INTRO = """
# Severities

Alerts have one of four severities. Tools write them in many words; case, blanks and punctuation do not matter: `Sev 1`
is `sev1`, and `P1 - critical` is known because both of its words are; the worst of them counts. What the tool wrote is
kept beside what it counts as.
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
    labels = ", ".join(code(label) for label in SEVERITY_LABELS)
    never = [severity for severity in IncidentSeverity if severity not in INCIDENT_SEVERITY.values()]
    return "\n".join(
        [
            GENERATED,
            INTRO.strip(),
            "",
            table(["Alert", "Words that count as it", "Incident"], rows),
            f"It is read from the first of these labels whose word is known: {labels}.",
            f"A missing or unknown word counts as {code(UNKNOWN_SEVERITY)}, and the alert is marked. So does a number "
            "alone: 1 is the worst in some tools and the least in others.",
            "",
            "What a site calls it is a setting, which goes before the table:",
            "",
            "```toml",
            "[ingest.severities]",
            '"1" = "critical"',
            '"wake somebody" = "critical"',
            '"can wait" = "info"',
            "```",
            "",
            "An incident has the severity of its worst alert; `SEV1` is the worst. A person may change it.",
            f"Only a person gives {', '.join(code(one) for one in never)}.",
            "",
        ]
    )
