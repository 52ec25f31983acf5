"""Whether two addresses lead to the same place."""

from __future__ import annotations

from urllib.parse import unquote

import httpx


def same_place(one: httpx.URL | str, other: httpx.URL | str) -> bool:
    """Return whether two addresses lead to the same place, however they are written."""
    return _written_alike(one) == _written_alike(other)


def _host(url: httpx.URL) -> str:
    """Return host and port as they are written, without the user."""
    return url.netloc.decode("ascii").rpartition("@")[2]


def _written_alike(address: httpx.URL | str) -> tuple[str, str, str, str]:
    url = httpx.URL(address)
    parts: list[str] = []
    for part in unquote(url.path).split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return url.scheme, _host(url).lower().rstrip("."), "/".join(parts), url.query.decode("ascii")
