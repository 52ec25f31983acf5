"""The servers that are compared: how each is installed, started, and followed."""

from __future__ import annotations

import select
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SERVERS = HERE / "servers"
NODE_PACKAGES = ("@oven/bun-linux-x64@1.4.5", "ws@8.23.0", "socket.io@4.8.4")
PYTHON_PACKAGES = ("python-socketio==5.18.1", "uvicorn==0.54.0", "uvloop", "httptools", "websockets")
SUBSCRIBE = '{"type":"subscribe","channel":"events"}'
NCHAN_MODULES = Path("/usr/lib/nginx/modules")

NATS_CONFIG = """
listen: "127.0.0.1:{tcp}"
pid_file: "{folder}/nats.pid"
ping_interval: "10m"
write_deadline: "30s"
max_pending: 268435456
websocket {{ listen: "127.0.0.1:{port}", no_tls: true, compression: false }}
"""
NGINX_CONFIG = """
load_module {modules}/ngx_nchan_module.so;
daemon off;
master_process off;
worker_rlimit_nofile 30000;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 25000; }}
http {{
  access_log off;
  keepalive_requests 10000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  nchan_max_reserved_memory 512M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    listen unix:{folder}/nginx.sock;
    location = /ws {{ nchan_subscriber websocket; nchan_channel_id events; nchan_websocket_ping_interval 600; }}
    location = /pub {{ nchan_publisher http; nchan_channel_id events; nchan_message_buffer_length 10000; }}
  }}
}}
"""


class CannotRun(Exception):
    """A peer is not here: why, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A server that runs."""

    port: int
    server: subprocess.Popen[str]
    """Whose CPU and memory count."""
    publisher: subprocess.Popen[str]
    """Told what to publish on its input; the server itself where it publishes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One server."""

    name: str
    start: Callable[[Path, Path], Iterator[Started]]
    """Given the cache and an empty folder."""
    path: str = "/ws"
    subscribe: str = ""
    binary: bool = False


def run(command: list[str], *, cpu: int) -> subprocess.Popen[str]:
    """Start a program on one processor."""
    pinned, pipe = ["taskset", "-c", str(cpu), *command], subprocess.PIPE
    return subprocess.Popen(pinned, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)


def first_line(process: subprocess.Popen[str], within_s: float = 20.0) -> str:
    """Return the first line a program prints; raise `CannotRun` when there is none in time."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], within_s)[0]:
        raise CannotRun(f"nothing was heard from it within {within_s:.0f} s")
    line = process.stdout.readline()
    if not line:
        raise CannotRun(f"it ended with {process.wait()} at once")
    return line


def _own(command: Callable[[Path], list[str]]) -> Callable[[Path, Path], Iterator[Started]]:
    def start(cache: Path, folder: Path) -> Iterator[Started]:
        process = run(command(cache), cpu=0)
        try:
            yield Started(port=int(first_line(process)), server=process, publisher=process)
        finally:
            process.kill()
            process.wait()

    return start


def _node(cache: Path) -> Path:
    """Install the packages of node once; return their folder, with the servers beside them."""
    folder = cache / "node"
    if not (folder / "node_modules/socket.io").exists():
        if shutil.which("npm") is None:
            raise CannotRun("npm is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true, "type": "module"}')
        command = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", *NODE_PACKAGES]
        _install(command, folder)
    for file in SERVERS.glob("*.mjs"):
        shutil.copy(file, folder)
    return folder


def _python(cache: Path) -> Path:
    """Install the packages of Python once; return the interpreter that has them."""
    python = cache / "python/bin/python"
    if not (cache / "python/done").exists():
        venv.create(cache / "python", with_pip=True)
        _install([str(python), "-m", "pip", "install", "--quiet", *PYTHON_PACKAGES], cache)
        (cache / "python/done").touch()
    return python


def _install(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise CannotRun(f"`{' '.join(command[:3])}` failed: {done.stderr.strip()[-300:]}")


def compiled(source: Path, cache: Path) -> Path:
    """Return the program of a C file, built when it changed."""
    program = cache / source.stem
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        if shutil.which("gcc") is None:
            raise CannotRun("gcc is not installed")
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-O2", "-o", str(program), str(source)], check=True)
    return program


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@contextmanager
def _broker(command: list[str], publish: list[str], port: int) -> Iterator[Started]:
    server = run(command, cpu=0)
    publisher: subprocess.Popen[str] | None = None
    try:
        for _ in range(100):
            with socket.socket() as line:
                line.settimeout(0.1)
                if line.connect_ex(("127.0.0.1", port)) == 0:
                    break
        publisher = run([sys.executable, "-m", "benchmarks.fanout.servers.publisher", *publish], cpu=1)
        first_line(publisher)
        yield Started(port=port, server=server, publisher=publisher)
    finally:
        for process in (server, publisher):
            if process is not None:
                process.kill()
                process.wait()


def _nats(cache: Path, folder: Path) -> Iterator[Started]:
    program = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
    if program is None:
        raise CannotRun("nats-server is not installed: apt-get install -y nats-server")
    tcp, port = _free_port(), _free_port()
    config = folder / "nats.conf"
    config.write_text(NATS_CONFIG.format(tcp=tcp, port=port, folder=folder))
    with _broker([program, "-c", str(config)], ["nats", "127.0.0.1", str(tcp)], port) as started:
        yield started


def _nchan(cache: Path, folder: Path) -> Iterator[Started]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None or not (NCHAN_MODULES / "ngx_nchan_module.so").exists():
        raise CannotRun("nchan is not installed: apt-get install -y nginx-light libnginx-mod-nchan")
    port = _free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(modules=NCHAN_MODULES, folder=folder, port=port))
    with _broker(
        [program, "-p", str(folder), "-c", str(config)], ["nchan", f"{folder}/nginx.sock", "0"], port
    ) as started:
        yield started


def _module(name: str) -> Callable[[Path], list[str]]:
    return lambda cache: [sys.executable, "-m", f"benchmarks.fanout.servers.{name}"]


ALL = {
    peer.name: peer
    for peer in (
        Peer(name="quell", start=_own(_module("quell_server")), subscribe=SUBSCRIBE),
        Peer(name="floor in C", start=_own(lambda cache: [str(compiled(SERVERS / "floor.c", cache))])),
        Peer(
            name="bun",
            start=_own(
                lambda c: [str(_node(c) / "node_modules/@oven/bun-linux-x64/bin/bun"), str(_node(c) / "bun.mjs")]
            ),
        ),
        Peer(name="nats", start=_nats, subscribe='CONNECT {"verbose":false}\\r\\nSUB events 1\\r\\n', binary=True),
        Peer(name="nginx nchan", start=_nchan),
        Peer(name="node ws", start=_own(lambda c: ["node", str(_node(c) / "ws.mjs")])),
        Peer(
            name="socket.io",
            start=_own(lambda c: ["node", str(_node(c) / "socketio.mjs")]),
            path="/socket.io/?EIO=4&transport=websocket",
            subscribe="40",
        ),
        Peer(name="starlette", start=_own(_module("starlette_server"))),
        Peer(
            name="python-socketio",
            start=_own(lambda c: [str(_python(c)), str(SERVERS / "socketio_server.py")]),
            path="/socket.io/?EIO=4&transport=websocket",
            subscribe="40",
        ),
    )
}
