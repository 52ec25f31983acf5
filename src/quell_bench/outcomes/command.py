"""What `quell bench outcomes` does with its options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from quell.errors import ConfigError
from quell_bench.outcomes import coverage, populations

SMALLEST, LARGEST = 6, 100_000


def numbers(text: str) -> tuple[int, ...]:
    """
    Numbers of incidents, from words separated by commas.

    Raises: ConfigError: not numbers, or out of bounds.
    """
    try:
        found = tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise ConfigError(f"--sizes takes numbers separated by commas, not {text!r}") from error
    if not all(SMALLEST <= one <= LARGEST for one in found):
        raise ConfigError(f"--sizes takes numbers from {SMALLEST} to {LARGEST}")
    return tuple(sorted(set(found)))


def bench(
    durations: Path | None,
    *,
    open_share: float,
    replicates: int,
    sizes: Sequence[int],
    maintenance: bool,
    seed: int,
    say: Callable[[str], None],
    workers: int = coverage.WORKERS,
) -> dict[str, Any]:
    """
    Measure, and say the table.

    Returns: of a file `{n: {figure: coverage}}`; of the made-up populations the same under the name of each.
    Raises: Malformed, TooLarge: the file cannot be read (see `populations.read`).
    """
    chosen = populations.made_up() if durations is None else (populations.read(durations, maintenance=maintenance),)
    if durations is not None:
        say(f"{chosen[0].name}: {chosen[0].duration_s.size} incidents, {chosen[0].left_out} rows left out")
    if open_share:
        say(coverage.cut(chosen, open_share))
    cells = coverage.measure(
        chosen, sizes=sizes, replicates=replicates, seed=seed, open_share=open_share, workers=workers
    )
    say(coverage.table(cells))
    reports = {
        population.name: coverage.report(
            [cell for cell in cells if cell.population == population.name], with_bias=open_share > 0
        )
        for population in chosen
    }
    return reports if durations is None else reports[chosen[0].name]
