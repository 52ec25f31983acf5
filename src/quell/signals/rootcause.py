"""
Which service is at fault and what about it, from facts measured per service.

A service is charged with what is its own: its errors less those its troubled callees explain, its time less the time
it waited for them. What about it is wrong is then weighed by what speaks for and against each kind of cause
(`quell.signals.causes`); the shares that come of it are a score until resolved incidents say what it is worth.

Source: the excess of a node less that of those it calls follows Lin, Chen and Zheng (2018), Microscope, in its use of
the call graph; scores per service against its own past follow Li et al. (2022), Causal Inference-Based Root Cause
Analysis, without its learned graph.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from quell.signals.causes import causes_of
from quell.signals.facts import Candidate, ServiceFacts

NONE_OF_THESE = 1.5
"""Log-weight of "none of these": what a cause must beat to be believed."""


def rank(facts: Sequence[ServiceFacts]) -> tuple[list[Candidate], float]:
    """
    Rank causes over all services.

    Returns: candidates by falling probability (ties by service, then cause), and the probability of none of these;
        together they add up to 1.
    """
    weighed = [(one.service, *row) for one in facts for row in causes_of(one)]
    top = max([weight for *_, weight, _ in weighed], default=0.0)
    top = max(top, NONE_OF_THESE)
    total = sum(math.exp(weight - top) for *_, weight, _ in weighed) + math.exp(NONE_OF_THESE - top)
    ranked = [
        Candidate(
            service=service,
            cause=cause,
            subject=subject,
            weight=weight,
            probability=math.exp(weight - top) / total,
            reasons=tuple(reasons),
        )
        for service, cause, subject, weight, reasons in weighed
    ]
    ranked.sort(key=lambda one: (-one.probability, one.service, one.cause))
    return ranked, math.exp(NONE_OF_THESE - top) / total


def explained_by_callees(
    service: str,
    errors_to: Mapping[str, float],
    troubled: Mapping[str, bool],
) -> float:
    """
    Return how many of a service's errors (in the unit of `errors_to`) its troubled callees explain.

    Args:
        errors_to: failed calls per callee.
        troubled: whether a callee shows trouble of its own; a callee that is well explains nothing.
    """
    return sum(rate for peer, rate in errors_to.items() if peer != service and troubled.get(peer, False))
