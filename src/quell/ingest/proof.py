"""How a sender proves that a request is its own."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from quell.errors import ConfigError, Unauthenticated


class Proof(Protocol):
    """One way of proving; a source may ask for several."""

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise `Unauthenticated` unless the request holds the proof. Header names are lower case."""
        ...


class BearerToken:
    """`Authorization: Bearer <token>`."""

    def __init__(self, token: str) -> None:
        if not token:
            raise ConfigError("an empty ingest token proves nothing")
        self._token = token.encode()

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check the token. Raises: Unauthenticated."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token):
            raise Unauthenticated("this source asks for its bearer token in the Authorization header")


class Signature:
    """
    HMAC-SHA256 of the body in hexadecimal, or, with a timestamp header, of `<timestamp>:<body>`.

    The defaults are Grafana's. A timestamp binds the request to its time: one further off than `tolerance_s` seconds
    is refused, so that a recorded request cannot be sent again later.
    """

    def __init__(
        self,
        secret: str,
        *,
        header: str = "x-grafana-alerting-signature",
        timestamp_header: str | None = None,
        tolerance_s: float = 300.0,
        clock: Callable[[], datetime],
    ) -> None:
        if not secret:
            raise ConfigError("an empty ingest secret proves nothing")
        self._secret = secret.encode()
        self._header = header.lower()
        self._timestamp_header = timestamp_header.lower() if timestamp_header else None
        self._tolerance_s = tolerance_s
        self._clock = clock

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check the signature of the body. Raises: Unauthenticated."""
        signed = body
        if self._timestamp_header is not None:
            stamp = headers.get(self._timestamp_header, "")
            self._check_time(stamp)
            signed = stamp.encode() + b":" + body
        given = headers.get(self._header, "").strip().removeprefix("sha256=").lower()
        expected = hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise Unauthenticated(f"the signature in {self._header} does not fit the body")

    def _check_time(self, stamp: str) -> None:
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 16):
            raise Unauthenticated(f"the header {self._timestamp_header} holds no Unix time in seconds")
        off_s = abs(self._clock().timestamp() - int(stamp))
        if off_s > self._tolerance_s:
            raise Unauthenticated(f"the request was signed {off_s:.0f} s from now, more than {self._tolerance_s:.0f} s")


def check_all(proofs: Sequence[Proof], headers: Mapping[str, str], body: bytes) -> None:
    """Raise `Unauthenticated` unless every proof holds."""
    for proof in proofs:
        proof.check(headers, body)
