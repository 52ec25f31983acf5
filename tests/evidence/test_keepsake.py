"""The scraped window survives its process."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest

from quell.evidence import keepsake
from quell.evidence.scrape import ScrapeSource, ScrapeTarget
from quell.evidence.source import Scope
from quell.incident.events import Window

TEXT = """# TYPE http_requests_total counter
http_requests_total{service="cart",code="200"} %d
# TYPE memory gauge
process_resident_memory_bytes %d
"""


class Shop:
    """A target whose counter rises with the clock."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def client(self) -> httpx.AsyncClient:
        def answer(request: httpx.Request) -> httpx.Response:
            text = TEXT % (10 * (self.now - 1_800_000_000), 1000 + self.now % 7)
            return httpx.Response(200, text=text, headers={"content-type": "text/plain; version=0.0.4"})

        return httpx.AsyncClient(transport=httpx.MockTransport(answer))

    def source(self, client: httpx.AsyncClient) -> ScrapeSource:
        target = ScrapeTarget(service="cart", url="http://cart.test/metrics")
        return ScrapeSource([target], client, clock=lambda: self.now)

    async def scrape(self, source: ScrapeSource, times: int) -> None:
        for _ in range(times):
            self.now += 1.0
            await source.scrape_once()

    def window(self) -> Window:
        return Window(start=datetime.fromtimestamp(self.now - 60, UTC), end=datetime.fromtimestamp(self.now + 1, UTC))


async def test_a_new_process_knows_what_the_old_one_scraped(tmp_path: Path) -> None:
    shop = Shop()
    async with shop.client() as client:
        old = shop.source(client)
        await shop.scrape(old, 30)
        keepsake.write(tmp_path / "window.npz", old.keep(seconds=900))
        new = shop.source(client)
        assert new.restore(keepsake.read(tmp_path / "window.npz")) == 1
        shop.now += 5
        await shop.scrape(new, 5)
        found = await new.collect(Scope(), shop.window())

    rate = next(one for one in found.series if one.name == "request_rate")
    values = [value for value in rate.values if value is not None]
    assert len(rate.times) == 35
    assert values == pytest.approx([10.0] * len(values))


@pytest.mark.parametrize("damage", [b"", b"not a zip", b"PK\x03\x04" + b"\x00" * 50])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "window.npz").write_bytes(damage)

    assert keepsake.read(tmp_path / "window.npz") == []
    assert keepsake.read(tmp_path / "missing.npz") == []


def test_no_pickled_object_is_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "window.npz", index=np.array([{"format": 1}], dtype=object))

    assert keepsake.read(tmp_path / "window.npz") == []


async def test_what_is_too_old_is_left(tmp_path: Path) -> None:
    shop = Shop()
    async with shop.client() as client:
        old = shop.source(client)
        await shop.scrape(old, 10)
        kept = old.keep(seconds=900)
        shop.now += 4000

        assert shop.source(client).restore(kept) == 0
