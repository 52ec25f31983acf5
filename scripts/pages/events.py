"""docs/events.md: every event and value, from `quell.incident`."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass, field, is_dataclass
from enum import Enum
from types import ModuleType
from typing import get_args

from pages.table import GENERATED, code, table
from quell.incident import alert, events
from quell.incident.events import evidence, findings, incident, intake, past, response, system, words

MODULES = (alert, words, evidence, findings, incident, response, intake, system, past)
"""Where the classes are, in the order in which they are shown."""

INTRO = """
# Events

Everything that Quell shows, decides or measures is folded from these events. They are kept in one log, in streams;
each has a position in the log and an offset in its stream, both from 1 and without gaps. `quell export events` prints
them as JSON, one a line, and `quell tail` follows them.

Times are in UTC. `by` names who did it: `agent:<name>`, `person:<name>` or `system:<part>`. Text that came from alerts
or telemetry is data: nothing in Quell follows an instruction in it.
"""

STREAMS = (
    ("`incident/<id>`", events.IncidentEvent, "one stream for each incident"),
    (f"`{events.INTAKE_STREAM}`", events.IntakeEvent, "what became of the alerts that opened or joined no incident"),
    (f"`{events.SILENCE_STREAM}`", events.SilenceEvent, "silences"),
    (f"`{events.AUTONOMY_STREAM}`", events.AutonomyEvent, "what people decided that Quell may do by itself"),
    (f"`{events.OUTCOME_STREAM}`", events.OutcomeEvent, "what people say about the past, and what the figures assume"),
    (f"`{events.SYSTEM_STREAM}`", events.SystemEvent, "Quell's own processes and sources"),
)


@dataclass(slots=True, kw_only=True)
class Member:
    """A field of a class, or a member of an enumeration."""

    name: str
    kind: str
    default: str
    says: str = ""


@dataclass(slots=True, kw_only=True)
class Shape:
    """A class as its source has it."""

    name: str
    says: str
    members: list[Member] = field(default_factory=list)


def event_types() -> dict[str, list[type]]:
    """Return the events of each stream."""
    return {stream: _kinds(union) for stream, union, _ in STREAMS}


def _kinds(union: object) -> list[type]:
    """Return the classes of a union; a stream with one kind of event has no union."""
    return list(get_args(union)) or [union]  # type: ignore[list-item]


def value_types() -> list[type]:
    """Return every type that events hold, in the order of the code: values and enumerations."""
    known = {kind for kinds in event_types().values() for kind in kinds} | {events.UnknownEvent}
    found = [kind for module in MODULES for kind in vars(module).values() if _is_ours(kind, module)]
    return [kind for kind in found if kind not in known]


def page() -> str:
    """Return docs/events.md."""
    shapes = {shape.name: shape for module in MODULES for shape in _shapes(module)}
    parts = [GENERATED, INTRO.strip(), ""]
    for stream, union, says in STREAMS:
        parts.append(f"## Stream {stream}: {says}\n")
        parts += [_section(shapes[kind.__name__]) for kind in _kinds(union)]
    parts.append("## In any stream: what a newer Quell wrote\n")
    parts.append(_section(shapes[events.UnknownEvent.__name__]))
    values = [kind for kind in value_types() if is_dataclass(kind)]
    words = [kind for kind in value_types() if not is_dataclass(kind)]
    parts.append("## Values in events\n")
    parts += [_section(shapes[kind.__name__]) for kind in values]
    parts.append("## Words in events\n")
    parts += [_words(shapes[kind.__name__]) for kind in words]
    return "\n".join(parts)


def _is_ours(kind: object, module: ModuleType) -> bool:
    known = isinstance(kind, type) and kind.__module__ == module.__name__
    return known and (is_dataclass(kind) or issubclass(kind, Enum))  # type: ignore[arg-type]


def _section(shape: Shape) -> str:
    rows = [(code(one.name), code(one.kind), code(one.default), one.says) for one in shape.members]
    return f"### {shape.name}\n\n{shape.says}\n\n{table(['Field', 'Type', 'Default', 'What it is'], rows)}"


def _words(shape: Shape) -> str:
    rows = [(code(one.default.strip("'")), one.says) for one in shape.members]
    if not any(one.says for one in shape.members):
        return f"### {shape.name}\n\n{shape.says}\n\n{', '.join(word for word, _ in rows)}\n"
    return f"### {shape.name}\n\n{shape.says}\n\n{table(['Word', 'What it means'], rows)}"


def _shapes(module: ModuleType) -> list[Shape]:
    """Read the classes of a module from its source: only that has the texts below fields."""
    tree = ast.parse(inspect.getsource(module))
    return [_shape(node) for node in tree.body if isinstance(node, ast.ClassDef)]


def _shape(node: ast.ClassDef) -> Shape:
    shape = Shape(name=node.name, says=" ".join((ast.get_docstring(node) or "").split()))
    for line in node.body:
        match line:
            case ast.AnnAssign(target=ast.Name(id=name)):
                kind, default = ast.unparse(line.annotation), _default(line.value)
                shape.members.append(Member(name=name, kind=kind, default=default))
            case ast.Assign(targets=[ast.Name(id=name)]):
                shape.members.append(Member(name=name, kind="", default=_default(line.value)))
            case ast.Expr(value=ast.Constant(value=str() as text)) if shape.members:
                shape.members[-1].says = " ".join(text.split())
            case _:
                continue
    return shape


def _default(value: ast.expr | None) -> str:
    if value is None:
        return ""
    text = ast.unparse(value)
    return {"field(default_factory=dict)": "{}", "''": '""'}.get(text, text)
