"""
A small web service as anybody writes one: `prometheus_client`, a request counter with one status label, a histogram.

It knows nothing of Quell. `python -m tests.field.service NAME PORT LABEL [CALLEE]`, where LABEL is `status` or `code`.
`POST /break?share=0.6` makes that share of its requests fail until the process is started anew; with `deploy` in a file
`bad-release` beside it the new process fails as well.
"""

from __future__ import annotations

import os
import random
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest

from quell.linkage import die_with_parent

HOST = "127.0.0.1"


class Service:
    """What the process holds: its metrics, and how much of its state is broken."""

    def __init__(self, label: str, callee: str | None, bad_release: Path) -> None:
        self.requests = Counter("http_requests_total", "Requests by outcome.", ["method", "path", label])
        self.took = Histogram("http_request_duration_seconds", "Seconds a request took.", ["method", "path"])
        self.callee = callee
        self.bad_release = bad_release
        self.share = 0.0
        self._chance = random.Random(os.getpid())

    def work(self) -> int:
        """Do one request; return its HTTP status."""
        begun = time.perf_counter()
        time.sleep(0.002)
        share = 1.0 if self.bad_release.exists() else self.share
        status = 500 if self._chance.random() < share else self._call()
        self.took.labels("GET", "/work").observe(time.perf_counter() - begun)
        self.requests.labels("GET", "/work", str(status)).inc()
        return status

    def _call(self) -> int:
        if self.callee is None:
            return 200
        try:
            with urllib.request.urlopen(self.callee, timeout=2) as answer:
                return 200 if answer.status < 500 else 502
        except OSError:
            return 502


def serve(port: int, service: Service) -> None:
    """Answer until the process ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(REGISTRY), CONTENT_TYPE_LATEST)
            else:
                self._answer(service.work())

        def do_POST(self) -> None:
            service.share = float(parse_qs(urlsplit(self.path).query)["share"][0])
            self._answer(204)

        def _answer(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    ThreadingHTTPServer((HOST, port), Handler).serve_forever()


if __name__ == "__main__":
    name, port, label = sys.argv[1:4]
    die_with_parent(os.getppid())
    serve(int(port), Service(label, sys.argv[4] if len(sys.argv) > 4 else None, Path(f"{name}.bad-release")))
