"""Which hosts may be called."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from quell.actions.hosts import AllowedHosts
from quell.errors import Forbidden, Unreachable


def leading_to(*addresses: str, listed: Sequence[str] = ("hooks.example.org",)) -> AllowedHosts:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return AllowedHosts(listed, resolve=resolve)


@pytest.mark.parametrize(
    ("listed", "url", "allowed"),
    [
        ("hooks.example.org", "https://hooks.example.org/x", True),
        ("hooks.example.org", "http://hooks.example.org:80/x", True),
        ("Hooks.Example.org.", "https://HOOKS.example.ORG/", True),
        ("hooks.example.org", "https://hooks.example.org:8443/", False),
        ("hooks.example.org:8443", "https://hooks.example.org:8443/", True),
        ("hooks.example.org:8443", "https://hooks.example.org/", False),
        ("example.org", "https://hooks.example.org/", False),
        ("hooks.example.org", "https://hooks.example.org.evil.test/", False),
        ("hooks.example.org", "https://evil.test/hooks.example.org", False),
        ("hooks.example.org", "https://hooks.example.org@evil.test/", False),
        ("hooks.example.org", "https://user:pass@hooks.example.org/", False),
        ("hooks.example.org", "ftp://hooks.example.org/", False),
        ("hooks.example.org", "file:///etc/passwd", False),
        ("*", "https://hooks.example.org/", False),
        ("", "https://hooks.example.org/", False),
        ("[::1]:8080", "http://[::1]:8080/", True),
    ],
)
def test_only_a_listed_host_and_port_may_be_called(listed: str, url: str, allowed: bool) -> None:
    hosts = AllowedHosts([listed])

    if allowed:
        hosts.check(httpx.URL(url))
    else:
        with pytest.raises(Forbidden):
            hosts.check(httpx.URL(url))


def test_a_refusal_does_not_repeat_what_may_be_secret() -> None:
    with pytest.raises(Forbidden) as caught:
        AllowedHosts([]).check(httpx.URL("https://hooks.example.org/T0/SECRET?token=SECRET"))

    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "0.0.0.0",
        "::",
        "224.0.0.1",
    ],
)
async def test_a_name_that_leads_to_a_metadata_address_is_refused(address: str) -> None:
    with pytest.raises(Forbidden, match="link-local or metadata"):
        await leading_to("203.0.113.7", address).address(httpx.URL("https://hooks.example.org/"))


async def test_a_metadata_address_that_is_listed_itself_may_be_called() -> None:
    hosts = leading_to("169.254.169.254", listed=["169.254.169.254"])

    assert await hosts.address(httpx.URL("http://169.254.169.254/latest")) == "169.254.169.254"


@pytest.mark.parametrize("address", ["203.0.113.7", "127.0.0.1", "10.0.0.8", "2001:db8::1"])
async def test_a_name_that_leads_elsewhere_gives_its_address(address: str) -> None:
    assert await leading_to(address).address(httpx.URL("https://hooks.example.org/")) == address


async def test_a_name_that_leads_nowhere_is_unreachable() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(Unreachable, match="no such name"):
        await AllowedHosts(["hooks.example.org"], resolve=resolve).address(httpx.URL("https://hooks.example.org/"))


async def test_the_systems_resolver_knows_this_machine() -> None:
    assert await AllowedHosts(["localhost"]).address(httpx.URL("http://localhost/")) in {"127.0.0.1", "::1"}
