"""
The log-normal model of how long incidents last: its fit, and the posterior of a capped mean.

It describes most operations well, and fills in the long incidents that a small sample has not shown yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from quell.outcomes.posterior import Posterior, posterior_of
from quell.outcomes.survival import Array, LifeTable

GRID = 64
MOST_OPEN = 64
"""Ages of open incidents that the likelihood tells apart; more are joined with their neighbours."""
NARROWEST = 1e-3
"""Standard deviation of the logs below which no fit goes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogSample:
    """What a log-normal's likelihood needs."""

    n: int
    """Ended."""
    mean: float
    """Of the ended ones' log seconds."""
    squares: float
    """Sum of their squared deviations from it."""
    open: Array
    """(j,) log seconds that the open ones have lasted."""
    weight: Array
    """(j,) how many of each."""


def log_sample(table: LifeTable) -> LogSample:
    """Logs of what a table holds; at least one ended."""
    logs = np.log(table.at_s)
    n = table.ended.sum()
    mean = float((table.ended * logs).sum() / n)
    some = table.open > 0
    ages, weight = logs[some], table.open[some]
    if ages.size > MOST_OPEN:
        share = (np.cumsum(weight) - weight / 2) / weight.sum()
        place = np.minimum((share * MOST_OPEN).astype(np.int64), MOST_OPEN - 1)
        joined = np.bincount(place, weight, MOST_OPEN)
        held = joined > 0
        ages = np.asarray(np.bincount(place, weight * ages, MOST_OPEN)[held] / joined[held], np.float64)
        weight = np.asarray(joined[held], np.float64)
    squares = float((table.ended * (logs - mean) ** 2).sum())
    return LogSample(n=round(float(n)), mean=mean, squares=squares, open=ages, weight=weight)


def fit(sample: LogSample) -> tuple[float, float]:
    """
    Most likely mean and standard deviation of the logs, open incidents counted as lasting longer.

    By expectation and maximisation (Dempster, Laird and Rubin 1977). All equal and none open: the deviation is 0.
    """
    mu, sigma = sample.mean, float(np.sqrt(sample.squares / sample.n))
    if sample.open.size == 0:
        return mu, sigma
    sigma = max(sigma, NARROWEST)
    total = sample.n + float(sample.weight.sum())
    for _ in range(300):
        z = (sample.open - mu) / sigma
        hazard = _hazard(z)
        expected = mu + sigma * hazard
        spread = sigma**2 * np.maximum(1.0 + z * hazard - hazard**2, 0.0)
        new_mu = (sample.n * sample.mean + float((sample.weight * expected).sum())) / total
        squares = sample.squares + sample.n * (sample.mean - new_mu) ** 2
        squares += float((sample.weight * (spread + (expected - new_mu) ** 2)).sum())
        new_sigma = max(float(np.sqrt(squares / total)), NARROWEST)
        done = abs(new_mu - mu) < 1e-7 * sigma and abs(new_sigma - sigma) < 1e-7 * sigma
        mu, sigma = new_mu, new_sigma
        if done:
            break
    return mu, sigma


def rest(mu: float, sigma: float, age_s: float, cap_s: float | None) -> float:
    """
    How much more is expected of an incident that has lasted `age_s` (below the cap).

    Returns: seconds, counted up to the cap; without a cap, of the logarithm of its seconds.
    """
    age = float(np.log(age_s))
    if sigma <= 0:
        return 0.0
    a = (age - mu) / sigma
    if cap_s is None:
        return max(mu + sigma * float(_hazard(np.array(a))) - age, 0.0)
    c = (float(np.log(cap_s)) - mu) / sigma
    # E[min(T, cap) - age | T > age]: the integral of the survival, on even steps of the logs, so nothing large cancels.
    steps = np.linspace(a, c, 201)
    height = np.exp(special.log_ndtr(-steps) - special.log_ndtr(-a) + mu + sigma * steps)
    return float(np.clip(sigma * np.trapezoid(height, steps), 0.0, cap_s - age_s))


def _hazard(z: Array) -> Array:
    return np.asarray(np.exp(-(z**2) / 2 - np.log(2 * np.pi) / 2 - special.log_ndtr(-z)))


def capped_mean(mu: Array, sigma: Array, cap_s: float) -> Array:
    """Mean of min(duration, cap) of log-normals, in seconds; sigma above zero."""
    c = (np.log(cap_s) - mu) / sigma
    return np.asarray(np.exp(mu + sigma**2 / 2 + special.log_ndtr(c - sigma)) + cap_s * special.ndtr(-c))


def posterior(sample: LogSample, cap_s: float) -> Posterior | None:
    """
    What the data say of the capped mean if durations are log-normal, with the prior that prefers no scale (1/sigma).

    Summed over a grid around the most likely point rather than drawn, so the same data give the same interval.
    None: all durations are equal, so nothing is known of their spread.
    """
    mu, sigma = fit(sample)
    if sample.n < 2 or sample.squares <= 1e-12 * sample.n:
        return None
    root = np.sqrt(sample.n)
    sigmas = sigma * np.exp(np.linspace(-4.5, 9.0, GRID) / (root * np.sqrt(2.0)))[:, None]
    mus = mu + np.linspace(-8.0, 8.0, GRID)[None, :] * sigmas / root
    likelihood = -(sample.n - 1) * np.log(sigmas)  # the step along mu is as wide as sigma
    likelihood = likelihood - (sample.squares + sample.n * (sample.mean - mus) ** 2) / (2 * sigmas**2)
    for age, weight in zip(sample.open, sample.weight, strict=True):
        likelihood = likelihood + weight * special.log_ndtr((mus - age) / sigmas)
    mass = np.exp(likelihood - likelihood.max()).ravel()
    return posterior_of(capped_mean(mus, sigmas, cap_s).ravel(), mass)
