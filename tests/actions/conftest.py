"""What the tests of actions share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from quell.actions.process import SupervisorClient
from tests.actions.control_api import TOKEN, ControlApi


@pytest.fixture
async def api() -> AsyncIterator[ControlApi]:
    async with ControlApi().serving() as serving:
        yield serving


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=False) as shared:
        yield shared


@pytest.fixture
def supervisor(api: ControlApi, client: httpx.AsyncClient) -> SupervisorClient:
    return SupervisorClient(client, api.base_url, TOKEN, 10.0, settle_s=0.2, poll_s=0.02)
