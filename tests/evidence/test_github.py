"""The source that asks GitHub, over one that answers as its REST documentation says, and over one that does not."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from quell.errors import BadAnswer, RateLimited, TimedOut
from quell.evidence.github import KEPT, GitHubSource, Repository
from quell.evidence.source import Scope
from quell.incident.events import EvidenceKind, Window
from tests.evidence.faults import FAULTS, patience_s
from tests.evidence.vendor import Reply, Request, Vendor, recorded

NOW = datetime(2025, 11, 26, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=5), end=NOW)
CART = Repository(service="cart", name="shop/cart")
COMMITS = Repository(service="edge", name="shop/edge", reads="commits")

Answer = Callable[[Request], Reply]


def hub(request: Request) -> Reply:
    """Answer as GitHub does, with an ETag, and 304 to who has it."""
    parts = request.path.split("/")[4:]
    body: Any = {"message": "Not Found"}
    if parts == ["deployments"]:
        body = recorded("github/deployments.json")
    elif parts[0] == "deployments":
        body = recorded("github/statuses.json").get(parts[1], [])
    elif parts == ["commits"]:
        body = recorded("github/commits.json")
    elif parts[0] == "commits":
        body = next(one for one in recorded("github/commits.json") if one["sha"] == parts[1])
    etag = f'W/"{hashlib.sha256(json.dumps([request.path, body]).encode()).hexdigest()}"'
    headers = {"ETag": etag, "X-RateLimit-Remaining": "4990"}
    if request.headers.get("if-none-match") == etag:
        return Reply(body=b"", status="304 Not Modified", headers=headers)
    return Reply(
        body=body[: int(request.query.get("per_page", 30))] if isinstance(body, list) else body, headers=headers
    )


@asynccontextmanager
async def asking(
    answer: Answer = hub, repositories: tuple[Repository, ...] = (CART,), **options: Any
) -> AsyncIterator[tuple[GitHubSource, Vendor]]:
    async with Vendor(answer) as vendor, httpx.AsyncClient(trust_env=False) as client:
        options = {"clock": NOW.timestamp, "timeout_s": 30.0, "url": vendor.url, **options}
        yield GitHubSource(repositories, client, **options), vendor


async def test_a_deployment_is_a_change_from_when_it_began_with_what_was_there_before() -> None:
    async with asking() as (source, vendor):
        found = await source.collect(Scope(), WINDOW)

    assert vendor.asked[0].query["environment"] == "production"
    assert len(found.changes) == 1
    change = found.changes[0]
    assert (change.at, change.service, change.kind) == (datetime(2025, 11, 26, 11, 56, tzinfo=UTC), "cart", "deploy")
    assert change.what == "production of shop/cart"
    assert change.after == "v1.5.0 (ccccccc) Cut the pool to 5"
    assert change.by == "github:deploy-bot[bot]"


async def test_a_deployment_that_failed_before_it_ran_was_never_there() -> None:
    async with asking() as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert found.changes[0].before == "v1.4.2 (aaaaaaa)"


async def test_a_deployment_that_waits_is_no_change_yet() -> None:
    async with asking() as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert not any("main" in change.after for change in found.changes)


async def test_the_commits_of_a_branch_can_stand_for_deployments() -> None:
    async with asking(repositories=(COMMITS,)) as (source, vendor):
        found = await source.collect(Scope(), WINDOW)

    assert [(c.service, c.what, c.before, c.after, c.by) for c in found.changes] == [
        ("edge", "main of shop/edge", "aaaaaaa", "bbbbbbb Log less", ""),
        ("edge", "main of shop/edge", "bbbbbbb", "ccccccc Cut the pool to 5", "github:ada"),
    ]
    assert vendor.asked[0].query["sha"] == "main"


async def test_what_has_not_changed_is_asked_for_by_its_etag_and_gives_the_same() -> None:
    async with asking() as (source, vendor):
        first = await source.collect(Scope(), WINDOW)
        asked = len(vendor.asked)
        second = await source.collect(Scope(), WINDOW)

    assert first == second
    assert all("if-none-match" in one.headers for one in vendor.asked[asked:])


async def test_what_is_kept_for_etags_is_bounded() -> None:
    sha = "a" * 40

    def answer(request: Request) -> Reply:
        if request.path.endswith("/deployments"):
            rows = [
                {"id": int(request.path.split("/")[3][1:]) * 100 + i, "sha": sha, "environment": "production",
                 "created_at": "2025-11-26T11:58:00Z"}
                for i in range(5)
            ]  # fmt: skip
            return Reply(body=rows, headers={"ETag": '"x"'})
        if "/deployments/" in request.path:
            return Reply(body=[], headers={"ETag": '"x"'})
        return Reply(body={"sha": sha}, headers={"ETag": '"x"'})

    repositories = tuple(Repository(service="cart", name=f"shop/r{i}") for i in range(40))
    async with asking(answer, repositories) as (source, vendor):
        await source.collect(Scope(), WINDOW)
        assert len(vendor.asked) > KEPT

        assert len(source._kept) <= KEPT


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        ("403 Forbidden", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOW.timestamp() + 900:.0f}"}, 900),
        ("429 Too Many Requests", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, 0),
        ("403 Forbidden", {"Retry-After": "120"}, 120),
        ("429 Too Many Requests", {}, 60),
        ("429 Too Many Requests", {"Retry-After": "99999999"}, 3600),
    ],
)
async def test_a_rate_limit_is_kept_to_until_it_is_over(status: str, headers: dict[str, str], wait_s: float) -> None:
    now = NOW.timestamp()
    reply = Reply(body={"message": "API rate limit exceeded"}, status=status, headers=headers)
    async with asking(lambda request: reply, clock=lambda: now) as (source, vendor):
        with pytest.raises(RateLimited, match=f"API rate limit exceeded; to wait {wait_s} s"):
            await source.collect(Scope(), WINDOW)
        asked = len(vendor.asked)
        vendor.answer = hub
        if wait_s:
            now += wait_s - 1
            with pytest.raises(RateLimited, match="not asked"):
                await source.collect(Scope(), WINDOW)
            assert len(vendor.asked) == asked
        now += 2
        assert (await source.collect(Scope(), WINDOW)).changes


async def test_a_refusal_that_is_no_rate_limit_says_which_permission_is_missing() -> None:
    reply = Reply(
        body={"message": "Resource not accessible by personal access token"},
        status="403 Forbidden",
        headers={"X-RateLimit-Remaining": "4990"},
    )
    async with asking(lambda request: reply) as (source, _):
        with pytest.raises(BadAnswer, match=r"not accessible.*lacks the permission: read access to deployments"):
            await source.collect(Scope(), WINDOW)


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_an_error_of_its_kind_in_good_time(fault: str) -> None:
    behaviour, kind = FAULTS[fault]
    async with asking(timeout_s=patience_s(kind), max_bytes=500_000) as (source, vendor):
        vendor.trouble = behaviour
        with pytest.raises(kind):
            await source.collect(Scope(), WINDOW)
        with pytest.raises((kind, RateLimited)):
            await source.check()


async def test_a_repository_that_fails_is_a_warning_and_holds_up_no_other() -> None:
    def answer(request: Request) -> Reply:
        if "/gone/" in request.path:
            return Reply(body={"message": "Not Found"}, status="404 Not Found")
        return hub(request)

    async with asking(answer, (CART, Repository(service="mail", name="shop/gone"))) as (source, _):
        found = await source.collect(Scope(), WINDOW)
        said = await source.check()

    assert [change.service for change in found.changes] == ["cart"]
    assert "shop/gone: GET" in found.warnings[0]
    assert "HTTP 404, Not Found" in found.warnings[0]
    assert said.startswith("1 of 2 repositories can be read, the newest release 2025-11-26 11:58 UTC; 4990 requests")
    assert "404" in said


async def test_a_commit_that_may_not_be_read_only_lacks_its_title() -> None:
    def answer(request: Request) -> Reply:
        if "/commits/" in request.path:
            return Reply(body={"message": "Resource not accessible"}, status="403 Forbidden")
        return hub(request)

    async with asking(answer) as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert [change.after for change in found.changes] == ["v1.5.0 (ccccccc)"]


async def test_many_deployments_are_cut_to_the_newest_and_said_to_be() -> None:
    rows = [
        {"id": 100 - i, "sha": f"{i:040x}", "environment": "production",
         "created_at": (NOW - timedelta(seconds=i + 1)).isoformat().replace("+00:00", "Z")}
        for i in range(30)
    ]  # fmt: skip

    def answer(request: Request) -> Reply:
        if request.path.endswith("/deployments"):
            return Reply(body=rows)
        if "/deployments/" in request.path:
            return Reply(body=[{"state": "success", "created_at": "2025-11-26T11:59:00Z"}])
        return Reply(body={"sha": "a" * 40})

    async with asking(answer, max_deployments=4, max_pages=2) as (source, vendor):
        found = await source.collect(Scope(), WINDOW)

    assert len(found.changes) == 4
    assert found.truncated
    assert len(vendor.asked) <= 2 + 5 + 4


async def test_requests_that_each_take_their_time_are_given_up_together() -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await hub_once(writer)

    hub_once = Reply(body=recorded("github/deployments.json")).behaviour()
    async with asking(timeout_s=0.5) as (source, vendor):
        vendor.trouble = slow
        with pytest.raises((TimedOut, BadAnswer)):
            await source.collect(Scope(), WINDOW)


async def test_the_token_is_sent_to_the_api_alone() -> None:
    async with Vendor(hub) as other:
        reply = Reply(body=b"", status="301 Moved Permanently", headers={"Location": other.url})
        async with asking(lambda request: reply, token="abc") as (source, vendor):
            with pytest.raises(BadAnswer, match="HTTP 301"):
                await source.collect(Scope(), WINDOW)

    assert vendor.asked[0].headers["authorization"] == "Bearer abc"
    assert other.asked == []


async def test_a_time_without_a_zone_is_no_answer_of_github() -> None:
    rows = [{"id": 1, "created_at": "2025-11-26T11:58:00"}]
    async with asking(lambda request: Reply(body=rows)) as (source, _):
        with pytest.raises(BadAnswer):
            await source.collect(Scope(), WINDOW)


async def test_a_service_without_a_repository_is_missing_and_nothing_is_asked() -> None:
    async with asking() as (source, vendor):
        found = await source.collect(Scope(services=("mail",)), WINDOW)
        other = await source.collect(Scope(kinds=(EvidenceKind.LOG,)), WINDOW)

    assert (found.missing, other.changes, vendor.asked) == (["mail"], (), [])


async def test_titles_from_outside_are_one_line_and_cut() -> None:
    def answer(request: Request) -> Reply:
        if "/commits/" in request.path:
            return Reply(body={"sha": "c" * 40, "commit": {"message": "x\r" * 5_000 + "\nmore"}})
        return hub(request)

    async with asking(answer) as (source, _):
        found = await source.collect(Scope(), WINDOW)

    assert len(found.changes[0].after) < 200
    assert not {"\r", "\n"} & set(found.changes[0].after)
