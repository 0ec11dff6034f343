"""Tokens as somebody would forge them, and as the mall itself would sign them: with its own private key, read from its data folder."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Claims = dict[str, Any]


@dataclass
class Forge:
    """Signs what it is told to."""

    folder: Path
    key: Ed25519PrivateKey = field(init=False)
    kid: str = field(init=False)

    def __post_init__(self) -> None:
        newest = max(json.loads((self.folder / "auth-keys.json").read_bytes())["keys"], key=lambda kept: float(kept["since"]))
        self.key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(newest["seed"]))
        thumbprint = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": _plain(self.public)}, separators=(",", ":"))
        self.kid = _plain(hashlib.sha256(thumbprint.encode()).digest())

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def pem(self) -> bytes:
        """The public key as a careless verifier would hand it to HMAC."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def signed(self, user_id: str, *, key: Ed25519PrivateKey | None = None, header: Claims | None = None, **claims: Any) -> str:
        """A token that holds, but for what is said otherwise; a claim or header of None is left out."""
        now = int(time.time())
        told = {"iss": "mall", "aud": "mall", "sub": user_id, "sid": f"forged-{now}", "role": "customer", "iat": now, "exp": now + 60}
        words = {"typ": "at+jwt", "kid": self.kid} | (header or {})
        return jwt.encode(_there(told | claims), key or self.key, algorithm="EdDSA", headers=_there(words))

    def unsigned(self, user_id: str, algorithm: str = "none") -> str:
        """`alg: none`, in whatever spelling."""
        return self._head_and_claims(algorithm, user_id) + "."

    def by_hmac(self, user_id: str, secret: bytes) -> str:
        """HS256 with something that everybody knows."""
        told = self._head_and_claims("HS256", user_id)
        return f"{told}.{_plain(hmac.new(secret, told.encode(), hashlib.sha256).digest())}"

    def _head_and_claims(self, algorithm: str, user_id: str) -> str:
        claims = jwt.decode(self.signed(user_id), options={"verify_signature": False})
        head = {"alg": algorithm, "typ": "at+jwt", "kid": self.kid}
        return ".".join(_plain(json.dumps(part).encode()) for part in (head, claims))


def _there(words: Claims) -> Claims:
    return {name: value for name, value in words.items() if value is not None}


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
