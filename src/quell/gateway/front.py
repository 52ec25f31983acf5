"""The front door: which hosts, origins and bearers come in, and the headers that everything leaves with."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quell.application.caller import Principal, Proof
from quell.errors import Forbidden, Malformed, QuellError, Unauthenticated
from quell.gateway.principal import PRINCIPAL

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
PROBES = frozenset({"/healthz", "/readyz"})
"""Asked by orchestrators under any address; they say nothing worth protecting."""
BEARER_SUBPROTOCOL = "quell.bearer."
NO_CONTENT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For answers that are data; pages bring their own."""

_STATUS: dict[type[QuellError], int] = {Malformed: 400, Unauthenticated: 401, Forbidden: 403}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # `no-referrer` would turn the Origin of our own forms into `null`
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", NO_CONTENT_POLICY.encode()),
    (b"cache-control", b"no-store"),
)


class FrontDoor:
    """
    ASGI middleware around everything else; it refuses with problem+json, a WebSocket before its 101.

    A foreign `Host` is refused because a name that an attacker rebinds to this address makes his page same-origin with
    ours. A foreign `Origin` is refused where a browser would act for its user: writes and WebSockets. Callers that are
    no browsers send no Origin.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str] = (), origins: Collection[str] = (), token: str | None = None
    ) -> None:
        """
        Guard an app.

        Args:
            hosts: names, without port, by which this server may be addressed besides the loopback ones; `*` for any.
            origins: further origins (`https://desk.example`) whose pages may write and open WebSockets.
            token: bearer token for /api, /ws, /metrics and /dashboard/health; None leaves them open.
        """
        self._app = app
        self._hosts = LOOPBACK_HOSTS | {_bracketed(host.lower()) for host in hosts}
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._token = token.encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        try:
            scope[PRINCIPAL] = self.check(scope)
        except QuellError as error:
            await _refuse(scope, send, error)
            return
        await self._app(scope, receive, send if scope["type"] == "websocket" else _with_headers(send))

    def check(self, scope: Scope) -> Principal:
        """
        Return who makes a request, of HTTP or to open a WebSocket; refuse one that may not come in.

        Raises: Forbidden: the host or the origin is none of ours. Unauthenticated. Malformed: a header is missing or
            there twice.
        """
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        if path in PROBES and scope["type"] == "http":
            return Principal()
        headers = _headers(scope)
        host = _host(headers)
        name = _without_port(host)
        if "*" not in self._hosts and name not in self._hosts and not _is_loopback(name):
            raise Forbidden(
                f"this server does not answer to the name {host[:100]!r}; add it to `allowed_hosts` if it should"
            )
        if scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS:
            self._check_origin(headers, host)
        if self._token is None or not _is_protected(path):
            return Principal()
        if not self._knows(scope, headers, self._token):
            raise Unauthenticated(
                "a bearer token is needed here: `Authorization: Bearer <token>`, the one in QUELL_TOKEN"
            )
        return Principal(proven_by=Proof.TOKEN)

    def _check_origin(self, headers: Mapping[str, str], host: str) -> None:
        origin = headers.get("origin")
        if origin is None:
            if headers.get("sec-fetch-site", "none") in {"cross-site", "same-site"}:
                raise Forbidden("a page of another site may not do this")
            return
        parts = urlsplit(origin.lower())
        port = _DEFAULT_PORTS.get(parts.scheme, "")
        if origin.lower() not in self._origins and parts.netloc.removesuffix(port) != host.removesuffix(port):
            raise Forbidden(f"a page of {origin[:100]!r} may not do this")

    @staticmethod
    def _knows(scope: Scope, headers: Mapping[str, str], token: bytes) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        candidates = [given.strip().encode()] if scheme.lower() == "bearer" else []
        if scope["type"] == "websocket":
            candidates += [_decoded(name) for name in scope.get("subprotocols", ())]
        return any(hmac.compare_digest(candidate, token) for candidate in candidates)


def _is_protected(path: str) -> bool:
    inside = (path == root or path.startswith(root + "/") for root in ("/api", "/ws", "/metrics"))
    return path.startswith("/dashboard/health") or any(inside)


def _headers(scope: Scope) -> dict[str, str]:
    """Return the request's headers; one that decides anything may come once only."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        if name in found and name in {"host", "origin", "authorization"}:
            raise Malformed(f"the header {name} was sent twice")
        found[name] = raw_value.decode("latin-1").strip()
    return found


def _host(headers: Mapping[str, str]) -> str:
    host = headers.get("host", "").lower()
    if not host:
        raise Malformed("a request needs a Host header")
    return host


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    bare = name if colon and port.isdecimal() else host
    return bare.removesuffix(".")


def _is_loopback(name: str) -> bool:
    """Return whether a host is an address of this machine itself, written in any way, or a name that stands for one."""
    if name.endswith(".localhost"):  # RFC 6761: never asked of a resolver, so nobody can make it lead elsewhere
        return True
    try:
        address = ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _decoded(subprotocol: str) -> bytes:
    """Return the token in a WebSocket subprotocol, empty when there is none."""
    if not subprotocol.startswith(BEARER_SUBPROTOCOL):
        return b""
    text = subprotocol.removeprefix(BEARER_SUBPROTOCOL)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            names = {bytes(name).lower() for name, _ in given}
            given += [header for header in _HEADERS if header[0] not in names]
            message = {**message, "headers": given}
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send, error: QuellError) -> None:
    status = _STATUS[type(error)]
    title = {400: "Bad request", 401: "Not authenticated", 403: "Forbidden"}[status]
    problem = {"type": "about:blank", "title": title, "status": status, "detail": str(error), "reason": error.reason}
    body = msgspec.json.encode({**problem, "instance": scope["path"]})
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode()), *_HEADERS]
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="quell"'))
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    kind = "websocket.http" if scope["type"] == "websocket" else "http"
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": body})
