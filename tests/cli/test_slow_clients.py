"""Clients that do not finish what they begin, and too many of them: they are told, and nobody else suffers."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.cli.running import Server, serving, until

WAIT_S = 1.0
PATIENCE_S = 30.0
ALERT = {"alerts": [{"name": "Slow", "service": "cart", "severity": "critical"}]}
POSTS = ("/ingest/alerts", "/api/v1/silences", "/v1/traces")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("slow")
    (folder / "quell.toml").write_text(f"[http]\nhead_s = {WAIT_S}\nbody_s = {WAIT_S}\n")
    with serving(folder, "server", "--config", str(folder / "quell.toml")) as server:
        yield server


def place(server: Server) -> tuple[str, int]:
    url = httpx.URL(server.url)
    return url.host, url.port or 0


def head(server: Server, method: str, path: str, *headers: str) -> bytes:
    host, port = place(server)
    given = (f"{method} {path} HTTP/1.1", f"Host: {host}:{port}", "Content-Type: application/json", *headers)
    return ("\r\n".join(given) + "\r\n").encode()


def drip(server: Server, first: bytes, piece: bytes) -> bytes:
    """Send something, then a little every now and then until the server has had enough; return what it says."""
    with socket.create_connection(place(server), timeout=PATIENCE_S) as line:
        line.sendall(first)
        line.settimeout(0.2)
        said, end = b"", time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                heard = line.recv(65_536)
            except TimeoutError:
                try:
                    line.sendall(piece)
                except (BrokenPipeError, ConnectionResetError):
                    return said
                continue
            except ConnectionResetError:
                return said
            if not heard:
                return said
            said += heard
    raise AssertionError(f"it goes on waiting after {PATIENCE_S:g} s; it said {said!r}")


def counted(client: httpx.Client, start: str) -> float:
    """Return the sum of the metrics whose lines start so."""
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))


@pytest.mark.parametrize("piece", [b"", b"X-Slow: y\r\n"], ids=["silent", "slow"])
@pytest.mark.parametrize("path", ["/", "/api/v1/incidents", "/ingest/alerts"])
def test_a_head_that_does_not_come_to_its_end_is_answered_408(server: Server, path: str, piece: bytes) -> None:
    said = drip(server, head(server, "GET", path), piece)

    assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["reason"] == "slow_head"


@pytest.mark.parametrize(
    ("length", "piece"),
    [("Content-Length: 1000", b""), ("Content-Length: 1000", b" "), ("Transfer-Encoding: chunked", b"1\r\n \r\n")],
    ids=["silent", "slow", "chunked and slow"],
)
@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_does_not_come_to_its_end_is_answered_408(
    server: Server, path: str, length: str, piece: bytes
) -> None:
    said = drip(server, head(server, "POST", path, length) + b"\r\n" + piece, piece)

    assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"connection: close" in said.lower()


def test_what_needs_no_body_is_answered_at_once_and_the_body_is_waited_for_no_longer_than_others(
    server: Server,
) -> None:
    said = drip(server, head(server, "GET", "/healthz", "Content-Length: 1000") + b"\r\n", b" ")

    assert said.startswith(b"HTTP/1.1 200 OK\r\n")


def test_who_was_waited_for_in_vain_is_counted(server: Server) -> None:
    drip(server, head(server, "POST", "/api/v1/silences", "Content-Length: 9") + b"\r\n", b"")
    drip(server, head(server, "GET", "/"), b"")

    with httpx.Client(base_url=server.url) as client:
        assert counted(client, 'quell_requests_timed_out_total{part="head"}') > 0
        assert counted(client, 'quell_requests_timed_out_total{part="body"}') > 0


@pytest.mark.parametrize("path", [*POSTS, "/", "/api/v1/incidents"])
@pytest.mark.parametrize("headers", [(), ("Connection: close",)], ids=["kept alive", "to be closed"])
def test_a_body_that_nobody_wants_is_refused_with_an_answer_and_no_reset(
    server: Server, path: str, headers: tuple[str, ...]
) -> None:
    body = b" " * 12_000_000
    with socket.create_connection(place(server), timeout=PATIENCE_S) as line:
        line.sendall(head(server, "POST", path, f"Content-Length: {len(body)}", *headers) + b"\r\n")
        line.sendall(body)
        said = line.recv(65_536)

    assert int(said.split(b" ", 2)[1]) == {"/": 405, "/api/v1/incidents": 405}.get(path, 413)


def test_hundreds_of_sockets_that_say_nothing_more_take_no_file_from_the_stores(tmp_path: Path) -> None:
    with serving(tmp_path, files=512) as server, ExitStack() as open_lines:
        for number in range(600):
            line = open_lines.enter_context(socket.create_connection(place(server), timeout=PATIENCE_S))
            line.sendall(head(server, "POST", POSTS[number % 3], "Content-Length: 1000") + b"\r\n")
        transport = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(transport=transport, base_url=server.url, timeout=20) as other:
            until(lambda: counted(other, "quell_connections_refused_total{") > 500, "most are refused")

            assert other.post("/ingest/alerts", json=ALERT).status_code == 202
            until(lambda: other.get("/api/v1/incidents").json()["items"], "an incident")
            events = "/api/v1/incidents/INC-1/events"
            until(lambda: "ResponseStarted" in other.get(events).text, "the store of workflows can be written")
            assert other.get("/readyz").status_code == 200
        open_lines.close()

        until(lambda: httpx.get(f"{server.url}/readyz").status_code == 200, "the address is let in again")
        assert server.process.poll() is None
        assert "Too many open files" not in server.err


def told(line: socket.socket) -> bytes:
    """Send a request to a server that has answered already, and return all that it said."""
    said = b""
    with line:
        for piece in (b"POST /ingest/alerts HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", b" " * 100_000):
            line.sendall(piece)
            time.sleep(0.005)  # so that a reset, if there is one, arrives before the next piece
        while heard := line.recv(65_536):
            said += heard
    return said


def test_who_is_refused_for_the_silent_sockets_of_his_address_reads_why(tmp_path: Path) -> None:
    with serving(tmp_path, QUELL_HTTP__WAITING_PER_ADDRESS="2") as server, ExitStack() as open_lines:
        for _ in range(2):
            open_lines.enter_context(socket.create_connection(place(server), timeout=PATIENCE_S))
        answers = [told(socket.create_connection(place(server), timeout=PATIENCE_S)) for _ in range(50)]

    assert all(said.startswith(b"HTTP/1.1 429 Too Many Requests\r\n") for said in answers)
    assert all(b"\r\nretry-after: 1\r\n" in said for said in answers)


def test_refused_sockets_that_stay_are_kept_no_longer_than_a_few(tmp_path: Path) -> None:
    with serving(tmp_path, QUELL_HTTP__WAITING_PER_ADDRESS="2") as server, ExitStack() as open_lines:
        lines = [
            open_lines.enter_context(socket.create_connection(place(server), timeout=PATIENCE_S)) for _ in range(200)
        ]
        files = Path(f"/proc/{server.process.pid}/fd")

        until(lambda: len(list(files.iterdir())) < 150, "most are closed")
        assert all(line.recv(65_536).startswith(b"HTTP/1.1 429 ") for line in lines[2:])
