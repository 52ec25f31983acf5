from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from quell.eventlog.projections.intake import REJECTED_KEPT
from quell.incident import events as ev
from quell.incident.events import Matcher
from tests.projections.given import START, Told, alert, batch, grouped, opened

COUNT = st.integers(min_value=0, max_value=500)
STAGES = st.fixed_dictionaries(dict.fromkeys(("rejected", "silenced", "duplicate", "grouped", "opening"), COUNT))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), STAGES), max_size=20))
def test_the_stages_add_up_to_what_was_received_overall_and_by_source(
    batches: list[tuple[str, dict[str, int]]],
) -> None:
    told = Told()
    told.tell(ev.INTAKE_STREAM, *(batch(source, **counts) for source, counts in batches))
    view = told.models.intake.view(told.now)

    for counts in (view, *view.by_source.values()):
        assert counts.received == (
            counts.rejected + counts.silenced + counts.duplicate + counts.grouped + counts.opening
        )
    assert view.received == sum(counts.received for counts in view.by_source.values())


def test_only_the_last_minute_counts_as_the_last_minute() -> None:
    told = Told()
    told.tell(ev.INTAKE_STREAM, batch(grouped=7), after_s=1)
    told.tell(ev.INTAKE_STREAM, batch(grouped=5), after_s=100)
    told.incident(opened())

    last = told.models.intake.view(told.now).last_minute
    assert (last.received, last.incidents_opened) == (5, 1)
    assert told.models.intake.view(told.now + timedelta(minutes=2)).last_minute.received == 0
    assert told.models.intake.view(told.now).since == START + timedelta(seconds=1)


def test_an_alert_is_held_until_it_joins_an_incident_or_ends() -> None:
    told = Told()
    for name in "abc":
        told.tell(ev.INTAKE_STREAM, ev.AlertHeld(alert=alert(name), why="alone", group="g"))
    assert told.models.intake.view(told.now).held == 3

    changes = told.incident(opened(), grouped(alert("a")))
    told.tell(ev.INTAKE_STREAM, ev.BatchTaken(**_counts(), ended=("b-payment",)))

    assert changes.intake
    assert list(told.models.intake.held) == ["c-payment"]
    assert told.models.intake.held["c-payment"].view().incident_id == ""


def _counts() -> dict[str, object]:
    counts = dict.fromkeys(("rejected", "silenced", "duplicate", "opening"), 0)
    return {"source": "alertmanager", "received": 1, "grouped": 1, **counts}


def test_the_last_rejected_bodies_are_kept() -> None:
    told = Told()
    for number in range(REJECTED_KEPT + 5):
        told.tell(
            ev.INTAKE_STREAM,
            ev.BodyRejected(source="alerts", reason="malformed", detail=str(number), body="{", body_bytes=1, alerts=1),
        )

    kept = told.models.intake.rejected
    assert len(kept) == REJECTED_KEPT
    assert kept[-1].detail == str(REJECTED_KEPT + 4)


def silence(silence_id: str = "s1", *, from_s: float = 0, until_s: float = 600) -> ev.SilenceCreated:
    return ev.SilenceCreated(
        silence_id=silence_id,
        matchers=(Matcher(label="service", op="=", value="payment"),),
        starts_at=START + timedelta(seconds=from_s),
        ends_at=START + timedelta(seconds=until_s),
        by="person:anna",
        comment="maintenance",
    )


def test_a_silence_is_pending_then_active_then_expired_or_ended_before() -> None:
    told = Told()
    told.tell(ev.SILENCE_STREAM, silence("s1", from_s=100, until_s=200), silence("s2"))
    told.tell(ev.SILENCE_STREAM, ev.SilenceEnded(silence_id="s2", by="person:anna"))
    silences = told.models.silences

    states = [silences.get("s1", START + timedelta(seconds=s)) for s in (0, 100, 199, 200)]
    assert [view.state for view in states if view] == ["pending", "active", "active", "expired"]
    assert [(view.id, view.state) for view in silences.all(START + timedelta(seconds=150))] == [
        ("s1", "active"),
        ("s2", "ended"),
    ]


def test_a_silence_says_how_much_it_kept_back_and_nothing_when_intake_does_not_say() -> None:
    told = Told()
    told.tell(ev.SILENCE_STREAM, silence("s1"), silence("s2"))
    told.tell(ev.INTAKE_STREAM, ev.BatchTaken(**_counts() | {"silenced": 3, "silenced_by": {"s1": 3}}))
    assert [view.matched for view in told.models.silences.all(told.now)] == [3, 0]

    told.tell(ev.INTAKE_STREAM, batch(silenced=1))
    assert [view.matched for view in told.models.silences.all(told.now)] == [None, None]
