"""What every table of the settings is, and the types that several of them use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr


class Section(BaseModel):
    """A table of settings: it cannot be changed, and knows no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def check_token(token: str) -> str:
    """Return a bearer token as it is. Raises: ValueError: no client could prove that it has it."""
    if not token.strip():
        raise ValueError("it is blank, and proves nothing; remove it, or give it a value")
    if token != token.strip():
        raise ValueError("it begins or ends with a space or line break, which no header keeps")
    return token


def _check_secret_token(token: SecretStr) -> SecretStr:
    check_token(token.get_secret_value())
    return token


def _check_secret_key(key: SecretStr) -> SecretStr:
    if not key.get_secret_value().strip():
        raise ValueError("it is blank, and proves nothing; remove it, or give it a value")
    return key


def _check_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise ValueError("it is no address that can be called: it begins with http:// or https:// and names a host")
    return url


BearerSecret = Annotated[SecretStr, AfterValidator(_check_secret_token)]
"""A bearer token."""
KeySecret = Annotated[SecretStr, AfterValidator(_check_secret_key)]
"""The key of a signature; spaces at its ends count."""
Address = Annotated[str, AfterValidator(_check_address)]
"""Where something is called over HTTP."""
Filled = Annotated[str, Field(pattern=r"\S")]
"""A name that is not blank: a blank one matches nothing."""


def _check_path(path: Any) -> Any:
    if isinstance(path, str) and not path.strip():
        raise ValueError("it is blank")
    return path


FilledPath = Annotated[Path, BeforeValidator(_check_path)]
"""A path that is not blank: a blank one would be the folder that Quell was started in."""
