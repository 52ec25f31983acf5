"""
Changes one thing at a time in a module and runs the module's tests; a change that no test notices lives.

`python scripts/mutants.py quell.incident.decisions` runs one module, without a name all of `incident`, `workflow` and
`ingest`. What lives is printed and must stand in docs/mutants.md with a reason, else the exit code is 1.

The tests run in a copy of the tree. They run once without a change, and it is recorded which test runs which line; a
change is then shown to the tests that run its line, the quickest first. Each mutant has a process of its own that is
forked after everything slow is imported.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
LISTED = ROOT / "docs" / "mutants.md"
TESTS = {
    "incident": ("tests/incident", "tests/projections/test_models.py"),
    "workflow": ("tests/workflow",),
    "ingest": ("tests/ingest", "tests/contracts/test_alert_sources.py"),
}
"""Which tests must notice a change in a package."""

LEFT_OUT = ("tests/ingest/test_long_bodies.py",)
"""Tests that compare times: what a change costs is theirs, and they fail for other reasons on a busy machine."""

SLOWEST = 4.0
"""A test that takes this many times as long as without a change, and `GRACE_S` more, hangs: that is noticed too."""
GRACE_S = 5.0


COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one module."""

    line: int
    before: str
    after: str
    source: str
    spans: tuple[tuple[int, int], ...]
    """First and last lines of what is changed, of its statement and of its function, the narrowest first."""

    @property
    def words(self) -> str:
        """The change as it must stand in the list."""
        return f"`{self.before}` → `{self.after}`".replace("|", "\\|")


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every change of a module: comparisons, connectives, numbers, truth, calls, and statements left out."""
    tree = ast.parse(source)
    for number, node in enumerate(_changeable(tree)):
        for way in range(_ways(node)):
            changed = copy.deepcopy(tree)
            target = list(_changeable(changed))[number]
            statement = _statement(changed, target)
            before = _short(statement)
            _change(changed, target, way)
            after = _short(_statement(changed, target) or ast.Pass())
            yield Mutant(
                line=node.lineno,
                before=before,
                after=after,
                source=ast.unparse(ast.fix_missing_locations(changed)),
                spans=tuple(_spans(tree, node)),
            )


Node = ast.expr | ast.stmt
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.AnnAssign)


def _changeable(tree: ast.AST) -> Iterator[Node]:
    """Yield what can be changed, in order; no annotations, docstrings, messages or declarations."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.Assert | ast.JoinedStr) or _only_says(node):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
                yield from _within(default)
            for statement in node.body:
                yield from _within(statement)
        elif isinstance(node, ast.ClassDef):
            for statement in node.body:  # not its decorator: how values are laid out is no behaviour
                yield from _within(statement)
        elif isinstance(node, ast.AnnAssign):
            yield from _within(node.value) if node.value is not None else ()
        elif isinstance(node, ast.expr | ast.stmt):
            yield from _within(node)
        else:
            yield from _changeable(node)


def _only_says(node: ast.AST) -> bool:
    """Whether a statement writes a line for operators, and does nothing else."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="logger")))):
            return True
        case _:
            return False


def _within(node: Node) -> Iterator[Node]:
    if _ways(node):
        yield node
    yield from _changeable(ast.Module(body=[node], type_ignores=[]) if isinstance(node, DEFINITIONS) else node)


def _ways(node: ast.AST) -> int:
    """Return in how many ways a node can be changed."""
    match node:
        case ast.Compare(ops=[op]):
            return type(op) in COMPARED
        case ast.BoolOp() | ast.IfExp():
            return 1
        case ast.UnaryOp(op=ast.Not()):
            return 1
        case ast.BinOp(op=op):
            return type(op) in COMPUTED
        case ast.Constant(value=bool() | int() | float()):
            return 1
        case ast.Call(func=ast.Name(id=name)):
            return name in NAMES
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Assign() | ast.AugAssign() | ast.Delete():
            return _changes_state(node)
        case ast.Return(value=ast.expr()):
            return not (isinstance(node.value, ast.Constant) and node.value.value is None)
        case ast.Continue() | ast.Break():
            return 1
        case _:
            return 0


def _changes_state(node: ast.AST) -> bool:
    """Whether a statement can be left out without a name that is missing after it."""
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
    return True


def _change(tree: ast.AST, node: Node, way: int) -> None:
    match node:
        case ast.Compare(ops=[op]):
            node.ops = [COMPARED[type(op)]()]
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.IfExp():
            node.body, node.orelse = node.orelse, node.body
        case ast.UnaryOp():
            _replace(tree, node, node.operand)
        case ast.BinOp():
            node.op = COMPUTED[type(node.op)]()
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant(value=int() | float() as value):
            node.value = value + 1
        case ast.Call(func=ast.Name() as name):
            name.id = NAMES[name.id]
        case ast.Return():
            node.value = ast.Constant(value=None)
        case _:
            _replace(tree, node, ast.Pass())


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list) and old in value:
                value[value.index(old)] = new


def _statement(tree: ast.AST, node: ast.AST) -> ast.AST | None:
    """Return the innermost statement that holds a node."""
    found = [one for one in ast.walk(tree) if isinstance(one, ast.stmt) and any(part is node for part in ast.walk(one))]
    return found[-1] if found else None


def _spans(tree: ast.AST, node: Node) -> Iterator[tuple[int, int]]:
    yield node.lineno, node.end_lineno or node.lineno
    statement = _statement(tree, node)
    if isinstance(statement, ast.stmt) and not hasattr(statement, "body"):
        yield statement.lineno, statement.end_lineno or statement.lineno
    for one in ast.walk(tree):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and any(part is node for part in ast.walk(one)):
            body = one.body[0].lineno
            if node.lineno >= body:
                yield body, one.end_lineno or body


def _short(node: ast.AST | None) -> str:
    return ast.unparse(node).splitlines()[0].strip()[:140] if node is not None else ""


def say(line: str) -> None:
    """Print a line at once: a run takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Trace:
    """What the tests of a package run without a change."""

    ran: dict[str, dict[int, list[str]]]
    """File: line: the tests that run it."""
    took_s: dict[str, float]
    """Each test, with the time that recording took."""
    imported: list[str]
    """Modules of ours that were needed."""

    def of(self, mutant: Mutant, path: Path) -> list[str]:
        """Return the tests that may notice a mutant, the quickest first; those of the module where no line tells."""
        lines = self.ran.get(str(path), {})
        for first, last in mutant.spans:
            if found := {test for line in range(first, last + 1) for test in lines.get(line, ())}:
                return sorted(found, key=self.took_s.__getitem__)
        return sorted({test for tests in lines.values() for test in tests}, key=self.took_s.__getitem__)


class Recorder:
    """Records, as a plugin of pytest, which test runs which line of the files of a folder."""

    def __init__(self, folder: Path, out: Path) -> None:
        self._folder = str(folder)
        self._out = out
        self._ran: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._took_s: dict[str, float] = {}
        self._test = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Record one test."""
        self._test, began = item.nodeid, time.monotonic()
        threading.settrace(self._called)
        sys.settrace(self._called)
        result = yield
        sys.settrace(None)
        self._took_s[item.nodeid] = time.monotonic() - began
        return result

    def pytest_sessionfinish(self) -> None:
        """Write down what was recorded."""
        ran = {path: {line: sorted(tests) for line, tests in lines.items()} for path, lines in self._ran.items()}
        found = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
        others = [name for name, path in found.items() if "." not in name and "site-packages" in path]
        imported = [name for name in found if name.startswith("quell.")]
        self._out.write_text(json.dumps({"ran": ran, "took_s": self._took_s, "others": others, "imported": imported}))

    def _called(self, frame: FrameType, event: str, arg: object) -> Any:
        if not frame.f_code.co_filename.startswith(self._folder):
            return None
        return self._line(frame, event, arg)

    def _line(self, frame: FrameType, event: str, arg: object) -> Any:
        self._ran[frame.f_code.co_filename][frame.f_lineno].add(self._test)
        return self._line


class Chosen:
    """
    Runs, as a plugin of pytest, only some tests, in their order; one that hangs ends the process.

    Args:
        limits_s: how long each may take.
    """

    def __init__(self, limits_s: dict[str, float]) -> None:
        self._limits_s = limits_s
        self._order = {test: number for number, test in enumerate(limits_s)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out all others."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self._order), key=lambda item: self._order[item.nodeid]
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Have the process killed when the time of a test is over."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, self._limits_s[item.nodeid])
        result = yield
        signal.setitimer(signal.ITIMER_REAL, 0)
        return result


def noticed(folder: Path, tests: Iterable[str], plugin: object, within_s: float) -> bool:
    """Run tests in a fork; return whether one failed, or hung, or they did not end in time."""
    child = os.fork()
    if child == 0:
        os.setsid()
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.chdir(folder)
        left_out = [f"--ignore={path}" for path in LEFT_OUT]
        code: int = 1
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(BaseException):
            options = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider", "--no-header", "-o", "timeout=0", *left_out]
            code = int(pytest.main([*options, *tests], plugins=[plugin]))
        os._exit(code)
    until, ended, status = time.monotonic() + within_s, 0, 0
    while not ended and time.monotonic() < until:
        time.sleep(0.01)
        ended, status = os.waitpid(child, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # with what a test may have started
    if not ended:
        os.waitpid(child, 0)
    return not ended or os.waitstatus_to_exitcode(status) != 0


def trace(package: str, folder: Path) -> Trace:
    """
    Run the tests of a package without a change, and import here what of others they need.

    Raises: RuntimeError: one of them fails.
    """
    out = folder / f"{package}.json"
    if noticed(folder, TESTS[package], Recorder(folder / "src/quell" / package, out), 1200.0):
        raise RuntimeError(f"the tests of {package} fail without any change: {' '.join(TESTS[package])}")
    read = json.loads(out.read_text())
    for name in read["others"]:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    ran = {path: {int(line): tests for line, tests in lines.items()} for path, lines in read["ran"].items()}
    return Trace(ran, read["took_s"], read["imported"])


def import_beside(module: str, folder: Path, wanted: Iterable[str]) -> None:
    """Import what of ours does not depend on a module, and let go of what does: a fork must read it from its file."""
    needs = {
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"): set(_imports(path))
        for path in (folder / "quell").rglob("*.py")
    }
    dependent, before = {module}, 0
    while len(dependent) > before:
        before = len(dependent)
        dependent |= {name for name, needed in needs.items() if needed & dependent}
    for name in dependent & sys.modules.keys():
        del sys.modules[name]
        parent, _, attribute = name.rpartition(".")
        if parent in sys.modules:
            vars(sys.modules[parent]).pop(attribute, None)
    for name in wanted:
        if name not in dependent:
            importlib.import_module(name)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:many]) for many in range(1, len(parts) + 1))


def run(module: str, folder: Path, traced: Trace, asked: argparse.Namespace) -> list[Mutant]:
    """Return the mutants of a module that no test notices."""
    path = folder / "src" / Path(*module.split(".")).with_suffix(".py")
    import_beside(module, folder / "src", traced.imported)
    original, source = path.with_suffix(".original"), path.read_text()
    path.rename(original)
    alive, count, began = [], 0, time.monotonic()
    for mutant in list(mutants(source))[: asked.most]:
        if asked.lines and mutant.line not in asked.lines:
            continue
        count += 1
        path.write_text(mutant.source)
        tests = traced.of(mutant, path)
        limits_s = {test: SLOWEST * traced.took_s[test] + GRACE_S for test in tests}
        files = sorted({test.partition("::")[0] for test in tests})
        if not tests or not noticed(folder, files, Chosen(limits_s), 60.0 + sum(limits_s.values())):
            alive.append(mutant)
            say(f"{module}:{mutant.line}: {mutant.words}{'' if tests else ' (no test runs it)'}")
    original.replace(path)
    say(f"{module}: {count} mutants, {len(alive)} live, {time.monotonic() - began:.0f} s")
    return alive


def modules() -> list[str]:
    """Return the modules of the three packages, those without code left out."""
    found = [path for package in TESTS for path in sorted((ROOT / "src/quell" / package).rglob("*.py"))]
    return [".".join(path.relative_to(ROOT / "src").with_suffix("").parts) for path in found if path.stem != "__init__"]


def main() -> int:
    """Run, print what lives, and compare it with the list."""
    parser = argparse.ArgumentParser(prog="python scripts/mutants.py", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--most", type=int, help="mutants of each module at most")
    parser.add_argument("--lines", type=int, nargs="+", help="only the mutants of these lines")
    asked = parser.parse_args()
    listed = LISTED.read_text() if LISTED.exists() else ""
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        folder = Path(place)
        for name in ("src", "tests", "scripts"):
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "dashboard", "e2e")
            )
        shutil.copy(ROOT / "pyproject.toml", folder)
        sys.path[:0] = [str(folder), str(folder / "src")]
        import hypothesis  # loaded once, before the forks

        # The same examples for every mutant; a slow one is no failure, and none is made smaller.
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("mutants", phases=phases, derandomize=True, database=None, deadline=None)
        hypothesis.settings.load_profile("mutants")
        traces: dict[str, Trace] = {}
        alive = []
        for module in asked.modules or modules():
            package = module.split(".")[1]
            sys.dont_write_bytecode = False
            if package not in traces:
                traces[package] = trace(package, folder)
            sys.dont_write_bytecode = True  # of a mutant nothing may be left
            alive += [(module, mutant) for mutant in run(module, folder, traces[package], asked)]
    new = [f"{module}: {mutant.words}" for module, mutant in alive if not _is_listed(module, mutant, listed)]
    for line in new:
        say(f"not in {LISTED.relative_to(ROOT)}: {line}")
    return 1 if new else 0


def _is_listed(module: str, mutant: Mutant, listed: str) -> bool:
    return f"| `{module.removeprefix('quell.')}` | {mutant.words} |" in listed


if __name__ == "__main__":
    sys.exit(main())
