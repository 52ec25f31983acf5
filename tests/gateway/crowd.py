"""Many clients in one loop: bare sockets that speak just enough WebSocket, and check all they are told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
TEXT, CONTINUED, PING, PONG, CLOSE = 1, 0, 9, 10, 8


def masked(payload: bytes, *, opcode: int = TEXT, fin: bool = True, mask: bool = True) -> bytes:
    """Return a client's frame; without `mask` it breaks RFC 6455."""
    first, size = opcode | (0x80 if fin else 0), len(payload)
    bit = 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", first, bit | size)
    elif size < 65_536:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    stretched = (key * (size // 4 + 1))[:size]
    body = (int.from_bytes(payload, "big") ^ int.from_bytes(stretched, "big")).to_bytes(size, "big")
    return head + key + body


def upgrade(port: int, **headers: str) -> bytes:
    """Return the request that opens a WebSocket."""
    fields = {"Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade"}
    fields |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
    lines = ["GET /ws HTTP/1.1", *(f"{name}: {value}" for name, value in (fields | headers).items()), "", ""]
    return "\r\n".join(lines).encode()


@dataclass
class Followed:
    """What a member knows of a channel."""

    epoch: str = ""
    offset: int = -1
    items: dict[str, Any] = field(default_factory=dict)
    """State by key."""
    told: list[Any] = field(default_factory=list)
    """What a stream said, since the last snapshot."""
    snapshots: int = 0
    settled: bool = False

    def digest(self) -> str:
        return digest(self.items)


def digest(items: dict[str, Any]) -> str:
    """Return one hash of a state, whatever order it was built in."""
    return hashlib.sha256(_encode(sorted(items.items()))).hexdigest()


class Member(asyncio.Protocol):
    """One client, which keeps what it knows over its connections."""

    def __init__(
        self, port: int, channels: tuple[str, ...], *, keeps: bool = True, takes_bytes: int | None = None
    ) -> None:
        """`takes_bytes`: how much its socket takes while nobody reads from it."""
        self.port, self.takes_bytes = port, takes_bytes
        self.known = {name: Followed() for name in channels}
        self.keeps = keeps
        self.transport: asyncio.Transport | None = None
        self.opened = False
        self.closed_with: int | None = None
        self.bytes_in = 0
        self.errors: list[str] = []
        self.answers: list[dict[str, Any]] = []
        """To commands."""
        self._buffer = b""

    async def connect(self) -> None:
        """Open a connection and go on with every channel; wait for nothing."""
        self._buffer, self.opened, self.closed_with = b"", False, None
        for followed in self.known.values():
            followed.settled = False
        loop = asyncio.get_running_loop()
        line = socket.socket()
        line.setblocking(False)
        if self.takes_bytes is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.takes_bytes)
        await loop.sock_connect(line, ("127.0.0.1", self.port))
        transport, _ = await loop.create_connection(lambda: self, sock=line)
        self.transport = transport
        transport.write(upgrade(self.port))

    def drop(self) -> None:
        """Cut the line, in the middle of whatever."""
        if self.transport is not None:
            self.transport.abort()
            self.transport = None

    @property
    def settled(self) -> bool:
        return self.transport is not None and all(followed.settled for followed in self.known.values())

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.bytes_in += len(data)
        self._buffer += data
        if not self.opened:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.errors.append(head.partition(b"\r\n")[0].decode())
                self.drop()
                return
            self.opened, self._buffer = True, rest
            self.say(*[self._wish(name, followed) for name, followed in self.known.items()])
        while (frame := self._frame()) is not None:
            self._take(*frame)

    def say(self, *messages: dict[str, Any]) -> None:
        if self.transport is not None:
            self.transport.write(masked(_encode(list(messages))))

    @staticmethod
    def _wish(name: str, followed: Followed) -> dict[str, Any]:
        wish: dict[str, Any] = {"type": "subscribe", "channel": name}
        if followed.offset >= 0:
            wish["since"] = {"epoch": followed.epoch, "offset": followed.offset}
        return wish

    def _frame(self) -> tuple[int, bytes] | None:
        data = self._buffer
        if len(data) < 2:
            return None
        size, start = data[1] & 0x7F, 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + size or (start > 2 and len(data) < start):
            return None
        self._buffer = data[start + size :]
        return data[0] & 0x0F, data[start : start + size]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            self.closed_with = int.from_bytes(payload[:2], "big")
            if self.transport is not None:
                self.transport.write(masked(payload[:2], opcode=CLOSE))
            return
        for message in _decode(payload) if opcode == TEXT else []:
            self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ping":
                self.say({"type": "pong"})
            case "subscribed":
                self._settle(self.known[message["channel"]], message)
            case "event":
                self._event(self.known[message["channel"]], message)
            case "reset":
                self.known[message["channel"]].offset = -1
                self.say({"type": "subscribe", "channel": message["channel"]})
            case "reply":
                self.answers.append(message)
            case "error" if "id" in message:
                self.answers.append(message)
            case "error":
                self.errors.append(message["message"])

    def _settle(self, followed: Followed, message: dict[str, Any]) -> None:
        followed.settled = True
        if message["recovered"]:
            return
        followed.epoch, followed.offset = message["epoch"], message["offset"]
        followed.snapshots += 1
        followed.told.clear()
        followed.items = {item["id"]: item for item in message["snapshot"]["items"] if isinstance(item, dict)}

    def _event(self, followed: Followed, message: dict[str, Any]) -> None:
        if message.get("after", message["offset"] - 1) != followed.offset:
            self.errors.append(f"{message['channel']}: {message['offset']} does not follow {followed.offset}")
        followed.offset = message["offset"]
        if "key" in message:
            followed.items[message["key"]] = message["data"]
        elif self.keeps:
            followed.told.append(message["data"])
