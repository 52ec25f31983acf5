"""docs/asyncapi.json: the live channel in AsyncAPI 3.0, from `quell.gateway.protocol` and docs/protocol.md."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec

from quell import __version__
from quell.gateway import protocol

Shapes = tuple[type[msgspec.Struct], ...]
REF = "#/components/schemas/{name}"
CODES = {
    "DRAINING": "the server is stopping: come back",
    "TOO_SLOW": "the socket took nothing for too long, or answers pile up unread: come back",
    "HEARTBEAT_MISSED": "nothing was heard from the client for too long: come back",
    "BROKE": "a fault of the server's: come back and go on where you stopped",
    "BAD_MESSAGE": "a message that cannot be read, or a frame that is binary or too long",
    "UNAUTHENTICATED": "no credential, or a wrong one",
    "TOO_MANY_SUBSCRIPTIONS": "more channels than one connection may follow",
    "FORBIDDEN_ORIGIN": "a page of another site",
    "TOO_MANY_MESSAGES": "more messages a second than a client may send",
}
"""What each close code says; one that is missing here fails the generation."""

INTRO = (
    "Events as they happen, with snapshots and resuming by (epoch, offset). protocol.md beside this file explains it; "
    "this file describes the messages. A frame of the server is an array of its messages, a frame of a client is one "
    "message or an array of them. `x-channels` lists what a client can subscribe to over the one connection."
)


def document(page: str) -> dict[str, Any]:
    """
    Return the whole document.

    Args:
        page: docs/protocol.md, whose table of channels goes into it.
    """
    client, server = get_args(protocol.ClientMessage), get_args(protocol.ServerMessage)
    names = [shape.__name__ for shape in (*client, *server)]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Quell, the live channel",
            "version": f"{__version__} (protocol {protocol.VERSION})",
            "description": INTRO,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"quell": _server()},
        "channels": {
            "live": {
                "address": "/ws",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
                "bindings": {"ws": {"method": "GET"}},
            }
        },
        "x-channels": channels(page),
        "operations": {"say": _operation("receive", client), "hear": _operation("send", server)},
        "components": _components(client, server),
        "x-close-codes": [
            {"code": int(code), "name": code.name.lower(), "comeBack": code < 4500, "description": CODES[code.name]}
            for code in protocol.CloseCode
        ],
    }


def _components(client: Shapes, server: Shapes) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components([*client, *server], ref_template=REF)
    for shape in server:
        _without_null(schemas[shape.__name__])
    return {
        "messages": {shape.__name__: _message(shape) for shape in (*client, *server)},
        "schemas": schemas,
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "subprotocol": {
                "type": "httpApiKey",
                "name": "Sec-WebSocket-Protocol",
                "in": "header",
                "description": "For browsers: `quell.v1` and beside it `quell.bearer.<token in base64url>`.",
            },
        },
    }


def channels(page: str) -> list[dict[str, str]]:
    """
    Return what can be subscribed to, from the table below the heading "Channels" of docs/protocol.md.

    Raises: ValueError: there is no such table.
    """
    found = re.search(r"^## Channels\n\n\|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    if found is None:
        raise ValueError("docs/protocol.md has no table of channels")
    rows = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in found[1].splitlines()]
    return [_channel(*row) for row in rows]


def _channel(name: str, kind: str, snapshot: str, data: str) -> dict[str, str]:
    kind, _, more = kind.partition(", ")
    channel = {"name": name.strip("`"), "kind": kind, "note": more, "snapshot": snapshot, "data": data}
    return {key: text for key, text in channel.items() if text}


def _server() -> dict[str, Any]:
    return {
        "host": "127.0.0.1:8700",
        "protocol": "ws",
        "description": "Where a token is set it is asked for before the 101; without one there is nothing to show.",
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("bearer", "subprotocol")],
    }


def _operation(action: str, shapes: Shapes) -> dict[str, Any]:
    """Return an operation as the server has it: it receives what clients say."""
    return {
        "action": action,
        "channel": {"$ref": "#/channels/live"},
        "messages": [{"$ref": f"#/channels/live/messages/{shape.__name__}"} for shape in shapes],
    }


def _message(shape: type[msgspec.Struct]) -> dict[str, Any]:
    summary = " ".join((shape.__doc__ or "").split())
    name = shape.__struct_config__.tag
    return {
        "name": name,
        "title": shape.__name__,
        "summary": summary,
        "payload": {"$ref": REF.format(name=shape.__name__)},
    }


def _without_null(schema: dict[str, Any]) -> None:
    """Say of a field that the server leaves out when it has nothing to say that it is left out, and never null."""
    for name, field in schema["properties"].items():
        kinds = field.get("anyOf", [])
        if {"type": "null"} in kinds and name not in schema["required"]:
            left = [kind for kind in kinds if kind != {"type": "null"}]
            field.clear()
            field.update(left[0] if len(left) == 1 else {"anyOf": left})
