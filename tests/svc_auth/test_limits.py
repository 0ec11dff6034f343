"""How many tries somebody has."""

import asyncio
import tracemalloc
from pathlib import Path

import pytest

from contracts.auth import TooManyTries
from mallkit import tries
from svc_auth.tries import Window
from tests.mallhouse import SHOPPER, House, house

LOGIN = "/api/v1/auth/login"


def test_the_window_slides() -> None:
    window = Window(3, "too many")
    for at in (0.0, 10.0, 50.0):
        window.check("ann", at)
        window.note("ann", at)
    with pytest.raises(TooManyTries) as refused:
        window.check("ann", 59.5)
    assert refused.value.facts["retry_after"] == 1
    window.check("bob", 59.5)
    window.check("ann", 60.0)
    window.note("ann", 60.0)
    with pytest.raises(TooManyTries) as refused:
        window.check("ann", 60.0)
    assert refused.value.facts["retry_after"] == 10


def test_tries_that_a_clock_noted_an_hour_ahead_lock_nobody_out_for_that_hour() -> None:
    window = Window(2, "too many")
    for at in (3600.0, 3610.0):
        window.note("ann", at)
    with pytest.raises(TooManyTries):
        window.check("ann", 3610.0)
    window.check("ann", 20.0)
    window.note("ann", 20.0)
    window.check("ann", 21.0)


def test_a_million_strangers_do_not_fill_the_memory() -> None:
    window = Window(60, "too many")
    tracemalloc.start()
    try:
        for stranger in range(50_000):
            window.note(f"stranger{stranger}", float(stranger))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < tries.MOST_KEYS * 2_000


@pytest.mark.requirement(2)
@pytest.mark.parametrize("email", [SHOPPER[0], "nobody@example.org"])
async def test_ten_wrong_passwords_a_minute_then_too_many_tries(mall: House, email: str) -> None:
    wrong = {"email": email, "password": "wrong"}
    statuses = [(await mall.call("auth", "POST", LOGIN, wrong)).status for _ in range(10)]
    assert statuses == [401] * 10
    for wish in (wrong, {"email": email.upper(), "password": SHOPPER[1]}):
        answer = await mall.call("auth", "POST", LOGIN, wish)
        assert (answer.status, answer.json["code"], answer.kind) == (429, 4001005, "auth/too-many-tries")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    other = await mall.call("auth", "POST", LOGIN, {"email": "other@example.org", "password": "wrong"})
    assert other.status == 401


@pytest.mark.requirement(2)
async def test_of_fifty_guesses_at_once_ten_are_answered(mall: House) -> None:
    guesses = [mall.call("auth", "POST", LOGIN, {"email": SHOPPER[0], "password": f"guess-{i}"}) for i in range(50)]
    statuses = [answer.status for answer in await asyncio.gather(*guesses)]
    assert sorted(statuses) == [401] * 10 + [429] * 40


@pytest.mark.requirement(2)
async def test_right_passwords_are_never_counted(mall: House) -> None:
    for _ in range(15):
        await mall.login(*SHOPPER)


@pytest.mark.requirement(2, 11)
async def test_an_address_has_its_limit_over_all_endpoints(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", MALL_AUTH_TRIES_PER_ADDRESS="6") as mall:
        tokens = await mall.login(*SHOPPER)
        for _ in range(3):
            assert (await mall.call("auth", "POST", "/api/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]})).status == 200
        for i in range(2):
            wish = {"email": f"new{i}@example.org", "password": "long-enough", "name": "New"}
            assert (await mall.call("auth", "POST", "/api/v1/auth/register", wish)).status == 201
        wishes = {
            "login": {"email": SHOPPER[0], "password": SHOPPER[1]},
            "refresh": {"refresh_token": tokens["refresh_token"]},
            "register": {"email": "late@example.org", "password": "long-enough", "name": "Late"},
        }
        for path, wish in wishes.items():
            answer = await mall.call("auth", "POST", f"/api/v1/auth/{path}", wish)
            assert (answer.status, answer.json["code"]) == (429, 4001005)
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
            elsewhere = await mall.call("auth", "POST", f"/api/v1/auth/{path}", wish, headers={"X-Forwarded-For": "192.0.2.7"})
            assert elsewhere.status in (200, 201)
