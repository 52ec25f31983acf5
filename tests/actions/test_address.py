"""What of an address a person sees."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.actions.address import same_place
from quell.addresses import looks_secret, shown_address


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1:9000/services/orders/restart", "http://127.0.0.1:9000/services/orders/restart"),
        ("https://h/restart-orders-service-in-production-cluster/v2", None),
        ("https://h/restartOrdersServiceNow/k8s?namespace=prod-1&force=true", None),
        ("https://u:hunter2@h/restart", "https://***@h/restart"),
        ("https://h/x?key=abc&service=orders", "https://h/x?key=***&service=orders"),
        ("https://h/x?api_key=a&apikey=b&X-Amz-Signature=c", "https://h/x?api_key=***&apikey=***&X-Amz-Signature=***"),
        ("https://h/x?keyword=a&monkey=b", None),
        ("https://h/x?to=0123456789abcdef0123", "https://h/x?to=***"),
        ("https://h/x?0123456789abcdef0123", "https://h/x?***"),
        ("https://h/services/T00AB/B00CD/aZ9bY8cX7dW6eV5fU4gT3hS2", "https://h/services/T00AB/B00CD/***"),
        ("https://h/hooks/550e8400-e29b-41d4-a716-446655440000/run", "https://h/hooks/***/run"),
        ("https://h/x#part", "https://h/x"),
        ("https://[2001:db8::1]:8443/x", None),
    ],
)
def test_an_address_is_whole_but_for_its_secrets(address: str, shown: str | None) -> None:
    assert shown_address(address) == (shown or address)


@pytest.mark.parametrize("address", ["https://h/T0/secret", "https://h/?q=secret", "https://h/secret?a=secret"])
def test_a_path_that_is_a_secret_is_not_shown(address: str) -> None:
    assert shown_address(address, secret_path=True) == "https://h/***"


@given(secret=st.from_regex(r"[0-9a-f]{16,40}", fullmatch=True).filter(lambda text: not text.isalpha()))
def test_a_key_of_hex_digits_is_never_shown(secret: str) -> None:
    for address in (f"https://h/{secret}/run", f"https://h/run?x={secret}", f"https://h/run?token={secret}"):
        assert secret not in shown_address(address)


@given(words=st.lists(st.from_regex(r"[a-z]{1,15}", fullmatch=True), min_size=1, max_size=8))
def test_words_of_small_letters_are_shown(words: list[str]) -> None:
    assert not looks_secret("-".join(words))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h/x", "https://H:443/x/", True),
        ("https://h/a/../%78#y", "https://h/x", True),
        ("https://h/x", "http://h/x", False),
        ("https://h/x", "https://h/x?dry=1", False),
        ("https://h/x", "https://h/X", False),
        ("http://localhost:81/x", "http://127.0.0.1:81/x", True),
        ("http://127.0.0.1./x", "http://[::1]:80/x", True),
        ("http://[::ffff:127.0.0.1]/x", "http://a.localhost/x", True),
        ("http://hooks./x", "http://hooks/x", True),
        ("http://127.0.0.1:81/x", "http://127.0.0.1:82/x", False),
        ("http://10.0.0.1/x", "http://127.0.0.1/x", False),
    ],
)
def test_two_addresses_lead_to_the_same_place_however_they_are_written(one: str, other: str, same: bool) -> None:
    assert same_place(one, httpx.URL(other)) is same
