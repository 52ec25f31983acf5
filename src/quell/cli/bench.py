"""`quell bench`: measure how good Quell is, and print it."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from quell.errors import ConfigError

bench_app = typer.Typer(
    help="Measure how good Quell is, on faults that really happen and on public data.", no_args_is_help=True
)


@bench_app.command("lab")
def bench_lab(
    runs: Annotated[int, typer.Option(min=1, max=20, help="How often each fault is injected.")] = 3,
    quiet_minutes: Annotated[float, typer.Option(min=0, max=120, help="Quiet time in which nothing may open.")] = 10.0,
    faults: Annotated[str, typer.Option(help="Only these faults, separated by commas.")] = "",
    seed: Annotated[int, typer.Option(help="Makes the order repeatable.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the numbers to this file.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep Quell's log in this folder, to replay incidents.")] = None,
) -> None:
    """Inject every fault of the lab into a real shop and count what Quell detects, explains and mends."""
    from quell_bench.lab import bench

    wanted = tuple(name for name in faults.split(",") if name)
    say = partial(print, flush=True)
    report = asyncio.run(
        bench(runs=runs, quiet_minutes=quiet_minutes, faults=wanted, seed=seed, say=say, folder=keep),
    )
    if json_file is not None:
        json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report["summary"], indent=2))


Sets = Annotated[Path, typer.Option("--data", help="Folder that holds the public sets, one folder each.")]
Part = Annotated[str, typer.Option("--part", help="Which part of a set: dev, heldout.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the numbers to this file.")]


@bench_app.command("rca")
def bench_rca(
    name: Annotated[str, typer.Option("--set", help="petshop, nezha_tt or nezha_ob.")],
    data: Sets,
    part: Part = "dev",
    without: Annotated[str, typer.Option(help="Leave out measures, edges, symptom, spans or lines, by commas.")] = "",
    perturb: Annotated[
        str,
        typer.Option(help="Try again: early-1, early-2, late-1, late-2, missing, renamed, unit, by commas, or all."),
    ] = "",
    json_file: Json = None,
) -> None:
    """Let the agents detect and diagnose public incidents, as incidents do, and count whom they name."""
    from quell_bench.accuracy.rca import measure, table

    report = measure(name, data, part, without=_words(without), perturb=_words(perturb))
    _write(report, json_file)
    print(table(report))


@bench_app.command("anomaly")
def bench_anomaly(
    data: Sets,
    name: Annotated[str, typer.Option("--set", help="nab.")] = "nab",
    part: Part = "dev",
    json_file: Json = None,
) -> None:
    """A part that no incident runs, StreamDetector: score its alarms as the Numenta Anomaly Benchmark does."""
    from quell_bench.accuracy.nab import NAME, measure, table

    if name != NAME:
        raise ConfigError(f"there is no set {name!r}: {NAME}")
    report = measure(data, part)
    _write(report, json_file)
    print(table(report))


@bench_app.command("calibration")
def bench_calibration(data: Sets, part: Part = "dev", json_file: Json = None) -> None:
    """Compare the probabilities that incidents print, on public ones, with how often they come true."""
    from quell_bench.accuracy.calibrating import measure, table

    report = measure(data, part)
    _write(report, json_file)
    print(table(report))


@bench_app.command("scale")
def bench_scale(
    services: Annotated[str, typer.Option(help="Numbers of services, rising, separated by commas.")] = "100,300,1000",
    json_file: Json = None,
) -> None:
    """Let the agents find a fault among 50 series each of very many services: seconds, memory and how both grow."""
    from quell_bench.accuracy.scale import measure, sizes_of, table

    report = measure(sizes_of(services))
    _write(report, json_file)
    print(table(report))


@bench_app.command("outcomes")
def bench_outcomes(
    durations: Annotated[
        Path | None,
        typer.Option(help="CSV file; its column duration_minutes is the population. Default: made-up ones."),
    ] = None,
    censored: Annotated[
        float,
        typer.Option(min=0, max=0.9, help="Share of incidents still open when one looks (a window that ends now)."),
    ] = 0.0,
    replicates: Annotated[int, typer.Option(min=10, max=100_000, help="Samples of each population and size.")] = 1000,
    sizes: Annotated[str, typer.Option(help="Numbers of incidents in a sample, by commas.")] = "10,20,50,100,200",
    maintenance: Annotated[bool, typer.Option("--maintenance", help="Count rows marked as maintenance too.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Makes the samples repeatable.")] = 1,
    json_file: Json = None,
) -> None:
    """Count how often the intervals of the business metrics hold the truth, where the truth is known."""
    from quell_bench.outcomes.command import bench, numbers

    report = bench(
        durations,
        open_share=censored,
        replicates=replicates,
        sizes=numbers(sizes),
        maintenance=maintenance,
        seed=seed,
        say=partial(print, flush=True),
    )
    _write(report, json_file)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def _write(report: dict[str, Any], path: Path | None) -> None:
    if path is None:
        return
    try:
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
