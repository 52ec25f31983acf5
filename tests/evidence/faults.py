"""The ways in which a vendor's API fails, and the kind of error each must become."""

from __future__ import annotations

import asyncio

import pytest

from quell.errors import BadAnswer, RateLimited, TimedOut, Unreachable, UpstreamError
from quell.evidence.source import EvidenceSource, Scope
from quell.incident.events import Window
from tests.evidence.endpoint import Behaviour, drips, floods, hangs, hangs_up, says
from tests.evidence.vendor import Reply, page

JSON = {"Content-Type": "application/json"}

FAULTS: dict[str, tuple[Behaviour, type[UpstreamError]]] = {
    "it hangs": (hangs, TimedOut),
    "it drips": (drips, TimedOut),
    "it hangs up": (hangs_up, Unreachable),
    "429": (Reply(body={"message": "slow down"}, status="429 Too Many Requests").behaviour(), RateLimited),
    "500": (Reply(body={"message": "oops"}, status="500 Internal Server Error").behaviour(), BadAnswer),
    "502 with a page": (page("502 Bad Gateway").behaviour(), Unreachable),
    "503": (Reply(body=b"", status="503 Service Unavailable", content="text/plain").behaviour(), Unreachable),
    "504": (page("504 Gateway Timeout").behaviour(), TimedOut),
    "200 with a page": (page().behaviour(), BadAnswer),
    "truncated JSON": (says(b'{"status":"success","data":{"resultType":"str', headers=JSON), BadAnswer),
    "another JSON": (says(b'{"hello": ["world"]}', headers=JSON), BadAnswer),
    "JSON so deep that it cannot be read": (says(b"[" * 100_000, headers=JSON), BadAnswer),
    "no end of it": (floods, BadAnswer),
    "a redirect": (
        Reply(body=b"", status="302 Found", headers={"Location": "http://127.0.0.1:1/"}).behaviour(),
        BadAnswer,
    ),
    "a body that is not the gzip it says": (says(b"no", headers={**JSON, "Content-Encoding": "gzip"}), BadAnswer),
}


def patience_s(kind: type[UpstreamError]) -> float:
    """Return a time-out: short only where it is what the test waits for, so that a busy machine fails no other."""
    return 0.5 if kind is TimedOut else 10.0


async def must_fail(source: EvidenceSource, kind: type[UpstreamError], window: Window) -> None:
    """Ask a source for what it has, and how it is: both fail in the one way, in good time."""
    async with asyncio.timeout(30):
        with pytest.raises(kind):
            await source.collect(Scope(), window)
        with pytest.raises(kind):
            await source.check()
