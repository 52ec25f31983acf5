"""Publishes to a broker from outside, since a broker publishes nothing by itself: NATS over TCP, nchan over HTTP."""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks.fanout.servers.pacing import envelope, obey


async def main(kind: str, host_or_path: str, port: int) -> None:
    """Connect, say so, and publish what the input asks for."""
    reader, writer = (
        await asyncio.open_unix_connection(host_or_path)
        if port == 0
        else await asyncio.open_connection(host_or_path, port)
    )
    if kind == "nats":
        writer.write(b'CONNECT {"verbose":false}\r\n')
    drained = asyncio.create_task(_drain(reader))
    print("connected", flush=True)

    def publish(number: int) -> None:
        body = json.dumps(envelope(number), separators=(",", ":")).encode()
        if kind == "nats":
            writer.write(b"PUB events %d\r\n%b\r\n" % (len(body), body))
        else:
            head = b"POST /pub HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(
                body
            )
            writer.write(head + body)

    await obey(publish)
    drained.cancel()


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
