"""
What every figure means: the one place from which docs/metrics.md, the page's drawer and the API take their words.

Plain text. The keys are those of figures (`time_to_restore`) and of `Estimate.method` (`median_order_statistics`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One figure, or one way to get an interval."""

    key: str
    title: str
    formula: str
    """In words and simple signs."""
    reads: str
    """The records and times that it is computed from."""
    says_nothing_when: str
    sources: tuple[str, ...] = ()
    """Papers and books."""
    method: bool = False
    """It is a method of an interval, not a figure."""


_COUNTED = (
    "Incidents of one origin (real, drill or maintenance); merged ones and false alarms are left out and counted."
)
_SIX = "Fewer than 6 incidents: they are listed instead."
_NEVER = "Never: it is a count."

FIGURES = (
    Definition(
        key="time_to_restore",
        title="Time to restore",
        formula="End of the impact minus detection (tm - td; minus t0 where no detection is known), and of these the "
        "median: half are over within it. Closing the incident is later, and shown apart.",
        reads=f"{_COUNTED} Those of the window by their detection; open ones count as lasting at least so long.",
        says_nothing_when=f"{_SIX} Without an upper bound when too many are still open.",
        sources=("Hettmansperger and Sheather (1986), Confidence intervals based on interpolated order statistics",),
    ),
    Definition(
        key="geometric_mean",
        title="Typical time to restore, geometric mean",
        formula="exp(mean of log(tm - td)). Long incidents count by their order of size, not by their minutes.",
        reads="As time to restore.",
        says_nothing_when=_SIX,
    ),
    Definition(
        key="capped_mean",
        title="Mean time to restore, capped at 24 hours",
        formula="Mean of min(tm - td, 24 h). What incidents cost in time hangs on a few long ones, so this is the "
        "least certain of the three.",
        reads="As time to restore.",
        says_nothing_when=_SIX,
    ),
    Definition(
        key="percentile_90",
        title="90th percentile of the time to restore",
        formula="Nine in ten incidents are over within it. Other percentiles in the same way.",
        reads="As time to restore.",
        says_nothing_when=f"{_SIX} Without an upper bound when there are too few beyond it, about 40 incidents.",
    ),
    Definition(
        key="percentiles",
        title="Percentiles",
        formula="The time within which a given share of the incidents is over; Kaplan-Meier where some are open.",
        reads="As the figure whose percentiles they are.",
        says_nothing_when=f"{_SIX} Without an upper bound when there are too few beyond it.",
    ),
    Definition(
        key="time_to_detect",
        title="Time to detect",
        formula="Detection minus start of the impact (td - t0), median.",
        reads=f"{_COUNTED} Those whose start is known.",
        says_nothing_when=f"{_SIX} Incidents whose start is not before their detection are left out.",
    ),
    Definition(
        key="time_to_acknowledge",
        title="Time to acknowledge",
        formula="Acknowledgement, by an agent or a person, minus detection (ta - td), median.",
        reads=f"{_COUNTED} Those that nobody has acknowledged are left out.",
        says_nothing_when=_SIX,
    ),
    Definition(
        key="time_to_close",
        title="Time to close",
        formula="Closing minus detection (tr - td), median. Paperwork after the impact ended is in it.",
        reads=_COUNTED,
        says_nothing_when=_SIX,
    ),
    Definition(
        key="mtbf",
        title="Mean time between failures of a service",
        formula="Time watched / number of incidents. Interval: that of a Poisson count, widened in logs by the root "
        "of the variance / mean of the weekly counts, as failures come in clusters.",
        reads=f"{_COUNTED} Each service that had one is watched for the whole window, and their times add up.",
        says_nothing_when=_SIX,
    ),
    Definition(
        key="verified_success",
        title="Verified success",
        formula="Verified recoveries / eligible attempts. Verified: everything that was out of range is "
        "steadily back in it, by the action, and nothing took that back: no alert joined within 15 minutes, and the "
        "incident was not reopened within 24 hours. The incident's own page means the same by it.",
        reads="Attempts of Quell to mend something. Those whose outcome is not known stay in the denominator.",
        says_nothing_when="Fewer than 6 attempts.",
        sources=("Wilson (1927), Probable inference, the law of succession, and statistical inference",),
    ),
    Definition(
        key="clean_runs",
        title="Clean runs",
        formula="Clean runs / runs. Clean: restored within the target of its severity, verified, nothing corrected by "
        "a person, inside the cost cap. Without a target or a cap that part is not judged, and it says so.",
        reads="Incidents that ended and in which Quell tried to mend something.",
        says_nothing_when="Fewer than 6 runs.",
    ),
    Definition(
        key="spend_per_recovery",
        title="Spend per verified recovery",
        formula="Cost of models and services in all incidents of the window / verified recoveries.",
        reads="Metered calls. Failed runs cost too, and are in it.",
        says_nothing_when="No verified recovery, or nothing was metered.",
    ),
    Definition(
        key="counts",
        title="Handled, in progress",
        formula="Handled: incidents of the window whose impact ended. In progress: those still open.",
        reads=_COUNTED,
        says_nothing_when=_NEVER,
    ),
    Definition(
        key="prevented",
        title="Prevented",
        formula="A breach was forecast, acted upon before its time, and the value then turned back. Its worth is the "
        "share of such forecasts that come true when nobody acts (shadow record), with a Beta(1/2, 1/2) "
        "prior.",
        reads="Forecasts that were settled in the window.",
        says_nothing_when="It is counted always; without a shadow record it is worth nothing in the savings.",
    ),
    Definition(
        key="reopened",
        title="Reopened",
        formula="Incidents of the window that came back after they were resolved.",
        reads=_COUNTED,
        says_nothing_when=_NEVER,
    ),
    Definition(
        key="false_alarms",
        title="False alarms",
        formula="Incidents of which a person said that nothing was wrong. They are in no other figure.",
        reads="All incidents of the window.",
        says_nothing_when=_NEVER,
    ),
    Definition(
        key="data_quality",
        title="Data quality",
        formula="Geometric mean of six shares of the records. Complete: start, detection, service, severity and, once "
        "it is over, who restored it are known. Ordered: no time is before the one that comes first. "
        "Machine-recorded: not typed; of imported times it is not known, and not judged. Timely: closed within 3 days "
        "after it was restored. Followed up: a person wrote a cause, a note or a review. Linked to alerts: at "
        "least one. One share of 0 makes it 0. A record is not judged by what the file of its import has no column "
        "for.",
        reads="Records of the window; timely and followed up are judged 3 days after the end. How many records "
        "there are is not quality.",
        says_nothing_when="No records. A share that no record can be judged by is left out of the mean, and named.",
    ),
    Definition(
        key="confidence_word",
        title="Confidence",
        formula="High: upper / lower bound at most 1.5 and data quality at least 0.9. Medium: at most 2.5 and at "
        "least 0.8. Low: anything else.",
        reads="The 95 % interval of the figure, and the data quality.",
        says_nothing_when="Fewer than 6 incidents: not enough data.",
    ),
    Definition(
        key="trend",
        title="Improved, worse, no clear change",
        formula="One decision a week, Monday 00:00 UTC, with what was known then: the 28 days up to it against the 28 "
        "before. Permutation of log times to restore within strata; improved or worse at p < 0.005, and only "
        "if p < 0.005 too when whole days are shuffled, as incidents of one day may have one cause. The "
        "ratio is that of geometric means. The line is the 7-day geometric mean; it is drawn and never "
        "tested.",
        reads="Incidents by their detection; strata are severities. Open ones count against the word: against "
        "improved, a late one lasts as long as the longest of its stratum and an early one ended now; against "
        "worse the other way round.",
        says_nothing_when="Fewer than 20 resolved in either window, or data quality below 0.8. A difference between "
        "whole weeks that has nothing to do with Quell can still make a word.",
        sources=(
            "Besag and Clifford (1991), Sequential Monte Carlo p-values",
            "Hoeffding (1951), A combinatorial central limit theorem",
        ),
    ),
    Definition(
        key="savings",
        title="Savings",
        formula="S = speed + prevention - running cost - models and services; signed, never cut off at 0. Speed: "
        "incidents x (mean without - mean with Quell), each mean capped at 24 h, within strata. Prevention: "
        "forecasts acted upon that would have come true x the mean without Quell. Money: minutes x the "
        "customer's price range (log-normal between its 5th and 95th percentile). 80 % and 95 % ranges of the "
        "posterior; a saving is claimed at P(S > 0) >= 0.99. Measured: speed against a hold-out, metered "
        "spend. Modelled: speed against an earlier period, prevention. Assumed: running cost, the prior's "
        "part of prevention; the price of a minute is always assumed.",
        reads="Without Quell: incidents held out by lot, where it only recommended; else an earlier period, times a "
        "random factor, as periods differ. Its spread has a half-normal prior of scale 0.3 in logs, and is "
        "learnt from past periods.",
        says_nothing_when="Nothing to compare with, or fewer than 6 resolved on a side: no savings. No price of a "
        "minute: minutes and no money; there is no default, as public figures span five orders of magnitude.",
        sources=(
            "Gelman (2006), Prior distributions for variance parameters in hierarchical models",
            "Hill (1975), A simple general approach to inference about the tail of a distribution",
        ),
    ),
)

METHODS = (
    Definition(
        key="median_order_statistics",
        title="Median by order statistics",
        formula="The interval reaches from one ordered duration to another, interpolated, so that it holds the median "
        "at any shape. With open incidents: Kaplan-Meier, and a product of Betas matched by its moments.",
        reads="Durations, and the ages of open incidents.",
        says_nothing_when=f"{_SIX} Fewer than about 10 make no more than a wide interval.",
        sources=(
            "Hettmansperger and Sheather (1986); Nyblom (1992), interpolated order statistics",
            "Kaplan and Meier (1958); Fay, Brittain and Proschan (2013), with open incidents",
        ),
        method=True,
    ),
    Definition(
        key="percentile_order_statistics",
        title="Percentile by order statistics",
        formula="As the median, for any share.",
        reads="Durations, and the ages of open incidents.",
        says_nothing_when=f"{_SIX} Without an upper bound when there are too few beyond it.",
        sources=("Nyblom (1992), Note on interpolated order statistics",),
        method=True,
    ),
    Definition(
        key="geometric_mean_t",
        title="Geometric mean, t on logs",
        formula="exp(mean of logs +- t x standard error); below 50 incidents together with Hall's interval, as logs "
        "may be skewed. With open incidents: Kaplan-Meier mean, Greenwood's variance.",
        reads="Logs of durations.",
        says_nothing_when=f"{_SIX} All durations equal: no interval.",
        sources=("Hall (1992), On the removal of skewness by transformation", "Greenwood (1926)"),
        method=True,
    ),
    Definition(
        key="capped_mean_hull",
        title="Capped mean, hull of models",
        formula="The shortest interval that holds those of Hall (the bootstrap-t without chance), of a Pareto tail "
        "and, below 200 incidents, of a log-normal.",
        reads="Durations up to 24 h.",
        says_nothing_when=f"{_SIX} All durations equal: no interval.",
        sources=("Hall (1992)", "Hill (1975), for the Pareto tail"),
        method=True,
    ),
    Definition(
        key="capped_mean_stratified",
        title="Capped mean, by kind of incident",
        formula="As the hull, with a log-normal for each kind (restored by Quell, by a person) and their observed "
        "shares.",
        reads="Durations up to 24 h by kind; kinds in which fewer than 6 ended are taken together.",
        says_nothing_when=_SIX,
        method=True,
    ),
    Definition(
        key="success_rate_wilson",
        title="Share, Wilson",
        formula="(p + z2/2n +- z root(p(1-p)/n + z2/4n2)) / (1 + z2/n), z2 = z squared. It holds near 0 and 1, where "
        "p +- z root(p(1-p)/n) holds in 5 to 64 % of cases.",
        reads="Successes and attempts.",
        says_nothing_when="Fewer than 6 attempts.",
        sources=("Wilson (1927)",),
        method=True,
    ),
    Definition(
        key="clean_runs_wilson",
        title="Clean runs, Wilson",
        formula="As the share of successes.",
        reads="Clean runs and runs.",
        says_nothing_when="Fewer than 6 runs.",
        sources=("Wilson (1927)",),
        method=True,
    ),
    Definition(
        key="ratio_stratified_t",
        title="Ratio of geometric means",
        formula="exp(difference of mean logs within strata, weighted by nb x na / (nb + na), +- t x standard error, "
        "Welch). With open incidents it reaches from the one way to count them to the other.",
        reads="Logs of durations of two windows of 28 days.",
        says_nothing_when="Fewer than 6 resolved in a window, or all durations equal.",
        sources=("Welch (1947), The generalization of Student's problem",),
        method=True,
    ),
)

DEFINITIONS: Mapping[str, Definition] = MappingProxyType({one.key: one for one in (*FIGURES, *METHODS)})
"""By key; figures first, in the order of the documentation."""
