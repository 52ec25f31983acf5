"""When the agents looked at an incident, and what came since: what the next look is computed from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from quell.incident.events.response import LookAgainRequested, LookedAgain


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The looks at one incident; `look_again.due_at` says when the next one is due."""

    last_at: datetime | None = None
    """When the agents last looked."""
    in_vain: int = 0
    """Looks again since the last alert joined."""
    next_at: datetime | None = None
    """The next one as it was planned when the last one ended."""
    joined: int = 0
    """Alerts that joined since the last look."""
    joined_at: datetime | None = None
    """When the first of them did."""
    requested: LookAgainRequested | None = None
    """A person wants one."""
    requested_at: datetime | None = None
    news: str = ""
    """What the last one found, where a response is to follow."""

    def alert_joined(self, at: datetime) -> Looks:
        """Return them after an alert joined that the incident did not have."""
        return replace(self, joined=self.joined + 1, joined_at=self.joined_at or at)

    def detection_began(self) -> Looks:
        """Return them once detection begins: it sees every alert that joined so far."""
        return replace(self, joined=0, joined_at=None)

    def response_began(self, at: datetime) -> Looks:
        """Return them once a response begins: whatever asked for it is answered."""
        return Looks(last_at=at, in_vain=self.in_vain, joined=self.joined, joined_at=self.joined_at)

    def response_ended(self, next_at: datetime | None) -> Looks:
        """Return them once a response ended that planned the next look for then."""
        return replace(self, next_at=next_at)

    def looked_again(self, event: LookedAgain, at: datetime) -> Looks:
        """Return them after a look; one that alerts asked for begins the back-off anew."""
        return replace(
            self,
            last_at=at,
            in_vain=0 if self.joined else self.in_vain + 1,
            next_at=event.look_again_at,
            joined=0,
            joined_at=None,
            news=event.says if event.news else "",
        )
