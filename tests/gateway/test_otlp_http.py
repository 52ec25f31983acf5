"""`POST /v1/traces` and `/v1/logs` as exporters see them: the real ones, over the network, and broken ones."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import get_current
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from starlette.applications import Starlette

from quell.errors import Malformed
from quell.evidence.otlp.rows import RowLimits
from quell.evidence.otlp.signal import Signal
from quell.evidence.otlp.source import OtlpSource
from quell.evidence.source import Scope
from quell.gateway.body import MOST_MEMBERS, Oversize, unzipped
from quell.gateway.otlp_http import RECORD_EVERY_S, OtlpEndpoint, OtlpLimits, otlp_routes
from quell.incident.events import Window
from quell.ingest.proof import BearerToken
from tests.evidence.otlp_wire import Sent, json_lines, json_spans, protobuf_spans
from tests.scenarios.running import RunningQuell, until

PAYLOADS = Path(__file__).parent.parent / "payloads" / "otlp"
JSON, PROTOBUF = {"content-type": "application/json"}, {"content-type": "application/x-protobuf"}
NOW = 1_000_060.0


class Monotonic:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Door:
    """The routes over a source, and a client in front of them."""

    def __init__(
        self,
        *,
        limits: OtlpLimits | None = None,
        token: str | None = None,
        rows: RowLimits | None = None,
        clock: Callable[[], float] = lambda: NOW,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self.source = OtlpSource(clock=clock, limits=rows)
        self.monotonic = Monotonic()
        self.recorded: list[tuple[str, str, str, bytes, int]] = []
        self.endpoint = OtlpEndpoint(
            self.source,
            limits=limits or OtlpLimits(),
            proof=BearerToken(token) if token else None,
            record=self.record,
            monotonic=monotonic or self.monotonic,
        )
        self.app = Starlette(routes=otlp_routes(self.endpoint))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://quell")

    async def record(self, source: str, reason: str, detail: str, start: bytes, body_bytes: int) -> None:
        self.recorded.append((source, reason, detail, start, body_bytes))

    async def post(
        self, body: Any, headers: dict[str, str] = JSON, path: str = "/v1/traces", **more: str
    ) -> httpx.Response:
        return await self.client.post(path, content=body, headers={**headers, **more})


def refused(response: httpx.Response) -> str:
    """Return the message of a refusal in JSON."""
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"code", "message"}
    assert body["code"] > 0
    return str(body["message"])


@pytest.mark.parametrize(("body", "headers", "answer"), [
    (json_spans([Sent()]), JSON, b"{}"), (protobuf_spans([Sent()]), PROTOBUF, b""), (b"", PROTOBUF, b""),
])  # fmt: skip
async def test_what_is_taken_whole_is_answered_with_an_empty_response_in_its_own_encoding(
    body: bytes, headers: dict[str, str], answer: bytes
) -> None:
    response = await Door().post(body, headers)

    assert (response.status_code, response.content) == (200, answer)
    assert response.headers["content-type"] == headers["content-type"]


async def test_rejected_spans_are_a_partial_success_with_their_number_and_the_reason() -> None:
    door = Door(rows=RowLimits(rows=2))
    spans = [Sent(span=i + 1) for i in range(5)]

    plain = await door.post(json_spans(spans))
    packed = await door.post(protobuf_spans(spans), PROTOBUF)

    said = ExportTraceServiceResponse.FromString(packed.content).partial_success
    assert (plain.status_code, packed.status_code) == (200, 200)
    assert (plain.json()["partialSuccess"]["rejectedSpans"], said.rejected_spans) == ("3", 3)
    assert "more than the 2" in said.error_message
    assert plain.json()["partialSuccess"]["errorMessage"] == said.error_message
    assert door.source.figures()[Signal.SPANS].rejected == 6


async def test_rejected_log_records_are_named_as_such() -> None:
    door = Door()
    body = json_lines({"body": {"stringValue": "x"}}, {"timeUnixNano": "5"})

    response = await door.post(body, path="/v1/logs")

    assert response.json()["partialSuccess"]["rejectedLogRecords"] == "1"
    ExportLogsServiceResponse.FromString((await door.post(b"", PROTOBUF, "/v1/logs")).content)


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        (b"{", JSON, 400, "no OTLP request in JSON"),
        (b'{"resourceSpans": 5}', JSON, 400, "no OTLP request in JSON"),
        (b"{}", {"content-type": "text/plain"}, 415, "send application/x-protobuf or application/json"),
        (b"{}", {}, 415, "send application/x-protobuf or application/json"),
        (b"{}", {**JSON, "content-encoding": "br"}, 415, "send gzip"),
        (b"{}", {**JSON, "content-encoding": "gzip"}, 400, "not the gzip it is said to be"),
        (gzip.compress(b"{}" * 50, mtime=0)[:-9], {**JSON, "content-encoding": "gzip"}, 400, "ends too soon"),
        (b" " * 2_001, JSON, 413, "2000 are allowed"),
        (gzip.compress(b" " * 2_001, mtime=0), {**JSON, "content-encoding": "gzip"}, 413, "2000 are allowed"),
    ],
)
async def test_says_what_is_wrong(body: bytes, headers: dict[str, str], status: int, says: str) -> None:
    response = await Door(limits=OtlpLimits(body_bytes=2_000)).post(body, headers)

    assert response.status_code == status
    assert says in refused(response)


async def test_truncated_protobuf_is_refused_in_protobuf_and_not_to_be_sent_again() -> None:
    response = await Door().post(protobuf_spans([Sent()])[:-4], PROTOBUF)

    assert (response.status_code, response.headers["content-type"]) == (400, "application/x-protobuf")
    assert response.content.startswith(b"\x08\x03\x12")  # google.rpc.Status: code = 3, message
    assert b"no OTLP request in protobuf" in response.content
    assert "retry-after" not in response.headers


async def test_a_bomb_is_never_unpacked_past_the_bound() -> None:
    bomb = gzip.compress(b"0" * 50_000_000, mtime=0)

    with pytest.raises(Oversize) as over:
        unzipped(bomb, most=10_000)
    response = await Door(limits=OtlpLimits(body_bytes=100_000)).post(bomb, **{"content-encoding": "gzip"})

    assert over.value.body_bytes == 10_001
    assert response.status_code == 413


def test_what_is_packed_comes_out_as_it_went_in() -> None:
    parts = [b"a" * 70_000, b"", b"b"]

    assert unzipped(b"".join(map(gzip.compress, parts)), most=70_001) == b"".join(parts)
    with pytest.raises(Malformed, match="members"):
        unzipped(gzip.compress(b"", mtime=0) * (MOST_MEMBERS + 1), most=10)
    with pytest.raises(Malformed):
        unzipped(zlib.compress(b"not gzip"), most=100)


async def test_too_many_requests_are_told_when_to_come_back_and_logs_are_not_held_up_by_spans() -> None:
    door = Door(limits=OtlpLimits(requests_per_s=0.5, burst=2))
    for _ in range(2):
        assert (await door.post(json_spans([Sent()]))).status_code == 200

    late = await door.post(json_spans([Sent()]))

    assert (late.status_code, late.headers["retry-after"]) == (429, "2")
    assert "more than 0.5 requests" in refused(late)
    assert (await door.post(json_lines(), path="/v1/logs")).status_code == 200
    door.monotonic.now_s += 2
    assert (await door.post(json_spans([Sent()]))).status_code == 200


async def test_more_bodies_than_may_be_in_memory_are_told_to_come_back() -> None:
    door, arrived, go_on = Door(limits=OtlpLimits(at_once=1)), asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        arrived.set()
        await go_on.wait()
        yield b"{}"

    first = asyncio.create_task(door.post(slowly()))
    await arrived.wait()
    second = await door.post(b"{}")
    go_on.set()

    assert (second.status_code, second.headers["retry-after"]) == (503, "1")
    assert (await first).status_code == 200
    assert (await door.post(b"{}")).status_code == 200


async def test_a_body_that_does_not_come_is_waited_for_only_so_long() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    response = await Door(limits=OtlpLimits(body_s=0.01)).post(pieces())

    assert response.status_code == 408


async def test_the_token_is_asked_for_when_there_is_one() -> None:
    door = Door(token="t0ken")

    without = await door.post(json_spans([Sent()]))
    wrong = await door.post(json_spans([Sent()]), authorization="Bearer other")
    right = await door.post(json_spans([Sent()]), authorization="Bearer t0ken")

    assert (without.status_code, wrong.status_code, right.status_code) == (401, 401, 200)
    assert without.headers["www-authenticate"] == "Bearer"
    assert door.source.figures()[Signal.SPANS].accepted == 1


async def test_other_methods_are_refused_and_the_right_one_named() -> None:
    response = await Door().client.get("/v1/traces")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_of_bodies_that_cannot_be_read_one_is_recorded_now_and_then_and_the_others_are_counted() -> None:
    door = Door()
    for _ in range(5):
        await door.post(b"{nonsense", **{"content-encoding": "identity"})
    door.monotonic.now_s += RECORD_EVERY_S
    await door.post(gzip.compress(b"{packed", mtime=0), **{"content-encoding": "gzip"})

    first, second = door.recorded
    assert (first[0], first[1], first[3], first[4]) == ("otlp/v1/traces", "malformed", b"{nonsense", 9)
    assert (second[2].endswith("(4 more since the one recorded before)"), second[3]) == (True, b"{packed")
    assert door.endpoint.requests()[Signal.SPANS] == {400: 6}


@asynccontextmanager
async def served(door: Door) -> AsyncIterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(door.app, log_level="error", lifespan="off", http="httptools"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


def shop(url: str, compression: Compression, token: str | None = None) -> None:
    """Serve a request by two services that fail together, with the SDK's own tracers, loggers and exporters."""
    headers = {"authorization": f"Bearer {token}"} if token else None
    tracers, providers = {}, {}
    for name in ("checkout", "payment"):
        exporter = OTLPSpanExporter(endpoint=f"{url}/v1/traces", compression=compression, headers=headers)
        providers[name] = TracerProvider(resource=Resource.create({"service.name": name}))
        providers[name].add_span_processor(BatchSpanProcessor(exporter))
        tracers[name] = providers[name].get_tracer("shop")
    lines = LoggerProvider(resource=Resource.create({"service.name": "checkout"}))
    log_exporter = OTLPLogExporter(endpoint=f"{url}/v1/logs", compression=compression, headers=headers)
    lines.add_log_record_processor(BatchLogRecordProcessor(log_exporter))
    with tracers["checkout"].start_as_current_span("POST /orders", kind=SpanKind.SERVER):
        with tracers["checkout"].start_as_current_span("POST", kind=SpanKind.CLIENT) as call:
            there = tracers["payment"].start_span("POST /pay", set_span_in_context(call), kind=SpanKind.SERVER)
            there.set_status(Status(StatusCode.ERROR))
            there.end()
            call.set_status(Status(StatusCode.ERROR))
        now_ns, says = time.time_ns(), "payment refused order 41"
        lines.get_logger("checkout").emit(
            LogRecord(timestamp=now_ns, severity_number=SeverityNumber.ERROR, body=says, context=get_current())
        )
    for provider in (*providers.values(), lines):
        provider.shutdown()


def lately() -> Window:
    now = datetime.now(UTC)
    return Window(start=now - timedelta(minutes=1), end=now + timedelta(seconds=1))


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
async def test_the_exporters_of_opentelemetry_bring_spans_calls_and_lines(compression: Compression) -> None:
    door = Door(clock=lambda: datetime.now(UTC).timestamp(), token="t0ken")
    async with served(door) as url:
        await asyncio.to_thread(shop, url, compression, "t0ken")

    found = await door.source.collect(Scope(), lately())

    spans = {(s.service, s.name): s for s in found.spans}
    assert set(spans) == {("checkout", "POST /orders"), ("checkout", "POST"), ("payment", "POST /pay")}
    assert len({s.trace_id for s in found.spans}) == 1
    assert spans["payment", "POST /pay"].parent_id == spans["checkout", "POST"].span_id
    assert [s.error for s in (spans["payment", "POST /pay"], spans["checkout", "POST /orders"])] == [True, False]
    assert found.edges == [("checkout", "payment")]
    (line,) = found.lines
    assert (line.service, line.level, line.text) == ("checkout", "error", "payment refused order 41")
    assert line.trace_id == found.spans[0].trace_id
    assert found.warnings == []


async def test_what_the_json_exporter_sent_once_is_read_as_what_it_is() -> None:
    traces, logs = (json.loads((PAYLOADS / f"{name}.json").read_text()) for name in ("traces", "logs"))
    spans = traces["resourceSpans"][0]["scopeSpans"][0]["spans"]
    at = int(spans[0]["startTimeUnixNano"]) / 1e9
    door = Door(clock=lambda: at + 3)

    answers = [
        await door.post(json.dumps(traces).encode()),
        await door.post(json.dumps(logs).encode(), path="/v1/logs"),
    ]

    start = datetime.fromtimestamp(at - 1, UTC)
    found = await door.source.collect(Scope(), Window(start=start, end=start + timedelta(seconds=10)))
    assert [answer.content for answer in answers] == [b"{}", b"{}"]
    assert [(s.name, s.error) for s in found.spans] == [("POST /orders", True), ("POST", True)]
    assert found.edges == [("checkout", "payment")]
    assert [(line.level, line.text) for line in found.lines] == [
        ("error", "payment did not answer"),
        ("error", "no price for item 41: KeyError"),
        ("info", "order refused"),
    ]
    assert {line.trace_id for line in found.lines} == {spans[0]["traceId"]}


async def test_an_exporter_that_is_told_to_come_back_does_and_nothing_is_lost() -> None:
    limits = OtlpLimits(requests_per_s=2, burst=1)
    door = Door(clock=lambda: datetime.now(UTC).timestamp(), limits=limits, monotonic=time.monotonic)
    async with served(door) as url:
        await asyncio.to_thread(shop, url, Compression.Gzip)

    statuses = door.endpoint.requests()[Signal.SPANS]
    assert (statuses[200], statuses[429] >= 1) == (2, True)
    assert len((await door.source.collect(Scope(), lately())).spans) == 3


def test_a_whole_quell_takes_telemetry_counts_it_and_shows_what_it_could_not_read(tmp_path: Path) -> None:
    quell = RunningQuell(tmp_path / "data")
    try:
        quell.start()
        shop(quell.url, Compression.Gzip)
        broken = quell.http.post("/v1/traces", content=b"{nonsense", headers=JSON)

        metrics, rejected = quell.metrics(), quell.get("/api/v1/rejected")["items"]
        until(lambda: quell.get("/api/v1/topology")["edges"], "the call is part of the topology", within_s=20)
        topology = quell.get("/api/v1/topology")
        intake, described = quell.get("/api/v1/intake"), quell.get("/api/v1/openapi.json")["paths"]
    finally:
        quell.close()

    assert broken.status_code == 400
    assert 'quell_otlp_items_total{outcome="accepted",signal="spans"} 3.0' in metrics
    assert 'quell_otlp_items_total{outcome="accepted",signal="lines"} 1.0' in metrics
    assert 'quell_otlp_requests_total{signal="spans",status="400"} 1.0' in metrics
    assert 'quell_otlp_held{signal="spans"} 3.0' in metrics
    assert [(one["source"], one["reason"], one["body"]) for one in rejected] == [
        ("otlp/v1/traces", "malformed", "{nonsense")
    ]
    assert topology["edges"] == [["checkout", "payment"]]
    assert (intake["received"], intake["rejected"]) == (0, 0)
    assert {"/v1/traces", "/v1/logs"} <= described.keys()
