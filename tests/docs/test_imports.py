"""What the code imports: no circles, and exactly the distributions that pyproject.toml declares."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _imported(tree: ast.AST) -> Iterator[str]:
    """Yield what is imported anywhere, for types too, and by a literal name: modules, and names in modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str))


@cache
def graph() -> dict[str, frozenset[str]]:
    """Return what each module of Quell imports: modules, and names in modules."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        found[name] = frozenset(_imported(ast.parse(path.read_text())))
    return found


def circles(edges: dict[str, set[str]]) -> list[str]:
    """Return the modules that reach themselves: what is left when those without an import are taken away."""
    left = {name: set(to) for name, to in edges.items()}
    while done := [name for name, to in left.items() if not to & left.keys()]:
        for name in done:
            del left[name]
    return sorted(left)


def test_no_module_imports_itself_through_others_not_even_for_types() -> None:
    modules = graph().keys()
    ours = {
        name: {to if to in modules else to.rpartition(".")[0] for to in imported} & modules - {name}
        for name, imported in graph().items()
    }

    assert len(ours) > 200
    assert circles(ours) == []


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]


def declared() -> set[str]:
    """Return the distributions that an installed Quell needs, those of its extras too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    return {_canonical(re.split(r"[^A-Za-z0-9._-]", one, maxsplit=1)[0]) for one in wanted}


def third_parties() -> set[str]:
    """Return the packages of others that the source imports."""
    roots = {name.partition(".")[0] for imported in graph().values() for name in imported}
    return roots - sys.stdlib_module_names - {"quell", "quell_bench", "quell_lab"}


def test_what_the_source_imports_is_declared() -> None:
    known = packages_distributions()

    missing = {
        name: known.get(name, ["not installed"])
        for name in third_parties()
        if not {_canonical(one) for one in known.get(name, ())} & declared()
    }

    assert missing == {}


def test_what_is_declared_is_imported() -> None:
    known = packages_distributions()
    used = {_canonical(one) for name in third_parties() for one in known.get(name, ())}

    assert sorted(declared() - used) == []


def test_no_lock_names_the_host_that_packages_came_from() -> None:
    text = (ROOT / "requirements.lock").read_text()

    assert "://" not in text
    assert "--index-url" not in text


APPENDS = ("quell.application", "quell.ingest", "quell.workflow", "quell.eventlog")
OWN_EVENTS = {
    "quell.app.quell": {"quell.eventlog.log.Write"},  # that it started and stops, and that a source fell silent
    "quell.app.core": {"quell.eventlog.incidents.Incidents"},  # hands it to the workflow
    "quell.app.watching": {"quell.eventlog.incidents.Incidents"},  # what the standing watch foresees
}


def test_only_what_decides_appends_to_the_log() -> None:
    ways = {"quell.eventlog.log.Write", "quell.eventlog.incidents.Incidents"}
    appends = {
        name: used
        for name, imported in graph().items()
        if name.startswith("quell.") and not name.startswith(APPENDS) and (used := ways & imported)
    }

    assert appends == OWN_EVENTS
