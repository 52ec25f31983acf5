"""Endpoints that want a proof of who asks, or show a certificate of an authority that only the settings know."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest

from quell.app import parts
from quell.errors import ConfigError
from quell.evidence.scrape import ScrapeSource
from quell.settings import Settings
from quell.settings.telemetry import Target

METRICS = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nup 1\n"


class Exporter:
    """Serves one page of metrics, and keeps the heads of the requests for it."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.port = 0
        self.gone = asyncio.Event()
        """From when it is set, nothing is answered any more."""

    @asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Exporter]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
                writer.write(b"" if self.gone.is_set() else METRICS)
                await writer.drain()
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self


def scraping(client: httpx.AsyncClient, **target: Any) -> ScrapeSource:
    """The source as the settings make it."""
    settings = Settings(evidence={"targets": [{"service": "auth", **target}]})  # type: ignore[arg-type]
    scrape, _ = parts.evidence_sources(settings, client, lambda *_: None)
    assert scrape is not None
    return scrape


@pytest.mark.parametrize(
    ("proof", "header"),
    [
        ({"token": "t0ken"}, "authorization: bearer t0ken"),
        ({"username": "prom", "password": "pw"}, "authorization: basic chjvbtpwdw=="),
        ({}, None),
    ],
)
async def test_a_target_is_sent_the_proof_that_the_settings_give(proof: dict[str, str], header: str | None) -> None:
    async with Exporter().serving() as exporter, httpx.AsyncClient() as client:
        scrape = scraping(client, url=f"http://127.0.0.1:{exporter.port}/metrics", **proof)
        await scrape.scrape_once()

    [head] = exporter.heads
    assert scrape.state()[0].failures == 0
    assert [line for line in head.lower().splitlines() if line.startswith("authorization")] == (
        [header] if header else []
    )


async def test_a_password_in_the_address_is_sent_and_never_shown() -> None:
    told: list[Any] = []
    async with Exporter().serving() as exporter, httpx.AsyncClient() as client:
        scrape = scraping(client, url=f"http://prom:s3cretpw@127.0.0.1:{exporter.port}/metrics?token=s3cretpw")
        scrape._on_state_change = lambda *change: told.append(change)
        await scrape.scrape_once()
        kept = scrape.keep(seconds=60)
        exporter.gone.set()
        for _ in range(3):
            await scrape.scrape_once()

    assert "authorization: basic" in exporter.heads[0].lower()
    assert told, "it was reported as failing"
    assert "***@127.0.0.1" in told[0][3]
    assert "s3cretpw" not in repr((told, kept, scrape.state()))
    assert scrape.restore(kept) == 1


def authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """An authority that nobody knows: the file with its certificate, and what serves one of its certificates."""
    x509 = pytest.importorskip("cryptography.x509", reason="cryptography makes the certificate of the test")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an authority of this test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_pem = folder / "ca.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem, key_pem)
    return pem, tls


async def test_a_certificate_of_an_own_authority_is_trusted_where_the_settings_name_it(tmp_path: Path) -> None:
    pem, tls = authority(tmp_path)
    async with Exporter().serving(tls) as exporter, httpx.AsyncClient() as client:
        url = f"https://127.0.0.1:{exporter.port}/metrics"
        trusting, unknowing = scraping(client, url=url, ca_file=str(pem)), scraping(client, url=url)
        await trusting.scrape_once()
        await unknowing.scrape_once()
        await trusting.close()

    assert trusting.state()[0].failures == 0
    assert "CERTIFICATE_VERIFY_FAILED" in unknowing.state()[0].last_error


def test_an_authority_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for wrong, said in (
        ({"ca_file": tmp_path / "missing.pem"}, "evidence.targets.3.ca_file: "),
        ({"ca_file": tmp_path / "empty.pem"}, "evidence.targets.3.ca_file: "),
    ):
        with pytest.raises(ConfigError) as refused:
            parts.scrape_target(3, Target(service="auth", url="https://auth.test/metrics", **wrong))
        assert str(refused.value).startswith(said)
