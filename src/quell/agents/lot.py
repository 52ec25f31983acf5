"""Drawing lots: some plans are only recommended, so that it is known what incidents last without them."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from quell.incident.events import Autonomy, Plan

MEANT = frozenset({Autonomy.APPROVE, Autonomy.AUTO})


def hold_out(plan: Plan, incident_id: str, share: float) -> Plan:
    """
    Return a plan, or, for so large a share of incidents, the same one to be recommended only.

    Lots fall by the incident's id: nobody chooses, and a restart draws the same. A plan that would only be recommended
    anyway takes no part. Source: Kohavi, Tang and Xu (2020), Trustworthy Online Controlled Experiments, on hold-outs.

    Args:
        share: in [0, 1).
    """
    if plan.autonomy not in MEANT or not drawn(incident_id, share):
        return plan
    return replace(
        plan,
        held_out=True,
        autonomy=Autonomy.RECOMMEND,
        autonomy_reason=f"Held out by lot ({share:.0%} of incidents), to measure what the action is worth. "
        f"Otherwise: {plan.autonomy_reason}",
    )


def drawn(incident_id: str, share: float) -> bool:
    """Whether the lot falls on an incident."""
    digest = hashlib.blake2b(incident_id.encode(), digest_size=8, person=b"hold-out").digest()
    return int.from_bytes(digest, "big") < share * 2**64
