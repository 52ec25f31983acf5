"""Runbooks as files: what is read, what is refused and how that is said, and which file counts."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from quell.actions.process import CHANGES
from quell.actions.runbook import Entry, Runbook
from quell.actions.runbookfiles import FILE_BYTES, FILES, Vocabulary, overlaid, read_folder, refused, shipped
from quell.errors import ConfigError
from quell.incident.events import Cause

WORDS = Vocabulary(
    actions={**{change.name: change.takes for change in CHANGES}, "page": {}}, series=("error_ratio", "pool_use")
)
GOOD = """
name = "own"
version = "2.1"
title = "Give a full pool more connections"
why = "lets more requests through"
expected = "nobody waits for a connection"
undo = "The pool gets the size it had."
risk = "low"
weight = 0.5

[match]
causes = ["pool_exhaustion"]
services = ["payment*"]
kinds = ["stateless"]
series = ["pool_use"]
labels = { cluster = "prod-*" }

[when]
min_probability = 0.6
recent_change = "deploy"
recent_change_s = 600
not_within_s = 900
runs_per_hour = 3
dependencies_healthy = true

[[steps]]
action = "scale_pool"
params = { size = 16 }

[[steps]]
action = "restart"

[verify]
series = ["pool_use"]
within_s = 120
steady = 8
"""


def read(folder: Path, **files: str) -> tuple[list[Runbook], list[str]]:
    """Write files and read them; a problem is said without the folder's path."""
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    found = read_folder(folder, WORDS)
    return [entry.runbook for entry in found.entries], [str(one).replace(f"{folder}/", "") for one in found.problems]


def changed(before: str, after: str) -> str:
    assert before in GOOD
    return GOOD.replace(before, after)


def test_every_key_of_a_file_is_in_its_runbook(tmp_path: Path) -> None:
    (runbook,), problems = read(tmp_path, own=GOOD)

    assert problems == []
    assert (runbook.name, runbook.version, runbook.risk, runbook.weight) == ("own", "2.1", "low", 0.5)
    assert runbook.match.causes == (Cause.POOL_EXHAUSTION,)
    assert (runbook.match.services, runbook.match.kinds) == (("payment*",), ("stateless",))
    assert (runbook.match.series, runbook.match.labels) == (("pool_use",), {"cluster": "prod-*"})
    assert (runbook.when.min_probability, runbook.when.recent_change) == (0.6, "deploy")
    assert (runbook.when.recent_change_s, runbook.when.not_within_s, runbook.when.runs_per_hour) == (600, 900, 3)
    assert runbook.when.dependencies_healthy
    assert [step.params_for("the pool") for step in runbook.steps] == [{"size": "16"}, {}]
    assert (runbook.verify.series, runbook.verify.within_s, runbook.verify.steady) == (("pool_use",), 120, 8)


def test_what_diagnosis_named_is_given_to_the_param_that_the_step_names(tmp_path: Path) -> None:
    subject = changed('action = "restart"', 'action = "switch_flag"\nsubject = "dependency"')
    (runbook,), _ = read(tmp_path, own=subject)

    assert runbook.steps[1].params_for("bank") == {"dependency": "bank"}
    assert runbook.steps[1].params_for("") == {}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('name = "own"\n', "", "name: is missing"),
        ('version = "2.1"', "version = 2", "version: input should be a valid string"),
        ('version = "2.1"', 'version = "2 1"', "version: '2 1' has a character that is not allowed here"),
        ('name = "own"', 'name = "../own"', "name: '../own' has a character"),
        ('name = "own"', f'name = "{"o" * 65}"', "name: string should have at most 64 characters"),
        ('title = "Give', 'title = "\\u001b[2JGive', "title: '\\x1b[2JGive"),
        ('why = "lets', 'why = "\\u202Elets', "why: '\\u202elets"),
        ('undo = "The pool gets the size it had."', 'undo = ""', "undo: is empty"),
        ('risk = "low"', 'risk = "none"', "risk: input should be 'low', 'medium' or 'high'"),
        ("weight = 0.5", "weight = 0", "weight: input should be greater than 0"),
        ("weight = 0.5", "weight = 1.5", "weight: input should be less than or equal to 1"),
        ("weight = 0.5", "weight = nan", "weight: input should be a finite number"),
        ("weight = 0.5", "weights = 0.5", "weights: there is no such key"),
        ("[match]", "[matches]", "match: is missing"),
        ('causes = ["pool_exhaustion"]', "causes = []", "match.causes: tuple should have at least 1 item"),
        ('causes = ["pool_exhaustion"]', 'causes = ["bad_luck"]', "match.causes.0: input should be 'bad_release'"),
        ('services = ["payment*"]', 'services = "payment"', "match.services: must be a list"),
        ('kinds = ["stateless"]', 'kind = "x"', "match.kind: there is no such key"),
        ('["pool_use"]\nlabels', '["luck"]\nlabels', "match.series: no series 'luck'; known: error_ratio, pool_use"),
        ("min_probability = 0.6", "min_probability = 60", "when.min_probability: input should be less than"),
        ('"deploy"', '"full moon"', "when.recent_change: input should be"),
        ("not_within_s = 900", "not_within_s = -1", "when.not_within_s: input should be greater than"),
        ("runs_per_hour = 3", "runs_per_hour = 0.5", "when.runs_per_hour: input should be a valid integer"),
        ("runs_per_hour = 3", "runs_per_hour = true", "when.runs_per_hour: input should be a valid integer"),
        ("healthy = true", 'healthy = "yes"', "when.dependencies_healthy: input should be a valid boolean"),
        ("not_within_s = 900", "not_within_s = 2026-01-01", "when.not_within_s: input should be a valid number"),
        ('"scale_pool"', '"rm -rf /"', "steps.0.action: no action 'rm -rf /'; known: clear_disk, flush_cache, page"),
        ('action = "restart"', 'action = "restart"\nshell = "reboot"', "steps.1.shell: there is no such key"),
        ("{ size = 16 }", "{ size = 65 }", "steps.0.params.size: '65' is not allowed"),
        ("{ size = 16 }", '{ size = "16; reboot" }', "steps.0.params.size: '16; reboot' is not allowed"),
        ("{ size = 16 }", "{ size = [16] }", "steps.0.params.size: input should be"),
        ("{ size = 16 }", "{ from = 16 }", "steps.0.params.from: scale_pool takes size"),
        ('action = "restart"', 'action = "page"\nparams = { a = 1 }', "steps.1.params.a: page takes no params"),
        ('action = "restart"', 'action = "restart"\nsubject = "pid"', "steps.1.subject: restart takes no params"),
        ("{ size = 16 }", '{ size = 16 }\nsubject = "size"', "steps.0.subject: size has a value in params already"),
        ("within_s = 120", "within_s = 900", "verify.within_s: input should be less than or equal to 540"),
        ("steady = 8", "steady = 1", "verify.steady: input should be greater than or equal to 2"),
        ('["pool_use"]\nwithin', '["luck"]\nwithin', "verify.series: no series 'luck'"),
        ("weight = 0.5", "weight = ", "not TOML: Invalid value (at line 9"),
        ("weight = 0.5", 'weight = 0.5\nrisk = "high"', "not TOML: Cannot overwrite a value (at line 10"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_key_and_the_reason(
    before: str, after: str, said: str, tmp_path: Path
) -> None:
    runbooks, (problem,) = read(tmp_path, own=changed(before, after))

    assert runbooks == []
    assert problem.startswith(f"own.toml: {said}"), problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"name = '\xff'", "not UTF-8"),
        (b"#" * (FILE_BYTES + 1), f"more than {FILE_BYTES} bytes"),
        (b"a = " + b"[" * 30_000, "nested too deep"),
        (b"a." * 20_000 + b"a = 1", "nested too deep"),
        (b"a = 1" + b"0" * 60_000, "a number too long"),
        (b"", "name: is missing"),
    ],
    ids=["not text", "too large", "deep lists", "deep tables", "a long number", "empty"],
)
def test_a_hostile_file_is_one_problem_and_the_others_are_read(body: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(body)
    (runbook,), (problem,) = read(tmp_path, own=GOOD)

    assert runbook.name == "own"
    assert problem.startswith("bad.toml: ")
    assert said in problem


def test_every_bad_file_is_in_one_error_up_to_what_can_be_read(tmp_path: Path) -> None:
    _, problems = read(tmp_path, **{f"f{n:02}": "x" for n in range(14)}, own=GOOD)
    assert len(problems) == 14

    said = str(refused(read_folder(tmp_path, WORDS).problems))

    assert all(f"f{n:02}.toml: not TOML" in said for n in range(12))
    assert said.endswith("; and 2 more")


def test_two_files_of_the_same_name_are_a_problem_of_the_second(tmp_path: Path) -> None:
    (runbook,), problems = read(tmp_path, a=GOOD, b=GOOD)

    assert runbook.name == "own"
    assert problems == ["b.toml: name: a.toml has the name own already"]


def test_only_toml_files_right_in_the_folder_are_read(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("see own.toml")
    (tmp_path / ".hidden.toml").write_text("x")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "x.toml").write_text("x")
    (tmp_path / "folder.toml").mkdir()

    (runbook,), problems = read(tmp_path, own=GOOD)

    assert runbook.name == "own"
    assert problems == ["folder.toml: not a file"]


def test_a_folder_that_is_not_there_is_an_error_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"runbooks .*nowhere: No such file"):
        read_folder(tmp_path / "nowhere", WORDS)


def test_more_files_than_are_read_is_an_error(tmp_path: Path) -> None:
    for number in range(FILES + 1):
        (tmp_path / f"{number}.toml").touch()

    with pytest.raises(ConfigError, match=f"{FILES + 1} files, and at most {FILES} are read"):
        read_folder(tmp_path, WORDS)


def test_of_two_runbooks_of_a_name_that_of_the_last_shelf_counts(tmp_path: Path) -> None:
    (one,), _ = read(tmp_path, own=GOOD)
    (two,), _ = read(tmp_path, own=changed('version = "2.1"', 'version = "3"\nenabled = false'))

    (entry,) = overlaid([Entry(runbook=one, origin="shipped")], [Entry(runbook=two, origin="own", file="own.toml")])

    assert (entry.runbook.version, entry.runbook.enabled, entry.origin) == ("3", False, "own")


def test_every_shipped_file_is_read_and_carries_the_name_of_its_runbook() -> None:
    entries = shipped(WORDS)

    assert [entry.file for entry in entries] == [f"{entry.runbook.name}.toml" for entry in entries]
    assert len(entries) >= 17


def test_what_a_shipped_runbook_says_of_its_undo_is_what_its_action_says() -> None:
    """Until a shipped runbook has steps that are taken back in different ways."""
    says = {change.name: change.undo_is for change in CHANGES}

    assert [(e.file, e.runbook.undo) for e in shipped(WORDS)] == [
        (e.file, says[e.runbook.steps[0].action]) for e in shipped(WORDS)
    ]


def test_the_example_of_the_page_on_runbooks_can_be_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/runbooks.md").read_text(encoding="utf-8")
    examples = [text for text in _toml_blocks(page) if "steps" in tomllib.loads(text)]
    series = ("pool_use", "memory_use", "error_ratio", "latency_p99")
    words = Vocabulary(actions=WORDS.actions, series=series)
    for number, text in enumerate(examples):
        (tmp_path / f"{number}.toml").write_text(text, encoding="utf-8")

    found = read_folder(tmp_path, words)

    assert found.problems == ()
    assert len(found.entries) == len(examples) >= 1


def _toml_blocks(page: str) -> Sequence[str]:
    return [part.split("```", 1)[0] for part in page.split("```toml\n")[1:]]
