"""
Holds the code to its conventions: modules, functions and parameter lists of a size that can be read, no banners, and
one class for a name.

`python scripts/conventions.py` names each breach and exits with 1. What broke them when the rules were made is listed
in `scripts/conventions.toml` with its size: it may shrink and not grow, and leaves the list once it keeps the rule;
`--list` writes the list anew. `--sizes` prints the folders with their modules and lines.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("src/quell", "src/quell_lab", "src/quell_bench", "benchmarks", "scripts")
MODULE_LINES = 400
FUNCTION_LINES = 40
"""Of its body, without the docstring."""
PARAMETERS = 6
"""Without `self` and `cls`."""
BANNER = re.compile(r"^\s*#\s*[-=*#]{3}")

Sizes = dict[str, dict[str, int]]


def modules() -> Iterator[tuple[Path, str]]:
    """Yield every module with its name below the root."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield every function under its qualified name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield inside + node.name, node
        name = getattr(node, "name", None) if isinstance(node, ast.ClassDef | ast.FunctionDef) else None
        yield from functions(node, f"{inside}{name}." if name else inside)


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines its body has without the docstring."""
    first, *rest = function.body
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    if told and not rest:
        return 0
    begin = rest[0].lineno if told else first.lineno
    return (function.end_lineno or begin) - begin + 1


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many parameters a function has for who calls it."""
    given = function.args
    named = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(named) - (named[:1] in (["self"], ["cls"]))


def measure() -> tuple[Sizes, list[str]]:
    """Return what is larger than the rules allow, by rule and place, and where a banner stands."""
    sizes: Sizes = {"modules": {}, "functions": {}, "parameters": {}, "classes": {}}
    banners: list[str] = []
    classes: dict[str, list[str]] = defaultdict(list)
    for path, name in modules():
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        if len(lines) > MODULE_LINES:
            sizes["modules"][name] = len(lines)
        banners += [f"{name}:{number}" for number, line in enumerate(lines, start=1) if BANNER.match(line)]
        tree = ast.parse(text)
        for function, node in functions(tree):
            if (long := body_lines(node)) > FUNCTION_LINES:
                sizes["functions"][f"{name}:{function}"] = long
            if (many := parameters(node)) > PARAMETERS:
                sizes["parameters"][f"{name}:{function}"] = many
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and name.startswith("src/quell/"):
                classes[node.name].append(name)
    sizes["classes"] = {name: len(places) for name, places in classes.items() if len(places) > 1}
    return sizes, banners


WORDS = {
    "modules": f"lines, and a module has at most {MODULE_LINES}",
    "functions": f"lines, and a function has at most {FUNCTION_LINES}",
    "parameters": f"parameters, and a function has at most {PARAMETERS}",
    "classes": "classes of Quell have this name",
}


def breaches(sizes: Sizes, listed: Sizes) -> Iterator[str]:
    """Yield what breaks a rule, or keeps it by now and is listed still."""
    for rule, found in sizes.items():
        known = listed.get(rule, {})
        for place, size in sorted(found.items()):
            if size > known.get(place, 0):
                yield f"{place}: {size} {WORDS[rule]}"
        for place, size in sorted(known.items()):
            if (now := found.get(place, 0)) < size:
                yield f"{place}: listed under {rule} with {size}, and {f'has {now}' if now else 'keeps the rule'}"


def print_sizes() -> None:
    """Print the folders with their modules and lines."""
    counted: dict[str, list[int]] = defaultdict(list)
    for path, name in modules():
        counted[str(Path(name).parent)].append(len(path.read_text(encoding="utf-8").splitlines()))
    print(f"{'folder':<50} {'modules':>7} {'lines':>7} {'longest':>7}")
    for folder, lines in sorted(counted.items()):
        print(f"{folder:<50} {len(lines):>7} {sum(lines):>7} {max(lines):>7}")


def write(sizes: Sizes, path: Path) -> None:
    """Write the list of what breaks the rules now."""
    tables = [
        f"[{rule}]\n" + "".join(f'"{place}" = {size}\n' for place, size in sorted(found.items()))
        for rule, found in sizes.items()
    ]
    path.write_text("\n".join(tables), encoding="utf-8")


def main() -> int:
    """Check, print, or list anew."""
    parser = argparse.ArgumentParser(prog="python scripts/conventions.py", description=__doc__)
    parser.add_argument("--sizes", action="store_true", help="print the folders with their modules and lines")
    parser.add_argument("--list", action="store_true", help="list what breaks the rules now")
    asked = parser.parse_args()
    if asked.sizes:
        print_sizes()
        return 0
    known = ROOT / "scripts" / "conventions.toml"
    sizes, banners = measure()
    if asked.list:
        write(sizes, known)
    found = [
        *breaches(sizes, tomllib.loads(known.read_text(encoding="utf-8"))),
        *(f"{one}: a banner" for one in banners),
    ]
    print("\n".join(found) or "the conventions are kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
