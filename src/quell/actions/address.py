"""An address as a person may see it: whole, with what is or looks like a secret in it masked."""

from __future__ import annotations

import re
from urllib.parse import unquote

import httpx

MASK = "***"

SECRET_NAME = re.compile(
    r"(^|[-_.])(access|api|app|auth|authorization|client|private|shared)?[-_]?"
    r"(code|credentials?|jwt|key|pass|passwd|password|pwd|secret|session|sid|sig|signature|token)$",
    re.IGNORECASE,
)
"""Names of query parameters whose value is never shown."""

LONG_CHARS = 16
"""From here on a text of letters and digits in no order is taken for a key."""

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def shown_address(url: httpx.URL | str, *, secret_path: bool = False) -> str:
    """
    Return an address with its secrets masked: user and password, query values that are called or look like one, and
    parts of the path that look like one.

    Args:
        secret_path: the path holds a secret that does not look like one: nothing of path and query is shown.
    """
    url = httpx.URL(url)
    user = f"{MASK}@" if url.userinfo else ""
    place = f"{url.scheme}://{user}{_host(url)}"
    if secret_path:
        return f"{place}/{MASK}"
    path, _, query = url.raw_path.decode("ascii").partition("?")
    shown = "/".join(MASK if looks_secret(unquote(part)) else part for part in path.split("/"))
    return f"{place}{shown}" + (f"?{'&'.join(map(_parameter, query.split('&')))}" if query else "")


def same_place(one: httpx.URL | str, other: httpx.URL | str) -> bool:
    """Return whether two addresses lead to the same place, however they are written."""
    return _written_alike(one) == _written_alike(other)


def looks_secret(text: str) -> bool:
    """
    Return whether a text looks like a key and not like words: long, and with capitals and small letters or letters
    and digits mixed within a word; or a UUID.
    """
    if UUID.fullmatch(text):
        return True
    words = re.split(r"[-_.~:]", text)
    return any(len(word) >= LONG_CHARS and _mixed(word) for word in words) or (
        len(text) >= 2 * LONG_CHARS and sum(map(_mixed, words)) > 1
    )


def _mixed(word: str) -> bool:
    digits = sum(c.isdigit() for c in word)
    letters = sum(c.isalpha() for c in word)
    changes = sum(a.isupper() and b.islower() for a, b in zip(word[1:], word, strict=False))
    return (
        (digits > 0 and letters > 0 and not re.fullmatch(r"[A-Za-z]+\d{1,4}", word))
        or changes > 3
        or (len(word) >= LONG_CHARS and (digits == len(word) or (word.isupper() and word.isalpha())))
    )


def _parameter(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return MASK if looks_secret(unquote(name)) else name
    secret = SECRET_NAME.search(unquote(name)) or looks_secret(unquote(value))
    return f"{name}={MASK if secret and value else value}"


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
