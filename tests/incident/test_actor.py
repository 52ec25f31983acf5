"""Who did something: what is proven of it, and the typed name that is not."""

from __future__ import annotations

import pytest

from quell.incident import events as ev
from quell.incident.actor import NAME_CHARACTERS, Actor, clean_name, signed_event, with_typed_name
from tests.projections.given import evidence

ALICE = Actor(id="person:operator", typed_name="Alice")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Actor(id="person:operator", typed_name="alice"), True),
        (Actor(id="person:operator", typed_name="bob"), False),
        (Actor(id="person:operator"), False),
        (Actor(id="person:kim", typed_name="Alice"), False),
    ],
)
def test_one_person_is_one_principal_with_one_typed_name(other: Actor, same: bool) -> None:
    assert ALICE.is_same_as(other) is same


def test_a_typed_name_is_shown_as_what_was_said_beside_the_principal() -> None:
    assert str(ALICE) == "person:operator (says: Alice)"
    assert str(Actor(id="agent:resolution")) == "agent:resolution"
    assert signed_event(ev.NoteAdded(by="person:kim", text="t", typed_name="Kim")) == "person:kim (says: Kim)"
    assert signed_event(ev.SourceRecovered(source="logs", after_s=1.0)) == ""


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (None, ""),
        ("", ""),
        ("  Alice   Bob ", "Alice Bob"),
        ("person:alice", "alice"),
        ("o'neil+x@a_b.c-d", "o'neil+x@a_b.c-d"),
        ("<b>Eve</b>\n\x1b[31m", "b Eve b 31m"),
        ("Ａｌｉｃｅ", "Alice"),
        ("(){}", ""),
        ("a" * 65, "a" * NAME_CHARACTERS),
        ("a" * 63 + " b", "a" * 63),
    ],
)
def test_a_typed_name_keeps_letters_digits_and_little_else(raw: str | None, kept: str) -> None:
    assert clean_name(raw) == kept
    assert NAME_CHARACTERS == 64


def test_a_typed_name_is_put_on_what_that_principal_does_and_on_nothing_else() -> None:
    own = ev.NoteAdded(by="person:operator", text="t")
    of_another = ev.NoteAdded(by="system:intake", text="t")
    by_nobody = ev.Detected(finding=ev.Detection(verdict="no_sign", says="", evidence=(evidence(),)))

    named = with_typed_name([own, of_another, by_nobody], ALICE)

    assert named == [ev.NoteAdded(by="person:operator", text="t", typed_name="Alice"), of_another, by_nobody]
