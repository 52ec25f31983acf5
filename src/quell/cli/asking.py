"""How commands ask a running Quell."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import typer

from quell.addresses import shown_address
from quell.errors import ConfigError

LOCAL = "http://127.0.0.1:8700"
Url = Annotated[str, typer.Option("--url", help="Address of a running Quell.")]
Token = Annotated[str | None, typer.Option(envvar="QUELL_TOKEN", help="Token of Quell.")]
PATIENCE_S = 10.0


def filled(text: str) -> str:
    """Return a value of the command line as it is. Raises: BadParameter: it is blank."""
    if not text.strip():
        raise typer.BadParameter("it is blank")
    return text


IncidentId = Annotated[str, typer.Argument(help="Incident, for instance INC-1.", callback=filled)]


def ask(method: str, url: str, *, token: str | None = None, key: str | None = None, **options: Any) -> dict[str, Any]:
    """
    Send a request and return the JSON of its answer.

    Args:
        key: idempotency key.

    Raises:
        ConfigError: nobody answers, or with a refusal.
    """
    shown = shown_address(url)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    headers |= {"idempotency-key": key} if key else {}
    try:
        response = httpx.request(method, url, timeout=PATIENCE_S, headers=headers, **options)
        body = response.json() if "json" in response.headers.get("content-type", "") else None
    except httpx.InvalidURL as error:
        raise ConfigError(f"{shown} is no address that can be asked") from error
    except httpx.HTTPError as error:
        raise ConfigError(f"{shown} does not answer: {error}. Is `quell serve` running there?") from error
    except ValueError as error:
        raise ConfigError(f"{shown} answered with something that is not JSON") from error
    if not isinstance(body, dict):
        raise ConfigError(f"{shown} answered {response.status_code}, but not as Quell does: {response.text[:100]}")
    if response.is_error:
        raise ConfigError(f"{shown} answered {response.status_code}: {body.get('detail', body)}")
    return body
