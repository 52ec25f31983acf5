"""`POST /ingest/{source}` as a sender sees it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from quell.errors import StorageFull, WrongOffset
from quell.eventlog.sqlite import SqliteEventLog
from quell.gateway.ingest_http import IngestEndpoint, IngestFirst, IngestLimits, TokenBucket, ingest_routes
from quell.incident import events as ev
from quell.ingest.alertmanager import Alertmanager
from quell.ingest.proof import BearerToken
from tests.ingest.given import Clock, Desk, alert, body_of, new_desk

JSON = {"content-type": "application/json"}


class Monotonic:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Door:
    """The routes over an intake, and a client in front of them."""

    def __init__(self, desk: Desk, limits: IngestLimits) -> None:
        self.desk = desk
        self.monotonic = Monotonic()
        self.app = Starlette(
            routes=ingest_routes(desk.intake, limits=limits, clock=desk.clock, monotonic=self.monotonic)
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://quell")

    async def post(
        self, body: bytes, path: str = "/ingest/alertmanager", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return await self.client.post(path, content=body, headers=JSON if headers is None else headers)


async def a_door(limits: IngestLimits | None = None, desk: Desk | None = None) -> Door:
    return Door(desk or await new_desk(), limits or IngestLimits())


def problem(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the reason, when the answer is a problem as RFC 9457 has it."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert {"type", "title", "detail", "instance"} <= body.keys()
    return response.status_code, body["reason"]


async def test_answers_202_with_what_became_of_the_alerts() -> None:
    door = await a_door()

    response = await door.post(body_of(alert(), alert(), alert("Slow"), {"labels": {}}))

    assert response.status_code == 202
    assert response.json() == {
        "received": 4,
        "rejected": 1,
        "silenced": 0,
        "duplicate": 1,
        "grouped": 1,
        "opening": 1,
        "incidents": ["INC-1"],
    }


async def test_answers_only_once_the_append_is_durable() -> None:
    door = await a_door()
    door.desk.log.gate = asyncio.Event()
    sending = asyncio.create_task(door.post(body_of(alert())))
    async with asyncio.timeout(10):
        while not door.desk.intake._pending:
            await asyncio.sleep(0)
    assert not sending.done()

    door.desk.log.gate.set()
    assert (await sending).status_code == 202


async def test_takes_the_simple_form_as_well() -> None:
    door = await a_door()

    response = await door.post(b'{"name": "ImportFailed", "severity": "error"}', "/ingest/alerts")

    assert response.json()["opening"] == 1


@pytest.mark.parametrize(
    ("body", "path", "headers", "expected"),
    [
        (b"no json", "/ingest/alertmanager", JSON, (400, "malformed")),
        (b"{}", "/ingest/nagios", JSON, (404, "not_found")),
        (b"{}", "/ingest/alertmanager", {"content-type": "text/plain"}, (415, "media_type")),
        (b"a=b", "/ingest/alertmanager", {"content-type": "application/x-www-form-urlencoded"}, (415, "media_type")),
        (b"x" * 2_001, "/ingest/alertmanager", JSON, (413, "too_large")),
    ],
)
async def test_says_what_is_wrong(body: bytes, path: str, headers: dict[str, str], expected: tuple[int, str]) -> None:
    door = await a_door(IngestLimits(body_bytes=2_000))

    assert problem(await door.post(body, path, headers)) == expected


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "application/cloudevents+json", "APPLICATION/JSON", ""]
)
async def test_takes_json_under_any_of_its_names(kind: str) -> None:
    door = await a_door()

    response = await door.post(body_of(alert()), headers={"content-type": kind} if kind else {})

    assert response.status_code == 202


async def test_other_methods_are_refused_and_the_right_one_named() -> None:
    door = await a_door()

    response = await door.client.get("/ingest/alertmanager")

    assert problem(response) == (405, "method")
    assert response.headers["allow"] == "POST"


async def test_a_body_in_pieces_is_bounded_as_it_arrives() -> None:
    door = await a_door(IngestLimits(body_bytes=2_000))
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 500
            yield b"y" * 500

    response = await door.client.post("/ingest/alertmanager", content=pieces(), headers=JSON)

    assert problem(response) == (413, "too_large")
    assert sent <= 3_000
    (rejected,) = await door.desk.of(ev.BodyRejected)
    assert (rejected.reason, rejected.body[:3]) == ("too_large", "yyy")


async def test_a_body_that_does_not_come_is_waited_for_only_so_long() -> None:
    door = await a_door(IngestLimits(body_s=0.01))

    async def pieces() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    response = await door.client.post("/ingest/alertmanager", content=pieces(), headers=JSON)

    assert problem(response) == (408, "slow_body")


async def test_a_missing_token_is_401_and_leaves_nothing_behind() -> None:
    desk = await new_desk()
    desk.intake._sources["alertmanager"] = Alertmanager(proofs=[BearerToken("t0ken")])
    door = await a_door(IngestLimits(body_bytes=2_000), desk)

    for body in (body_of(alert()), b"x" * 3_000):
        response = await door.post(body)
        assert response.status_code in (401, 413)
    assert problem(await door.post(body_of(alert()))) == (401, "unauthenticated")
    assert await desk.events() == []
    response = await door.post(body_of(alert()), headers={**JSON, "authorization": "Bearer t0ken"})
    assert response.status_code == 202


async def test_too_many_requests_of_one_source_are_told_when_to_come_back() -> None:
    door = await a_door(IngestLimits(requests_per_s=0.5, burst=2))
    for _ in range(2):
        assert (await door.post(body_of(alert()))).status_code == 202

    refused = await door.post(body_of(alert()))
    other = await door.post(b'{"name": "A"}', "/ingest/alerts")

    assert problem(refused) == (429, "overloaded")
    assert refused.headers["retry-after"] == "2"
    assert other.status_code == 202
    door.monotonic.now_s += 2
    assert (await door.post(body_of(alert()))).status_code == 202


def test_a_token_bucket_never_holds_more_than_its_burst() -> None:
    bucket = TokenBucket(rate=10, burst=3, now_s=0)

    assert [bucket.take(1_000) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(1_000) == pytest.approx(0.1)
    assert bucket.take(900) > 0, "a clock that steps back gives nothing"


async def test_a_store_that_fails_is_503_and_the_sender_may_try_again() -> None:
    door = await a_door()
    door.desk.log.failures.append(StorageFull("no space is left in the data folder"))

    refused = await door.post(body_of(alert()))

    assert problem(refused) == (503, "storage_full")
    assert int(refused.headers["retry-after"]) > 0
    again = (await door.post(body_of(alert()))).json()
    assert (again["opening"], again["duplicate"]) == (0, 1)
    assert door.desk.intake.counts()[0].opening == 1


async def test_a_log_that_moves_on_for_ever_is_503_as_well() -> None:
    door = await a_door()
    door.desk.log.failures += [WrongOffset("a test")] * 6  # each of three tries writes twice

    assert problem(await door.post(body_of(alert()))) == (503, "wrong_offset")


async def test_in_front_of_an_application_only_its_own_path_is_taken() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("the application")(scope, receive, send)

    desk = await new_desk()
    endpoint = IngestEndpoint(desk.intake, limits=IngestLimits(), clock=desk.clock, monotonic=Monotonic())
    transport = httpx.ASGITransport(IngestFirst(endpoint, app))
    async with httpx.AsyncClient(transport=transport, base_url="http://quell") as client:
        taken = await client.post("/ingest/alertmanager", content=body_of(alert()), headers=JSON)
        unknown = await client.post("/ingest/a/b", content=b"{}", headers=JSON)
        other = await client.get("/ingest")

    assert (taken.status_code, unknown.status_code, other.text) == (202, 404, "the application")


class TestOverTheNetwork:
    @asynccontextmanager
    async def served(self, tmp_path: Path) -> AsyncIterator[tuple[Desk, int]]:
        clock = Clock()
        log = await SqliteEventLog.open(tmp_path / "quell.db", clock=clock)
        desk = await new_desk(clock, log=log)
        door = Door(desk, IngestLimits())
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(door.app, log_level="error", lifespan="off", http="httptools"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield desk, listening.getsockname()[1]
        finally:
            server.should_exit = True
            await serving
            await log.close()

    async def test_a_client_that_leaves_in_mid_body_loses_nothing_else(self, tmp_path: Path) -> None:
        async with self.served(tmp_path) as (desk, port), asyncio.timeout(20):
            head = b"POST /ingest/alertmanager HTTP/1.1\r\nhost: q\r\ncontent-type: application/json\r\n"
            leaving = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
            for _, writer in leaving:
                writer.write(head + b'content-length: 500\r\n\r\n{"alerts": [')
                await writer.drain()

            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                sending = [
                    asyncio.create_task(
                        client.post("/ingest/alertmanager", content=body_of(alert(pod=str(number))), headers=JSON)
                    )
                    for number in range(50)
                ]
                for _, writer in leaving:
                    writer.close()
                answers = await asyncio.gather(*sending)

            assert {answer.status_code for answer in answers} == {202}
            assert desk.intake.counts()[0].received == 50
            assert sum(batch.received for batch in await desk.of(ev.BatchTaken)) == 50

    async def test_one_connection_carries_requests_one_after_the_other(self, tmp_path: Path) -> None:
        async with self.served(tmp_path) as (desk, port), asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = body_of(alert())
            request = b"POST /ingest/alertmanager HTTP/1.1\r\nhost: q\r\ncontent-length: %d\r\n\r\n" % len(body) + body
            writer.write(request * 3)
            answers = []
            for _ in range(3):
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(
                    next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))[15:]
                )
                answers.append(json.loads(await reader.readexactly(length)))
            writer.close()

            assert [answer["duplicate"] for answer in answers] == [0, 1, 1]
            assert desk.intake.counts()[0].received == 3
