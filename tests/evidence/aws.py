"""Real boto3 clients over the wire: against moto's server, or against a server that a test scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed: pip install 'quell[aws]'")
from botocore.config import Config  # noqa: E402

from quell.evidence.awscalls import AwsCalls  # noqa: E402
from tests.evidence.vendor import Reply, Request  # noqa: E402

REGION = "eu-central-1"

Answer = Callable[[Request], Reply]


def client(service: str, url: str, *, timeout_s: float = 30.0) -> Any:
    return boto3.session.Session().client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            connect_timeout=timeout_s,
            read_timeout=timeout_s,
            retries={"total_max_attempts": 1, "mode": "standard"},
            proxies={},
        ),
    )


def calls(service: str, url: str, *, timeout_s: float = 30.0, max_bytes: int = 16_000_000) -> AwsCalls:
    pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="test-aws")
    return AwsCalls(client(service, url, timeout_s=timeout_s), pool, timeout_s=timeout_s, max_bytes=max_bytes)


@contextmanager
def moto() -> Iterator[str]:
    """Run moto's server in this process, on a port that the system chooses."""
    server = pytest.importorskip("moto.server", reason="moto is not installed: pip install moto flask flask-cors")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        host, port = running.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        running.stop()


def operation(request: Request) -> str:
    """Return the operation of a request of the JSON protocol: `ListTasks`."""
    return request.headers.get("x-amz-target", "").rpartition(".")[2]


def refused(code: str = "AccessDeniedException", status: str = "400 Bad Request") -> Answer:
    body = {"__type": code, "message": "User: arn:aws:iam::123456789012:user/q is not authorized to perform that"}
    return lambda request: Reply(body=body, status=status, content="application/x-amz-json-1.1")
