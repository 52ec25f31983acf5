"""Sends incidents of the past to a running Quell, a batch at a time."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx
import msgspec

from quell.addresses import shown_address
from quell.incident.events import PastIncident

AT_ONCE = 500
"""Incidents of one request."""

TIMEOUT_S = 30.0
TRIES = 3
LONGEST_PAUSE_S = 10.0
PATH = "/api/v1/outcomes/imports"

_encode = msgspec.json.Encoder().encode


class NotTaken(Exception):
    """The server did not take a batch; the message says what it answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a batch."""

    imported: int
    known: int
    rejected: tuple[tuple[int, str], ...]
    """(place in the batch, reason)."""


class _RejectedPast(msgspec.Struct):
    index: int
    reason: str


class _Imported(msgspec.Struct):
    imported: int
    known: int
    rejected: list[_RejectedPast]


@dataclass(slots=True, kw_only=True)
class Sender:
    """Posts batches; each has a key made of its content, so that sending one again changes nothing."""

    client: httpx.Client
    url: str
    source: str
    dry_run: bool
    pause: Callable[[float], None]
    """Waits so many seconds."""
    silent: str = ""
    """Why the server cannot be asked; then a dry run goes on without it."""

    @classmethod
    @contextlib.contextmanager
    def to(
        cls, url: str, *, source: str, token: str | None, dry_run: bool, pause: Callable[[float], None]
    ) -> Iterator[Sender]:
        """Have a sender for the length of a block."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        with httpx.Client(timeout=TIMEOUT_S, headers=headers) as client:
            yield cls(client=client, url=url.rstrip("/"), source=source, dry_run=dry_run, pause=pause)

    def send(self, incidents: Sequence[PastIncident]) -> Answer | None:
        """
        Return what the server says of a batch; None in a dry run when it cannot be asked.

        Raises: NotTaken: and this is no dry run.
        """
        if self.silent:
            return None
        body = _encode({"source": self.source, "incidents": incidents, "dry_run": self.dry_run})
        try:
            return self._post(body)
        except NotTaken as error:
            if not self.dry_run:
                raise
            self.silent = str(error)
            return None

    def _post(self, body: bytes) -> Answer:
        headers = {
            "content-type": "application/json",
            "idempotency-key": hashlib.blake2b(body, digest_size=16).hexdigest(),
        }
        for left in reversed(range(TRIES)):
            try:
                response = self.client.post(self.url + PATH, content=body, headers=headers)
            except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
                raise NotTaken(
                    f"{shown_address(self.url)} does not answer: {error}. Is `quell serve` running there?"
                ) from error
            except httpx.HTTPError as error:
                if not left:
                    raise NotTaken(f"{shown_address(self.url)} does not answer: {error}") from error
                self.pause(1.0)
                continue
            if response.status_code not in (429, 503) or not left:
                return _read(self.url, response)
            after = response.headers.get("retry-after", "1")
            self.pause(min(float(after) if after.isdigit() else 1.0, LONGEST_PAUSE_S))
        raise AssertionError("the last try returns or raises")


def _read(url: str, response: httpx.Response) -> Answer:
    if response.is_success:
        try:
            found = msgspec.json.decode(response.content, type=_Imported)
        except msgspec.MsgspecError as error:
            raise NotTaken(f"{shown_address(url)} answered something else than Quell does: {error}") from error
        rejected = tuple((one.index, one.reason) for one in found.rejected)
        return Answer(imported=found.imported, known=found.known, rejected=rejected)
    try:
        detail = str(msgspec.json.decode(response.content)["detail"])
    except (msgspec.MsgspecError, KeyError, TypeError):
        detail = response.text[:200]
    raise NotTaken(f"{shown_address(url)} answered {response.status_code}: {detail[:500]}")
