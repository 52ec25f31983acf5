"""The sources of vendors, as the settings name them."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from quell.app import parts
from quell.app.doctor import examine
from quell.errors import ConfigError
from quell.settings import Settings, load

EVERY = """
[evidence.loki]
url = "http://127.0.0.1:1"
tenant = "shop"

[evidence.kubernetes]
url = "http://127.0.0.1:1"
token_file = "/nonexistent"

[evidence.github]
url = "http://127.0.0.1:1"
[[evidence.github.repositories]]
service = "cart"
name = "shop/cart"

[evidence.cloudwatch]
region = "eu-central-1"
endpoint_url = "http://127.0.0.1:1"
log_groups = { cart = "/ecs/cart" }
[[evidence.cloudwatch.metrics]]
service = "cart"
series = "error_ratio"
namespace = "AWS/ApplicationELB"
metric = "HTTPCode_Target_5XX_Count"
over = "RequestCount"
stat = "Sum"
dimensions = { LoadBalancer = "app/shop/1" }

[evidence.ecs]
region = "eu-central-1"
endpoint_url = "http://127.0.0.1:1"
clusters = [{ name = "prod" }]

[evidence.xray]
region = "eu-central-1"
endpoint_url = "http://127.0.0.1:1"
"""


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "quell.toml"
    path.write_text(text)
    return load(path)


async def built(settings: Settings) -> list[str]:
    async with httpx.AsyncClient() as client:
        _, sources = parts.evidence_sources(settings, client, lambda *_: None)
    return [source.name for source in sources]


async def test_every_source_that_is_named_is_built_and_what_measures_comes_first(tmp_path: Path) -> None:
    pytest.importorskip("boto3", reason="boto3 is not installed: pip install 'quell[aws]'")

    assert await built(read(tmp_path, EVERY)) == ["cloudwatch", "xray", "ecs", "loki", "kubernetes", "github"]


async def test_without_settings_there_are_none_and_boto3_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)

    assert await built(Settings()) == []


async def test_without_boto3_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)

    with pytest.raises(ConfigError, match=r"pip install 'quell\[aws\]'"):
        await built(read(tmp_path, EVERY))


@pytest.mark.parametrize(
    ("changed", "to", "told"),
    [
        ('series = "error_ratio"', 'series = "errors"', "metrics.0.series: no series 'errors'; known: request_rate"),
        ('log_groups = { cart = "/ecs/cart" }', 'profile = "nobody-has-this"', "nobody-has-this"),
        ('region = "eu-central-1"\nendpoint_url', 'region = "no place"\nendpoint_url', "no place"),
    ],
)
async def test_a_setting_that_is_wrong_is_named(tmp_path: Path, changed: str, to: str, told: str) -> None:
    pytest.importorskip("boto3", reason="boto3 is not installed: pip install 'quell[aws]'")

    with pytest.raises(ConfigError, match=told):
        await built(read(tmp_path, EVERY.replace(changed, to)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[evidence.loki]\nurl = "http://x"\nservice_label = "a-b"', "evidence.loki.service_label"),
        ('[evidence.github]\nrepositories = [{ service = "a", name = "https://github.com/a/b" }]', "repositories"),
        ("[evidence.github]\nrepositories = []", "evidence.github.repositories"),
        ('[evidence.ecs]\nregion = "x"\nclusters = []', "evidence.ecs.clusters"),
        ('[evidence.cloudwatch]\nregion = "x"\nperiod_s = 7', "evidence.cloudwatch.period_s"),
    ],
)
def test_a_value_that_cannot_be_is_refused_when_it_is_read(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read(tmp_path, text)


async def test_cloudwatch_that_names_nothing_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("boto3", reason="boto3 is not installed: pip install 'quell[aws]'")

    with pytest.raises(ConfigError, match="name `metrics`, `log_groups` or both"):
        await built(read(tmp_path, '[evidence.cloudwatch]\nregion = "eu-central-1"'))


async def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"evidence.kubernetes.ca_file: /nonexistent"):
        await built(read(tmp_path, '[evidence.kubernetes]\nca_file = "/nonexistent"'))


async def test_the_doctor_says_of_each_what_is_wrong_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="boto3 is not installed: pip install 'quell[aws]'")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    settings = read(tmp_path, f'data_dir = "{tmp_path}"\n{EVERY}')

    found = {one.check: one for one in await examine(settings) if one.check.startswith("evidence ")}

    assert set(found) == {f"evidence {name}" for name in ("cloudwatch", "xray", "ecs", "loki", "kubernetes", "github")}
    assert {one.state for one in found.values()} == {"bad"}
    assert "cloudwatch:GetMetricData (AWS region eu-central-1)" in found["evidence cloudwatch"].says
    assert "the token in /nonexistent" in found["evidence kubernetes"].says
