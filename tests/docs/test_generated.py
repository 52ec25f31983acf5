"""What is written from the code says what the code says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from quell.errors import ConfigError
from quell.incident import events as ev
from quell.settings import load
from tests.docs.shelf import ROOT, text_of

SCRIPT = ROOT / "scripts" / "generate_docs.py"
sys.path.append(str(SCRIPT.parent))

from pages import accuracy, benchmarks  # noqa: E402  the script's own modules lie beside it
from pages.settings import Setting, every_setting  # noqa: E402
from pages.table import fill  # noqa: E402

SCALARS = ("text", "path", "number", "whole number", "true or false")


def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all that is generated, made anew once."""
    folder = tmp_path_factory.mktemp("made") / "root"
    folder.mkdir()
    shutil.copy(ROOT / "README.md", folder)
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copytree(ROOT / "benchmarks", folder / "benchmarks")
    generate("--root", str(folder))
    return folder


def test_the_documentation_is_what_the_code_says() -> None:
    checked = generate("--check")

    assert checked.returncode == 0, f"{checked.stderr}\nrun `make docs`"


def test_a_check_names_each_stale_page_and_writes_nothing(made: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "root"))
    (root / "docs/events.md").write_text("old\n", encoding="utf-8")
    (root / "docs/severity.md").unlink()

    checked = generate("--check", "--root", str(root))

    assert checked.returncode == 1
    assert [line.split()[0] for line in checked.stderr.splitlines()] == ["docs/events.md", "docs/severity.md"]
    assert (root / "docs/events.md").read_text(encoding="utf-8") == "old\n"


def test_the_same_code_gives_the_same_text(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "43")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("QUELL_PORT", "1")

    again = generate("--check", "--root", str(made))

    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("setting", every_setting(), ids=lambda setting: setting.name)
def test_every_setting_is_explained(setting: Setting) -> None:
    assert setting.says.endswith(".")
    assert f"| `{setting.name}` |" in text_of("docs/settings.md")


@pytest.mark.parametrize(
    "setting", [one for one in every_setting() if one.environment], ids=lambda setting: setting.environment
)
def test_every_name_in_the_environment_is_read(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUELL_INGEST__SENDERS__ALERTMANAGER__KIND", "alertmanager")
    monkeypatch.setenv("QUELL_ACTIONS__SUPERVISOR__URL", "http://127.0.0.1")
    monkeypatch.setenv("QUELL_ACTIONS__SUPERVISOR__TOKEN", "given")
    monkeypatch.setenv("QUELL_ACTIONS__WEBHOOKS__ALERTMANAGER__URL", "http://127.0.0.1")
    monkeypatch.setenv("QUELL_EVIDENCE__PROMETHEUS__URL", "http://127.0.0.1")
    monkeypatch.setenv("QUELL_EVIDENCE__LOKI__URL", "http://127.0.0.1")
    for source in ("CLOUDWATCH", "XRAY", "ECS"):
        monkeypatch.setenv(f"QUELL_EVIDENCE__{source}__REGION", "eu-central-1")
    monkeypatch.setenv("QUELL_EVIDENCE__ECS__CLUSTERS", '[{"name": "prod"}]')
    monkeypatch.setenv("QUELL_EVIDENCE__GITHUB__REPOSITORIES", '[{"service": "cart", "name": "shop/cart"}]')
    monkeypatch.setenv("QUELL_TOKEN", "given")
    name = setting.name.replace("<name>", "alertmanager")
    address, label = name.endswith("url"), name.endswith("drill_label")
    given = "http://nonsense" if address else "non=sense" if label else "nonsense"
    if name.endswith(".username"):
        monkeypatch.setenv(setting.environment.replace("USERNAME", "PASSWORD"), "given")
    monkeypatch.setenv(setting.environment.replace("<NAME>", "ALERTMANAGER"), given)

    if setting.kind in ("text", "path"):
        assert _value(load(), name) == given
    else:
        with pytest.raises(ConfigError, match=rf"{name.partition('.')[0]}"):
            load()


def _value(settings: Any, name: str) -> str:
    value = settings
    for part in name.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def test_secrets_are_marked_and_never_shown() -> None:
    secrets = {setting.name for setting in every_setting() if setting.secret}

    assert {"token", "ingest.senders.<name>.token", "actions.supervisor.token"} <= secrets
    assert not any(
        setting.default for setting in every_setting() if setting.secret and setting.default != "must be set"
    )


def test_every_event_is_on_the_page_with_all_its_fields() -> None:
    page = text_of("docs/events.md")
    sections = {part.split("\n", 1)[0]: part for part in page.split("\n### ")}

    for event in get_args(ev.Event):
        assert is_dataclass(event)
        missing = [field.name for field in fields(event) if f"| `{field.name}` |" not in sections[event.__name__]]
        assert missing == [], event.__name__


def test_marks_that_are_not_there_are_an_error() -> None:
    with pytest.raises(ValueError, match="0 times"):
        fill("a page without marks", "bench:lab", "numbers")


def test_without_results_no_number_is_shown(tmp_path: Path) -> None:
    shown = f"{benchmarks.lab(tmp_path)}\n{benchmarks.speed(tmp_path)}"

    assert shown.count("Not measured yet") == 1 + len(benchmarks.SPEED)
    assert "|" not in shown


def test_results_are_shown_as_they_are(tmp_path: Path) -> None:
    summary = {
        "detected": 0.95, "cause_first": 0.8, "action_fits": None, "verified": 0.7, "restored": 0.65, "undone": 2,
        "false_incidents": 0, "quiet_minutes": 10.0, "real_runs": 20, "red_herrings": 6, "red_herring_blamed": 1,
        "detect_s": {"p50": 11.26, "p95": None}, "restore_s": {"p50": 30.0, "p95": 61.0},
        "intervals": {"detected": [0.76, 0.99], "action_fits": None},
        "by_fault": {
            "memory_leak": {"runs": 3, "detected": 3, "cause_first": 2, "action_fits": 2, "verified": 2, "restored": 1}
        },
    }  # fmt: skip
    (tmp_path / "lab.json").write_text(json.dumps({"summary": summary, "runs": [], "machine": {"cpus": 2}}))

    shown = benchmarks.lab_whole(tmp_path)

    assert "20 faults that really happened in the lab (cpus 2)" in shown
    assert "| Detected | 95 % | 76 to 99 % | 95 % |" in shown
    assert "| An action that fits the cause | none tried |  |  |" in shown
    assert "| 11.3, none |" in shown
    assert "| Harmless changes blamed | 1 of 6 |" in shown
    assert "| memory leak | 3 | 3 | 2 | 2 | 2 | 1 |" in shown

    short = benchmarks.lab(tmp_path)

    assert "| Detected | 95 % | 76 to 99 % |" in short
    assert "| Restored without a person | 65 % |  |" in short
    assert "memory leak" not in short


def test_results_of_speed_are_shown_in_their_units(tmp_path: Path) -> None:
    row = {
        "alerts_per_request": 30,
        "quell_alerts_per_s": 12345.6,
        "quell_p50_ms": 4.21,
        "alertmanager_alerts_per_s": None,
    }
    (tmp_path / "ingest.json").write_text(json.dumps({"machine": "two cores", "rows": [row]}))
    (tmp_path / "scale.json").write_text(json.dumps({"list_ms": {"p50": 3.0}, "rss_mb": 210}))

    shown = benchmarks.speed(tmp_path)

    assert "| Alerts per request | Quell (alerts/s) | Quell p50 (ms) | Alertmanager (alerts/s) |" in shown
    assert "| 30 | 12,346 | 4.2 | not measured |" in shown
    assert "| List ms p50 | 3 |" in shown
    assert "| Rss (MB) | 210 |" in shown


def test_accuracy_shows_what_was_kept_apart_and_what_is_wrong_beside_what_is_right(tmp_path: Path) -> None:
    shares = {
        "cases": 34, "top_1": 0.1765, "top_3": 0.2647, "named_right": 0.0294, "confident_wrong": 0.0588,
        "abstained": 0.9117, "confirmed": 0.0, "ece": None, "top_1_low95": 0.08, "top_1_high95": 0.34,
    }  # fmt: skip
    found = {**shares, "published_top_1": {"somebody": 0.654}, "perturbed": {"late-1": shares}}
    for name in accuracy.SETS:
        (tmp_path / f"accuracy-{name}.json").write_text(json.dumps(found))

    assert "| 18 % of 34 | 6 % | 3 % | 6 % | 91 % | 65 % (somebody) |" in accuracy.short(tmp_path)
    assert "| 0.18 | 0.06 | 0.765 | somebody 0.654 |" in accuracy.seen_and_apart(tmp_path)
    assert "| 34 | 0.18 | 8 to 34 % | 0.26 | 0.03 | 0.06 | 0.91 | n/a | 0.00 |" in accuracy.rca(tmp_path)
    assert "| alert one reading late | 0.18 / 0.06 | 0.18 / 0.06 | 0.18 / 0.06 |" in accuracy.perturbed(tmp_path)


def test_without_results_no_accuracy_is_shown(tmp_path: Path) -> None:
    assert {written(tmp_path) for written in accuracy.PARTS.values()} == {accuracy.NOT_MEASURED}
