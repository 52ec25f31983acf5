"""The live channel behind a proxy that buffers and that hangs up on idle connections: Debian's nginx."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import unix_connect
from websockets.exceptions import ConnectionClosed

from quell.gateway.protocol import Limits
from tests.gateway.live_server import Desk, Talk, new_desk, serving, until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="lacks nginx: apt-get install -y nginx-light")

CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen unix:{folder}/nginx.sock;
    location / {{
      proxy_pass http://127.0.0.1:{port};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_buffering on;
      proxy_read_timeout 1s;
    }}
  }}
}}
"""


@asynccontextmanager
async def behind_nginx(desk: Desk, folder: Path) -> AsyncIterator[str]:
    """Run nginx before a desk; give the path of its socket."""
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=desk.port))
    process = await asyncio.create_subprocess_exec(
        str(NGINX), "-p", str(folder), "-c", str(config), stderr=subprocess.PIPE
    )
    try:
        path = folder / "nginx.sock"
        await until(lambda: path.exists() or process.returncode is not None, "nginx listens")
        assert process.returncode is None, (folder / "error.log").read_text()
        yield str(path)
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def talking(path: str) -> AsyncIterator[Talk]:
    async with unix_connect(path, "ws://127.0.0.1/ws", compression=None, close_timeout=0.5) as connection:
        talk = Talk(connection)
        assert (await talk.hear())["type"] == "hello"
        yield talk


async def test_heartbeats_keep_an_idle_connection_open_and_events_are_not_held_back(tmp_path: Path) -> None:
    desk = new_desk(limits=Limits(heartbeat_s=0.3))
    async with serving(desk), behind_nginx(desk, tmp_path) as path, talking(path) as talk:
        await talk.subscribe("events")
        loop = asyncio.get_running_loop()
        began_s, pings = loop.time(), 0
        while loop.time() - began_s < 2.0:
            async with asyncio.timeout(5):
                pings += '"ping"' in str(await talk.connection.recv())
            await talk.say({"type": "pong"})
        desk.happen("one small event")

        event = await talk.hear()

    assert event["data"] == "one small event"
    assert pings >= 3


async def test_who_is_hung_up_on_by_the_proxy_goes_on_where_it_stopped(tmp_path: Path) -> None:
    desk = new_desk(limits=Limits(heartbeat_s=60.0, silence_s=120.0))
    async with serving(desk), behind_nginx(desk, tmp_path) as path:
        async with talking(path) as talk:
            await talk.subscribe("events")
            desk.happen("seen")
            seen = await talk.hear()
            with pytest.raises(ConnectionClosed):
                await talk.hear()
        await until(lambda: not desk.hub.connections, "the server has noticed")
        desk.happen("missed")
        async with talking(path) as talk:
            back = await talk.subscribe("events", ("e1", seen["offset"]))
            missed = await talk.hear()

    assert (back["recovered"], back["behind"], missed["data"]) == (True, 1, "missed")


async def test_what_is_refused_is_refused_through_the_proxy_too(tmp_path: Path) -> None:
    desk = new_desk(token="secret")
    async with serving(desk), behind_nginx(desk, tmp_path) as path:
        with pytest.raises(Exception, match="401"):
            async with unix_connect(path, "ws://127.0.0.1/ws"):
                pass
