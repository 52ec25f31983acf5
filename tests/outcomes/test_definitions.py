"""Every figure and every method is defined, once, in plain text."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import quell.outcomes
from quell.outcomes import report
from quell.outcomes.definitions import DEFINITIONS, FIGURES, METHODS, Definition
from quell.outcomes.savings import CLAIMED_AT
from quell.outcomes.trend import FEWEST_RESOLVED, LOWEST_QUALITY, P_BELOW

FOLDER = Path(inspect.getfile(quell.outcomes)).parent
NAME = re.compile(r"[a-z][a-z0-9_]+")


def used() -> set[str]:
    """What the code gives as the method of an estimate: `method="..."`, and assignments to `method` and `METHOD`."""
    found: set[str] = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            value: ast.expr | None = None
            if isinstance(node, ast.keyword):
                value = node.value if node.arg == "method" else None
            elif isinstance(node, ast.Assign):
                names = [target.id.lower() for target in node.targets if isinstance(target, ast.Name)]
                value = node.value if "method" in names else None
            if value is not None:
                branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                found |= {one.value for one in branches if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


def test_every_method_that_an_estimate_names_is_defined() -> None:
    assert len(used()) >= 8
    assert used() <= set(DEFINITIONS)


def test_every_method_that_is_defined_is_used() -> None:
    assert {one.key for one in METHODS} <= used()


def test_every_figure_of_the_report_is_defined() -> None:
    source = inspect.getsource(report.Report)
    keys = set(re.findall(r"`([a-z_0-9]+)`", source.partition("figures: ")[2].partition("counts:")[0]))

    assert {"time_to_restore", "clean_runs", "mtbf"} <= keys
    assert keys <= set(DEFINITIONS)


@pytest.mark.parametrize("one", DEFINITIONS.values(), ids=lambda one: one.key)
def test_a_definition_is_whole_and_plain(one: Definition) -> None:
    assert NAME.fullmatch(one.key)
    for text in (one.title, one.formula, one.reads, one.says_nothing_when, *one.sources):
        assert text
        assert text == " ".join(text.split())
        assert not set("<>{}\n`").intersection(text.replace("p < 0.005", "").replace(">=", "").replace("S > 0", ""))


def test_keys_are_unique() -> None:
    assert len(DEFINITIONS) == len(FIGURES) + len(METHODS)


def test_the_words_say_the_numbers_that_the_code_uses() -> None:
    assert f"p < {P_BELOW}" in DEFINITIONS["trend"].formula
    assert f"Fewer than {FEWEST_RESOLVED} resolved" in DEFINITIONS["trend"].says_nothing_when
    assert f"quality below {LOWEST_QUALITY}" in DEFINITIONS["trend"].says_nothing_when
    assert f">= {CLAIMED_AT}" in DEFINITIONS["savings"].formula
