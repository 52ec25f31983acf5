"""The check of the conventions notices what breaks them, and what is listed for nothing."""

from __future__ import annotations

import ast

import pytest

from scripts.conventions import BANNER, body_lines, breaches, functions, parameters

CODE = """
class Way:
    def go(self, a, b, *, c, d=1):
        '''Say two
        lines.'''
        first = a
        return first


def other():
    '''Only say.'''
"""


def test_a_function_is_as_long_as_its_body_and_its_own_name_is_no_parameter() -> None:
    found = {name: (body_lines(node), parameters(node)) for name, node in functions(ast.parse(CODE))}

    assert found == {"Way.go": (2, 4), "other": (0, 0)}


@pytest.mark.parametrize(
    ("size", "listed", "said"),
    [
        (450, {}, "450 lines, and a module has at most 400"),
        (450, {"a.py": 420}, "450 lines, and a module has at most 400"),
        (450, {"a.py": 450}, None),
        (420, {"a.py": 450}, "listed under modules with 450, and has 420"),
        (None, {"a.py": 450}, "listed under modules with 450, and keeps the rule"),
    ],
)
def test_what_is_listed_may_shrink_and_not_grow(size: int | None, listed: dict[str, int], said: str | None) -> None:
    found = list(breaches({"modules": {} if size is None else {"a.py": size}}, {"modules": listed}))

    assert found == ([] if said is None else [f"a.py: {said}"])


@pytest.mark.parametrize(
    ("line", "banner"),
    [("    # --- writing ---", True), ("# ======", True), ("# why - so", False), ("x = 1  # ---", False)],
)
def test_a_banner_is_a_comment_of_lines(line: str, banner: bool) -> None:
    assert bool(BANNER.match(line)) is banner
