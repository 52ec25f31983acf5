"""`quell bench outcomes`: how often the intervals hold the truth, on populations where the truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

import numpy as np
from scipy import optimize

from quell.errors import ConfigError
from quell.outcomes.estimate import Estimate
from quell.outcomes.strata import stratified_capped_mean
from quell.outcomes.survival import Durations
from quell.outcomes.times import CAP_S, capped_mean, geometric_mean, median
from quell_bench.outcomes.populations import Array, Population

SIZES = (10, 20, 50, 100, 200)
WORKERS = 2
STRATIFIED = "capped_mean_stratified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One population at one number of incidents."""

    population: str
    n: int
    """Incidents in each sample, open ones among them."""
    coverage: Mapping[str, float]
    """Share of the intervals that hold the truth, by figure."""
    without: Mapping[str, float]
    """Share of samples for which no interval is given."""
    bias: float
    """Of the capped mean: average over truth, minus 1."""
    bias_left_out: float
    """The same, of the plain capped mean of those that ended: what leaving the open ones out would give."""
    open: float
    """Share of incidents that were open."""


@dataclass(slots=True)
class _Tally:
    held: int = 0
    given: int = 0
    values: list[float] = field(default_factory=list)

    def add(self, found: Estimate, truth: float) -> None:
        if found.value is not None:
            self.values.append(found.value)
        if found.low is None:
            return
        self.given += 1
        self.held += found.low <= truth and (found.high is None or truth <= found.high)


def truths(population: Population) -> dict[str, float]:
    """The figures of the population itself, in seconds."""
    duration_s = population.duration_s
    capped = float(np.minimum(duration_s, CAP_S).mean())
    return {
        "median": float(np.median(duration_s)),
        "geometric_mean": float(np.exp(np.log(duration_s).mean())),
        "capped_mean": capped,
        **({STRATIFIED: capped} if population.by_person is not None else {}),
    }


def window_s(population: Population, open_share: float) -> float:
    """
    How long incidents have been counted, such that a given share of them is open when one looks.

    Incidents begin evenly over the window and one looks at its end, so the share is E[min(duration, window)] / window.
    """
    duration_s = population.duration_s

    def too_many(log_window: float) -> float:
        length = np.exp(log_window)
        return float(np.minimum(duration_s, length).mean() / length - open_share)

    low, high = np.log(duration_s.min()) - 1.0, np.log(duration_s.mean() / open_share) + 1.0
    return float(np.exp(optimize.brentq(too_many, low, high)))


def cut(populations: Sequence[Population], open_share: float) -> str:
    """Say which incidents are open."""
    longest = ", ".join(f"{window_s(one, open_share) / 3600:.1f} h ({one.name})" for one in populations)
    return f"{open_share:.1%} open: incidents begin evenly over a window and one looks at its end; window {longest}"


def cell(population: Population, n: int, *, replicates: int, seed: Sequence[int], window: float | None) -> Cell:
    """Draw samples, ask for the figures as the product does, and count."""
    rng = np.random.default_rng(seed)
    truth = truths(population)
    tallies = {name: _Tally() for name in truth}
    still, left_out = 0, []
    for _ in range(replicates):
        chosen = rng.integers(0, population.duration_s.size, n)
        duration_s = population.duration_s[chosen]
        age_s = np.full(n, np.inf) if window is None else window * rng.random(n)
        everything = _seen(duration_s, age_s)
        still += everything.open_s.size
        if everything.ended_s.size:
            left_out.append(np.minimum(everything.ended_s, CAP_S).mean())
        tallies["median"].add(median(everything), truth["median"])
        tallies["geometric_mean"].add(geometric_mean(everything), truth["geometric_mean"])
        tallies["capped_mean"].add(capped_mean(everything), truth["capped_mean"])
        if population.by_person is not None:
            people = population.by_person[chosen]
            strata = {"quell": _seen(duration_s[~people], age_s[~people])}
            strata["person"] = _seen(duration_s[people], age_s[people])
            tallies[STRATIFIED].add(stratified_capped_mean(strata), truth[STRATIFIED])
    values = tallies["capped_mean"].values
    return Cell(
        population=population.name,
        n=n,
        coverage={name: tally.held / tally.given if tally.given else float("nan") for name, tally in tallies.items()},
        without={name: 1.0 - tally.given / replicates for name, tally in tallies.items()},
        bias=float(np.mean(values)) / truth["capped_mean"] - 1.0 if values else float("nan"),
        bias_left_out=float(np.mean(left_out)) / truth["capped_mean"] - 1.0 if left_out else float("nan"),
        open=still / (replicates * n),
    )


def _seen(duration_s: Array, age_s: Array) -> Durations:
    """What is known of incidents that began so long ago."""
    over = duration_s <= age_s
    return Durations(ended_s=duration_s[over], open_s=age_s[~over])


def measure(
    populations: Sequence[Population],
    *,
    sizes: Sequence[int] = SIZES,
    replicates: int,
    seed: int,
    open_share: float = 0.0,
    workers: int = WORKERS,
) -> list[Cell]:
    """
    Measure each population at each number of incidents, in so many processes.

    Raises: ConfigError: `open_share` is not in [0, 1).
    """
    if not 0 <= open_share < 1:
        raise ConfigError("the share of open incidents is at least 0 and below 1")
    windows = [window_s(population, open_share) if open_share else None for population in populations]
    jobs = [
        (population, n, replicates, (seed, i, n), window)
        for i, (population, window) in enumerate(zip(populations, windows, strict=True))
        for n in sizes
    ]
    if workers == 1:
        return [_run(job) for job in jobs]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_run, jobs))


Job = tuple[Population, int, int, tuple[int, ...], float | None]


def _run(job: Job) -> Cell:
    population, n, replicates, seed, window = job
    return cell(population, n, replicates=replicates, seed=seed, window=window)


def report(cells: Sequence[Cell], *, with_bias: bool) -> dict[str, dict[str, float]]:
    """Coverage by number of incidents and figure, of one population."""
    return {
        str(one.n): {
            **{name: round(share, 4) for name, share in one.coverage.items()},
            **({"capped_mean_bias": round(one.bias, 4)} if with_bias else {}),
        }
        for one in cells
    }


def table(cells: Sequence[Cell]) -> str:
    """A line for each population and number of incidents."""
    width = max(len(one.population) for one in cells)
    name = "population".ljust(width)
    head = f"{name}      n   open  median  geometric  capped  by kind  bias of capped  open left out  no interval"
    lines = [head]
    for one in cells:
        kind = f"{one.coverage[STRATIFIED]:7.3f}" if STRATIFIED in one.coverage else " " * 7
        lines.append(
            f"{one.population:{width}}  {one.n:5}  {one.open:5.1%}  {one.coverage['median']:6.3f}  "
            f"{one.coverage['geometric_mean']:9.3f}  {one.coverage['capped_mean']:6.3f}  {kind}  "
            f"{one.bias:+14.1%}  {one.bias_left_out:+13.1%}  {max(one.without.values()):11.1%}"
        )
    return "\n".join(lines)
