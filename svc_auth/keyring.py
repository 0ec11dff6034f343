"""The Ed25519 keys that sign and verify access tokens: from the settings, or in dev and test from a private file in the data folder.

A key is published before it signs, and verifies until the last token that it signed has ended, so that keys change under load and no
verifier ever meets a token whose key it could not have.
"""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mallkit.identity import ALGORITHM, AUDIENCE, ISSUER, TOKEN_TYPE
from mallkit.settings import SettingsError
from svc_auth.domain import Bearer
from svc_auth.ports import Keys
from svc_auth.ringfile import FILE, BadRing, RingKey, make, private_key, public_jwk, public_key, read
from svc_auth.settings import Settings

log = structlog.get_logger()
LOOKED_EVERY = 0.2
"""Seconds between two looks at the file: every copy follows a rotation by itself."""


class KeyRing:
    """`ports.Keys` of keys that stay. Every copy that is given the same keys names them alike: an id is the RFC 7638 thumbprint."""

    def __init__(self, signing: Ed25519PrivateKey, others: Sequence[Ed25519PublicKey], seconds: int) -> None:
        self._signing = signing
        self._seconds = seconds
        self._public = [public_jwk(key) for key in (signing.public_key(), *others)]
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


class FileRing:
    """`ports.Keys` of the file, as it is at this moment: a rotation is followed within LOOKED_EVERY, by every copy for itself."""

    def __init__(self, path: Path, seconds: int, clock: Callable[[], float] = time.time, every: float = LOOKED_EVERY) -> None:
        self._path = path
        self._every = every
        self._seconds = seconds
        self._clock = clock
        if not path.exists():
            make(path)
        self._told = ""
        self._stamp = _stamp(path)
        self._keys = read(path)
        self._looked = time.monotonic()
        self._ring = self._ring_now()

    def sign(self, bearer: Bearer, now: float) -> str:
        """By the newest key whose time has come."""
        return self._present().sign(bearer, now)

    def public(self) -> list[dict[str, str]]:
        """The signing key first, then those to come, and the former ones until their last token has ended."""
        return self._present().public()

    def _present(self) -> KeyRing:
        if time.monotonic() - self._looked > self._every:
            self._looked = time.monotonic()
            self._follow()
            self._ring = self._ring_now()
        return self._ring

    def _follow(self) -> None:
        """A file that is gone or spoilt is told, and changes nothing: the keys that were read before go on."""
        try:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._stamp = stamp
                self._keys = read(self._path)
                self._told = ""
                log.info("keys.read", keys=len(self._keys))
        except (OSError, BadRing) as error:
            if str(error) != self._told:
                self._told = str(error)
                log.warning("keys.unreadable", reason=self._told)

    def _ring_now(self) -> KeyRing:
        return KeyRing(*chosen(self._keys, self._clock(), self._seconds), self._seconds)


def chosen(keys: Sequence[RingKey], now: float, seconds: float) -> tuple[Ed25519PrivateKey, list[Ed25519PublicKey]]:
    """Which key signs now, and which others are published. `keys` are sorted by time."""
    due = [place for place, key in enumerate(keys) if key.since <= now]
    signing = due[-1] if due else 0  # all are to come: the clock has gone back
    coming = keys[signing + 1 :]
    former = [key for key, after in pairwise(keys[: signing + 1]) if after.since + seconds > now]
    return keys[signing].private, [key.private.public_key() for key in (*coming, *former)]


def open_ring(settings: Settings) -> Keys:
    """The keys of this service. Raises SettingsError naming what is no key."""
    if settings.signing_key:
        try:
            signing, others = private_key(settings.signing_key), [public_key(text) for text in settings.verifying_keys]
        except ValueError as error:
            raise SettingsError([f"MALL_AUTH_SIGNING_KEY or MALL_AUTH_VERIFYING_KEYS: {error}"]) from None
        return KeyRing(signing, others, settings.access_seconds)
    try:
        return FileRing(Path(settings.data) / FILE, settings.access_seconds)
    except BadRing as error:
        raise SettingsError([str(error)]) from None


def _stamp(path: Path) -> tuple[int, int, int]:
    """Changes with the file."""
    told = path.stat()
    return told.st_ino, told.st_mtime_ns, told.st_size
