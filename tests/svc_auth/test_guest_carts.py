"""What somebody put into a cart before the login: handed over behind it, which waits for nothing and fails for nothing."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from mallkit.errors import Unavailable
from mallkit.lasting import lasting
from svc_auth import guest_carts
from svc_auth.guest_carts import GuestCarts
from tests.mallhouse import house
from tests.svc_cart.shopping import Shopping, lines

LOGIN = "/api/v1/auth/login"
ANN = {"email": "ann@example.org", "password": "password-of-ann"}


async def until_merged(shopping: Shopping) -> list[tuple[str, int, float]]:
    """Ann's cart, once there is something in it."""
    async with asyncio.timeout(10):
        while not (found := lines(await shopping.cart())):
            await asyncio.sleep(0.02)
    return found


@pytest.mark.requirement(2, 19)
async def test_a_login_with_a_guests_token_merges_the_guests_cart(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "product", "cart") as mall:
        shopping = await Shopping.begin(mall)
        token = await shopping.begin_guest()
        await shopping.guest_adds(token, "pot", 2)
        wrong = await mall.call("auth", "POST", LOGIN, ANN | {"password": "wrong", "cart_token": token})
        assert (wrong.status, lines(await shopping.guest(token))) == (401, [("pot", 2, 39.98)])
        assert (await mall.call("auth", "POST", LOGIN, ANN | {"cart_token": token})).status == 200
        assert await until_merged(shopping) == [("pot", 2, 39.98)]
        assert (await mall.call("auth", "POST", LOGIN, ANN | {"cart_token": token})).status == 200
        assert (await shopping.merge(token)).json["left_out"] == []
        assert lines(await shopping.cart()) == [("pot", 2, 39.98)]


async def test_a_login_neither_waits_nor_fails_for_a_cart_service_that_is_away(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "product", "cart") as mall:
        shopping = await Shopping.begin(mall)
        token = await shopping.begin_guest()
        await shopping.guest_adds(token, "pot", 2)
        for nonsense in (token + "x", "x" * 4096, "a b"):
            assert (await mall.call("auth", "POST", LOGIN, ANN | {"cart_token": nonsense})).status == 200
        assert (await mall.call("auth", "POST", LOGIN, ANN | {"cart_token": 5})).status == 400
    async with house(tmp_path, "auth") as mall:
        began = time.monotonic()
        assert (await mall.call("auth", "POST", LOGIN, ANN | {"cart_token": token})).status == 200
        assert time.monotonic() - began < guest_carts.SECONDS, "answered before the cart service is given up"
        await mall.open("product")
        await mall.open("cart")
        again = Shopping(mall, (await mall.login(**ANN))["access_token"], shopping.user_id, "", "")
        await mall.until_ready("cart", "product")
        assert (await again.merge(token)).status == 200
        assert lines(await again.cart()) == [("pot", 2, 39.98)]


class Counter:
    """A cart service that answers when the test lets it."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = asyncio.Event()

    async def __call__(self, endpoint: Any, wish: Any, *, key: str = "", seconds: float = 5.0) -> Any:  # noqa: ARG002  # Neighbour's shape
        self.asked += 1
        await self.open.wait()
        raise Unavailable


async def test_what_waits_for_a_slow_cart_service_is_bounded_and_what_is_left_is_logged() -> None:
    carts = Counter()
    with capture_logs() as logged:
        async with lasting(5) as work:
            handing = GuestCarts(carts, work)
            for _ in range(guest_carts.MOST_AT_ONCE + 1):
                handing.hand_over("a-secret-token", "ann")
            await asyncio.sleep(0)
            assert carts.asked == guest_carts.MOST_AT_ONCE
            carts.open.set()
            await work.rest(5)
            handing.hand_over("a-secret-token", "ann")
        GuestCarts(None, work).hand_over("a-secret-token", "ann")
    assert carts.asked == guest_carts.MOST_AT_ONCE + 1
    assert [each["event"] for each in logged].count("guest-cart.left") == 2
    refused = [each for each in logged if each["event"] == "work.refused"]
    assert len(refused) == guest_carts.MOST_AT_ONCE + 1
    assert {(each["work"], each["reason"]) for each in refused} == {("guest-cart.merge", "unavailable")}
    assert "a-secret-token" not in str(logged)
