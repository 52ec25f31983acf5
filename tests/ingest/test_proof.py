"""How senders prove who they are."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from quell.errors import ConfigError, Unauthenticated
from quell.ingest.alertmanager import Alertmanager
from quell.ingest.proof import BearerToken, Proof, Signature
from tests.ingest.given import Clock

BODY = b'{"alerts": []}'
SECRET = "s3cret"
HEADER = "x-grafana-alerting-signature"
STAMP = "x-grafana-alerting-timestamp"


def signed(content: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def accepts(proof: Proof, headers: dict[str, str], body: bytes = BODY) -> bool:
    try:
        Alertmanager(proofs=[proof]).verify(headers, body)
    except Unauthenticated:
        return False
    return True


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ("Bearer t0ken", True),
        ("bearer t0ken", True),
        ("Bearer t0ken2", False),
        ("Bearer ", False),
        ("Basic t0ken", False),
        ("t0ken", False),
        ("Bearer t\u00f6ken", False),
        ("", False),
    ],
)
def test_a_bearer_token_is_asked_for_in_its_header(given: str, accepted: bool) -> None:
    assert accepts(BearerToken("t0ken"), {"authorization": given}) is accepted


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        (signed(BODY), True),
        (signed(BODY).upper(), True),
        ("sha256=" + signed(BODY), True),
        (signed(BODY + b" "), False),
        (signed(BODY, "other"), False),
        (signed(BODY)[:-1], False),
        ("\u00e9", False),
        ("", False),
    ],
)
def test_a_signature_must_fit_the_body(given: str, accepted: bool) -> None:
    assert accepts(Signature(SECRET, clock=Clock()), {HEADER: given}) is accepted


@pytest.mark.parametrize(("age_s", "accepted"), [(0, True), (299, True), (301, False), (-299, True), (-301, False)])
def test_a_signed_time_must_be_now(age_s: int, accepted: bool) -> None:
    clock = Clock()
    stamp = str(int(clock().timestamp()) - age_s)
    headers = {STAMP: stamp, HEADER: signed(stamp.encode() + b":" + BODY)}

    assert accepts(Signature(SECRET, timestamp_header=STAMP, clock=clock), headers) is accepted


@pytest.mark.parametrize("stamp", ["", "now", "-5", "1" * 40, "\u0661\u0662"])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    headers = {STAMP: stamp, HEADER: signed(stamp.encode() + b":" + BODY)}

    assert not accepts(Signature(SECRET, timestamp_header=STAMP, clock=Clock()), headers)


def test_a_signature_without_its_time_is_refused_where_a_time_is_asked_for() -> None:
    assert not accepts(Signature(SECRET, timestamp_header=STAMP, clock=Clock()), {HEADER: signed(BODY)})


def test_all_proofs_must_hold() -> None:
    source = Alertmanager(proofs=[BearerToken("t"), Signature(SECRET, clock=Clock())])
    source.verify({"authorization": "Bearer t", HEADER: signed(BODY)}, BODY)
    for lacking in ({"authorization": "Bearer t"}, {HEADER: signed(BODY)}):
        with pytest.raises(Unauthenticated):
            source.verify(lacking, BODY)


def test_an_empty_secret_is_a_mistake() -> None:
    with pytest.raises(ConfigError):
        BearerToken("")
    with pytest.raises(ConfigError):
        Signature("", clock=Clock())
