"""The file of signing keys that dev and test make for themselves: read, made once, and given another key, whoever else does so at once."""

import base64
import binascii
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, load_pem_public_key

from mallkit.identity import ALGORITHM

FILE = "auth-keys.json"
KEY_BYTES = 32
PUBLISHED_AHEAD = 5.0
"""Seconds between the publishing of a key and its first signature: copies of auth hear of it within 0.2 s, verifiers 0.3 s later."""
KEPT_LONGER = 3600.0
"""Seconds that a key stays in the file after its last token has ended: a clock may have gone wrong."""
MOST_KEYS = 20


class BadRing(ValueError):
    """The file is no key ring; the text says why, and repeats no key."""


class TooManyKeys(Exception):
    """So many keys are published that no further one is made: their tokens must end first."""


class StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A private key in the file: the seed in base64, and since when it signs (seconds since 1970; published it is before)."""

    seed: str
    since: float


class StoredKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: of the keys whose time has come the newest signs, an older one verifies until the last token that it signed has ended."""

    keys: list[StoredKey]


@dataclass(frozen=True, slots=True)
class RingKey:
    """A key of the file, with the time from which it signs."""

    private: Ed25519PrivateKey
    since: float

    @property
    def kid(self) -> str:
        """Its id."""
        return public_jwk(self.private.public_key())["kid"]


def read(path: Path) -> list[RingKey]:
    """Oldest first; never empty. Raises BadRing, OSError."""
    try:
        kept = sorted(msgspec.json.decode(path.read_bytes(), type=StoredKeys).keys, key=lambda key: key.since)
        keys = [RingKey(private_key(key.seed), key.since) for key in kept]
    except (msgspec.DecodeError, ValueError) as error:
        raise BadRing(f"{path} is no key ring: {error}") from None
    if not keys:
        raise BadRing(f"{path} holds no key: delete it, and a new one is made")
    return keys


def make(path: Path) -> None:
    """One key; of two copies that start at once, one makes the file and both read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        _write(fresh, [StoredKey(new_seed(), time.time())])
        path.hardlink_to(fresh)  # unlike a rename it never replaces a ring that somebody else made meanwhile
    except FileExistsError:
        return
    finally:
        fresh.unlink(missing_ok=True)


def rotate(path: Path, now: float, token_seconds: float) -> RingKey:
    """Adds a key that is published from now on and signs PUBLISHED_AHEAD later; forgets those whose tokens have long ended.

    A crash leaves the ring as it was or with the key; of two rotations at once both happen. Raises BadRing, TooManyKeys, OSError.
    """
    if not path.exists():
        make(path)
    with _locked(path.parent):
        kept = read(path)
        needed = [key for key, after in pairwise(kept) if after.since + token_seconds + KEPT_LONGER > now]
        needed.append(kept[-1])
        if len(needed) >= MOST_KEYS:
            raise TooManyKeys(f"{len(needed)} keys are published already: wait until the tokens of the oldest have ended")
        seed, since = new_seed(), max(now + PUBLISHED_AHEAD, kept[-1].since)
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)  # of a rotation that died
        _write(fresh, [*(_stored(key) for key in needed), StoredKey(seed, since)])
        fresh.replace(path)
        _sync(path.parent)
    return RingKey(private_key(seed), since)


def new_seed() -> str:
    """Of a new private key, in base64."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


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


def public_text(key: Ed25519PublicKey) -> str:
    """As the settings take it."""
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def public_jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """RFC 8037; the key's id is its RFC 7638 thumbprint, so that all name it alike."""
    x = _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": _base64url(thumbprint), "use": "sig", "alg": ALGORITHM}


def _stored(key: RingKey) -> StoredKey:
    return StoredKey(base64.b64encode(key.private.private_bytes_raw()).decode(), key.since)


def _write(path: Path, keys: list[StoredKey]) -> None:
    """A new file that only its owner reads, on the disk when this returns."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(StoredKeys(keys)))
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One at a time on this machine; a process that dies lets go."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise ValueError from None
