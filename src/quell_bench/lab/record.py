"""What became of one drill: the truth of the lab held against what Quell recorded. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quell.incident.events import is_verified

Told = Mapping[str, Any]
"""A recorded event as REST gives it: `position`, `at`, `type`, `data`."""

OPENING = ("IncidentOpened", "IncidentReopened")

TWO_AT_ONCE = "two_at_once"
HURT = ("not_recovered", "worse", "unknown")
"""Verdicts on a fix that did not help, as far as was seen."""
MISSING_SOURCE = "missing_source"

USES_UP: Mapping[str, str] = {
    "memory_leak": "memory_use",
    "pool_exhaustion": "pool_use",
    "disk_full": "disk_use",
}
"""What a cause uses up until there is none left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A hypothesis of Quell's."""

    service: str
    cause: str
    probability: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An action that Quell started."""

    action: str
    service: str
    ended: str
    """`running`, `done`, `broke`, `undone` or `undo_failed`."""
    verdict: str | None
    """What verification said of it."""
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """When Quell expected something to run out."""

    service: str
    series: str
    """`memory_use`, `pool_use` or `disk_use`."""
    made_at: datetime
    low_s: float | None
    """Interval from `made_at`; None: not heading there."""
    high_s: float | None
    """None with a number in `low_s`: no upper bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What Quell said and did about one incident."""

    id: str
    title: str
    position: int
    """Of its first event in this run."""
    opened_at: datetime
    alerts: tuple[str, ...]
    """`name service`, each once, in the order in which they joined."""
    verdict: str | None
    """Detection's: `confirmed`, `no_sign`, `no_data`; None: it did not get so far."""
    detection_says: str
    hypotheses: tuple[Guess, ...]
    abstained: bool
    later: tuple[Guess, ...]
    """What further runs of the response stood behind, after a fix that helped in part."""
    diagnosis_says: str
    outlooks: tuple[Outlook, ...]
    missed: tuple[str, ...]
    """Sources that Quell says gave nothing."""
    diagnosed: bool
    """Whether diagnosis came to a finding."""
    phases: tuple[tuple[str, datetime], ...]
    """When each phase ended for the first time, in their order."""
    acts: tuple[Act, ...]
    resolved_at: datetime | None
    resolved_by: str | None
    outcome: str | None
    """How the response ended: `resolved`, `escalated`, ...; None: it had not."""
    says: str
    """Why it ended so."""


def account_of(incident_id: str, events: Sequence[Told], *, after: int) -> Account | None:
    """
    Return what was recorded of an incident since it was opened, or opened again, after a position.

    The first diagnosis counts as what was named. Returns None when it was not opened after that position.
    """
    events = [event for event in events if event["position"] > after]
    start = next((place for place, event in enumerate(events) if event["type"] in OPENING), None)
    if start is None:
        return None
    events = events[start:]
    first = events[0]
    detected = _first(events, "Detected")
    found = (_first(events, "Diagnosed") or {}).get("finding", {})
    predicted = (_first(events, "Predicted") or {}).get("finding", {})
    ended = next((end for end in _all(events, "ResponseEnded") if end["outcome"] != "helped_in_part"), {})
    later = [one["finding"] for one in _all(events, "Diagnosed")[1:]]
    resolved = next((e for e in events if e["type"] == "StateChanged" and e["data"]["after"] == "resolved"), None)
    alerts = [e["data"]["alert"] for e in events if e["type"] == "AlertGrouped"]
    return Account(
        id=incident_id,
        title=str(first["data"].get("title", "")),
        position=int(first["position"]),
        opened_at=_time(first["at"]),
        alerts=tuple(dict.fromkeys(f"{alert['name']} {alert.get('service') or '-'}" for alert in alerts)),
        verdict=detected["finding"]["verdict"] if detected else None,
        detection_says=detected["finding"]["says"] if detected else "",
        hypotheses=tuple(_guess(one) for one in found.get("hypotheses", ())),
        abstained=bool(found.get("abstained", False)),
        later=tuple(_guess(one["hypotheses"][0]) for one in later if not one["abstained"]),
        diagnosis_says=str(found.get("says", "")),
        outlooks=tuple(_outlook(one) for one in predicted.get("forecasts", ())),
        missed=tuple(dict.fromkeys(e["data"]["source"] for e in events if e["type"] == "SourceMissing")),
        diagnosed=bool(found),
        phases=_phases(events),
        acts=_acts(events),
        resolved_at=_time(resolved["at"]) if resolved else None,
        resolved_by=resolved["data"]["by"] if resolved else None,
        outcome=ended.get("outcome"),
        says=str(ended.get("says", "")),
    )


def _all(events: Sequence[Told], kind: str) -> list[dict[str, Any]]:
    return [dict(event["data"]) for event in events if event["type"] == kind]


def _first(events: Sequence[Told], kind: str) -> dict[str, Any] | None:
    return next(iter(_all(events, kind)), None)


def _guess(row: Mapping[str, Any]) -> Guess:
    return Guess(
        service=row["service"], cause=row["cause"], probability=round(float(row["probability"]), 4), title=row["title"]
    )


def _outlook(row: Mapping[str, Any]) -> Outlook:
    return Outlook(
        service=row["service"],
        series=row["series"],
        made_at=_time(row["made_at"]),
        low_s=row["low_s"],
        high_s=row["high_s"],
    )


def _phases(events: Sequence[Told]) -> tuple[tuple[str, datetime], ...]:
    ended: dict[str, datetime] = {}
    for event in events:
        if event["type"] == "PhaseEnded":
            ended.setdefault(str(event["data"]["phase"]), _time(event["at"]))
    return tuple(ended.items())


def _acts(events: Sequence[Told]) -> tuple[Act, ...]:
    """Return the actions that were started, each with the end and the verdict that followed it."""
    acts: list[dict[str, Any]] = []
    ends = {"ActionFinished": "done", "ActionBroke": "broke", "ActionUndone": "undone", "UndoFailed": "undo_failed"}
    for event in events:
        kind, data = event["type"], event["data"]
        if kind == "ActionStarted":
            acts.append({"action": data["action"], "service": data["target"], "ended": "running", "verdict": None})
        elif kind in ends and acts:
            acts[-1]["ended"] = ends[kind]
        elif kind == "Verified" and acts:
            acts[-1]["verdict"] = data["verdict"]
            acts[-1]["verified"] = is_verified(data["verdict"], data.get("credit", "action"))
    return tuple(Act(**act) for act in acts)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One drill, judged."""

    fault: str
    """As asked for; `overlay` for a fault after a harmless deploy of another service."""
    inner: str
    """What really broke; the same as `fault` but for an overlay."""
    service: str
    decoy: str | None
    """The service of the harmless deploy in an overlay."""
    also: str | None
    """`service cause` of a second fault at the same time."""
    also_named: bool
    """The second fault was some incident's first hypothesis, or the second of the main one's."""
    also_mended: bool
    missing: str | None
    """What of the victim's telemetry did not come: `metrics` or `logs`."""
    missing_said: bool
    """Quell said that it lacked something."""
    real: bool
    """Whether anything was broken; else it was a harmless deploy alone."""
    injected: bool
    error: str
    """Why it was not injected, or not undone; empty when all went well."""
    detected: bool
    detect_s: float | None
    """From injection to the opening of the incident."""
    cause: str | None
    """The first hypothesis: `service cause`; None when diagnosis abstained or did not get so far."""
    truth: str | None
    """`service cause`."""
    cause_first: bool
    service_first: bool
    abstained: bool
    """Diagnosis looked, and named nothing."""
    diagnosed: bool
    """Diagnosis was asked."""
    action: str | None
    """The first action: `action service`."""
    action_fits: bool
    verified: bool
    mended: bool
    """Whether the lab saw its cause ended before the drill was."""
    restored: bool
    """Resolved by Quell itself, and mended."""
    restore_s: float | None
    """From injection to the end of the incident."""
    unhelpful: int
    """Actions that broke, or after which nothing recovered."""
    undone: int
    """Those of them that were taken back."""
    blamed: bool
    """What was harmless was named first, or acted on."""
    confirmed: int
    """Incidents that detection confirmed."""
    forecasts: int
    fitting_forecasts: int
    """Of what this fault really uses up, on its service."""
    outcomes: tuple[str, ...]
    """How those came out: `held`, `early` (before the interval), `late` (after it), `cut` (ended before one knew)."""
    phases_s: tuple[tuple[str, float], ...]
    """From injection to the first end of each phase."""
    outcome: str
    incident: str | None
    position: int | None
    """Of the incident's first event."""
    incidents: tuple[Account, ...]
    """All that were opened during the drill: the evidence for every miss."""
    load: float
    """The machine's load average over the last minute when the drill ended."""


def judge(
    drill: Mapping[str, Any], accounts: Sequence[Account], *, load: float, full_at: Mapping[str, datetime] | None = None
) -> Run:
    """
    Hold what the lab did against what Quell recorded meanwhile.

    Args:
        drill: the lab's record of it, taken when it had ended.
        accounts: of the incidents that were opened, or opened again, while it ran.
        full_at: when a resource of the victim was seen to be used up, by its series.
    """
    injected_at = _time(drill["injected_at"]) if drill["injected_at"] else None
    service, cause, second = str(drill["service"]), drill["cause"], drill.get("also")
    main = _main(accounts, injected_at)
    act = main.acts[0] if main and main.acts else None
    best = main.hypotheses[0] if main and main.hypotheses and not main.abstained else None
    truths = [(service, cause), *([(second["service"], second["cause"])] if second else [])]
    mended = drill["mended_at"] is not None
    by_quell = main is not None and (main.resolved_by or "").startswith("agent:")
    also_mended = second is not None and second["mended_at"] is not None
    restored = bool(cause and main and by_quell and main.outcome == "resolved" and mended)
    detected = bool(cause and main and main.verdict == "confirmed")
    acts = [one for account in accounts for one in account.acts]
    unhelpful = [one for one in acts if one.ended == "broke" or one.verdict in HURT]
    outlooks = [one for account in accounts for one in account.outlooks]
    fitting = [one for one in outlooks if one.service == service and one.series == USES_UP.get(str(cause))]
    return Run(
        fault=_asked(drill),
        inner=str(drill["inner"]),
        service=service,
        decoy=drill["decoy"],
        also=f"{second['service']} {second['cause']}" if second else None,
        also_named=second is not None and _named(accounts, main, (second["service"], second["cause"])),
        also_mended=also_mended,
        missing=drill.get("missing"),
        missing_said=any(account.missed for account in accounts),
        real=cause is not None,
        injected=injected_at is not None,
        error=str(drill["error"]),
        detected=detected,
        detect_s=_seconds(injected_at, main.opened_at) if main and detected else None,
        cause=f"{best.service} {best.cause}" if best else None,
        truth=f"{service} {cause}" if cause else None,
        cause_first=best is not None and (best.service, best.cause) in truths,
        service_first=best is not None and best.service in {one for one, _ in truths},
        abstained=bool(main and main.diagnosed and best is None),
        diagnosed=bool(main and main.diagnosed),
        action=f"{act.action} {act.service}" if act else None,
        action_fits=act is not None and _fits(act, drill),
        verified=any(one.verified for one in (main.acts if main else ())),
        mended=mended,
        restored=restored,
        restore_s=_seconds(injected_at, main.resolved_at) if main and restored else None,
        unhelpful=len(unhelpful),
        undone=sum(one.ended == "undone" for one in acts),
        blamed=_blamed(drill, accounts),
        confirmed=sum(account.verdict == "confirmed" for account in accounts),
        forecasts=len(outlooks),
        fitting_forecasts=len(fitting),
        outcomes=tuple(_came_out(one, (full_at or {}).get(one.series)) for one in fitting),
        phases_s=_phase_times(main, injected_at),
        outcome=(main.outcome or "unfinished") if main else "no incident",
        incident=main.id if main else None,
        position=main.position if main else None,
        incidents=tuple(accounts),
        load=round(load, 2),
    )


def _asked(drill: Mapping[str, Any]) -> str:
    """Return what the bench asked for, by its name."""
    if drill.get("also"):
        return TWO_AT_ONCE
    return MISSING_SOURCE if drill.get("missing") else str(drill["fault"])


def _named(accounts: Sequence[Account], main: Account | None, truth: tuple[str, str]) -> bool:
    firsts = [account.hypotheses[0] for account in accounts if account.hypotheses and not account.abstained]
    seconds = list(main.hypotheses[:2]) if main and not main.abstained else []
    later = [one for account in accounts for one in account.later]
    return any((one.service, one.cause) == truth for one in (*firsts, *seconds, *later))


def _fits(act: Act, drill: Mapping[str, Any]) -> bool:
    faults = [drill, *([drill["also"]] if drill.get("also") else [])]
    return any(act.action in one["actions"] and act.service == one["service"] for one in faults)


def _came_out(outlook: Outlook, full_at: datetime | None) -> str:
    if full_at is None:
        return "cut"
    after_s = (full_at - outlook.made_at).total_seconds()
    if outlook.low_s is not None and after_s < outlook.low_s:
        return "early"
    return "late" if outlook.high_s is not None and after_s > outlook.high_s else "held"


def _phase_times(main: Account | None, injected_at: datetime | None) -> tuple[tuple[str, float], ...]:
    if main is None or injected_at is None:
        return ()
    return tuple((phase, round((at - injected_at).total_seconds(), 3)) for phase, at in main.phases)


def _main(accounts: Sequence[Account], injected_at: datetime | None) -> Account | None:
    """Return the incident that is the fault's: the first confirmed one since the injection, else the first."""
    since = [one for one in accounts if injected_at is not None and one.opened_at >= injected_at]
    confirmed = [one for one in since if one.verdict == "confirmed"]
    return next(iter((*confirmed, *since)), None)


def _blamed(drill: Mapping[str, Any], accounts: Sequence[Account]) -> bool:
    """
    Whether what broke nothing was named first, or anything was done on its account. A deploy is blamed by an unsure
    word too; where there is no change to blame, by a cause that diagnosis stands behind.
    """
    if drill["cause"] is None and drill["inner"] != "harmless_deploy":
        sure = any(account.hypotheses and not account.abstained for account in accounts)
        return sure or any(account.acts for account in accounts)
    if drill["cause"] is None:
        harmless, acted = str(drill["service"]), any(account.acts for account in accounts)
    elif drill["decoy"] is not None:
        harmless = str(drill["decoy"])
        acted = any(act.service == harmless for account in accounts for act in account.acts)
    else:
        return False
    firsts = [account.hypotheses[0] for account in accounts if account.hypotheses]
    return acted or any((first.service, first.cause) == (harmless, "bad_release") for first in firsts)


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None:
        return None
    return round((end - start).total_seconds(), 3)
