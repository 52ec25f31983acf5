"""Which hosts Quell may call on its own: those that the settings list, and never a cloud's metadata by accident."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from quell.errors import Forbidden, Unreachable

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Return the addresses of a host name, at least one; raise OSError."""

Address = IPv4Address | IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443}
METADATA = frozenset(map(ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")))
"""Where clouds answer with credentials of the machine; not all of them are link-local."""
NAT64 = IPv6Network("64:ff9b::/96")


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class AllowedHosts:
    """
    The list.

    Args:
        hosts: `host` for its default ports, `host:port` for one port, `[address]:port` with IPv6; exact, no patterns.
    """

    def __init__(self, hosts: Iterable[str], *, resolve: Resolve = resolve) -> None:
        self._listed = frozenset(host.strip().lower().rstrip(".") for host in hosts if host.strip())
        self._resolve = resolve

    def check(self, url: httpx.URL) -> None:
        """Raise `Forbidden` unless the URL is plain http(s) to a listed host, without credentials in it."""
        if url.scheme not in DEFAULT_PORTS:
            raise Forbidden(f"{place_of(url)}: only http and https may be called")
        if url.userinfo:
            raise Forbidden(f"{place_of(url)}: credentials belong in a header, not in the URL")
        if not self._listed.intersection(_names(url)):
            raise Forbidden(f"{place_of(url)} is not on the list of hosts that actions may call")

    async def address(self, url: httpx.URL) -> str:
        """
        Return the address to connect to: it was checked, so it must be used instead of the name.

        Raises: Forbidden: not listed, or an address that no name may lead to. Unreachable: no such name.
        """
        self.check(url)
        host, port = url.host, url.port or DEFAULT_PORTS[url.scheme]
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{place_of(url)}: the name cannot be resolved ({error})") from error
        for text in found:
            if _never_by_name(ip_address(text.partition("%")[0])) and not self._lists_address(text, port):
                raise Forbidden(f"{place_of(url)} leads to {text}, a link-local or metadata address that is not listed")
        if not found:
            raise Unreachable(f"{place_of(url)}: the name has no address")
        return found[0]

    def _lists_address(self, text: str, port: int) -> bool:
        return bool(self._listed.intersection({text, f"{text}:{port}", f"[{text}]", f"[{text}]:{port}"}))


def _names(url: httpx.URL) -> set[str]:
    """Return how the list may write the URL's host."""
    host = url.host.lower().rstrip(".")
    written = {host, f"[{host}]"} if ":" in host else {host}
    port = url.port or DEFAULT_PORTS[url.scheme]
    names = {f"{name}:{port}" for name in written}
    return names | written if port == DEFAULT_PORTS[url.scheme] else names


def place_of(url: httpx.URL) -> str:
    """Return the URL without what may be secret in it."""
    return f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port else "")


def _never_by_name(address: Address) -> bool:
    inner = _inner(address)
    return inner in METADATA or inner.is_link_local or inner.is_multicast or inner.is_unspecified


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
