"""Whether two addresses lead to the same place."""

from __future__ import annotations

import ipaddress
from urllib.parse import unquote

import httpx


def same_place(one: httpx.URL | str, other: httpx.URL | str) -> bool:
    """
    Return whether two addresses lead to the same place, however they are written.

    Names are not looked up, but every name and number of this machine's own loopback is one place.
    """
    return _written_alike(one) == _written_alike(other)


PORTS = {"http": 80, "https": 443}


def _place(url: httpx.URL) -> str:
    """Return host and port, without the user, in one form."""
    host = url.host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost") or _is_loopback(host):
        host = "localhost"
    return f"{host}:{url.port or PORTS.get(url.scheme, 0)}"


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None) or address
    return bool(inner.is_loopback or inner.is_unspecified)


def _written_alike(address: httpx.URL | str) -> tuple[str, str, str, str]:
    url = httpx.URL(address)
    parts: list[str] = []
    for part in unquote(url.path).split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return url.scheme, _place(url), "/".join(parts), url.query.decode("ascii")
