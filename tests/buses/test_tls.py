"""Redis behind TLS: `rediss://` speaks only to a server whose certificate holds."""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mallkit.bus import BusUnavailable
from mallkit.redis_bus import open_bus
from tests.buses.brokers import PASSWORD, QUICK, redis_broker
from tests.buses.taking import take_all


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    """Where a Redis listens behind TLS, with the certificate `ca.pem` for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path))
    async with redis_broker(tmp_path) as redis:

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", redis.port)
            await asyncio.gather(copied(reader, inner_writer), copied(inner_reader, writer))

        server = await asyncio.start_server(forward, "127.0.0.1", 0, ssl=context)
        async with server:
            yield server.sockets[0].getsockname()[1]


def certificate(folder: Path) -> tuple[Path, Path]:
    """Its file, and that of its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redis")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    told = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "ca.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(*told))
    return folder / "ca.pem", folder / "key.pem"


async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that comes, until either end is closed."""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    writer.close()


async def test_messages_pass_through_tls(port: int, tmp_path: Path) -> None:
    url = f"rediss://127.0.0.1:{port}?ssl_ca_certs={tmp_path / 'ca.pem'}"
    async with open_bus(url, PASSWORD, QUICK) as bus:
        await bus.ping()
        await bus.publish("shop", [b"x" * 100_000], 1)
        assert await take_all(bus.subscribe(["shop"], "mail", "one")) == [b"x" * 100_000]


@pytest.mark.parametrize("url", ["rediss://127.0.0.1:{port}", "rediss://localhost:{port}?ssl_ca_certs={ca}"], ids=["unknown", "another's"])
async def test_a_certificate_that_does_not_hold_ends_it(port: int, tmp_path: Path, url: str) -> None:
    async with open_bus(url.format(port=port, ca=tmp_path / "ca.pem"), PASSWORD, QUICK) as bus:
        with pytest.raises(BusUnavailable, match=r"(?i)certificate"):
            await bus.ping()
