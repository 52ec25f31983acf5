"""The readers of alerts, as the settings ask for them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from quell.app.parts import senders
from quell.errors import ConfigError
from quell.incident.alert import Severity
from quell.settings import load
from tests.ingest.given import alert, body_of

NOW = datetime(2026, 1, 5, 10, 10, tzinfo=UTC)


@pytest.mark.parametrize("name", ["alertmanager", "grafana", "alerts"])
def test_the_words_of_a_site_count_at_every_source(name: str, tmp_path: Path) -> None:
    config = tmp_path / "quell.toml"
    config.write_text('[ingest.severities]\n"Wake Somebody" = "critical"\n"2" = "warning"\n')
    source = senders(load(config))[name]
    own = b'{"name": "A", "severity": "%s"}'
    bodies = [
        own % word.encode() if name == "alerts" else body_of(alert(severity=word)) for word in ("wake-somebody", "2")
    ]

    read = [source.parse(body, NOW).alerts[0].severity for body in bodies]

    assert read == [Severity.CRITICAL, Severity.WARNING]


def test_a_word_cannot_count_as_what_is_no_severity(tmp_path: Path) -> None:
    config = tmp_path / "quell.toml"
    config.write_text('[ingest.severities]\n"red" = "terrible"\n')

    with pytest.raises(ConfigError, match=r"ingest\.severities\.red"):
        load(config)
