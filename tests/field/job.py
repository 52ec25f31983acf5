"""One failure on a site, and what Quell made of it when a trusting person answers its questions."""

from __future__ import annotations

from dataclasses import dataclass

from tests.field.site import Site
from tests.scenarios.running import Seen, until

WITHIN_S = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What became of one failure."""

    name: str
    """The service at fault."""
    detail: Seen
    acted_on: tuple[str, ...]

    @property
    def named(self) -> str | None:
        found = self.detail["diagnosis"]
        return None if found is None or found["abstained"] else str(found["hypotheses"][0]["service"])

    @property
    def verified(self) -> bool:
        """Whether a fix was made, and verification saw that the service is back."""
        seen = self.detail["verification"]
        return bool(self.acted_on) and seen is not None and seen["verdict"] == "recovered"

    @property
    def whole(self) -> bool:
        """Whether the right service was named, that one alone was acted on, and the fix was verified."""
        return self.named == self.name and self.acted_on == (self.name,) and self.verified


def job_of(site: Site, name: str) -> Job:
    """Let Quell work on what is wrong with a service, and answer its questions as a trusting person would."""
    before = len(site.restarted)
    incident_id = site.incident_of(name)
    answered: set[str] = set()

    def ended() -> Seen | None:
        detail = site.quell.incident(incident_id)
        summary = detail["summary"]
        if summary["wants"] == "approve" and detail["plan"]["id"] not in answered:
            answered.add(detail["plan"]["id"])
            site.quell.post(f"/api/v1/incidents/{incident_id}/approve", {"plan_id": detail["plan"]["id"]})
        return (
            detail
            if summary["state"] in ("resolved", "closed")
            or (summary["wants"] == "take_over" and not summary["responding"])
            else None
        )

    detail = until(ended, f"the response to {incident_id} ends", within_s=WITHIN_S)
    return Job(name=name, detail=detail, acted_on=tuple(site.restarted[before:]))


def mend_by_hand(site: Site, name: str) -> None:
    """Do what a person would do whom Quell called; nothing when it was mended."""
    if site.failing(name) > 0.02:
        site.restart(name)
    until(lambda: site.failing(name) < 0.02, f"{name} is well again", within_s=40)
