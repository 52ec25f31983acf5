"""The built dashboard: files read once, each page with its own Content-Security-Policy."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec
import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from quell.gateway.problems import answer, problem

logger = structlog.get_logger()

PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""For a page that csp.json does not name: no inline script runs."""

API_ROOTS = ("/api", "/ingest", "/v1", "/ws", "/metrics", "/healthz", "/readyz", "/dashboard/health")
"""No page is below them."""
_HASHED = "/_next/static/"
"""Files below it have a hash of their content, or of their build, in their path."""
_POLICIES = "csp.json"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
_NOT_BUILT = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Quell</title>
<h1>The dashboard is not built</h1>
<p>Run <code>make setup</code> and load this page again. The API under <code>/api/v1</code> works without it.</p>
</html>
"""
_NOT_FOUND = b'<!doctype html><html lang="en"><meta charset="utf-8"><title>Quell</title><h1>No such page</h1></html>\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    body: bytes
    headers: Mapping[str, str]
    etag: str


class Pages:
    """
    An ASGI app that serves a folder of static files.

    Only files found when the folder was read exist, so no path leads out of it. It is read again when its index.html
    or csp.json has changed, which a new build does.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, _File] = {}
        self._version: tuple[int, ...] | None = None
        self._reading = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a page or one of its parts."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._refresh()
        response = self._answer(scope)
        if scope["method"] == "HEAD":
            response.body = b""  # its Content-Length is already that of the whole
        await response(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            detail = f"{scope['method'][:20]} does nothing to a page"
            said = problem(405, reason="method", detail=detail, instance=scope["path"])
            return answer(said, {"Allow": "GET, HEAD"})
        if not self._files:
            return _page(_NOT_BUILT, 503)
        file = self._find(scope["path"].removeprefix(scope.get("root_path", "").rstrip("/")))
        if file is None:
            lost = self._files.get("/404.html")
            return _page(_NOT_FOUND, 404) if lost is None else Response(lost.body, 404, headers=dict(lost.headers))
        asked = dict(scope["headers"]).get(b"if-none-match", b"").decode("latin-1")
        if file.etag in {tag.strip().removeprefix("W/") for tag in asked.split(",")}:
            return Response(status_code=304, headers={**file.headers, "ETag": file.etag})
        return Response(file.body, headers={**file.headers, "ETag": file.etag})

    def _find(self, path: str) -> _File | None:
        """Return the file of a path: `/ops` and `/ops/` are `/ops/index.html`, or else `/ops.html`."""
        bare = path.rstrip("/")
        for candidate in (path, f"{bare}/index.html", f"{bare}.html"):
            if candidate in self._files:
                return self._files[candidate]
        return None

    async def _refresh(self) -> None:
        if self._version == _version(self._directory):
            return
        async with self._reading:
            version = _version(self._directory)
            if self._version != version:
                self._files = {} if version is None else await asyncio.to_thread(_read, self._directory)
                self._version = version


class OrNoApi:
    """An ASGI app in front of pages: below the roots of the API there is none, and who asks there is told as one is."""

    def __init__(self, pages: ASGIApp) -> None:
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a page, or with a problem."""
        path = scope["path"]
        if scope["type"] == "http" and any(path == root or path.startswith(f"{root}/") for root in API_ROOTS):
            said = problem(404, reason="not_found", detail="there is nothing under this path", instance=path)
            await answer(said)(scope, receive, send)
            return
        await self._pages(scope, receive, send)


def _version(directory: Path) -> tuple[int, ...] | None:
    """Return what changes with each build, None when there is none."""
    try:
        page = (directory / "index.html").stat().st_mtime_ns
    except OSError:
        return None
    policies = directory / _POLICIES
    return page, policies.stat().st_mtime_ns if policies.exists() else 0


def _read(directory: Path) -> dict[str, _File]:
    """Return every file of a build by its path; links that lead out of the folder and hidden files are left out."""
    root = directory.resolve()
    policies = _policies(root / _POLICIES)
    files: dict[str, _File] = {}
    for found in sorted(root.rglob("*")):
        inside = PurePosixPath(found.relative_to(root).as_posix())
        if not found.is_file() or not found.resolve().is_relative_to(root):
            continue
        if str(inside) == _POLICIES or any(part.startswith(".") for part in inside.parts):
            continue
        files[f"/{inside}"] = _file(f"/{inside}", found.read_bytes(), policies)
    return files


def _policies(path: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError) as error:
        logger.warning("the dashboard's content policies cannot be read; no inline script will run", error=str(error))
        return {}


def _file(path: str, body: bytes, policies: Mapping[str, str]) -> _File:
    suffix = PurePosixPath(path).suffix
    headers = {
        "Content-Type": _TYPES.get(suffix, "application/octet-stream"),
        "Cache-Control": "public, max-age=31536000, immutable" if path.startswith(_HASHED) else "no-cache",
    }
    if suffix == ".html":
        policy = policies.get(path, PAGE_POLICY)
        framed = "" if "frame-ancestors" in policy else "; frame-ancestors 'none'"
        headers["Content-Security-Policy"] = policy + framed
    return _File(body=body, headers=headers, etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _page(body: bytes, status: int) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": PAGE_POLICY}
    return Response(body, status, headers=headers, media_type="text/html")
