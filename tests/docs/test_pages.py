"""The pages lead where they say, and name what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.docs.shelf import PAGES, ROOT, blocks, name_of, prose, text_of

LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("npmmirror", "com"),
        ("deb", "debian", "org"),
    )
)
MACHINE = re.compile(r"(?<![\w.}/-])/(?:root|work|home/\w+|Users/\w+)/")
DECISION = ("## Context", "## Choice", "## What lost, and why", "## Consequences")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    heads = re.findall(r"^#+ (.+)$", prose(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for found in LINK.finditer(prose(page.read_text(encoding="utf-8"))):
        link = found[1] or found[2]
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page

        assert target.exists(), f"{name_of(page)}: {link}"
        assert not anchor or anchor in anchors(target), f"{name_of(page)}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_of_the_code_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(
        r"`((?:src|tests|scripts|benchmarks|dashboard)/[\w./-]+)`", prose(page.read_text(encoding="utf-8"))
    )

    # What a build or a benchmark makes need not be there yet.
    missing = [name for name in named if not name.startswith(("benchmarks/results", "src/quell/dashboard"))]
    missing = [name for name in missing if not (ROOT / name).exists()]

    assert missing == []


def test_the_architecture_names_every_part_of_the_code() -> None:
    page = text_of("docs/architecture.md")
    parts = {path.name for path in (ROOT / "src/quell").iterdir() if (path / "__init__.py").exists()}

    assert {part for part in parts if f"| `{part}` |" not in page} == set()


def test_the_files_that_the_architecture_says_to_read_first_are_there() -> None:
    rows = re.findall(r"^\| `\w+` \| .* \| `([\w/.]+)` \|$", text_of("docs/architecture.md"), re.MULTILINE)

    assert len(rows) > 8
    assert [row for row in rows if not (ROOT / "src/quell" / row).is_file()] == []


def test_the_places_where_the_architecture_says_to_change_something_are_there() -> None:
    table = text_of("docs/architecture.md").partition("## Where do I change")[2].partition("\n## ")[0]
    named = set(re.findall(r"`((?:[a-z]+/)[\w/.]*)`", table))

    assert len(named) > 20
    assert {one for one in named if not ((ROOT / "src/quell" / one).exists() or (ROOT / one).exists())} == set()


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_layers_shown_are_the_layers_kept(name: str) -> None:
    project = tomllib.loads(text_of("pyproject.toml"))
    kept = project["tool"]["importlinter"]["contracts"][0]["layers"]

    shown = next(block for block in blocks(text_of(name), "text") if block.text.startswith("cli\n"))

    assert shown.text.splitlines() == kept


def test_every_decision_has_the_form_and_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    decisions = sorted(folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text(encoding="utf-8")

    for number, page in enumerate(decisions, start=1):
        text = page.read_text(encoding="utf-8")
        title = text.splitlines()[0].removeprefix(f"# {number}. ")
        assert f"{number}. [{title}]({page.name})" in index
        assert tuple(re.findall(r"^## .*$", text, re.MULTILINE)) == DECISION
        assert len(text.splitlines()) < 60


def test_no_file_names_a_registry_or_a_machine() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and the project's history to know which files are its own")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    found = []
    for name in listed.decode().split("\0"):
        path = ROOT / name
        if not name or not path.is_file() or path == Path(__file__) or b"\0" in path.read_bytes()[:8000]:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{name}: {host}" for host in REGISTRIES if host in text]
        found += [f"{name}: {match[0]}" for match in MACHINE.finditer(text)]

    assert found == []
