"""What is shown of an address: enough to find the place, and no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.addresses import shown_address, shown_text, shown_values


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1:9100/metrics", "http://127.0.0.1:9100/metrics"),
        ("http://prom:s3cretpw@127.0.0.1:9100/metrics", "http://***@127.0.0.1:9100/metrics"),
        ("https://sometoken@host/metrics", "https://***@host/metrics"),
        ("http://prom:p@ss@host/metrics", "http://***@host/metrics"),
        ("http://prom:pa/ss@host:9100/metrics", "http://***@host:9100/metrics"),
        ("http://prom:pa?ss@host/metrics", "http://***@host/metrics"),
        ("http://prom:pa#ss@host/metrics", "http://***@host/metrics"),
        ("http://[::1]:9100/metrics", "http://[::1]:9100/metrics"),
        ("http://prom:pw@[::1]:9100/metrics", "http://***@[::1]:9100/metrics"),
        ("http://host/metrics?token=abc&module=up", "http://host/metrics?token=***&module=up"),
        ("http://host/metrics?X-Amz-Signature=abc&apiKey=", "http://host/metrics?X-Amz-Signature=***&apiKey="),
        ("http://host/federate?match[]={job=%22cart%22}", "http://host/federate?match[]={job=%22cart%22}"),
        (
            "https://hooks.example/services/T024/B024/aB3dE6gH9jK2mN5pQ8rS1tU4",
            "https://hooks.example/services/T024/B024/***",
        ),
        ("http://host/v2?t=aB3dE6gH9jK2mN5pQ8rS1tU4", "http://host/v2?t=***"),
        ("http://host/metrics#s3cret", "http://host/metrics"),
        ("http://host/a@b", "http://host/a@b"),
        ("prom:s3cretpw@host:9100/metrics", "***@host:9100/metrics"),
        ("not an address", "not an address"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    assert shown_address(address) == shown
    assert shown_address(shown) == shown


@given(user=st.text(min_size=1), password=st.text(alphabet=st.characters(exclude_characters="@"), min_size=1))
def test_no_password_in_front_of_a_host_is_ever_shown(user: str, password: str) -> None:
    marked = f"q{password}q"

    assert marked not in shown_address(f"http://{user.replace('/', '')}:{marked}@host/metrics")


@given(st.text())
def test_whatever_is_given_something_can_be_shown(text: str) -> None:
    assert isinstance(shown_text(text), str)
    assert isinstance(shown_address(text), str)


def test_every_address_in_a_text_and_in_data_is_masked() -> None:
    said = "GET http://a:pw1@one/metrics: 401; last: GET https://two?token=pw2: no answer"
    masked = "GET http://***@one/metrics: 401; last: GET https://two?token=***"

    assert shown_text(said).startswith(masked)
    assert shown_values({"x": [said, 7, None]})["x"][1:] == [7, None]
    assert "pw1" not in str(shown_values({"x": [{"y": said}]}))
