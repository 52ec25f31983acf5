"""
Addresses as they may be shown: whatever may be a secret in one is masked.

Every message, page, log line and stored event that names an address names it through here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

MASK = "***"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+")
_SECRET_NAME = re.compile(
    r"(^|[-_.])(access|api|app|auth|authorization|client|private|shared)?[-_]?"
    r"(code|credentials?|jwt|key|pass|passwd|password|pwd|secret|session|sid|sig|signature|token)$",
    re.IGNORECASE,
)
"""Names of query parameters whose value is never shown."""

_LONG_CHARS = 16
"""From here on a text of letters and digits in no order is taken for a key."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def shown_address(url: str, *, secret_path: bool = False) -> str:
    """
    Return an address with `***` for what may be a secret in it; whatever it is given, it raises nothing.

    Masked are the part before the `@`, values in the query whose name speaks of a secret, words anywhere behind the
    host that look like a token, and the fragment. What is no address is masked as far as it looks like one.

    Args:
        secret_path: the path holds a secret that does not look like one: nothing of path and query is shown.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    authority, path, query = _split(rest)
    host = authority.rpartition("@")[2]
    shown = f"{scheme}{separator}" + (f"{MASK}@" if "@" in authority else "") + host
    if secret_path:
        return f"{shown}/{MASK}"
    shown += "/".join(_masked_word(part) for part in path.split("/"))
    if query:
        shown += "?" + "&".join(_masked_pair(pair) for pair in query.split("&"))
    return shown


def shown_text(text: str) -> str:
    """Return a text with every address in it as `shown_address`."""
    return _ADDRESS.sub(lambda found: shown_address(found[0]), text) if "://" in text else text


def shown_values(value: Any) -> Any:
    """Return JSON-like data with every address in its texts masked."""
    if isinstance(value, str):
        return shown_text(value)
    if isinstance(value, Mapping):
        return {name: shown_values(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown_values(one) for one in value]
    return value


def _split(rest: str) -> tuple[str, str, str]:
    """Return authority, path with its slash, and query of what follows the scheme; the fragment is left out."""
    end = min((found for mark in "/?#" if (found := rest.find(mark)) >= 0), default=len(rest))
    authority, behind = rest[:end], rest[end:]
    before_at, at, _ = behind.rpartition("@")
    port = authority.rpartition("]")[2].partition(":")[2]
    if at and "@" not in authority and (":" in before_at or (port and not port.isdecimal())):
        # A name or a password with a slash, a question mark or a hash in it: what stands before the `@` is both.
        inner, path, query = _split(behind[len(before_at) + 1 :])
        return f"{at}{inner}", path, query
    path, _, query = behind.partition("#")[0].partition("?")
    return authority, path, query


def _masked_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return _masked_word(pair)
    return f"{name}={MASK}" if value and _SECRET_NAME.search(name) else f"{name}={_masked_word(value)}"


def _masked_word(word: str) -> str:
    return MASK if looks_secret(unquote(word)) else word


def looks_secret(text: str) -> bool:
    """
    Return whether a text looks like a key and not like words: long, and with capitals and small letters or letters
    and digits mixed within a word; or a _UUID.
    """
    if _UUID.fullmatch(text):
        return True
    words = re.split(r"[-_.~:]", text)
    return any(len(word) >= _LONG_CHARS and _mixed(word) for word in words) or (
        len(text) >= 2 * _LONG_CHARS and sum(map(_mixed, words)) > 1
    )


def _mixed(word: str) -> bool:
    digits = sum(c.isdigit() for c in word)
    letters = sum(c.isalpha() for c in word)
    changes = sum(a.isupper() and b.islower() for a, b in zip(word[1:], word, strict=False))
    return (
        (digits > 0 and letters > 0 and not re.fullmatch(r"[A-Za-z]+\d{1,4}", word))
        or changes > 3
        or (len(word) >= _LONG_CHARS and (digits == len(word) or (word.isupper() and word.isalpha())))
    )
