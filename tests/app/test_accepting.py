"""Settings that are each right and make no sense together: what the start refuses, with every fault."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from quell.app.accepting import accept
from quell.errors import ConfigError
from quell.settings import Settings

PROMETHEUS = {"url": "http://prometheus:9090"}
LOKI = {"url": "http://loki:3100"}
TARGET = {"service": "cart", "url": "http://cart/metrics"}
RULE = {"action": "restart", "service": "cart", "autonomy": "auto"}


def evidence(**values: Any) -> dict[str, Any]:
    return {"evidence": values}


def rules(*given: dict[str, Any]) -> dict[str, Any]:
    return {"policy": {"rules": given}}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (evidence(prometheus={**PROMETHEUS, "step_s": 60, "span_s": 30}), "span_s must be at least step_s"),
        (evidence(prometheus={**PROMETHEUS, "token": "t", "password": "p"}), "give `token` or `password`, not both"),
        (evidence(prometheus={**PROMETHEUS, "username": "me"}), "only with `password`"),
        (evidence(loki={**LOKI, "token": "t", "password": "p"}), "give `token` or `password`, not both"),
        (evidence(targets=[{**TARGET, "token": "t", "password": "p"}]), "give `token` or `password`, not both"),
        (evidence(targets=[{**TARGET, "url": "cart:9100"}]), "it is no address that can be called"),
        (evidence(prometheus={"url": "http://"}), "it is no address that can be called"),
        (evidence(prometheus={**PROMETHEUS, "service_labels": []}), "service_labels"),
        (evidence(edges=[["", ""]]), "edges"),
        (evidence(edges=[["cart", "cart"]]), "cart cannot be its own callee"),
        (evidence(otlp={"token": " "}), "it is blank"),
        ({"correlation": {"reopen_s": 60, "settle_s": 90}}, "settle_s must be at most reopen_s"),
        ({"correlation": {"drill_label": "lab"}}, "drill_label"),
        ({"watch": {"every_s": 120, "trouble_s": 60}}, "trouble_s must be at least every_s"),
        ({"token": " "}, "it is blank"),
        ({"token": ""}, "it is blank"),
        ({"token": "secret\n"}, "no header keeps"),
        ({"ingest": {"senders": {"a": {"kind": "simple", "token": " "}}}}, "it is blank"),
        ({"ingest": {"senders": {"a": {"kind": "simple", "hmac_secret": ""}}}}, "it is blank"),
        (rules({**RULE, "service": " "}), "service"),
    ],
)
def test_a_setting_that_contradicts_another_or_means_nothing_cannot_be_read(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(values)

    assert says in str(refused.value)
    assert len(refused.value.errors()) <= 2


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (rules({**RULE, "action": "restrat"}), "policy.rules.0.action: no action 'restrat'; known: clear_disk, "),
        (rules({**RULE, "action": "*", "service": "*"}, RULE), "policy.rules.1: never counts, as policy.rules.0"),
        (rules(RULE, {**RULE, "autonomy": "observe"}), "policy.rules.1: never counts"),
        (evidence(prometheus={**PROMETHEUS, "span_s": 90}), "verify_within_s must be more than span_s"),
        (evidence(prometheus={**PROMETHEUS, "queries": {"mood": "up"}}), "evidence.prometheus.queries: no series mood"),
        ({"response": {"steady_readings": 20, "verify_within_s": 10}}, "nothing could ever be seen to recover"),
        ({"ingest": {"senders": {}}, "watch": {"enabled": False}}, "nothing could ever open an incident"),
        ({"ingest": {"senders": {"quell-watch": {"kind": "simple"}}}}, "Quell's own watch has that name"),
        ({"correlation": {"labels": ["alertname", "severity"]}}, "says nothing about what belongs together"),
        ({"token_file": "nowhere"}, "token_file nowhere"),
    ],
)
def test_what_makes_no_sense_together_is_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        accept(Settings.model_validate(values))

    (fault,) = refused.value.faults
    assert says in fault


@pytest.mark.parametrize(
    "values",
    [
        {},
        rules(RULE, {**RULE, "service": "*"}, {**RULE, "action": "roll*"}, {"autonomy": "observe"}),
        evidence(prometheus=PROMETHEUS, loki=LOKI, targets=[TARGET], edges=[["edge", "cart"]]),
        {"ingest": {"senders": {}}},
        {"correlation": {"reopen_s": 0}},
    ],
)
def test_what_fits_together_is_accepted(values: dict[str, Any]) -> None:
    accept(Settings.model_validate(values))


def test_all_faults_are_found_at_once() -> None:
    hook = {"url": "http://elsewhere/", "services": ["cart"], "causes": ["bad_luck"]}
    given = {
        "actions": {"webhooks": {"page": hook, "ring": {**hook, "services": []}}},
        **rules({**RULE, "action": "a"}, {**RULE, "action": "b"}),
        **evidence(prometheus={**PROMETHEUS, "queries": {"mood": "up"}, "span_s": 90}),
    }

    with pytest.raises(ConfigError) as refused:
        accept(Settings.model_validate(given))

    told = "\n".join(refused.value.faults)
    assert len(refused.value.faults) == 8, told
    for part in ("'a'", "'b'", "mood", "span_s", "bad_luck", "ring.services", "action page:", "action ring:"):
        assert part in told


@pytest.mark.parametrize("content", ["", " \n"])
def test_a_blank_file_of_a_token_is_refused(content: str, tmp_path: Any) -> None:
    (tmp_path / "token").write_text(content)

    with pytest.raises(ConfigError, match=r"token_file .*: it is blank"):
        accept(Settings.model_validate({"token_file": tmp_path / "token"}))
