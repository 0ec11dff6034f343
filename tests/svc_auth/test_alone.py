"""Auth needs nobody: it starts and serves while every other part is away, and the mall says which ones are missing."""

import asyncio
from pathlib import Path

import pytest

from gateway.app import CONTRACTS
from tests.mallhouse import SHOPPER, House, house

OTHERS = set(CONTRACTS) - {"auth"} | {"bank"}


@pytest.mark.requirement(13)
async def test_auth_starts_and_serves_though_every_other_part_is_away(mall: House) -> None:
    for page in ("/live", "/ready", "/health"):
        assert (await mall.call("auth", "GET", page)).status == 200, page
    tokens = await mall.login(*SHOPPER)
    refreshed = await mall.call("auth", "POST", "/api/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    assert refreshed.status == 200
    assert (await mall.call("auth", "POST", "/api/v1/auth/logout", token=refreshed.json["access_token"])).status == 204


@pytest.mark.requirement(13)
async def test_a_redis_that_is_away_keeps_auth_from_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", MALL_REDIS_URL="redis://127.0.0.1:1") as mall:
        assert (await mall.call("auth", "GET", "/ready")).status == 200
        await mall.login(*SHOPPER)


@pytest.mark.requirement(13)
async def test_who_looks_at_the_mall_is_told_what_is_missing(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "gateway") as mall:
        assert (await mall.call("gateway", "POST", "/api/v1/auth/login", {"email": SHOPPER[0], "password": SHOPPER[1]})).status == 200
        told = await mall.call("gateway", "GET", "/health")
        assert told.status == 503
        assert {name for name, state in told.json["parts"].items() if state != "ok"} == OTHERS
        assert sorted(told.json["detail"].partition(": ")[2].split(", ")) == sorted(OTHERS)
        assert told.json["parts"]["auth"] == "ok"


@pytest.mark.requirement(13)
async def test_what_needs_auth_starts_without_it_says_so_and_goes_on_when_it_is_there(tmp_path: Path) -> None:
    async with house(tmp_path, "bank") as mall:
        await mall.open("user")
        for page in ("/ready", "/health"):
            told = await mall.call("user", "GET", page)
            assert (told.status, told.json["parts"]["identity"]) == (503, "away"), page
        assert (await mall.call("user", "GET", "/live")).status == 200
        assert (await mall.call("user", "GET", "/api/v1/users/me", token="a.b.c")).status in {401, 503}
        await mall.open("auth")
        async with asyncio.timeout(10):
            while (await mall.call("user", "GET", "/ready")).status != 200:
                await asyncio.sleep(0.02)
        token = (await mall.login(*SHOPPER))["access_token"]
        assert (await mall.call("user", "GET", "/api/v1/users/me", token=token)).status == 200
