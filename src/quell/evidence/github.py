"""
Reads what was released from GitHub: deployments with their statuses, or the commits of a branch.

Source: GitHub REST API documentation, version 2022-11-28: deployments, deployment statuses, commits; conditional
requests; rate limits.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, TypeVar

import httpx
import msgspec

from quell.errors import RateLimited, TimedOut, UpstreamError
from quell.evidence import httpjson
from quell.evidence.source import Collected, Scope
from quell.incident.events import Change, EvidenceKind, Window

PAGE = 30
"""Deployments or commits asked for at once."""

SLOWEST = timedelta(hours=2)
"""A deployment may have been asked for this long before it took effect."""

PAST_S = 3600.0
AT_ONCE = 4
KEPT = 128
KEPT_BYTES = 200_000
"""Answers kept for their ETag: a question whose answer has not changed does not count against the rate limit.
One longer than `KEPT_BYTES` is not kept."""

TEXT_CHARS = 120
SHA_CHARS = 7
TOOK_EFFECT = ("in_progress", "success", "inactive")
"""States of a deployment that has begun to run, or did once; the earliest is when it began."""

NEEDS = {
    "deployments": "read access to deployments of the repository",
    "commits": "read access to contents of the repository",
}

T = TypeVar("T")

_Time = Annotated[datetime, msgspec.Meta(tz=True)]


class _Person(msgspec.Struct, frozen=True):
    login: str = ""


class _Deployment(msgspec.Struct, frozen=True):
    id: int
    created_at: _Time
    sha: str = ""
    ref: str = ""
    environment: str = ""
    creator: _Person | None = None


class _Status(msgspec.Struct, frozen=True):
    state: str
    created_at: _Time
    creator: _Person | None = None


class _Signature(msgspec.Struct, frozen=True):
    name: str = ""
    date: _Time | None = None


class _Commit(msgspec.Struct, frozen=True):
    message: str = ""
    author: _Signature | None = None
    committer: _Signature | None = None


class _Revision(msgspec.Struct, frozen=True):
    sha: str
    commit: _Commit = _Commit()
    author: _Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository whose releases are a service's."""

    service: str
    name: str
    """As `owner/name`."""
    reads: Literal["deployments", "commits"] = "deployments"
    """Where deployments are not recorded, a commit on the branch counts as one."""
    environment: str = "production"
    """Whose deployments count; empty for all."""
    branch: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    etag: str
    answered: httpjson.Answered


class GitHubSource:
    """
    Asks GitHub what was deployed, for each repository of a service.

    A repository that fails is named in the warnings; when every one fails, so does the source.
    """

    kinds: tuple[EvidenceKind, ...] = (EvidenceKind.CHANGE,)

    def __init__(
        self,
        repositories: Sequence[Repository],
        client: httpx.AsyncClient,
        *,
        clock: Callable[[], float],
        url: str = "https://api.github.com",
        token: str = "",
        timeout_s: float = 5.0,
        max_bytes: int = 4_000_000,
        max_pages: int = 3,
        max_deployments: int = 10,
        name: str = "github",
    ) -> None:
        """
        Args:
            client: kept open by the caller.
            clock: Unix seconds.
            url: of the API: `https://HOST/api/v3` for an Enterprise Server.
            timeout_s: for all that is asked of one repository.
            max_bytes: a longer answer is refused.
            max_pages: of one list; older ones are left out and warned about.
            max_deployments: of one repository in one answer, the newest: each costs two requests.
        """
        self.name, self._repositories, self._client, self._clock = name, tuple(repositories), client, clock
        self._url, self._timeout_s, self._max_bytes = url.rstrip("/"), timeout_s, max_bytes
        self._max_pages, self._max_deployments = max_pages, max_deployments
        self._headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._closed_until = 0.0
        """Unix seconds; GitHub said not to ask before."""
        self._left = ""

    async def collect(self, scope: Scope, window: Window) -> Collected:
        """
        Return the deployments that took effect in a window, oldest first.

        Raises: UpstreamError: no repository was answered for.
        """
        wanted = set(scope.services)
        asked = [one for one in self._repositories if not wanted or one.service in wanted]
        query = "; ".join(f"GET {self._address(one)}" for one in asked)
        if (scope.kinds and EvidenceKind.CHANGE not in scope.kinds) or not asked:
            return Collected(source=self.name, window=window, query=query, missing=sorted(wanted) if not asked else ())
        turns = asyncio.Semaphore(AT_ONCE)
        answers = await asyncio.gather(*(self._changes(turns, one, window) for one in asked))
        failed = [answer for answer in answers if isinstance(answer, UpstreamError)]
        if len(failed) == len(answers):
            raise failed[0]
        changes, warnings = list[Change](), list[str]()
        for one, answer in zip(asked, answers, strict=True):
            if isinstance(answer, UpstreamError):
                warnings.append(f"{one.name}: {answer}")
                continue
            changes += answer.changes
            warnings += [f"{one.name}: {text}" for text in answer.warnings]
        return Collected(
            source=self.name,
            window=window,
            query=query,
            changes=sorted(changes, key=lambda change: (change.at, change.service, change.what)),
            warnings=warnings,
            truncated=any(isinstance(answer, _Answer) and answer.truncated for answer in answers),
            missing=sorted(wanted - {one.service for one in asked}),
        )

    async def check(self) -> str:
        """Say how many repositories can be read, and the newest release. Raises: UpstreamError: none can be."""
        answers = await asyncio.gather(*(self._newest(one) for one in self._repositories))
        failed = [answer for answer in answers if isinstance(answer, UpstreamError)]
        if failed and len(failed) == len(answers):
            raise failed[0]
        seen = [answer for answer in answers if isinstance(answer, datetime)]
        newest = f"the newest release {max(seen):%Y-%m-%d %H:%M} UTC" if seen else "no release"
        left = f"; {self._left} requests left this hour" if self._left else ""
        told = f"; not: {failed[0]}" if failed else ""
        return f"{len(answers) - len(failed)} of {len(answers)} repositories can be read, {newest}{left}{told}"

    async def _newest(self, one: Repository) -> datetime | UpstreamError | None:
        try:
            if one.reads == "commits":
                commits = await self._get(self._address(one), list[_Revision], NEEDS["commits"], {"per_page": 1})
                return _committed(commits[0]) if commits else None
            found = await self._get(self._address(one), list[_Deployment], NEEDS["deployments"], {"per_page": 1})
            return found[0].created_at if found else None
        except UpstreamError as error:
            return error

    def _address(self, one: Repository) -> str:
        base = f"{self._url}/repos/{one.name}"
        if one.reads == "commits":
            return str(httpx.URL(f"{base}/commits", params={"sha": one.branch}))
        return str(httpx.URL(f"{base}/deployments", params={"environment": one.environment} if one.environment else {}))

    async def _changes(self, turns: asyncio.Semaphore, one: Repository, window: Window) -> _Answer | UpstreamError:
        try:
            async with turns, asyncio.timeout(self._timeout_s):
                return await (self._commits(one, window) if one.reads == "commits" else self._deployed(one, window))
        except TimeoutError:
            return TimedOut(f"GET {self._address(one)} and what belongs to it: not within {self._timeout_s:g} s")
        except UpstreamError as error:
            return error

    async def _deployed(self, one: Repository, window: Window) -> _Answer:
        """Return what was deployed in a window. Raises: UpstreamError."""
        found, cut = list[_Deployment](), True
        for page in range(1, self._max_pages + 1):
            rows = await self._get(
                self._address(one), list[_Deployment], NEEDS["deployments"], {"per_page": PAGE, "page": page}
            )
            found += rows
            # The one before the oldest that may lie in the window says what was there until then.
            if len(rows) < PAGE or sum(row.created_at < window.start - SLOWEST for row in rows) > 1:
                cut = False
                break
        late = [row for row in found if window.start - SLOWEST <= row.created_at < window.end]
        began, warnings = {}, list[str]()
        for row in late[: self._max_deployments + 1]:
            at = await self._began(one, row)
            if at is not None:
                began[row.id] = at
        if len(late) > self._max_deployments:
            warnings.append(f"the newest {self._max_deployments} of {len(late)} deployments were looked at")
        changes = []
        for i, row in enumerate(found[: self._max_deployments]):
            at = began.get(row.id)
            if at is None or not window.start <= at < window.end:
                continue
            # What never began to run was never there; of those too old to have been asked about, that is not known.
            older = (b for b in found[i + 1 :] if b.environment == row.environment)
            before = next((b for b in older if b.id in began or b not in late), None)
            changes.append(await self._deploy(one, row, before, at))
        return _Answer(changes=changes, warnings=warnings, truncated=cut or bool(warnings))

    async def _began(self, one: Repository, row: _Deployment) -> datetime | None:
        """Return when a deployment began to run; None when it has not."""
        address = f"{self._url}/repos/{one.name}/deployments/{row.id}/statuses"
        statuses = await self._get(address, list[_Status], NEEDS["deployments"], {"per_page": PAGE})
        return min((status.created_at for status in statuses if status.state in TOOK_EFFECT), default=None)

    async def _deploy(self, one: Repository, row: _Deployment, before: _Deployment | None, at: datetime) -> Change:
        return Change(
            at=at.astimezone(UTC),
            service=one.service,
            kind="deploy",
            what=f"{_cut(row.environment)} of {one.name}",
            before="" if before is None else _named(before),
            after=f"{_named(row)} {await self._title(one, row.sha)}".strip(),
            by=_by(row.creator),
        )

    async def _title(self, one: Repository, sha: str) -> str:
        """Return the first line of a commit's message; nothing when it may not be read."""
        if not (sha.isascii() and sha.isalnum()):
            return ""
        try:
            found = await self._get(f"{self._url}/repos/{one.name}/commits/{sha}", _Revision, NEEDS["commits"], {})
        except UpstreamError:
            return ""
        return _first_line(found)

    async def _commits(self, one: Repository, window: Window) -> _Answer:
        """Return the commits of a branch in a window as deployments. Raises: UpstreamError."""
        found, cut = list[_Revision](), True
        # Up to now it is asked for without an end, so that the question, and with it its ETag, stays the same.
        past = window.end.timestamp() < self._clock() - PAST_S
        params: dict[str, str | int] = {"per_page": PAGE, **({"until": _iso(window.end)} if past else {})}
        for page in range(1, self._max_pages + 1):
            rows = await self._get(self._address(one), list[_Revision], NEEDS["commits"], {**params, "page": page})
            found += rows
            if len(rows) < PAGE or any((_committed(row) or window.start) < window.start for row in rows):
                cut = False
                break
        changes = []
        for i, row in enumerate(found):
            at = _committed(row)
            if at is not None and window.start <= at < window.end:
                changes.append(_commit(one, row, found[i + 1] if i + 1 < len(found) else None, at))
        return _Answer(changes=changes, warnings=[], truncated=cut)

    async def _get(self, address: str, kind: type[T], needs: str, params: dict[str, str | int]) -> T:
        """Ask, with what is known of the last answer. Raises: UpstreamError."""
        now = self._clock()
        if now < self._closed_until:
            raise RateLimited(f"GET {address}: not asked, GitHub said to wait {self._closed_until - now:.0f} s more")
        url = str(httpx.URL(address).copy_merge_params(params))
        kept = self._kept.get(url)
        headers = {**self._headers, "If-None-Match": kept.etag} if kept else self._headers
        answered = await httpjson.ask(
            self._client, url, timeout_s=self._timeout_s, max_bytes=self._max_bytes, headers=headers
        )
        self._left = answered.headers.get("x-ratelimit-remaining", self._left)[:12]
        if answered.status == 304 and kept is not None:
            self._kept.move_to_end(url)
            answered = kept.answered
        self._require_room(answered, now)
        found = await asyncio.to_thread(httpjson.read, answered, kind, needs=needs)
        if (etag := answered.headers.get("etag")) and len(answered.body) <= KEPT_BYTES:
            self._kept[url] = _Kept(etag=etag, answered=answered)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _require_room(self, answered: httpjson.Answered, now: float) -> None:
        """Raise when the rate limit is used up, and remember until when; GitHub says so with 403 or 429."""
        spent = answered.headers.get("x-ratelimit-remaining") == "0"
        after = answered.headers.get("retry-after", "")
        if answered.status not in (403, 429) or not (spent or after or answered.status == 429):
            return
        reset = answered.headers.get("x-ratelimit-reset", "")
        until = float(reset) if spent and reset.isdigit() else now + (float(after) if after.isdigit() else 60.0)
        self._closed_until = min(max(until, now), now + 3600.0)
        said = httpjson.said_by(answered)
        raise RateLimited(f"{answered.what}: HTTP {answered.status}{said}; to wait {self._closed_until - now:.0f} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What one repository gave."""

    changes: Sequence[Change]
    warnings: Sequence[str]
    truncated: bool


def _commit(one: Repository, row: _Revision, before: _Revision | None, at: datetime) -> Change:
    return Change(
        at=at.astimezone(UTC),
        service=one.service,
        kind="deploy",
        what=f"{_cut(one.branch)} of {one.name}",
        before="" if before is None else before.sha[:SHA_CHARS],
        after=f"{row.sha[:SHA_CHARS]} {_first_line(row)}".strip(),
        by=_by(row.author),
    )


def _committed(row: _Revision) -> datetime | None:
    signature = row.commit.committer or row.commit.author
    return signature.date if signature else None


def _named(row: _Deployment) -> str:
    """Name what was deployed: `v1.5.0 (1a2b3c4)`, or only the commit when the ref is no more than that."""
    short = row.sha[:SHA_CHARS]
    return short if not row.ref or row.ref == row.sha else f"{_cut(row.ref)} ({short})"


def _first_line(row: _Revision) -> str:
    return _cut(row.commit.message.partition("\n")[0])


def _by(person: _Person | None) -> str:
    return f"github:{_cut(person.login)}" if person and person.login else ""


def _cut(text: str) -> str:
    return " ".join(text[: 4 * TEXT_CHARS].split())[:TEXT_CHARS]


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
