"""Where the signing keys come from."""

import base64
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from mallkit.settings import SettingsError
from svc_auth.domain import service_bearer
from svc_auth.keyring import open_ring
from svc_auth.ringfile import FILE, StoredKey, StoredKeys, private_key, public_key
from svc_auth.settings import Settings
from tests.svc_auth.conftest import SEED, SIGNING


def settings(folder: Path, **more: object) -> Settings:
    secrets = {name: name[0] * 20 for name in ("client_secret", "fingerprint_key", "refresh_key")}
    return msgspec.convert({"env": "test", "data": str(folder), "clients": {}, **secrets, **more}, Settings)


def write_ring(folder: Path, *keys: tuple[str, float]) -> None:
    (folder / FILE).write_bytes(msgspec.json.encode(StoredKeys([StoredKey(seed, since) for seed, since in keys])))


@pytest.mark.requirement(4)
@pytest.mark.parametrize("attempt", range(5))
def test_copies_that_start_at_once_share_one_private_ring(tmp_path: Path, attempt: int) -> None:
    start = threading.Barrier(8)

    def open_one(_: int) -> list[dict[str, str]]:
        start.wait()
        return open_ring(settings(tmp_path / str(attempt))).public()

    with ThreadPoolExecutor(8) as threads:
        rings = list(threads.map(open_one, range(8)))
    assert all(ring == rings[0] for ring in rings)
    files = list((tmp_path / str(attempt)).iterdir())
    assert [file.name for file in files] == [FILE]
    assert files[0].stat().st_mode & 0o777 == 0o600


@pytest.mark.requirement(4)
def test_the_newest_key_signs_and_older_ones_verify_until_their_last_token_ended(tmp_path: Path) -> None:
    now = time.time()
    seeds = [base64.b64encode(bytes([n]) * 32).decode() for n in range(3)]
    write_ring(tmp_path, (seeds[2], now - 10), (seeds[0], now - 5000), (seeds[1], now - 2000))
    ring = open_ring(settings(tmp_path))
    names = [key["kid"] for key in ring.public()]
    expected = [open_ring(settings(tmp_path, signing_key=seed)).public()[0]["kid"] for seed in (seeds[2], seeds[1])]
    assert names == expected, "the key of 5000 s ago was replaced 2000 s ago: its last token has ended"
    assert jwt.get_unverified_header(ring.sign(service_bearer("cart"), now))["kid"] == names[0]


def test_a_key_is_read_from_pem_and_from_its_bytes() -> None:
    pem = SIGNING.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public_pem = SIGNING.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    raw = SIGNING.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert private_key(pem).public_key() == private_key(SEED).public_key() == SIGNING.public_key()
    assert public_key(public_pem) == public_key(base64.urlsafe_b64encode(raw).rstrip(b"=").decode()) == SIGNING.public_key()


RSA = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "text", ["too short for a key", "x" * 43, "é" * 20, "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", RSA]
)
def test_what_is_no_key_stops_the_start_without_being_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        open_ring(settings(tmp_path, signing_key=text + "*" if text.startswith("x") else text))
    assert "MALL_AUTH_SIGNING_KEY" in str(refused.value)
    assert text not in str(refused.value)
    with pytest.raises(SettingsError):
        open_ring(settings(tmp_path, signing_key=SEED, verifying_keys=[text + "*"]))


@pytest.mark.parametrize("content", [b"", b"{}", b'{"keys": []}', b'{"keys": [{"seed": "short", "since": 1}]}'])
def test_a_spoilt_ring_is_told_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(SettingsError, match=FILE):
        open_ring(settings(tmp_path))
    assert (tmp_path / FILE).read_bytes() == content


def test_a_given_key_makes_no_file(tmp_path: Path) -> None:
    ring = open_ring(settings(tmp_path, signing_key=SEED))
    assert isinstance(private_key(SEED), Ed25519PrivateKey)
    assert len(ring.public()) == 1
    assert list(tmp_path.iterdir()) == []
