"""Auth running alone, with a signing key that the test holds too."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.mallhouse import House, house

SEED = base64.b64encode(bytes(range(32))).decode()
SIGNING = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MANY = "100000"
LOOKS = {"auth": "/internal/revocations", "user": "/api/v1/users/me"}
"""What changes nothing and answers 401 to a token that is worth nothing; auth answers 403 to a customer's that holds."""


async def until_refused(mall: House, copy: str, token: str) -> None:
    """Waits until a copy of auth or user refuses the token, and sees that it goes on refusing.

    Every copy polls the feed each 0.3 s and the promise is one second; a machine that is busy with other things is given longer.
    """
    look = LOOKS[copy.rstrip("2")]
    began = time.monotonic()
    while (answer := await mall.call(copy, "GET", look, token=token)).status != 401:
        assert time.monotonic() - began < 10, f"{copy} still takes the token"
        await asyncio.sleep(0.02)
    assert answer.json["code"] == 4001004
    for _ in range(20):
        assert (await mall.call(copy, "GET", look, token=token)).status == 401


@pytest.fixture
async def mall(tmp_path: Path) -> AsyncIterator[House]:
    """Auth, whose limit of tries for each address no test reaches by chance."""
    async with house(tmp_path, "auth", MALL_AUTH_TRIES_PER_ADDRESS=MANY) as running:
        yield running


@pytest.fixture
async def mall_with_user(tmp_path: Path) -> AsyncIterator[House]:
    """Auth and user, signing with SIGNING."""
    async with house(tmp_path, "auth", "user", MALL_AUTH_TRIES_PER_ADDRESS=MANY, MALL_AUTH_SIGNING_KEY=SEED) as running:
        yield running
