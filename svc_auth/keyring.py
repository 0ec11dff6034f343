"""The Ed25519 keys that sign and verify access tokens: from the settings, or in dev and test from a private file in the data folder."""

import base64
import binascii
import hashlib
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, load_pem_public_key

from mallkit.identity import ALGORITHM, AUDIENCE, ISSUER, TOKEN_TYPE
from mallkit.settings import SettingsError
from svc_auth.domain import Bearer
from svc_auth.settings import Settings

FILE = "auth-keys.json"
KEY_BYTES = 32


class StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A private key in the file: the seed in base64, and since when it signs (seconds since 1970)."""

    seed: str
    since: float


class StoredKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: the newest key signs, an older one verifies until the last token that it signed has ended."""

    keys: list[StoredKey]


class KeyRing:
    """`ports.Keys`. Every copy that is given the same keys names them alike: a key's id is its RFC 7638 thumbprint."""

    def __init__(self, signing: Ed25519PrivateKey, former: Sequence[Ed25519PublicKey], seconds: int) -> None:
        self._signing = signing
        self._seconds = seconds
        self._public = [_jwk(key) for key in (signing.public_key(), *former)]
        self._header = {"typ": TOKEN_TYPE, "kid": self._public[0]["kid"]}

    def sign(self, bearer: Bearer, now: float) -> str:
        """An access token for the seconds of the settings."""
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": bearer.subject, "sid": bearer.session, "role": bearer.role,
            "iat": int(now), "exp": int(now) + self._seconds,
        }  # fmt: skip
        return jwt.encode(claims, self._signing, algorithm=ALGORITHM, headers=self._header)

    def public(self) -> list[dict[str, str]]:
        """The signing key first."""
        return self._public


def open_ring(settings: Settings) -> KeyRing:
    """The keys of this service. Raises SettingsError naming what is no key."""
    if settings.signing_key:
        try:
            signing, former = private_key(settings.signing_key), [public_key(text) for text in settings.verifying_keys]
        except ValueError as error:
            raise SettingsError([f"MALL_AUTH_SIGNING_KEY or MALL_AUTH_VERIFYING_KEYS: {error}"]) from None
        return KeyRing(signing, former, settings.access_seconds)
    return _ring_of_file(Path(settings.data) / FILE, settings.access_seconds)


def private_key(text: str) -> Ed25519PrivateKey:
    """From PEM, or the seed's 32 bytes in base64. Raises ValueError, which does not repeat the text."""
    try:
        key = load_pem_private_key(text.encode(), None) if "-----BEGIN" in text else Ed25519PrivateKey.from_private_bytes(_raw(text))
    except (ValueError, TypeError):
        key = None
    if isinstance(key, Ed25519PrivateKey):
        return key
    message = "an Ed25519 private key is needed, unencrypted PEM or 32 bytes in base64"
    raise ValueError(message)


def public_key(text: str) -> Ed25519PublicKey:
    """As private_key."""
    try:
        key = load_pem_public_key(text.encode()) if "-----BEGIN" in text else Ed25519PublicKey.from_public_bytes(_raw(text))
    except ValueError:
        key = None
    if isinstance(key, Ed25519PublicKey):
        return key
    message = "an Ed25519 public key is needed, PEM or 32 bytes in base64"
    raise ValueError(message)


def _ring_of_file(path: Path, seconds: int) -> KeyRing:
    if not path.exists():
        _make(path)
    try:
        kept = sorted(msgspec.json.decode(path.read_bytes(), type=StoredKeys).keys, key=lambda key: key.since)
        keys = [private_key(key.seed) for key in kept]
    except (msgspec.DecodeError, ValueError) as error:
        raise SettingsError([f"{path} is no key ring: {error}"]) from None
    if not keys:
        raise SettingsError([f"{path} holds no key: delete it, and a new one is made"])
    now = time.time()
    replaced_at = [after.since for after in kept[1:]]
    former = [key.public_key() for key, replaced in zip(keys, replaced_at, strict=False) if replaced + seconds > now]
    return KeyRing(keys[-1], former, seconds)


def _make(path: Path) -> None:
    """One key; of two copies that start at once, one makes the file and both read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(StoredKeys([StoredKey(seed, time.time())])))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(fresh)  # unlike a rename it never replaces a ring that somebody else made meanwhile
    except FileExistsError:
        return
    finally:
        fresh.unlink(missing_ok=True)


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    x = _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": _base64url(thumbprint), "use": "sig", "alg": ALGORITHM}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise ValueError from None
