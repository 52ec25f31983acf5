"""The commands that measure accuracy: on small sets written here, and on the public ones where they are."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from quell.errors import ConfigError
from quell_bench.accuracy import calibrating, rca, scale
from quell_bench.accuracy.sets import nezha

PUBLIC = Path(__file__).parents[3] / "shared" / "data"
needs_public = pytest.mark.skipif(
    not PUBLIC.is_dir(), reason="the public sets are not here: put them beside the checkout as ../shared/data"
)


def petshop(folder: Path, *, fault: str = "store", failing: bool = True) -> Path:
    """Write a shop of two: site calls store, and one of them gets slow."""
    case = folder / "petshop" / "dev" / "cases" / "low__test__issue_0"
    case.mkdir(parents=True)
    head = [
        ["microservice", "site", "site", "store", "store", "site", "store"],
        ["metric", "latency", "requests", "latency", "requests", "availability", "latency"],
        ["statistic", "Average", "Sum", "Average", "Sum", "Average", "p50"],
        ["unix_timestamp", "", "", "", "", "", ""],
    ]
    body = []
    for i in range(12):
        slow = 0.4 if i >= 8 else 0.0
        site = 0.1 + (slow if fault == "site" else 0.0)
        store = 0.02 + (slow if fault == "store" else 0.0)
        body.append([str(300.0 * i), str(site), "300", str(store), "600", "75" if failing and i == 11 else "", "7"])
    (case / "metrics.csv").write_text("\n".join(",".join(row) for row in [*head, *body]), encoding="utf-8")
    target = {"target": {"node": "site", "metric": "latency", "agg": "Average", "timestamp": 2400}}
    (case / "target.json").write_text(json.dumps(target), encoding="utf-8")
    truth = folder / "petshop" / "dev" / "truth"
    truth.mkdir()
    (truth / f"{case.name}.json").write_text(json.dumps({"root_cause": {"node": fault}}), encoding="utf-8")
    shared = folder / "petshop" / "shared" / "low"
    shared.mkdir(parents=True)
    (shared / "graph.csv").write_text(",site,store\nsite,0,1\nstore,0,0\n", encoding="utf-8")
    return case


@pytest.mark.parametrize("fault", ["site", "store"])
def test_the_only_service_that_got_slow_is_first(tmp_path: Path, fault: str) -> None:
    petshop(tmp_path, fault=fault, failing=False)

    report = rca.measure("petshop", tmp_path, "dev")

    assert (report["cases"], report["top_1"]) == (1, 1.0)
    assert report["by_type"]["latency"]["top_1"] == 1.0
    assert report["answers"][0]["said"] == [fault]


def test_columns_become_what_agents_read_in_their_units(tmp_path: Path) -> None:
    petshop(tmp_path)

    recording = rca.incidents_of("petshop", tmp_path, "dev")[0].read()

    series = {(one.service, one.name): one for one in recording.series}
    assert {key: one.values[-1] for key, one in series.items()} == pytest.approx(
        {
            ("site", "latency_mean"): 0.1,
            ("site", "request_rate"): 1.0,
            ("site", "error_ratio"): 0.25,
            ("store", "latency_mean"): 0.42,
            ("store", "request_rate"): 2.0,
        }
    )
    assert {one.unit for one in series.values() if one.name == "error_ratio"} == {"ratio"}
    assert series["site", "error_ratio"].values[0] is None, "availability is not there in a row with no value"
    assert (recording.service, recording.alert, recording.alert_at_s) == ("site", "HighLatency", 2400.0)
    assert recording.edges == (("site", "store"),)


def boutique(folder: Path) -> Path:
    """Write a day of OnlineBoutique: a pod, the calls of one edge from both sides, and what users see."""
    day = folder / "nezha_ob_metrics" / "shared" / "d"
    day.mkdir(parents=True)
    minutes = [f"2022-08-22 04:{i:02d}:19.607 +0000 UTC m=+0.1" for i in range(30)]
    pod = [
        "Time,TimeStamp,PodName,CpuUsage(m),MemoryUsage(Mi),MemoryUsageRate(%),PodServerLatencyP99(s),PodWorkload(Ops)"
    ]
    pod += [f"{at},0,cart-5f6-abc,250,64,50,0.3,8" for at in minutes]
    (day / "cart-5f6-abc_metric.csv").write_text("\n".join(pod), encoding="utf-8")
    for name, took in (("source_50", "0.04"), ("destination_50", "0.03")):
        text = "\n".join(["time,timestamp,frontend_cart,checkout_cart", *(f"{at},0,{took},{took}" for at in minutes)])
        (day / f"{name}.csv.xz").write_bytes(lzma.compress(text.encode()))
    front = ["Time,TimeStamp,ServiceName,SuccessRate(%),LatencyP50(s)", *(f"{at},0,Frontend,90,0.2" for at in minutes)]
    (day / "front_service.csv.xz").write_bytes(lzma.compress("\n".join(front).encode()))
    dev = folder / "nezha_ob_metrics" / "dev"
    dev.mkdir()
    case = {"id": "c", "day": "d", "alert_time_utc": "2022-08-22 04:20:00"}
    (dev / "cases.json").write_text(json.dumps([case]), encoding="utf-8")
    (dev / "truth.json").write_text(json.dumps({"c": {"service": "cart", "fault_type": "x"}}), encoding="utf-8")
    return day


def test_pods_calls_and_the_entry_become_what_agents_read(tmp_path: Path) -> None:
    boutique(tmp_path)

    recording = rca.incidents_of("nezha_ob", tmp_path, "dev")[0].read()

    found = {(one.service, one.name, one.labels.get("peer", "")): one.values[0] for one in recording.series}
    assert found == pytest.approx(
        {
            ("cart", "cpu_use", ""): 0.25,
            ("cart", "memory_bytes", ""): 64 * 1_048_576,
            ("cart", "memory_limit_bytes", ""): 128 * 1_048_576,
            ("cart", "latency_p99", ""): 0.3,
            ("cart", "request_rate", ""): 8.0,
            ("cart", "latency_mean", ""): 0.03,
            ("frontend", "client_latency_mean", "cart"): 0.04,
            ("checkout", "client_latency_mean", "cart"): 0.04,
            ("frontend", "error_ratio", ""): 0.1,
            ("frontend", "latency_mean", ""): 0.2,
        }
    )
    assert recording.edges == (("checkout", "cart"), ("frontend", "cart"))
    assert (recording.service, recording.now_s - recording.alert_at_s) == ("frontend", 180.0)


@pytest.mark.parametrize(
    ("text", "level"),
    [("16:42:22.382 INFO  t.s.Travel", "info"), ("16:42:22.382 WARN x", "warn"), ("no level here", ""), ("", "")],
)
def test_the_level_of_a_line_is_read_from_its_text(text: str, level: str) -> None:
    assert nezha.level_of(text) == level


def test_a_set_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    case = petshop(tmp_path)
    for name, text in {"target.json": "{}", "metrics.csv": "a\nb\n"}.items():
        kept = (case / name).read_text(encoding="utf-8")
        (case / name).write_text(text, encoding="utf-8")

        with pytest.raises(ConfigError):
            rca.measure("petshop", tmp_path, "dev")

        (case / name).write_text(kept, encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [({"without": ("colour",)}, "cannot leave out colour"), ({"perturb": ("colour",)}, "cannot perturb by colour")],
)
def test_what_cannot_be_left_out_or_perturbed_is_refused(
    tmp_path: Path, words: dict[str, tuple[str, ...]], says: str
) -> None:
    petshop(tmp_path)

    with pytest.raises(ConfigError, match=says):
        rca.measure("petshop", tmp_path, "dev", **words)


def test_without_metrics_no_cause_is_named(tmp_path: Path) -> None:
    petshop(tmp_path)

    report = rca.measure("petshop", tmp_path, "dev", without=("measures",))

    assert (report["top_1"], report["abstained"], report["printed"], report["ece"]) == (0.0, 1.0, 0, None)
    assert report["answers"][0]["verdict"] == "no_data"


def test_every_perturbation_is_reported_beside_the_whole(tmp_path: Path) -> None:
    petshop(tmp_path)

    report = rca.measure("petshop", tmp_path, "dev", perturb=("all",))

    assert set(report["perturbed"]) == {"early-2", "early-1", "late-1", "late-2", "missing", "renamed", "unit"}
    assert report["perturbed"]["renamed"] == {key: report[key] for key in report["perturbed"]["renamed"]}
    assert "perturbed: late-2" in rca.table(report)


def test_the_same_set_gives_the_same_report(tmp_path: Path) -> None:
    petshop(tmp_path)

    first, second = (rca.measure("petshop", tmp_path, "dev", perturb=("all",)) for _ in range(2))

    assert {**first, "seconds_per_case": 0} == {**second, "seconds_per_case": 0}


def test_what_is_stood_behind_and_wrong_is_counted_apart_from_silence() -> None:
    def said(*, rank: int, abstained: bool, probability: float | None) -> rca.Answer:
        return rca.Answer(
            id="i", set="petshop", system="s", fault_type="f", truth="a", verdict="confirmed", said=("a", "b"),
            rank=rank, probability=probability, score=probability or 0.0, abstained=abstained, seconds=0.0,
        )  # fmt: skip

    found = rca.tops(
        [
            said(rank=1, abstained=False, probability=0.8),
            said(rank=2, abstained=False, probability=0.8),
            said(rank=1, abstained=True, probability=0.4),
            said(rank=0, abstained=True, probability=None),
        ]
    )

    assert (found["top_1"], found["top_3"], found["printed"]) == (0.5, 0.75, 3)
    assert (found["named_right"], found["confident_wrong"], found["abstained"]) == (0.25, 0.25, 0.5)
    assert found["ece"] == pytest.approx(2 / 3 * 0.3 + 1 / 3 * 0.6, abs=1e-4)


def test_a_packed_file_that_is_broken_is_one_line(tmp_path: Path) -> None:
    broken = boutique(tmp_path) / "shop-1-2_metric.csv.xz"
    broken.write_bytes(lzma.compress(b"Time,TimeStamp,PodName\n" * 100)[:-20])

    with pytest.raises(ConfigError, match="shop-1-2_metric"):
        rca.measure("nezha_ob", tmp_path, "dev")


def test_a_fault_among_many_series_is_found() -> None:
    report = scale.measure((20, 40))

    assert [one["right"] for one in report["by_size"]] == [True, True]
    assert report["by_size"][1]["points"] == 40 * scale.SERIES_EACH * scale.POINTS


def test_a_made_up_service_has_as_many_series_as_is_said() -> None:
    recording, fault = scale.system(10, seed=1)

    assert len(recording.series) == 10 * scale.SERIES_EACH
    assert (fault, recording.service) == ("service-00007", "service-00000")
    assert ("service-00002", "service-00007") in recording.edges


@pytest.mark.parametrize("words", ["", "a", "1", "10,100000"])
def test_sizes_that_make_no_sense_are_refused(words: str) -> None:
    with pytest.raises(ConfigError):
        scale.sizes_of(words)


@needs_public
@pytest.mark.parametrize("name", ["petshop", "nezha_ob"])
def test_an_answer_on_a_public_set_does_not_hang_on_what_services_are_called(name: str) -> None:
    report = rca.measure(name, PUBLIC, "dev", perturb=("renamed",))

    assert report["cases"] >= 26
    assert report["perturbed"]["renamed"]["confident_wrong"] == report["confident_wrong"]
    assert abs(report["perturbed"]["renamed"]["top_1"] - report["top_1"]) <= 1 / report["cases"], "ties go by name"


@needs_public
def test_traces_and_lines_of_a_public_incident_reach_the_agents() -> None:
    incident = rca.incidents_of("nezha_tt", PUBLIC, "dev")[0]
    whole, bare = (rca.recording_of("nezha_tt", incident, without) for without in ((), ("spans", "lines")))

    seen, unseen = (rca.answer("nezha_tt", incident, recording) for recording in (whole, bare))

    assert (whole.service, bool(whole.spans), bool(whole.lines)) == ("ts-gateway-service", True, True)
    assert whole.now_s <= whole.ends_s
    assert seen.verdict != "no_data"
    assert unseen.verdict == "no_data", "the gateway's own metrics come from its spans alone"


def test_calibration_takes_the_sets_that_are_there_and_says_when_none_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no set has a part 'dev'"):
        calibrating.asked_of(tmp_path, "dev")

    petshop(tmp_path)

    assert [one.set for one in calibrating.asked_of(tmp_path, "dev")] == ["petshop"]
    report = calibrating.measure(tmp_path, "dev")
    assert (report["cases"], report["printed"], report["cross_validated"]) == (1, 1, None)
    assert "too few incidents of other sets" in calibrating.table(report)
