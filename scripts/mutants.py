"""
Changes one thing at a time in a module and runs the module's tests; a change that no test notices lives.

`python scripts/mutants.py quell.incident.decisions` runs one module, without a name all of `incident`, `workflow` and
`ingest`. What lives is printed and must stand in docs/mutants.md with a reason, else the exit code is 1. The tests run
in a copy of the tree, each mutant in a process of its own that is forked after everything slow is imported.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import io
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LISTED = ROOT / "docs" / "mutants.md"
TESTS = {
    "incident": ("tests/incident", "tests/projections/test_models.py"),
    "workflow": ("tests/workflow",),
    "ingest": ("tests/ingest", "tests/contracts/test_alert_sources.py"),
}
"""Which tests must notice a change in a package."""

SLOWEST = 5.0
"""A mutant that takes this many times as long as no mutant, and 10 s more, hangs: that is noticed too."""

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

    @property
    def words(self) -> str:
        """The change as it must stand in the list."""
        return f"`{self.before}` → `{self.after}`"


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
                line=node.lineno, before=before, after=after, source=ast.unparse(ast.fix_missing_locations(changed))
            )


Node = ast.expr | ast.stmt
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.AnnAssign)


def _changeable(tree: ast.AST) -> Iterator[Node]:
    """Yield what can be changed, in order; no annotations, docstrings, messages of errors or declarations."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.Assert | ast.JoinedStr):
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


def _short(node: ast.AST | None) -> str:
    return ast.unparse(node).splitlines()[0].strip()[:140] if node is not None else ""


def say(line: str) -> None:
    """Print a line at once: a run takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


# --- running ----------------------------------------------------------------------------------------------------


def noticed(folder: Path, tests: tuple[str, ...], within_s: float) -> bool:
    """Run tests in a fork; return whether one failed, or they did not end in time."""
    child = os.fork()
    if child == 0:
        os.setsid()
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.chdir(folder)
        import pytest

        code: int = 1
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(BaseException):
            code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests]))
        os._exit(code)
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def run(module: str, folder: Path, most: int | None) -> list[Mutant]:
    """Return the mutants of a module that no test notices. Raises: RuntimeError: its tests fail without a change."""
    tests = TESTS[module.split(".")[1]]
    path = folder / "src" / Path(*module.split(".")).with_suffix(".py")
    source, began = path.read_text(), time.monotonic()
    if noticed(folder, tests, 600.0):
        raise RuntimeError(f"the tests of {module} fail without any change: {' '.join(tests)}")
    within_s = SLOWEST * (time.monotonic() - began) + 10.0
    alive, count = [], 0
    try:
        for mutant in list(mutants(source))[:most]:
            count += 1
            path.write_text(mutant.source)
            if not noticed(folder, tests, within_s):
                alive.append(mutant)
                say(f"{module}:{mutant.line}: {mutant.words}")
    finally:
        path.write_text(source)
    say(f"{module}: {count} mutants, {len(alive)} live")
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
        sys.dont_write_bytecode = True
        import hypothesis  # noqa: F401 - loaded once, before the forks

        alive = [
            (module, mutant) for module in asked.modules or modules() for mutant in run(module, folder, asked.most)
        ]
    new = [f"{module}: {mutant.words}" for module, mutant in alive if mutant.words not in listed]
    for line in new:
        say(f"not in {LISTED.relative_to(ROOT)}: {line}")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
