"""
Requests that have an idempotency key: each is carried out once, and its key stands for what it said and nothing else.

What a request said is kept as a hash, in the same append as what it did, so that no kill can part them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import msgspec

from quell.errors import KeyReused
from quell.eventlog.log import Appended, EventLog, Write
from quell.incident.events import REQUEST_STREAM, RequestAccepted

DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request with an idempotency key."""

    key: str
    """As the log knows it: the caller's own, within the route and what the route is about."""
    digest: str
    """Hash of what the request says."""

    @classmethod
    def of(cls, route: str, key: str | None, body: object) -> Self | None:
        """
        Return a request as the log knows it; None for one without a key.

        Args:
            route: within which the caller's key counts.
            body: what was read of the request, in any type that msgspec writes.
        """
        if key is None:
            return None
        named = _hash(f"{route}\n{key}".encode())
        said = msgspec.json.encode(body, order="deterministic")
        return cls(key=f"{route.partition('/')[0]}/{named}", digest=_hash(said))

    def write(self) -> Write:
        """Return what keeps the hash, for the append that carries the request out."""
        return Write(stream=REQUEST_STREAM, events=[RequestAccepted(key=self.key, digest=self.digest)])


class Requests:
    """The requests with a key that the log holds."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def append(self, writes: Sequence[Write], request: Request | None, *, key: str | None = None) -> Appended:
        """
        Append what a request does, unless it was carried out before.

        Args:
            key: of what is done, where it has one of its own; only without a request.

        Raises: KeyReused: another request was carried out under the key. StorageError.
        """
        if request is None:
            return await self._log.append(writes, key=key)
        appended = await self._log.append([*writes, request.write()], key=request.key)
        if not appended.fresh:
            await self._compare(request, appended)
        return appended

    async def happened(self, request: Request | None) -> bool:
        """
        Return whether a request was carried out before; one without a key never was.

        Raises: KeyReused: another request was carried out under the key. StorageError.
        """
        if request is None:
            return False
        found = await self._log.find(request.key)
        if found is None:
            return False
        await self._compare(request, found)
        return True

    async def _compare(self, request: Request, found: Appended) -> None:
        # Appends of a Quell that kept no hashes have none: of them the key is all there is to go by.
        records = await self._log.read(after=found.first - 1, limit=found.last - found.first + 1)
        kept = [one.event.digest for one in records if isinstance(one.event, RequestAccepted)]
        if kept and request.digest not in kept:
            raise KeyReused(
                "this idempotency key stands for an earlier request that said something else: use a new one"
            )


def _hash(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=DIGEST_BYTES).hexdigest()
