"""Who comes in at the front door, and what everything leaves with."""

import base64

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from quell.gateway.front import NO_CONTENT_POLICY, FrontDoor

TOKEN = "correct horse"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("inside", headers={"X-Path": request.url.path})


async def page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(
        "page", headers={"Content-Security-Policy": "default-src 'self'", "Cache-Control": "no-cache"}
    )


INSIDE = Starlette(
    routes=[Route("/ops", page), Route("/{path:path}", answer, methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"])]
)


async def knock(
    method: str,
    path: str,
    headers: dict[str, str] | dict[str, bytes] | None = None,
    *,
    host: str = "localhost:8700",
    token: str | None = None,
    hosts: tuple[str, ...] = (),
    origins: tuple[str, ...] = (),
) -> httpx.Response:
    door = FrontDoor(INSIDE, hosts=hosts, origins=origins, token=token)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://localhost:8700") as client:
        return await client.request(method, path, headers={"Host": host, **(headers or {})})


@pytest.mark.parametrize(
    ("host", "hosts", "status"),
    [
        ("localhost", (), 200),
        ("localhost:8700", (), 200),
        ("LOCALHOST:8700", (), 200),
        ("localhost.:8700", (), 200),
        ("127.0.0.1:1", (), 200),
        ("[::1]:8700", (), 200),
        ("[::1]", (), 200),
        ("127.0.1.1:8700", (), 200),
        ("127.255.0.9", (), 200),
        ("[0:0:0:0:0:0:0:1]:8700", (), 200),
        ("[::ffff:127.0.0.1]:8700", (), 200),
        ("quell.localhost:8700", (), 200),
        ("notlocalhost", (), 403),
        ("127.0.0.1.evil.example", (), 403),
        ("128.0.0.1", (), 403),
        ("[::ffff:10.0.0.7]", (), 403),
        ("evil.example", (), 403),
        ("localhost.evil.example", (), 403),
        ("evil.example:8700", ("desk.example",), 403),
        ("desk.example:8700", ("desk.example",), 200),
        ("desk.example", ("Desk.Example",), 200),
        ("[fd00::7]:8700", ("fd00::7",), 200),
        ("10.0.0.7:8700", (), 403),
        ("localhost@evil.example", (), 403),
        ("evil.example", ("*",), 200),
        ("", (), 400),
    ],
)
async def test_only_its_own_names_are_answered_to(host: str, hosts: tuple[str, ...], status: int) -> None:
    answered = await knock("GET", "/api/v1/incidents", host=host, hosts=hosts)

    assert answered.status_code == status


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_are_answered_under_any_name_and_without_a_token(path: str) -> None:
    assert (await knock("GET", path, host="10.1.2.3:8700", token=TOKEN)).status_code == 200


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {}, 200),
        ("POST", {"Origin": "http://localhost:8700"}, 200),
        ("POST", {"Origin": "https://localhost:8700"}, 200),
        ("POST", {"Origin": "http://localhost:3000"}, 403),
        ("POST", {"Origin": "http://localhost"}, 403),
        ("POST", {"Origin": "http://evil.example"}, 403),
        ("POST", {"Origin": "http://localhost:8700.evil.example"}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Origin": ""}, 403),
        ("POST", {"Origin": "https://desk.example"}, 200),
        ("POST", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("POST", {"Sec-Fetch-Site": "none"}, 200),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {"Sec-Fetch-Site": "same-site"}, 403),
        ("DELETE", {"Origin": "http://evil.example"}, 403),
        ("PUT", {"Origin": "http://evil.example"}, 403),
        ("GET", {"Origin": "http://evil.example"}, 200),
        ("OPTIONS", {"Origin": "http://evil.example"}, 200),
    ],
)
async def test_pages_of_other_sites_cannot_write(method: str, headers: dict[str, str], status: int) -> None:
    answered = await knock(method, "/ingest/alerts", headers, origins=("https://desk.example/",))

    assert answered.status_code == status
    assert "access-control-allow-origin" not in answered.headers


async def test_an_origin_without_a_port_is_the_host_with_the_default_one() -> None:
    door = {"hosts": ("desk.example",)}

    with_port = await knock("POST", "/x", {"Origin": "https://desk.example"}, host="desk.example:443", **door)
    without = await knock("POST", "/x", {"Origin": "http://desk.example:80"}, host="desk.example", **door)

    assert (with_port.status_code, without.status_code) == (200, 200)


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/v1/incidents",
        "/api/v1/openapi.json",
        "/metrics",
        "/dashboard/health",
        "/dashboard/health/detailed",
    ],
)
async def test_what_tells_of_incidents_wants_the_token(path: str) -> None:
    refused = await knock("GET", path, token=TOKEN)
    wrong = await knock("GET", path, {"Authorization": "Bearer correct horsf"}, token=TOKEN)
    right = await knock("GET", path, BEARER, token=TOKEN)

    assert (refused.status_code, wrong.status_code, right.status_code) == (401, 401, 200)
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert TOKEN not in refused.text


@pytest.mark.parametrize("path", ["/", "/ops", "/incident", "/_next/static/x.js", "/ingest/alerts", "/apiary"])
async def test_pages_open_without_the_token_and_senders_have_their_own(path: str) -> None:
    assert (await knock("GET", path, token=TOKEN)).status_code == 200


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer corrëct", f"bearer  {TOKEN}"],
)
async def test_only_the_very_token_is_the_token(given: str) -> None:
    answered = await knock("GET", "/api/v1/incidents", {"Authorization": given.encode("latin-1")}, token=TOKEN)

    assert answered.status_code == (200 if given.split() == ["bearer", *TOKEN.split()] else 401)


async def test_a_refusal_is_a_problem_that_says_what_to_do() -> None:
    refused = await knock("GET", "/api/v1/incidents", token=TOKEN)

    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json() == {
        "type": "about:blank",
        "title": "Not authenticated",
        "status": 401,
        "detail": "a bearer token is needed here: `Authorization: Bearer <token>`, the one in QUELL_TOKEN",
        "reason": "unauthenticated",
        "instance": "/api/v1/incidents",
    }


@pytest.mark.parametrize(("path", "host"), [("/api/v1/x", "localhost"), ("/ops", "localhost"), ("/x", "evil.example")])
async def test_everything_leaves_with_the_headers_that_keep_a_browser_safe(path: str, host: str) -> None:
    answered = await knock("GET", path, host=host)

    assert answered.headers["X-Content-Type-Options"] == "nosniff"
    assert answered.headers["Referrer-Policy"] == "same-origin"
    assert answered.headers["X-Frame-Options"] == "DENY"
    assert answered.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answered.headers["Content-Security-Policy"]


async def test_a_page_keeps_its_own_policy_and_caching_and_data_gets_the_strictest() -> None:
    own, data = await knock("GET", "/ops"), await knock("GET", "/api/v1/x")

    assert own.headers.get_list("Content-Security-Policy") == ["default-src 'self'"]
    assert own.headers.get_list("Cache-Control") == ["no-cache"]
    assert data.headers["Content-Security-Policy"] == NO_CONTENT_POLICY
    assert data.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", [b"host", b"origin", b"authorization"])
async def test_a_header_that_decides_may_not_come_twice(name: bytes) -> None:
    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost"), (b"authorization", b"Bearer x")]

    sent = await through(
        {"type": "http", "method": "POST", "path": "/x", "headers": [*headers, (name, b"evil.example")]}
    )

    assert sent[0]["status"] == 400


@pytest.mark.parametrize(
    ("headers", "subprotocols", "opens"),
    [
        ({}, [], False),
        ({"authorization": f"Bearer {TOKEN}"}, [], True),
        ({}, ["quell.v1", "quell.bearer." + base64.urlsafe_b64encode(TOKEN.encode()).decode()], True),
        ({}, ["quell.bearer." + base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")], True),
        ({}, ["quell.bearer." + base64.urlsafe_b64encode(b"wrong").decode()], False),
        ({}, ["quell.bearer."], False),
        ({}, ["quell.bearer.é*"], False),
        ({"authorization": f"Bearer {TOKEN}", "origin": "http://evil.example"}, [], False),
        ({"authorization": f"Bearer {TOKEN}", "origin": "http://localhost"}, [], True),
    ],
)
async def test_a_websocket_is_refused_before_it_opens(
    headers: dict[str, str], subprotocols: list[str], opens: bool
) -> None:
    raw = [(b"host", b"localhost"), *((name.encode(), value.encode()) for name, value in headers.items())]
    scope = {"type": "websocket", "path": "/ws", "headers": raw, "subprotocols": subprotocols}

    plain = await through(scope)
    told = await through(scope | {"extensions": {"websocket.http.response": {}}})

    if opens:
        assert [message["type"] for message in (*plain, *told)] == ["inside", "inside"]
    else:
        assert [message["type"] for message in plain] == ["websocket.close"]
        assert [message["type"] for message in told] == [
            "websocket.http.response.start",
            "websocket.http.response.body",
        ]
        assert told[0]["status"] in {401, 403}


async def test_the_path_below_a_prefix_is_what_counts() -> None:
    scope = {"type": "http", "method": "GET", "headers": [(b"host", b"localhost")], "root_path": "/quell"}

    refused = await through(scope | {"path": "/quell/api/v1/incidents"})
    opened = await through(scope | {"path": "/quell/ops"})

    assert refused[0]["status"] == 401
    assert opened == [{"type": "inside"}]


async def test_start_and_stop_of_the_server_pass_through() -> None:
    assert await through({"type": "lifespan"}) == [{"type": "inside"}]


async def through(scope: Scope) -> list[Message]:
    """Return what a bare ASGI server would be sent."""
    sent: list[Message] = []

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "inside"})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("the door reads no body")

    await FrontDoor(inside, token=TOKEN)(scope, receive, send)
    return sent
