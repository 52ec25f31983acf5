"""How good each agent is: precision and recall of what it said, held against what the lab really did. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quell_bench.lab.record import USES_UP, Account, Run
from quell_bench.lab.summary import percentiles, wilson

Part = dict[str, Any]

PHASES = ("detect", "diagnose", "predict", "plan", "act", "verify")


def agents(runs: Sequence[Run], *, quiet: Sequence[Account]) -> dict[str, Part]:
    """
    Return what each agent got right.

    Precision is the share of what it said that was right, recall the share of what there was that it said; None when
    there was nothing to count. A run that the lab could not inject counts nowhere.

    Args:
        quiet: incidents that were opened while the shop was left alone.
    """
    injected = [run for run in runs if run.injected]
    real, harmless = [run for run in injected if run.real], [run for run in injected if not run.real]
    return {
        "detection": _detection(real, harmless, quiet),
        "diagnosis": _diagnosis(real),
        "prediction": _prediction(real),
        "resolution": _resolution(injected, real),
    }


def _detection(real: Sequence[Run], harmless: Sequence[Run], quiet: Sequence[Account]) -> Part:
    """Confirmed or not: of red herrings and of quiet time each confirmed incident is a wrong one."""
    found = sum(run.detected for run in real)
    wrong = sum(run.confirmed for run in harmless) + sum(account.verdict == "confirmed" for account in quiet)
    return {
        **_precision(found, found + wrong),
        **_recall(found, len(real)),
        "confirmed_wrongly": wrong,
        "turned_down": sum(one.verdict == "no_sign" for run in harmless for one in run.incidents),
        "red_herrings": len(harmless),
    }


def _diagnosis(real: Sequence[Run]) -> Part:
    """The first hypothesis; an abstention costs recall and no precision."""
    asked = [run for run in real if run.diagnosed]
    named = [run for run in asked if not run.abstained]
    right = sum(run.cause_first for run in named)
    return {
        **_precision(right, len(named)),
        **_recall(right, len(real)),
        "service_right": _share(sum(run.service_first for run in named), len(named)),
        "cause_right": _share(right, len(named)),
        "abstained": len(asked) - len(named),
        "red_herring_blamed": sum(run.blamed for run in real),
    }


def _prediction(real: Sequence[Run]) -> Part:
    """Forecasts of something running out; where something does, and what became of them in time to be seen."""
    running_out = [run for run in real if run.truth and run.truth.split()[1] in USES_UP]
    foreseen = sum(run.fitting_forecasts > 0 for run in running_out)
    outcomes = [outcome for run in real for outcome in run.outcomes]
    return {
        **_precision(sum(run.fitting_forecasts for run in real), sum(run.forecasts for run in real)),
        **_recall(foreseen, len(running_out)),
        "given": sum(run.forecasts for run in real),
        "outcomes": {name: outcomes.count(name) for name in ("held", "early", "late", "cut")},
    }


def _resolution(injected: Sequence[Run], real: Sequence[Run]) -> Part:
    """The first action of each incident; one taken on account of a red herring fits nothing."""
    acted = [run for run in injected if run.action is not None]
    return {
        **_precision(sum(run.action_fits for run in acted), len(acted)),
        **_recall(sum(run.restored for run in real), len(real)),
        "acted": len(acted),
        "verified": sum(run.verified for run in real),
        "restored": sum(run.restored for run in real),
        "unhelpful": sum(run.unhelpful for run in injected),
        "undone": sum(run.undone for run in injected),
    }


def phases(runs: Sequence[Run]) -> dict[str, dict[str, float | None]]:
    """Return seconds from injection to the first end of each phase, over the runs in which something was broken."""
    times = [dict(run.phases_s) for run in runs if run.real and run.injected]
    return {phase: percentiles([one[phase] for one in times if phase in one]) for phase in PHASES}


def pairs(runs: Sequence[Run]) -> Part:
    """Return what became of two faults at once."""
    both = [run for run in runs if run.injected and run.also is not None]
    return {
        "runs": len(both),
        "detected": _share(sum(run.detected for run in both), len(both)),
        "one_named": _share(sum(run.cause_first for run in both), len(both)),
        "second_named": _share(sum(run.cause_first and run.also_named for run in both), len(both)),
        "one_mended": _share(sum(run.mended or run.also_mended for run in both), len(both)),
        "both_mended": _share(sum(run.mended and run.also_mended for run in both), len(both)),
    }


def blind(runs: Sequence[Run]) -> Part:
    """Return what became of faults during which telemetry of the victim did not come."""
    found = [run for run in runs if run.injected and run.missing is not None]
    return {
        "runs": len(found),
        "detected": _share(sum(run.detected for run in found), len(found)),
        "service_right": _share(sum(run.service_first for run in found), len(found)),
        "cause_first": _share(sum(run.cause_first for run in found), len(found)),
        "abstained": sum(run.abstained for run in found),
        "named_wrongly": sum(run.diagnosed and not run.abstained and not run.cause_first for run in found),
        "gap_said": _share(sum(run.missing_said for run in found), len(found)),
        "restored": _share(sum(run.restored for run in found), len(found)),
        "by_source": {name: sum(run.missing == name for run in found) for name in ("metrics", "logs")},
    }


def sheet(more: Mapping[str, Any]) -> str:
    """Return the numbers of the agents for people."""
    lines = ["", "agent       precision  recall"]
    for name, part in more["agents"].items():
        lines.append(f"{name.ljust(10)}  {_percent(part['precision']).ljust(9)}  {_percent(part['recall'])}")
    times = [f"{phase} {_seconds(one['p50'])}/{_seconds(one['p95'])}" for phase, one in more["phases_s"].items()]
    lines.append(f"seconds from injection to the end of each phase, p50/p95: {', '.join(times)}")
    both, lacking = more["pairs"], more["missing_source"]
    lines.append(
        f"two at once: {both['runs']}, one named {_percent(both['one_named'])},"
        f" both mended {_percent(both['both_mended'])}"
    )
    lines.append(
        f"a source missing: {lacking['runs']}, service right {_percent(lacking['service_right'])},"
        f" named wrongly {lacking['named_wrongly']}, said so {_percent(lacking['gap_said'])}"
    )
    return "\n".join(lines)


def _precision(right: int, said: int) -> Part:
    return {"precision": _share(right, said), "precision_interval": wilson(right, said), "said": said}


def _recall(right: int, there: int) -> Part:
    return {"recall": _share(right, there), "recall_interval": wilson(right, there), "there": there}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
