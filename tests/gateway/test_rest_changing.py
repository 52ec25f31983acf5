from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.application.caller import Caller, Principal
from quell.application.commands import read_command
from quell.application.requests import Request
from quell.errors import Conflict, Malformed, NotFound, Unreachable
from quell.eventlog.log import Write
from quell.eventlog.registry import WIRE_NAMES
from quell.gateway.rest import Drill
from quell.gateway.rest.wire import MAX_BODY_BYTES
from quell.incident import events as ev
from quell.incident.actor import NAME_CHARACTERS, clean_name
from tests.gateway.site import Site, open_site
from tests.projections.given import PLAN, asked, batch, grouped, opened, whole_response


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        await site.record("INC-1", opened(), grouped())
        yield site


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=10)


async def types(site: Site, incident_id: str = "INC-1") -> list[str]:
    return [row["type"] for row in (await site.get(f"incidents/{incident_id}/events"))["items"]]


async def test_acknowledging_answers_with_the_row_after_it(site: Site) -> None:
    response = await site.post("incidents/INC-1/acknowledge", {"note": "on it"}, X_Quell_User="Anna")

    assert response.status_code == 200
    assert response.json()["owner"] == "person:operator (says: Anna)"
    assert response.json()["state"] == "acknowledged"
    assert (await types(site))[-2:] == ["IncidentAcknowledged", "StateChanged"]


async def test_a_command_without_a_body_is_by_the_operator(site: Site) -> None:
    response = await site.post("incidents/INC-1/acknowledge")

    assert response.json()["owner"] == "person:operator"


async def test_an_incident_goes_through_its_life_by_hand(site: Site) -> None:
    await site.record("INC-2", opened("INC-2"))
    steps = [
        ("severity", {"severity": "SEV3", "reason": "one customer"}, "triggered"),
        ("notes", {"text": "looks like DNS"}, "triggered"),
        ("resolve", {"reason": "fixed by hand"}, "resolved"),
        ("close", None, "closed"),
        ("reopen", {"reason": "it is back"}, "reopened"),
        ("merge", {"into": "INC-2", "reason": "the same cause"}, "merged"),
    ]
    for name, body, state in steps:
        response = await site.post(f"incidents/INC-1/{name}", body)
        assert response.status_code == 200, response.text
        assert response.json()["state"] == state

    assert response.json()["merged_into"] == "INC-2"
    assert response.json()["severity"] == "SEV3"


async def test_a_plan_is_approved_by_its_id_and_only_once(site: Site) -> None:
    await site.record("INC-1", ev.PlanProposed(plan=PLAN), asked(soon()))

    first = await site.post("incidents/INC-1/approve", {"plan_id": "7c1f", "by": "anna"})
    again = await site.post("incidents/INC-1/approve", {"plan_id": "7c1f", "by": "ben"})
    no = await site.post("incidents/INC-1/reject", {"plan_id": "7c1f", "reason": "wait"})

    assert first.json()["approval"]["answer"] == "approved"
    assert again.json()["approval"]["by"] == "person:operator (says: anna)"
    assert no.status_code == 409
    assert no.json()["reason"] == "conflict"
    assert (await types(site)).count("ActionApproved") == 1


async def test_a_changed_plan_cannot_be_approved_by_its_old_id(site: Site) -> None:
    await site.record("INC-1", ev.PlanProposed(plan=PLAN), asked(soon()))

    response = await site.post("incidents/INC-1/approve", {"plan_id": "0000"})

    assert response.status_code == 409
    assert "the plan changed" in response.json()["detail"]


async def test_a_change_is_asked_back_by_its_plan_in_an_incident_that_has_ended(site: Site) -> None:
    await site.record("INC-1", *whole_response()[2:])
    row = (await site.get("incidents/INC-1"))["actions"][0]

    first = await site.post("incidents/INC-1/take_back", {"plan_id": "7c1f", "reason": "not wanted"})
    again = await site.post("incidents/INC-1/take_back", {"plan_id": "7c1f", "reason": "not wanted"})
    asked = await site.get("incidents/INC-1")
    other = await site.post("incidents/INC-1/take_back", {"plan_id": "0000", "reason": "not wanted"})
    unsaid = await site.post("incidents/INC-1/take_back", {"plan_id": "7c1f"})

    assert (row["state"], row["can_take_back"], row["being_taken_back"]) == ("done", True, False)
    assert row["take_back_says"] == PLAN.undo
    assert (first.status_code, again.status_code) == (200, 200)
    assert (await types(site)).count("TakeBackRequested") == 1
    assert (asked["actions"][0]["can_take_back"], asked["actions"][0]["being_taken_back"]) == (False, True)
    assert asked["timeline"][-1]["title"] == "Operator wants roll back of payment taken back"
    assert (other.status_code, "no change that Quell made" in other.json()["detail"]) == (409, True)
    assert unsaid.status_code == 422


async def test_what_its_state_does_not_allow_is_a_conflict_that_says_so(site: Site) -> None:
    response = await site.post("incidents/INC-1/close")

    assert response.status_code == 409
    assert response.json()["reason"] == "illegal_transition"
    assert response.json()["detail"] == "INC-1 is triggered and cannot become closed"


async def test_a_request_repeated_with_its_key_changes_nothing_more(site: Site) -> None:
    for name, body in (
        ("notes", {"text": "seen"}),
        ("acknowledge", {"note": "mine"}),
        ("severity", {"severity": "SEV4", "reason": "small"}),
        ("resolve", {"reason": "fixed"}),
    ):
        first = await site.post(f"incidents/INC-1/{name}", body, Idempotency_Key="click-1")
        count = len(await types(site))
        again = await site.post(f"incidents/INC-1/{name}", body, Idempotency_Key="click-1")

        assert again.status_code == first.status_code == 200
        assert again.json() == first.json()
        assert len(await types(site)) == count


async def test_a_repeat_is_answered_even_when_the_state_no_longer_allows_it(site: Site) -> None:
    await site.post("incidents/INC-1/resolve", {"reason": "fixed"})
    first = await site.post("incidents/INC-1/reopen", {"reason": "back"}, Idempotency_Key="k")
    again = await site.post("incidents/INC-1/reopen", {"reason": "back"}, Idempotency_Key="k")
    other = await site.post("incidents/INC-1/reopen", {"reason": "back"}, Idempotency_Key="k2")

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert again.json()["reopened"] == 1


async def test_one_key_counts_for_one_command_on_one_incident(site: Site) -> None:
    await site.record("INC-2", opened("INC-2"))
    for incident_id in ("INC-1", "INC-2"):
        await site.post(f"incidents/{incident_id}/notes", {"text": "seen"}, Idempotency_Key="k")
        await site.post(f"incidents/{incident_id}/acknowledge", None, Idempotency_Key="k")

    for incident_id in ("INC-1", "INC-2"):
        assert {"NoteAdded", "IncidentAcknowledged"} <= set(await types(site, incident_id))


async def test_many_people_at_once_all_get_their_note_in(site: Site) -> None:
    answers = await asyncio.gather(
        *(site.post("incidents/INC-1/notes", {"text": f"note {number}"}) for number in range(6))
    )

    assert {answer.status_code for answer in answers} == {200}
    assert (await types(site)).count("NoteAdded") == 6


async def test_a_body_that_does_not_fit_is_a_problem(site: Site) -> None:
    for body, status, reason in (
        (b"{", 400, "malformed"),
        (b'{"text": 7}', 422, "invalid"),
        (b'{"text": "x", "colour": "red"}', 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"text": "   "}', 400, "malformed"),
        (b'{"text": "half a character: \\ud800"}', 422, "invalid"),
        (b'{"text": "' + b"x" * MAX_BODY_BYTES + b'"}', 413, "too_large"),
    ):
        response = await site.client.post(
            "/api/v1/incidents/INC-1/notes", content=body, headers={"content-type": "application/json"}
        )

        assert response.status_code == status, body[:50]
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["reason"] == reason
    assert "NoteAdded" not in await types(site)


async def test_a_body_of_unknown_length_is_read_no_further_than_the_bound(site: Site) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"x" * 4096

    response = await site.client.post(
        "/api/v1/incidents/INC-1/notes", content=endless(), headers={"content-type": "application/json"}
    )

    assert response.status_code == 413


async def test_a_command_on_an_incident_that_is_not_there_is_a_problem(site: Site) -> None:
    for incident_id in ("INC-9", "..", "a b", "%00", "é", "x" * 300):
        response = await site.client.post(f"/api/v1/incidents/{incident_id}/notes", json={"text": "seen"})

        assert response.status_code == 404, incident_id


async def test_what_is_sent_as_a_note_is_kept_as_text_without_what_cannot_be_seen(site: Site) -> None:
    await site.post("incidents/INC-1/notes", {"text": "<script>\u202egnp.\x00\x1b[31m</script>\nsecond line"})

    events = (await site.get("incidents/INC-1/events"))["items"]
    assert events[-1]["data"]["text"] == "<script>gnp.[31m</script>\nsecond line"


@settings(deadline=None)
@given(st.text(max_size=300))
def test_whatever_name_is_typed_it_cannot_look_like_a_principal_or_hide(raw: str) -> None:
    name = clean_name(raw)

    assert len(name) <= NAME_CHARACTERS
    assert name.isprintable()
    assert not set(name) & set(":()")
    assert clean_name(name) == name


async def test_a_name_in_a_body_or_a_header_never_says_who_it_was(site: Site) -> None:
    await site.record("INC-1", ev.PlanProposed(plan=PLAN), asked(soon()))
    for name, body in (
        ("acknowledge", {}),
        ("approve", {"plan_id": "7c1f"}),
        ("notes", {"text": "seen"}),
        ("severity", {"severity": "SEV4", "reason": "small"}),
        ("resolve", {"reason": "fixed", "false_alarm": True}),
        ("close", {}),
        ("reopen", {"reason": "it is back"}),
        ("cause", {"service": "cart"}),
    ):
        response = await site.post(f"incidents/INC-1/{name}", {**body, "by": "agent:diagnosis"}, X_Quell_User="root")
        assert response.status_code == 200, response.text
    silenced = await site.post("silences", silence(by="system:policy"))
    await site.client.delete(f"/api/v1/silences/{silenced.json()['id']}", headers={"x-quell-user": "system:policy"})
    override = {"action": "restart", "kind": "service", "autonomy": "observe", "reason": "audit"}
    await site.post("autonomy", override, X_Quell_User="mallory")

    told = [one.event for one in await site.log.read() if hasattr(one.event, "by")]
    assert {(event.by, event.typed_name) for event in told[:9]} == {("person:operator", "agent diagnosis")}
    assert [(event.by, event.typed_name) for event in told[-3:]] == [
        ("person:operator", "system policy"),
        ("person:operator", "system policy"),
        ("person:operator", "mallory"),
    ]


async def test_a_typed_name_is_shown_as_what_it_is_on_the_timeline(site: Site) -> None:
    await site.post("incidents/INC-1/acknowledge", {"by": "alice"})
    await site.post("incidents/INC-1/acknowledge", {"by": "bob", "take_over": True})

    entries = (await site.get("incidents/INC-1/timeline"))["items"]
    told = [(row["title"], row["by"]) for row in entries if row["type"] == "IncidentAcknowledged"]
    assert told == [
        ("Operator (says: alice) owns it now", "person:operator (says: alice)"),
        ("Operator (says: bob) took it over from operator (says: alice)", "person:operator (says: bob)"),
    ]


async def test_an_incident_that_somebody_owns_is_taken_over_only_on_purpose(site: Site) -> None:
    alice = (await site.post("incidents/INC-1/acknowledge", {"by": "alice"})).json()

    refused = [await site.post("incidents/INC-1/acknowledge", body) for body in ({"by": "bob"}, {}, None)]
    again = await site.post("incidents/INC-1/acknowledge", {"by": "Alice"})
    taken = await site.post("incidents/INC-1/acknowledge", {"by": "bob", "take_over": True})

    for response in refused:
        assert response.status_code == 409
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["reason"] == "already_owned"
        assert response.json()["detail"].startswith("person:operator (says: alice) owns INC-1 since ")
    assert (again.status_code, again.json()["owned_since"]) == (200, alice["owned_since"])
    assert (taken.json()["owner"], taken.json()["owner_typed_name"]) == ("person:operator (says: bob)", "bob")
    assert taken.json()["acknowledged_at"] == alice["acknowledged_at"]


async def test_of_two_who_acknowledge_at_once_one_has_it_and_the_other_is_told(site: Site) -> None:
    answers = await asyncio.gather(
        *(site.post("incidents/INC-1/acknowledge", {"by": name}) for name in ("alice", "bob"))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    await site.settled()
    assert (await site.get("incidents/INC-1"))["summary"]["owner"] == won["owner"]


async def test_a_key_that_stands_for_another_request_is_refused_and_nothing_is_done(site: Site) -> None:
    await site.post("incidents/INC-1/notes", {"text": "first"}, Idempotency_Key="k")
    await site.post("silences", silence(), Idempotency_Key="k")
    override = {"action": "restart", "kind": "service", "autonomy": "observe", "reason": "audit"}
    await site.post("autonomy", override, Idempotency_Key="k")
    head = site.log.head

    for path, body in (
        ("incidents/INC-1/notes", {"text": "second"}),
        ("incidents/INC-1/notes", {"text": "first", "by": "bob"}),
        ("silences", silence(comment="another")),
        ("autonomy", {**override, "autonomy": "auto"}),
    ):
        response = await site.post(path, body, Idempotency_Key="k")
        assert response.status_code == 422, path
        assert response.json()["reason"] == "key_reused"
    assert site.log.head == head


async def test_of_two_requests_with_one_key_at_once_only_one_is_done(site: Site) -> None:
    answers = await asyncio.gather(
        *(site.post("incidents/INC-1/notes", {"text": f"note {n}"}, Idempotency_Key="k") for n in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422]
    assert (await types(site)).count("NoteAdded") == 1


async def test_a_key_of_a_log_without_hashes_still_stands_for_its_request(site: Site) -> None:
    old = Request.of("command/Note/INC-1", "k", None)
    assert old is not None
    note = Write(stream="incident/INC-1", events=[ev.NoteAdded(by="person:ada", text="old")])
    await site.log.append([note], key=old.key)

    again = await site.post("incidents/INC-1/notes", {"text": "old"}, Idempotency_Key="k")

    assert again.status_code == 200
    assert (await types(site)).count("NoteAdded") == 1


async def test_a_command_over_the_live_connection_does_the_same(site: Site) -> None:
    caller = Caller(principal=Principal(), typed_name="header")

    summary = await site.commands.run("acknowledge", "INC-1", {"note": "on it", "by": "anna"}, "click-1", caller)

    assert summary.owner == "person:operator (says: anna)"


def test_every_event_that_a_person_may_cause_keeps_the_name_that_was_typed() -> None:
    people = [kind for kind in WIRE_NAMES.values() if "by" in kind.__dataclass_fields__]

    assert people
    assert {kind.__name__ for kind in people if "typed_name" not in kind.__dataclass_fields__} == set()


def test_a_command_that_cannot_be_read_says_why() -> None:
    with pytest.raises(NotFound, match="there is no command 'explode'"):
        read_command("explode", {})
    with pytest.raises(Malformed, match="approve: plan_id"):
        read_command("approve", {})


def silence(**changes: object) -> dict[str, object]:
    body: dict[str, object] = {
        "matchers": [{"label": "service", "op": "=", "value": "payment"}],
        "ends_at": soon().isoformat(),
        "comment": "maintenance",
    }
    return body | changes


async def test_a_silence_is_begun_listed_and_ended(site: Site) -> None:
    begun = await site.post("silences", silence(), X_Quell_User="anna")
    assert begun.status_code == 201
    assert begun.json()["state"] == "active"
    assert begun.json()["by"] == "person:operator (says: anna)"
    listed = (await site.get("silences"))["items"]
    assert [row["id"] for row in listed] == [begun.json()["id"]]

    path = f"/api/v1/silences/{begun.json()['id']}"
    over = await site.client.delete(path)
    again = await site.client.delete(path)

    assert over.json()["state"] == again.json()["state"] == "ended"
    assert site.log.head == site.models.position == 4


async def test_a_silence_says_how_much_it_kept_back(site: Site) -> None:
    silence_id = (await site.post("silences", silence())).json()["id"]
    taken = batch(silenced=4)
    await site.tell(
        ev.INTAKE_STREAM,
        ev.BatchTaken(
            source=taken.source,
            received=4,
            rejected=0,
            silenced=4,
            duplicate=0,
            grouped=0,
            opening=0,
            silenced_by={silence_id: 4},
        ),
    )

    assert (await site.get("silences"))["items"][0]["matched"] == 4


async def test_a_silence_asked_for_twice_with_one_key_is_one_silence(site: Site) -> None:
    wanted = silence()
    first = await site.post("silences", wanted, Idempotency_Key="k")
    again = await site.post("silences", wanted, Idempotency_Key="k")

    assert first.json() == again.json()
    assert len((await site.get("silences"))["items"]) == 1


async def test_a_silence_that_makes_no_sense_is_a_problem(site: Site) -> None:
    for changes, status in (
        ({"matchers": []}, 422),
        ({"matchers": [{"label": "service", "op": "~", "value": "x"}]}, 422),
        ({"matchers": [{"label": "service", "op": "=~", "value": ".*"}]}, 400),
        ({"matchers": [{"label": "service", "op": "=~", "value": "("}]}, 400),
        ({"ends_at": "2001-01-01T00:00:00Z"}, 400),
        ({"ends_at": "0001-01-01T00:00:00+14:00"}, 422),
        ({"ends_at": "2099-01-01T00:00:00"}, 422),
        ({"starts_at": "2050-01-01T00:00:00Z"}, 400),
    ):
        response = await site.post("silences", silence(**changes))

        assert response.status_code == status, response.text
    assert (await site.get("silences"))["items"] == []


@pytest.mark.parametrize("blank", [" ", "\t\n", "\u200b", "\u00a0 \u202e"])
async def test_a_blank_name_or_reason_is_refused_and_taken_for_nothing_else(site: Site, blank: str) -> None:
    head = site.log.head
    for path, body in (
        ("incidents/INC-1/cause", {"service": blank}),
        ("incidents/INC-1/resolve", {"reason": blank}),
        ("silences", silence(matchers=[{"label": blank, "value": "x"}, {"label": "service", "value": "cart"}])),
        ("autonomy", {"action": blank, "kind": "service", "autonomy": "observe", "reason": "audit"}),
        ("autonomy", {"action": "restart", "kind": "service", "autonomy": "observe", "reason": blank}),
        ("outcomes/records/INC-1/corrections", {"service": blank, "reason": "wrong"}),
    ):
        response = await site.post(path, body)

        assert response.status_code == 422, (path, response.text)
    assert site.log.head == head


async def test_ending_a_silence_that_is_not_there_is_a_problem(site: Site) -> None:
    assert (await site.client.delete("/api/v1/silences/S-0")).status_code == 404


class Shop:
    """A lab that starts one drill, or is out of reach."""

    def __init__(self) -> None:
        self.under_way: Drill | None = None
        self.reachable = True

    async def drill(self) -> Drill | None:
        if not self.reachable:
            raise Unreachable("the lab does not answer")
        return self.under_way

    async def start_drill(self, *, key: str | None) -> Drill:
        if self.under_way is not None:
            raise Conflict("a drill is under way")
        self.under_way = Drill(id="d1", state="starting", started_at=datetime.now(UTC))
        return self.under_way


async def test_without_a_lab_there_is_nothing_to_drill(site: Site) -> None:
    assert await site.get("lab") == {"running": False, "drills_available": False, "drill": None}
    assert (await site.post("lab/drills")).status_code == 404


async def test_a_drill_is_started_in_the_lab_and_leaves_nothing_in_the_log(tmp_path: Path) -> None:
    shop = Shop()
    async with open_site(tmp_path, lab=shop) as site:
        assert (await site.get("lab"))["drills_available"]

        started = await site.post("lab/drills")
        again = await site.post("lab/drills")

        assert started.status_code == 202
        assert again.status_code == 409
        assert (await site.get("lab"))["drill"]["id"] == "d1"
        assert site.log.head == 0
        shop.reachable = False
        assert not (await site.get("lab"))["running"]


async def test_a_person_says_what_it_was_and_the_agents_are_counted_by_it(site: Site) -> None:
    await site.record("INC-1", *whole_response()[2:])

    response = await site.post("incidents/INC-1/cause", {"service": "cart", "cause": "memory_leak"})
    detail = await site.get("incidents/INC-1")
    agents = {row["agent"]: row["accuracy"] for row in (await site.get("agents", of="real"))["items"]}

    assert response.status_code == 200
    assert detail["cause_confirmed"] == {
        "service": "cart",
        "cause": "memory_leak",
        "by": "person:operator",
        "typed_name": "",
    }
    [diagnosis] = agents["diagnosis"]
    assert (diagnosis["of"], diagnosis["wrong"], diagnosis["by_person"], diagnosis["calibrated"]) == (
        "real",
        1,
        1,
        False,
    )
    assert (await site.post("incidents/INC-1/cause", {"cause": "memory_leak"})).status_code == 409
    assert (await site.post("incidents/INC-1/cause", {"cause": "gremlins"})).status_code == 422


async def test_none_of_the_causes_named_is_an_answer_and_so_is_a_false_alarm(site: Site) -> None:
    await site.record("INC-1", *whole_response()[2:-2])

    await site.post("incidents/INC-1/cause")
    none_of_them = await site.get("incidents/INC-1")
    await site.post("incidents/INC-1/resolve", {"reason": "a test", "false_alarm": True})
    alarm = await site.get("incidents/INC-1")

    assert none_of_them["cause_confirmed"]["service"] is None
    assert (alarm["false_alarm"], alarm["cause_confirmed"]) == (True, None)


async def test_the_agents_are_asked_to_look_again_after_they_handed_over(site: Site) -> None:
    ended = ev.ResponseEnded(run=1, outcome="escalated", says="no sign", look_again_at=soon())
    await site.record("INC-1", ev.ResponseStarted(run=1), ev.Escalated(reason="no sign"), ended)

    response = await site.post("incidents/INC-1/look_again", {"reason": "the cache was killed"})

    assert response.status_code == 200
    assert response.json()["wants"] == "take_over"
    assert (await types(site))[-1] == "LookAgainRequested"


async def test_looking_again_is_a_conflict_while_they_are_at_work_and_says_so(site: Site) -> None:
    await site.record("INC-1", ev.ResponseStarted(run=1))

    response = await site.post("incidents/INC-1/look_again")

    assert response.status_code == 409
    assert response.json()["detail"] == "the agents are at work on INC-1 already"


async def test_the_row_says_when_the_agents_look_next(site: Site) -> None:
    at = soon()
    no_sign = ev.PhaseEnded(
        phase=ev.Phase.DETECT,
        agent="detection",
        state=ev.PhaseState.ABSTAINED,
        took_s=1.0,
        attempts=1,
        says="no sign",
        word="no_sign",
    )
    ended = ev.ResponseEnded(run=1, outcome="escalated", says="no sign", look_again_at=at)
    looks = ev.PhaseStarted(phase=ev.Phase.DETECT, agent="detection", attempt=1, timeout_s=20, expected_s=None)
    await site.record("INC-1", ev.ResponseStarted(run=1), looks, no_sign, ev.Escalated(reason="no sign"), ended)
    waiting = await site.get("incidents/INC-1")
    await site.post("incidents/INC-1/resolve", {"reason": "by hand"})
    over = await site.get("incidents/INC-1")

    assert datetime.fromisoformat(waiting["summary"]["next_look_at"]) == at
    assert over["summary"]["next_look_at"] is None
