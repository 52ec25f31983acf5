"""Calls of an AWS API: in a few threads, within a time and a size, with what went wrong said in one place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import urllib3
from botocore import exceptions
from botocore.awsrequest import AWSResponse

from quell.errors import BadAnswer, RateLimited, TimedOut, Unreachable, UpstreamError

AT_ONCE = 4
"""Calls on their way at the same time, of one client."""

BLOCK_BYTES = 65_536
SAID_CHARS = 300

THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "TooManyRequestsException",
        "LimitExceededException",
        "LimitExceeded",
        "429",
    }
)
REFUSED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "ExpiredTokenException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "401",
        "403",
    }
)


class AwsCalls:
    """
    Calls one boto3 client.

    A thread cannot be stopped, so each call also ends by itself: after the client's own time-outs, and after
    `timeout_s` when an answer drips. Until then it takes one of the turns.
    """

    def __init__(self, client: Any, pool: ThreadPoolExecutor, *, timeout_s: float, max_bytes: int) -> None:
        """
        Args:
            client: of boto3, with time-outs not longer than `timeout_s` and no retries of its own.
            timeout_s: for one call, with the wait for a turn.
            max_bytes: a longer answer is refused.
        """
        self._client, self._pool, self._timeout_s = client, pool, timeout_s
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.place = f"AWS region {client.meta.region_name}"
        name: str = client.meta.service_model.signing_name
        self._prefix = {"monitoring": "cloudwatch"}.get(name, name)
        send = _BoundedSend(client, timeout_s=timeout_s, max_bytes=max_bytes)
        client.meta.events.register("before-send", send, unique_id=f"quell-{id(self)}")

    def permission(self, operation: str) -> str:
        """Return the IAM action of a method: `cloudwatch:GetMetricData` of `get_metric_data`."""
        return f"{self._prefix}:{self._client.meta.method_to_api_mapping[operation]}"

    async def call(self, operation: str, *, gives: str, **arguments: Any) -> dict[str, Any]:
        """
        Call a method and return its answer.

        Args:
            gives: a member that every answer has; one without it is none.

        Raises: UpstreamError of the kind that fits.
        """
        what = self.permission(operation)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._turns.acquire()
                running = asyncio.get_running_loop().run_in_executor(self._pool, self._run, operation, arguments)
                running.add_done_callback(self._ended)
                answer = await asyncio.shield(running)
        except TimeoutError as error:
            raise TimedOut(f"{what} ({self.place}): no complete answer within {self._timeout_s:g} s") from error
        if gives not in answer:
            raise BadAnswer(f"{what} ({self.place}): an answer without {gives}")
        return answer

    async def pages(
        self, operation: str, *, gives: str, most: int, following: str = "nextToken", **arguments: Any
    ) -> tuple[list[dict[str, Any]], bool]:
        """
        Call a method again and again while its answers name a next page.

        Args:
            most: pages.
            following: the member that names the next page, in and out.

        Returns: (the pages, whether there are more).
        Raises: UpstreamError of the kind that fits.
        """
        pages: list[dict[str, Any]] = []
        for _ in range(most):
            pages.append(await self.call(operation, gives=gives, **arguments))
            if not pages[-1].get(following):
                return pages, False
            arguments[following] = pages[-1][following]
        return pages, True

    def _ended(self, running: asyncio.Future[dict[str, Any]]) -> None:
        self._turns.release()
        if not running.cancelled():
            # Nobody may wait for it any more; then this is where its error is seen.
            running.exception()

    def _run(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call, in a thread. Raises: UpstreamError of the kind that fits."""
        what = f"{self.permission(operation)} ({self.place})"
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
        except exceptions.ClientError as error:
            raise self._said(what, operation, error) from error
        except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
            raise Unreachable(f"{what} was not asked: no AWS credentials were found: {error}") from error
        except (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError) as error:
            raise TimedOut(f"{what}: no complete answer within {self._timeout_s:g} s") from error
        except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
            raise Unreachable(f"{what}: {type(error).__name__}: {error}") from error
        except (exceptions.ParamValidationError, exceptions.BotoCoreError) as error:
            raise BadAnswer(f"{what}: {type(error).__name__}: {_line(error)}") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # What botocore raises over an answer that has not the shape of its model.
            raise BadAnswer(f"{what}: the answer has not the documented shape: {_line(error)}") from error
        return answer

    def _said(self, what: str, operation: str, error: exceptions.ClientError) -> UpstreamError:
        """Return ours of an error that the API answered with."""
        code = str(error.response.get("Error", {}).get("Code", ""))[:80]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        message = f"{what}: {code}: {_line(error.response.get('Error', {}).get('Message', ''))}"
        if code in THROTTLED or status == 429:
            return RateLimited(message)
        if code in REFUSED or status in (401, 403):
            return BadAnswer(f"{message}; the credential is not accepted or lacks the permission: {what.split()[0]}")
        if status in (408, 504):
            return TimedOut(message)
        if status in (502, 503):
            return Unreachable(message)
        return BadAnswer(message)


class _BoundedSend:
    """Sends in the place of botocore, which would read an answer of any length, and for any time."""

    def __init__(self, client: Any, *, timeout_s: float, max_bytes: int) -> None:
        self._session = client._endpoint.http_session
        self._timeout_s, self._max_bytes = timeout_s, max_bytes

    def __call__(self, request: Any, **_: Any) -> Any:
        """Return the answer with its whole body. Raises: UpstreamError, and what the session raises."""
        until = time.monotonic() + self._timeout_s
        request.stream_output = True
        response = self._session.send(request)
        what = f"{request.method} {request.url}"
        body = bytearray()
        whole = False
        try:
            for block in response.raw.stream(BLOCK_BYTES):
                body += block
                if len(body) > self._max_bytes:
                    raise BadAnswer(f"{what}: more than {self._max_bytes} bytes")
                if time.monotonic() > until:
                    raise TimedOut(f"{what}: no complete answer within {self._timeout_s:g} s")
            whole = True
        except urllib3.exceptions.ReadTimeoutError as error:
            raise TimedOut(f"{what}: no complete answer within {self._timeout_s:g} s") from error
        except urllib3.exceptions.DecodeError as error:
            raise BadAnswer(f"{what}: the body cannot be unpacked: {error}") from error
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"{what}: {type(error).__name__}: {error}") from error
        finally:
            # A connection with something left to read must not be used again.
            if whole:
                response.raw.release_conn()
            else:
                response.raw.close()
        _require_json(what, response, bytes(body))
        return AWSResponse(request.url, response.status_code, response.headers, _Body(bytes(body)))


class _Body:
    """A body that was read already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        """Yield all of it."""
        yield self._body


def _require_json(what: str, response: Any, body: bytes) -> None:
    """Raise unless a success is JSON: botocore takes anything else for an answer without members."""
    content = str(response.headers.get("Content-Type", "no content type"))[:80]
    if 300 <= response.status_code < 400:
        raise BadAnswer(f"{what}: HTTP {response.status_code}")
    if response.status_code >= 300 or "cbor" in content:
        return
    try:
        msgspec.json.decode(body, type=dict)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadAnswer(f"{what}: HTTP {response.status_code}, {content}, no JSON of its API: {error}") from error


def _line(said: object) -> str:
    """Return what the other side says on one line; of a page, only that it is one."""
    text = " ".join(str(said)[: 4 * SAID_CHARS].split())[:SAID_CHARS]
    return "a page of HTML" if "<html" in text.lower() else text
