"""The sentence, branch by branch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.outcomes.estimate import Estimate
from quell.outcomes.quality import Quality, Share
from quell.outcomes.sentence import Facts, sentence
from quell.outcomes.trend import Decision, Word
from quell.outcomes.wording import duration

TYPICAL = Estimate(
    value=76 * 60.0, low=68 * 60.0, high=84 * 60.0, unit="s", n=46, open=0, method="median_order_statistics"
)
RATIO = Estimate(value=0.93, low=0.71, high=1.22, unit="ratio", n=90, method="ratio_stratified_t")
DECISION = Decision(
    word=Word.NO_CLEAR_CHANGE,
    ratio=RATIO,
    p=0.6,
    n_before=44,
    n_after=46,
    open_before=0,
    open_after=0,
    detectable=0.5,
    quality=0.93,
    says="",
)
GOOD = Quality(value=0.93, shares=(), worst=Share(name="followed_up", k=40, n=46), says="")
BAD = replace(GOOD, value=0.61, worst=Share(name="linked_to_alerts", k=34, n=46))
FACTS = Facts(
    days=28,
    ended=46,
    open=0,
    drills=0,
    typical=TYPICAL,
    decision=DECISION,
    quality=GOOD,
    by_quell=41,
    without_person=41,
    verified=41,
)
IMPROVED = replace(DECISION, word=Word.IMPROVED, ratio=replace(RATIO, value=0.62, low=0.48, high=0.8))
WORSE = replace(DECISION, word=Word.WORSE, ratio=replace(RATIO, value=1.71, low=1.3, high=2.25))
FEW = replace(DECISION, word=Word.NOT_ENOUGH, p=None, n_before=14, n_after=12)
UNKNOWN = replace(TYPICAL, value=None, low=None, high=None, says="fewer than 6: see the list")
NONE = {"ended": 0, "open": 0, "typical": UNKNOWN, "by_quell": 0, "without_person": 0, "verified": 0}

TOLD = "A typical incident is restored in 76 minutes (95 %: 68 to 84)."
SAME = "Compared with the 28 days before: no clear change."
VERIFIED = "41 of 46 were restored by Quell without a person, and every one of those was verified."


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({}, f"{TOLD} {SAME} {VERIFIED}", id="no clear change"),
        pytest.param(NONE, "No incidents in the last 28 days.", id="no incidents"),
        pytest.param(
            {**NONE, "prevented": 2}, "No incidents in the last 28 days. 2 were prevented.", id="nothing but prevented"
        ),
        pytest.param(
            {**NONE, "prevented": 1, "drills": 1},
            "No incidents in the last 28 days. 1 was prevented. 1 drill is shown apart and not counted.",
            id="one prevented, and a drill",
        ),
        pytest.param(
            {**NONE, "drills": 12},
            "No incidents in the last 28 days. 12 drills are shown apart and not counted.",
            id="nothing but drills",
        ),
        pytest.param(
            {**NONE, "drills": 1},
            "No incidents in the last 28 days. 1 drill is shown apart and not counted.",
            id="one drill",
        ),
        pytest.param(
            {
                "ended": 3,
                "open": 1,
                "typical": UNKNOWN,
                "decision": FEW,
                "by_quell": 2,
                "without_person": 2,
                "verified": 1,
            },
            "4 incidents in the last 28 days, 1 of them still open: too few to say how long a typical one takes. "
            "2 of 3 were restored by Quell without a person, and 1 of those was verified.",
            id="too few",
        ),
        pytest.param(
            {"ended": 1, "typical": UNKNOWN, "decision": FEW, "by_quell": 0, "without_person": 0, "verified": 0},
            "1 incident in the last 28 days: too few to say how long a typical one takes. "
            "It was not restored by Quell.",
            id="one incident",
        ),
        pytest.param(
            {
                "ended": 0,
                "open": 1,
                "typical": UNKNOWN,
                "decision": FEW,
                "by_quell": 0,
                "without_person": 0,
                "verified": 0,
            },
            "1 of 1 incident in the last 28 days is still open, so how long a typical one takes is not known yet.",
            id="the only one is open",
        ),
        pytest.param(
            {"ended": 8, "open": 9, "decision": FEW, "by_quell": 0, "without_person": 0, "verified": 0},
            "9 of 17 incidents in the last 28 days are still open, so how long a typical one takes is not known yet. "
            "Too few to compare the last 28 days with the 28 before: 14 resolved then and 12 since, as of Monday; "
            "20 in each are needed. None of 8 was restored by Quell.",
            id="open ones dominate",
        ),
        pytest.param(
            {"days": 90},
            f"{TOLD} The last 28 days against the 28 before: no clear change. {VERIFIED}",
            id="another window than that of the decision",
        ),
        pytest.param({**NONE, "days": 0}, "No incidents in all that is known.", id="nothing at all"),
        pytest.param({"open": 3}, f"{TOLD} 3 are still open. {SAME} {VERIFIED}", id="some are open"),
        pytest.param(
            {"typical": replace(TYPICAL, high=None)},
            f"A typical incident is restored in 76 minutes (95 %: 68 or more). {SAME} {VERIFIED}",
            id="no upper bound",
        ),
        pytest.param(
            {"typical": replace(TYPICAL, low=None, high=None)},
            f"A typical incident is restored in 76 minutes. {SAME} {VERIFIED}",
            id="no interval",
        ),
        pytest.param(
            {"quality": BAD},
            f"{TOLD} The records are not good enough to compare: 12 of 46 are not linked to an alert. {VERIFIED}",
            id="data quality low",
        ),
        pytest.param(
            {"decision": IMPROVED},
            f"{TOLD} Compared with the 28 days before: improved, 0.62 times as long (95 %: 0.48 to 0.80). {VERIFIED}",
            id="improved",
        ),
        pytest.param(
            {"decision": WORSE},
            f"{TOLD} Compared with the 28 days before: worse, 1.71 times as long (95 %: 1.30 to 2.25). {VERIFIED}",
            id="worse",
        ),
        pytest.param(
            {"decision": FEW},
            f"{TOLD} Too few to compare the last 28 days with the 28 before: 14 resolved then and 12 since, "
            "as of Monday; "
            f"20 in each are needed. {VERIFIED}",
            id="not enough for a decision yet",
        ),
        pytest.param(
            {"decision": replace(FEW, n_before=40, n_after=41, says="the quality of the records is 0.70")},
            f"{TOLD} Nothing was decided on Monday: the quality of the records is 0.70. {VERIFIED}",
            id="the records were worse on Monday",
        ),
        pytest.param(
            {"decision": FEW, "quality": replace(GOOD, value=None)},
            f"{TOLD} The records are too few to compare. {VERIFIED}",
            id="quality not known",
        ),
        pytest.param(
            {"verified": 38},
            f"{TOLD} {SAME} 41 of 46 were restored by Quell without a person, and 38 of those were verified.",
            id="some not verified",
        ),
        pytest.param(
            {"verified": 0},
            f"{TOLD} {SAME} 41 of 46 were restored by Quell without a person, and none of those was verified.",
            id="none verified",
        ),
        pytest.param(
            {"without_person": 38},
            f"{TOLD} {SAME} 41 of 46 were restored by Quell, 38 of them without a person, "
            "and every one of the 41 was verified.",
            id="some approved",
        ),
        pytest.param(
            {"without_person": 0},
            f"{TOLD} {SAME} 41 of 46 were restored by Quell after a person approved or corrected something, "
            "and every one of those was verified.",
            id="all approved",
        ),
        pytest.param(
            {"by_quell": 1, "without_person": 1, "verified": 1},
            f"{TOLD} {SAME} 1 of 46 was restored by Quell without a person, and it was verified.",
            id="one restored",
        ),
        pytest.param(
            {"by_quell": 0, "without_person": 0, "verified": 0},
            f"{TOLD} {SAME} None of 46 was restored by Quell.",
            id="none restored",
        ),
        pytest.param(
            {"by_quell": 0, "without_person": 0, "verified": 0, "by_nobody_known": 46},
            f"{TOLD} {SAME} Who restored them is not recorded.",
            id="nobody knows who restored any",
        ),
        pytest.param(
            {
                "ended": 1,
                "typical": UNKNOWN,
                "decision": FEW,
                "by_quell": 0,
                "without_person": 0,
                "verified": 0,
                "by_nobody_known": 1,
            },
            "1 incident in the last 28 days: too few to say how long a typical one takes. "
            "Who restored it is not recorded.",
            id="nobody knows who restored the only one",
        ),
        pytest.param(
            {"by_nobody_known": 5},
            f"{TOLD} {SAME} 41 of 41 whose record says by whom were restored by Quell without a person, "
            "and every one of those was verified.",
            id="of some nobody knows",
        ),
        pytest.param(
            {"by_quell": 0, "without_person": 0, "verified": 0, "by_nobody_known": 40},
            f"{TOLD} {SAME} None of 6 whose record says by whom was restored by Quell.",
            id="none of those that are known",
        ),
    ],
)
def test_the_sentence_says(changes: dict[str, Any], text: str) -> None:
    assert sentence(replace(FACTS, **changes)).text == text


def test_the_figure_and_the_word_are_strong_and_the_rest_is_not() -> None:
    assert [part.text for part in sentence(FACTS).parts if part.strong] == ["76 minutes", "no clear change"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.5, "0.5 seconds"),
        (1, "1 second"),
        (89, "89 seconds"),
        (90, "1.5 minutes"),
        (120, "2 minutes"),
        (5_399, "90 minutes"),
        (5_400, "1.5 hours"),
        (36_000, "10 hours"),
        (129_599, "36 hours"),
        (129_600, "1.5 days"),
        (864_000 * 3, "30 days"),
    ],
)
def test_the_unit_follows_the_size(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(
    st.integers(0, 50),
    st.integers(0, 50),
    st.integers(0, 5),
    st.sampled_from([DECISION, IMPROVED, WORSE, FEW]),
    st.sampled_from([GOOD, BAD]),
)
def test_every_sentence_ends_and_its_parts_are_its_text(
    ended: int, still: int, drills: int, decision: Decision, quality: Quality
) -> None:
    facts = replace(
        FACTS,
        ended=ended,
        open=still,
        drills=drills,
        decision=decision,
        quality=quality,
        by_quell=0,
        without_person=0,
        verified=0,
    )

    found = sentence(facts)

    assert "".join(part.text for part in found.parts) == found.text
    assert found.text.endswith(".")
    assert "  " not in found.text
    assert "None " not in found.text.replace("None of", "")
