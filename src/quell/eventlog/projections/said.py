"""An event in words, before it is placed on a timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quell.incident.events import AGENT_OF, Phase

PHASE_TITLES: Mapping[Phase, str] = {
    Phase.DETECT: "Detection",
    Phase.DIAGNOSE: "Diagnosis",
    Phase.PREDICT: "Prediction",
    Phase.PLAN: "Planning",
    Phase.APPROVE: "Approval",
    Phase.ACT: "Action",
    Phase.VERIFY: "Verification",
    Phase.UNDO: "Undo",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A title to scan and a text to read."""

    title: str
    text: str = ""
    level: str = "info"
    """`info`, `warning`, `error` or `wants` (a person is wanted)."""
    phase: Phase | None = None
    by: str | None = None
    """Who did it, where the event names it; otherwise the agent of the phase, or intake."""
    evidence_ids: tuple[str, ...] = ()

    @property
    def agent(self) -> str | None:
        """The agent whose work this is; None for people, policy and intake."""
        if self.phase is None or (self.by is not None and not self.by.startswith("agent:")):
            return None
        return AGENT_OF[self.phase]

    @property
    def doer(self) -> str:
        """Who did it: `agent:<name>`, `person:<name>` or `system:<part>`."""
        return self.by or (f"agent:{self.agent}" if self.agent else "system:intake")
