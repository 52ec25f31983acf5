"""The tables of README that say how good and how fast Quell is, from benchmarks/results/*.json and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pages.table import table

SPEED = {
    "ingest_whole": "Alerts that `quell serve` as users run it takes in, durable, beside Debian's Alertmanager",
    "ingest": "A part of it: the ingest route alone, without agents, screens and read models in the same process",
    "latency": "From an accepted alert, and from an agent's step, to the open page",
    "scale": "A thousand incidents open at once, and starting up",
}
"""Results by the name of their file, and what they measure."""

SHARES = (
    ("detected", "Detected", "95 %"),
    ("cause_first", "Its cause in first place", "80 %"),
    ("action_fits", "An action that fits the cause", ""),
    ("verified", "The fix verified", ""),
    ("restored", "Restored without a person", "80 %"),
)
"""Shares of the faults, what they say, and the aim."""

SHORT = ("detected", "cause_first", "restored")
"""Those that README shows; the others are in docs/accuracy.md."""

WRITTEN_BY = {"ingest_whole": "bench-ingest", "ingest": "bench-ingest"}
"""Results that a make target writes to their file by itself."""

UNITS = {
    "_alerts_per_s": "alerts/s",
    "_events_per_s": "events/s",
    "_per_s": "1/s",
    "_ms": "ms",
    "_s": "s",
    "_mb": "MB",
    "_mib": "MiB",
    "_bytes": "bytes",
}
"""By how a name ends, the longest first."""


def lab(results: Path) -> str:
    """Return the short table of `quell bench lab` for README, or that it was not measured."""
    found = _read(results / "lab.json")
    if found is None:
        return _not_measured("lab")
    summary = found["summary"]
    spans, detect_s, restore_s = (summary.get(name) or {} for name in ("intervals", "detect_s", "restore_s"))
    rows = [(says, _share(summary[name]), _span(spans.get(name))) for name, says, _ in SHARES if name in SHORT]
    rows += [
        ("Seconds until detected, median and 95th percentile", _times(detect_s), ""),
        ("Seconds until restored, the same", _times(restore_s), ""),
        (f"False incidents in {summary['quiet_minutes']:g} quiet minutes", str(summary["false_incidents"]), ""),
    ]
    head = (f"{summary['real_runs']} faults in the lab, which the rules were mended with in view", "", "95 % interval")
    return table(head, rows, right=(1, 2))


FIELD = {
    "whole_job": "The whole job: the right service named, that one alone acted on, the fix verified",
    "right_service": "The right service named",
    "abstained": 'No service named: an honest "I do not know"',
    "wrong_service": "A wrong service named",
    "acted_wrongly": "Another service acted on",
    "called_normal": "Failing requests called normal",
}
"""By the name in the results: what is counted."""


def field(results: Path) -> str:
    """Return what became of failures in services that nobody wrote for Quell, as it was and as it is."""
    before, now = _read(results / "field_before.json"), _read(results / "field.json")
    if before is None or now is None:
        return _not_measured("field")
    rows = [
        (says, *(f"{found[name]} of {found['responses']}" for found in (before, now))) for name, says in FIELD.items()
    ]
    return table(("Services that nobody wrote for Quell", "0.1.0 at first", "Now"), rows)


def lab_whole(results: Path) -> str:
    """Return every table of `quell bench lab`, or that it was not measured."""
    found = _read(results / "lab.json")
    if found is None:
        return _not_measured("lab")
    summary = found["summary"]
    spans, detect_s, restore_s = (summary.get(name) or {} for name in ("intervals", "detect_s", "restore_s"))
    rows = [(says, _share(summary[name]), _span(spans.get(name)), aim) for name, says, aim in SHARES]
    rows += [
        ("Seconds until it was detected, median and 95th percentile", _times(detect_s), "", "30 at most"),
        ("Seconds until it was restored, the same", _times(restore_s), "", ""),
        ("Actions taken back because they did not help", str(summary["undone"]), "", ""),
        (f"False incidents in {summary['quiet_minutes']:g} quiet minutes", str(summary["false_incidents"]), "", "0"),
        ("Harmless changes blamed", f"{summary['red_herring_blamed']} of {summary['red_herrings']}", "", "0"),
    ]
    head = (f"{summary['real_runs']} faults that really happened in the lab{_where(found)}", "", "95 % interval", "Aim")
    return f"{table(head, rows, right=(1, 2, 3))}\n{_by_fault(summary['by_fault'])}"


def _by_fault(found: Mapping[str, Mapping[str, int]]) -> str:
    head = ["Runs by fault", "Runs", *(name.replace("_", " ").capitalize() for name, _, _ in SHARES)]
    rows = [
        (name.replace("_", " "), row["runs"], *(row[share] for share, _, _ in SHARES)) for name, row in found.items()
    ]
    return table(head, rows, right=range(1, len(head)))


def speed(results: Path) -> str:
    """Return a table for each results file of a benchmark of speed, and which were not measured."""
    parts = []
    for name, says in SPEED.items():
        found = _read(results / f"{name}.json")
        text = _not_measured(name) if found is None else _rows(found)
        parts.append(f"**{says}**{_where(found or {})}\n\n{text.strip()}")
    return "\n\n".join(parts)


LOADS = ("1000x100", "1000x1000", "5000x100", "10000x100")
NAMES = {"quell": "**Quell**", "bun": "Bun", "nats": "NATS", "starlette": "Starlette on uvicorn"}
"""How the servers of `make bench-realtime` are written, where not as they are."""


def realtime(results: Path, *, whole: bool) -> str:
    """Return the table of `make bench-realtime`, `whole` with every load; or that it was not measured."""
    found = _read(results / "realtime.json")
    if found is None:
        return _not_measured("realtime")
    loads = LOADS if whole else ("1000x1000",)
    cpu, kb, latency = found["cpu_us_per_delivery"], found["kb_per_connection"], found["latency_ms"]
    head = [
        "Server",
        "CPU per delivery in bursts of 100 (µs)",
        "Beside Quell",
        "One event at a time (µs)",
        "Memory per connection (kB)",
    ]
    head += [f"{load.replace('x', ' connections x ')} events/s: p50 / p99 (ms)" for load in loads]
    names = sorted(cpu, key=lambda name: cpu[name])
    rows = [
        (
            NAMES.get(name, name),
            f"{cpu[name]:.2f}",
            f"{cpu[name] / cpu['quell']:.1f}x",
            _single(latency.get("1000x100", {}).get(name)),
            f"{kb[name]:.1f}" if name in kb else "not measured",
            *(_latency(latency.get(load, {}).get(name)) for load in loads),
        )
        for name in names
    ]
    lines = [table(head, rows, right=range(1, len(head)))]
    lines += [f"{name} could not be measured: {why}.\n" for name, why in found.get("cannot_run", {}).items()]
    told = (
        ("REST while 10,000 connections are given 100 events/s each, 99th percentile", "rest_p99_ms", "ms", 50),
        ("A client that comes back 10,000 events late has them all after", "resume_10000_ms", "ms", 200),
        ("5,000 clients that come back at once are all back after", "herd_5000_s", "s", 5),
    )
    rows = [
        (says, f"{found[key]:,.1f} {unit}", f"at most {aim} {unit}") for says, key, unit, aim in told if key in found
    ]
    lines.append(table(["Quell", "Measured", "Aim"], rows, right=(1, 2)))
    rounds = sorted({len(heard) for of in found["runs"].values() for heard in of.values()})
    return "\n".join(lines) + f"\nMedians of {' or '.join(map(str, rounds))} rounds{_where(found)}.\n"


def _single(found: Mapping[str, Any] | None) -> str:
    return "not measured" if found is None else f"{found['cpu_us_per_delivery']:.1f}"


def _latency(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "not measured"
    if found.get("p50") is None:
        return f"not sustained: {100 * found['delivered']:.0f} % delivered"
    return f"{found['p50']:.1f} / {found['p99']:.1f}"


def _read(path: Path) -> Mapping[str, Any] | None:
    if not path.exists():
        return None
    content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _not_measured(name: str) -> str:
    if name in WRITTEN_BY:
        return f"Not measured yet: `make {WRITTEN_BY[name]}` measures it and writes it here."
    file = f"benchmarks/results/{name}.json"
    return f"Not measured yet: `make bench-{name} JSON={file}` measures it, `make docs` writes it here."


def _where(found: Mapping[str, Any]) -> str:
    machine = found.get("machine")
    if isinstance(machine, Mapping):
        machine = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in machine.items())
    return f" ({machine})" if machine else ""


def _rows(found: Mapping[str, Any]) -> str:
    """Return the rows of a result as a table; without rows, its numbers, each in a row."""
    rows: Sequence[Mapping[str, Any]] = found.get("rows", ())
    if rows:
        names = list(dict.fromkeys(name for row in rows for name in row))
        numbers = [i for i, name in enumerate(names) if not any(isinstance(row.get(name), str) for row in rows)]
        cells = [[_cell(row.get(name)) for name in names] for row in rows]
        return table([_head(name) for name in names], cells, right=numbers)
    numbers_of = dict(_flat(found.get("summary", found)))
    return table(["", "Measured"], [(_head(name), _cell(value)) for name, value in numbers_of.items()], right=(1,))


def _flat(found: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for name, value in found.items():
        if isinstance(value, Mapping) and name != "machine":
            flat += _flat(value, f"{prefix}{name} ")
        elif isinstance(value, int | float):
            flat.append((f"{prefix}{name}", value))
    return flat


def _head(name: str) -> str:
    end = next((end for end in UNITS if name.endswith(end)), "")
    unit = f" ({UNITS[end]})" if end else ""
    return name.removesuffix(end).replace("_", " ").capitalize() + unit


def _cell(value: Any) -> str:
    if value is None:
        return "not measured"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 or isinstance(value, int) else f"{value:.2g}"


def _share(value: float | None) -> str:
    return "none tried" if value is None else f"{100 * value:.0f} %"


def _span(interval: Sequence[float] | None) -> str:
    return f"{100 * interval[0]:.0f} to {100 * interval[1]:.0f} %" if interval else ""


def _times(values: Mapping[str, float | None]) -> str:
    return ", ".join("none" if values.get(name) is None else f"{values[name]:.1f}" for name in ("p50", "p95"))
