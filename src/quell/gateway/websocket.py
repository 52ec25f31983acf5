"""The socket under a live connection: Starlette's WebSocket on uvicorn, one reader and one writer for each."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from quell.errors import Overloaded, QuellError
from quell.gateway.connection import Connection
from quell.gateway.live import Hub
from quell.gateway.protocol import SUBPROTOCOL, CloseCode, Command, hang_up

logger = structlog.get_logger()

Commands = Callable[[str, str, dict[str, Any], str, str], Awaitable[object]]
"""(name, incident id, args, idempotency key, principal) -> data of the reply; raises `QuellError`."""

SOCKET_BUFFER_BYTES = 65_536
UNHEARD_MS = 30_000
_CUT = "quell.cut"


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """
    uvicorn's own protocol on a socket that holds little for a slow client and gives up on a dead one.

    Pass it to uvicorn as `ws`, see `UVICORN`. Without it everything works, and a stalled client pins more of the
    kernel's memory for longer.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bound what the kernel queues unsent, and how long it waits for a client that takes nothing."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=SOCKET_BUFFER_BYTES)
        line = transport.get_extra_info("socket")
        for option, value in (("TCP_NOTSENT_LOWAT", SOCKET_BUFFER_BYTES), ("TCP_USER_TIMEOUT", UNHEARD_MS)):
            if line is not None and line.family in (socket.AF_INET, socket.AF_INET6) and hasattr(socket, option):
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)

    def handle_connect(self, event: Request) -> None:
        """Give the endpoint a way to cut the line without waiting for what is still queued."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions = cast(dict[str, Any], self.scope["extensions"])
            extensions[_CUT] = self.transport.abort


UVICORN: dict[str, Any] = {
    "ws": WebSocketProtocol,
    "ws_max_size": 262_144,
    "ws_ping_interval": None,
    "ws_per_message_deflate": False,
}
"""What `uvicorn.Config` needs to know: the heartbeat is ours, and frames over `Limits.frame_bytes` get our close."""


class LiveSocket:
    """Serves `/ws`: joins each socket to the hub and runs the commands that come over it."""

    def __init__(
        self,
        hub: Hub,
        *,
        commands: Commands,
        principal: Callable[[WebSocket], str],
        stall_s: float = 20.0,
        command_s: float = 10.0,
        close_s: float = 1.0,
    ) -> None:
        """
        Take what every connection shares.

        Args:
            principal: who is at the other end, for the record.
            stall_s: a socket that takes nothing for this long is closed as too slow.
            command_s: longest wait for a command; it may still happen, and its id makes trying again safe.
            close_s: longest wait for a socket to take its close frame.
        """
        self._hub, self._commands, self._principal = hub, commands, principal
        self._stall_s, self._command_s, self._close_s = stall_s, command_s, close_s
        self._serving: set[asyncio.Task[Any]] = set()

    async def drain(self, *, over_s: float = 1.0, within_s: float = 5.0) -> None:
        """
        Send every client away with "come back", spread out so that they do not return in one wave; take no new ones.

        Args:
            over_s: the closes are spread evenly over this long.
            within_s: then wait this long for the last of them.
        """
        self._hub.draining = True
        leaving = list(self._hub.connections)
        for connection in leaving:
            connection.hang_up(hang_up(CloseCode.DRAINING, "the server is stopping: connect again"))
            await asyncio.sleep(over_s / len(leaving))
        if self._serving:
            _, staying = await asyncio.wait(self._serving, timeout=within_s)
            if staying:
                logger.warning("clients did not leave", connections=len(staying))

    async def serve(self, websocket: WebSocket) -> None:
        """Carry one connection from its handshake to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._serve(websocket)
        finally:
            self._serving.discard(task)

    async def _serve(self, websocket: WebSocket) -> None:
        roused = asyncio.Event()
        try:
            connection = self._hub.connect(rouse=roused.set)
        except Overloaded as error:
            wait = {"Retry-After": f"{error.retry_after_s:.0f}"}
            await websocket.send_denial_response(Response(str(error), 503, headers=wait, media_type="text/plain"))
            return
        try:
            offered = websocket.scope.get("subprotocols", [])
            await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
            await self._carry(websocket, connection, roused)
        except (WebSocketDisconnect, OSError):
            pass  # the client went away: what it is owed waits in the channels
        finally:
            connection.end()

    async def _carry(self, websocket: WebSocket, connection: Connection, roused: asyncio.Event) -> None:
        """Read and write until the client leaves or is to be closed; commands under way are answered by nobody."""
        running: set[asyncio.Task[None]] = set()
        writing = asyncio.create_task(self._write(websocket, connection, roused))
        reading = asyncio.create_task(self._read(websocket, connection, running))
        try:
            done, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            reading.cancel()
            writing.cancel()
            await asyncio.gather(reading, writing, *running, return_exceptions=True)

    async def _read(self, websocket: WebSocket, connection: Connection, running: set[asyncio.Task[None]]) -> None:
        who = self._principal(websocket)
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            for command in connection.receive(message.get("bytes", b"") if text is None else text):
                task = asyncio.create_task(self._run(connection, command, who))
                running.add(task)
                task.add_done_callback(running.discard)

    async def _write(self, websocket: WebSocket, connection: Connection, roused: asyncio.Event) -> None:
        while connection.closing is None:
            frame = connection.take()
            if frame is None:
                await self._wait(connection, roused)
                continue
            try:
                async with asyncio.timeout(self._stall_s):
                    await websocket.send_text(frame.decode())
                if len(frame) >= self._hub.bounds.piece_bytes:
                    await asyncio.sleep(0)  # a socket that takes everything at once must not keep the loop
            except TimeoutError:
                slow = f"the socket took nothing for {self._stall_s:g} s"
                connection.hang_up(hang_up(CloseCode.TOO_SLOW, slow))
            if connection.due_in_s == 0.0:
                connection.tick(self._hub.now())
        await self._close(websocket, connection)

    async def _wait(self, connection: Connection, roused: asyncio.Event) -> None:
        """Sleep until there is something to say or the heartbeat is due."""
        try:
            async with asyncio.timeout(connection.due_in_s):
                await roused.wait()
        except TimeoutError:
            connection.tick(self._hub.now())
        roused.clear()

    async def _close(self, websocket: WebSocket, connection: Connection) -> None:
        assert connection.closing is not None
        try:
            async with asyncio.timeout(self._close_s):
                await websocket.close(connection.closing.code, connection.closing.reason)
        except TimeoutError:
            cut = websocket.scope.get("extensions", {}).get(_CUT)
            if cut is not None:
                cut()

    async def _run(self, connection: Connection, command: Command, who: str) -> None:
        try:
            async with asyncio.timeout(self._command_s):
                data = await self._commands(command.name, command.incident_id, command.args, command.id, who)
            connection.done(command.id, data)
        except TimeoutError:
            late = f"not done within {self._command_s:g} s; send it again with the same id"
            connection.failed(command.id, "timed_out", late)
        except QuellError as error:
            connection.failed(command.id, error.reason, str(error))
        except Exception:  # the outermost gateway: one command's bug must not end the connection
            logger.exception("a command failed", command=command.name, incident_id=command.incident_id)
            connection.failed(command.id, "internal", "the server could not do this; its log says why")
