"""The built dashboard over HTTP."""

import json
import os
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from quell.gateway.pages import PAGE_POLICY, Pages

OPS_POLICY = "default-src 'self'; script-src 'self' 'sha256-abc='; frame-ancestors 'none'"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    files = {
        "index.html": "<title>home</title>",
        "ops/index.html": "<title>ops</title>",
        "incident/index.html": "<title>incident</title>",
        "about.html": "<title>about</title>",
        "404.html": "<title>lost</title>",
        "ops/index.txt": "data",
        "icon.svg": "<svg/>",
        "_next/static/chunks/app-1a2b3c.js": "run()",
        "_next/static/media/inter-9f.woff2": "font",
        ".env": "SECRET=1",
        ".git/config": "secret",
        "csp.json": json.dumps({"/ops/index.html": OPS_POLICY, "/incident/index.html": "default-src 'self'"}),
    }
    directory = tmp_path / "dashboard"
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    return directory


def client(directory: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Pages(directory)), base_url="http://localhost")


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/", "home"),
        ("/index.html", "home"),
        ("/ops", "ops"),
        ("/ops/", "ops"),
        ("/ops/index.html", "ops"),
        ("/incident?id=INC-1", "incident"),
        ("/incident/?id=../../x", "incident"),
        ("/about", "about"),
    ],
)
async def test_a_page_is_found_with_and_without_its_slash(built: Path, path: str, title: str) -> None:
    async with client(built) as browser:
        page = await browser.get(path)

    assert (page.status_code, page.text) == (200, f"<title>{title}</title>")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_each_page_has_its_own_policy_and_none_can_be_framed(built: Path) -> None:
    async with client(built) as browser:
        policies = [(await browser.get(path)).headers["Content-Security-Policy"] for path in ("/ops", "/incident", "/")]

    assert policies == [OPS_POLICY, "default-src 'self'; frame-ancestors 'none'", PAGE_POLICY]


@pytest.mark.parametrize("policies", [None, "{nonsense", '["list"]'])
async def test_without_readable_policies_no_inline_script_runs(built: Path, policies: str | None) -> None:
    (built / "csp.json").unlink() if policies is None else (built / "csp.json").write_text(policies)
    async with client(built) as browser:
        page = await browser.get("/ops")

    assert page.headers["Content-Security-Policy"] == PAGE_POLICY


@pytest.mark.parametrize(
    ("path", "caching", "kind"),
    [
        ("/_next/static/chunks/app-1a2b3c.js", "public, max-age=31536000, immutable", "text/javascript; charset=utf-8"),
        ("/_next/static/media/inter-9f.woff2", "public, max-age=31536000, immutable", "font/woff2"),
        ("/icon.svg", "no-cache", "image/svg+xml"),
        ("/ops/index.txt", "no-cache", "text/plain; charset=utf-8"),
        ("/ops", "no-cache", "text/html; charset=utf-8"),
    ],
)
async def test_only_what_has_a_hash_in_its_name_is_kept_for_good(
    built: Path, path: str, caching: str, kind: str
) -> None:
    async with client(built) as browser:
        file = await browser.get(path)

    assert (file.headers["Cache-Control"], file.headers["Content-Type"]) == (caching, kind)


async def test_a_page_the_browser_has_is_not_sent_again(built: Path) -> None:
    async with client(built) as browser:
        etag = (await browser.get("/ops")).headers["ETag"]
        same = await browser.get("/ops", headers={"If-None-Match": f'"other", W/{etag}'})
        other = await browser.get("/incident", headers={"If-None-Match": etag})

    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    assert same.headers["Content-Security-Policy"] == OPS_POLICY
    assert other.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/ops/../../secret.txt",
        "/..\\secret.txt",
        "//secret.txt",
        "//etc/passwd",
        "/.env",
        "/.git/config",
        "/csp.json",
        "/link.txt",
        "/linked/secret.txt",
        "/ops/index.html\0.js",
        "/nothing",
    ],
)
async def test_no_path_leads_to_what_is_no_part_of_the_dashboard(built: Path, path: str) -> None:
    (built / "link.txt").symlink_to(built.parent / "secret.txt")
    (built / "linked").symlink_to(built.parent, target_is_directory=True)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await Pages(built)({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)

    assert sent[0]["status"] == 404
    assert sent[1]["body"] == b"<title>lost</title>"
    assert (b"content-security-policy", PAGE_POLICY.encode()) in sent[0]["headers"]


async def test_without_a_page_for_it_a_lost_path_still_gets_one(built: Path) -> None:
    (built / "404.html").unlink()
    async with client(built) as browser:
        answered = await browser.get("/nothing")

    assert answered.status_code == 404
    assert "No such page" in answered.text


async def test_a_dashboard_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    async with client(tmp_path / "dashboard") as browser:
        page = await browser.get("/ops")

    assert page.status_code == 503
    assert "dashboard is not built" in page.text
    assert "make setup" in page.text
    assert page.headers["Cache-Control"] == "no-store"


async def test_a_new_build_is_served_without_a_restart(built: Path) -> None:
    async with client(built) as browser:
        before = await browser.get("/ops")
        (built / "ops/index.html").write_text("<title>new ops</title>")
        (built / "index.html").write_text("<title>new home</title>")
        later = (built / "index.html").stat().st_mtime + 1
        os.utime(built / "index.html", (later, later))
        after = await browser.get("/ops")

    assert (before.text, after.text) == ("<title>ops</title>", "<title>new ops</title>")


async def test_a_head_request_gets_the_headers_alone(built: Path) -> None:
    async with client(built) as browser:
        page = await browser.head("/ops")

    assert (page.status_code, page.content) == (200, b"")
    assert page.headers["Content-Length"] == str(len("<title>ops</title>"))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_pages_can_only_be_read(built: Path, method: str) -> None:
    async with client(built) as browser:
        answered = await browser.request(method, "/ops")

    assert (answered.status_code, answered.headers["Allow"]) == (405, "GET, HEAD")
