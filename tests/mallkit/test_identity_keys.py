"""A verifier and its keys: it hears of a new one before that signs, and asks once however many tokens of an unknown one come at once."""

import asyncio
import time
from dataclasses import dataclass, field

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from mallkit import identity
from mallkit.errors import Unauthenticated, Unavailable
from mallkit.identity import Identity, Revoked

EVERY = 0.2
"""Seconds, longer than it takes to ask."""
KEYS = {name: Ed25519PrivateKey.generate() for name in ("old", "new", "strange")}


@dataclass
class Publisher:
    """An issuer whose keys the test changes; `asked` counts how often they were asked for."""

    published: list[str] = field(default_factory=lambda: ["old"])
    tells: bool = False
    """Whether the feed names the keys."""
    away: bool = False
    asked: int = 0

    async def keys(self) -> list[dict[str, str]]:
        self.asked += 1
        told = list(self.published)
        await asyncio.sleep(0.02)
        if self.away:
            raise Unavailable
        return [OKPAlgorithm.to_jwk(KEYS[name].public_key(), as_dict=True) | {"kid": name} for name in told]

    async def revoked(self, after: int) -> Revoked:
        return Revoked({}, after, frozenset(self.published) if self.tells else frozenset())

    async def token(self) -> tuple[str, float]:
        return "", 60.0


def bearer(key: str, subject: str = "ann") -> str:
    claims = {"iss": "mall", "aud": "mall", "sub": subject, "sid": "s", "role": "customer", "exp": time.time() + 60}
    return f"Bearer {jwt.encode(claims, KEYS[key], 'EdDSA', {'typ': 'at+jwt', 'kid': key})}"


async def may_ask_again() -> None:
    """Once the time is over in which an unknown key is not asked for again."""
    ends = time.monotonic() + EVERY
    while time.monotonic() <= ends:
        await asyncio.sleep(0.01)


async def test_of_many_tokens_at_once_whose_key_is_not_known_yet_none_is_refused() -> None:
    issuer = Publisher()
    verifier = Identity(issuer, keys_every=EVERY)
    await verifier.caller(bearer("old"))
    issuer.published.append("new")
    await may_ask_again()
    callers = await asyncio.gather(*(verifier.caller(bearer("new", f"p{n}")) for n in range(50)))
    assert [caller.subject for caller in callers] == [f"p{n}" for n in range(50)]
    assert issuer.asked == 2


async def test_the_feed_brings_a_key_before_any_token_names_it() -> None:
    issuer = Publisher(tells=True)
    verifier = Identity(issuer)
    await verifier.read_feed()
    await verifier.read_feed()
    assert issuer.asked == 1, "what is known is not asked for again"
    issuer.published.append("new")
    await verifier.read_feed()
    assert issuer.asked == 2
    issuer.away = True
    assert (await verifier.caller(bearer("new"))).subject == "ann"
    assert issuer.asked == 2


async def test_a_key_that_is_published_no_more_is_forgotten() -> None:
    issuer = Publisher(published=["old", "new"], tells=True)
    verifier = Identity(issuer)
    await verifier.read_feed()
    old, new = bearer("old"), bearer("new")
    assert [(await verifier.caller(token)).subject for token in (old, new)] == ["ann", "ann"]
    issuer.published.remove("old")
    await verifier.read_feed()
    with pytest.raises(Unauthenticated):
        await verifier.caller(old)
    assert (await verifier.caller(new)).subject == "ann"


async def test_a_stranger_who_invents_keys_has_them_asked_for_at_most_once_a_second() -> None:
    issuer = Publisher()
    verifier = Identity(issuer)
    await verifier.read_feed()
    began = time.monotonic()
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await verifier.caller(bearer("strange"))
    assert issuer.asked <= 2 + (time.monotonic() - began) / identity.KEYS_AT_MOST_EVERY


async def test_a_key_that_cannot_be_asked_for_is_no_reason_to_log_anybody_out() -> None:
    issuer = Publisher()
    verifier = Identity(issuer, keys_every=EVERY)
    await verifier.caller(bearer("old"))
    issuer.away = True
    await may_ask_again()
    with pytest.raises(Unavailable):
        await verifier.caller(bearer("new"))
    assert (await verifier.caller(bearer("old"))).subject == "ann"
