"""Two copies of every service over the same files: either will do, and the death of one is not seen."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace

import aiohttp
import pytest

from mall.parts import PARTS
from mall.running import ROOT, Mall, running_mall
from svc_auth.ringfile import FILE, read
from tests.journeys.people import SHOPPER, People, Person
from tests.journeys.rotating import Load

SEVERAL = [part.name for part in PARTS if not part.single]
PATIENCE = 30.0


@pytest.fixture(scope="module")
def two() -> Iterator[Mall]:
    with running_mall(copies=2, MALL_AUTH_TRIES_PER_ADDRESS="100000") as running:
        yield running


@pytest.fixture
async def crowd(two: Mall) -> AsyncIterator[People]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield People(session, two.gateway)


def at(two: Mall, name: str, person: Person) -> Person:
    """The same person, asking this copy."""
    return replace(person, gateway=two.url(name))


async def until_all_are_ready(two: Mall, crowd: People) -> None:
    async with asyncio.timeout(PATIENCE):
        for name in [*SEVERAL, *(f"{each}-2" for each in SEVERAL)]:
            while True:
                try:
                    if (await at(two, name, crowd.nobody()).call("GET", "/ready")).status == 200:
                        break
                except aiohttp.ClientError:
                    pass  # it is starting
                await asyncio.sleep(0.02)


async def until_all_are_away(two: Mall, names: list[str]) -> None:
    """A process that is killed may still hold its sockets for a moment."""
    async with asyncio.timeout(PATIENCE):
        for name in names:
            with suppress(ConnectionRefusedError):
                while True:
                    with suppress(ConnectionResetError):  # its socket is being closed at this moment
                        _, writer = await asyncio.open_connection("127.0.0.1", int(two.url(name).rpartition(":")[2]))
                        writer.close()
                    await asyncio.sleep(0.01)


async def test_both_copies_of_auth_made_one_ring_of_keys_and_one_set_of_accounts(two: Mall, crowd: People) -> None:
    await until_all_are_ready(two, crowd)
    rings = [(await at(two, name, crowd.nobody()).call("GET", "/.well-known/jwks.json")).json for name in ("auth", "auth-2")]
    assert rings[0] == rings[1]
    assert len(rings[0]["keys"]) == 1
    signed_in = [await at(two, name, crowd.nobody()).call("POST", "/api/v1/auth/login", SHOPPER) for name in ("auth", "auth-2")]
    assert {told.json["user_id"] for told in signed_in} == {"demo-shopper"}
    for told in signed_in:
        person = Person(crowd.session, two.gateway, told.json["access_token"])
        for name in ("gateway", "gateway-2", "user", "user-2"):
            assert (await at(two, name, person).call("GET", "/api/v1/users/me")).status == 200


@pytest.mark.requirement(4, 6, 177)
async def test_keys_rotate_under_load_and_nobody_is_refused(two: Mall, crowd: People) -> None:
    """Two rotations at once, while people log in and look around at both gateways."""
    await until_all_are_ready(two, crowd)
    load = Load(crowd.session, [two.url("gateway"), two.url("gateway-2")])
    rotate = [sys.executable, "-m", "mall", "keys", "rotate"]
    children = [await asyncio.create_subprocess_exec(*rotate, cwd=ROOT, env=dict(two.environ), stdout=PIPE, stderr=PIPE) for _ in range(2)]
    told = [await child.communicate() for child in children]
    assert [child.returncode for child in children] == [0, 0], told
    newest = read(two.folder / FILE)[-1]
    async with asyncio.timeout(PATIENCE):
        while newest.kid not in load.kids:
            await asyncio.sleep(0.05)
        seen = load.statuses.total()
        while load.statuses.total() < seen + 200:
            await asyncio.sleep(0.05)
    await load.stop()
    assert load.refused == []
    assert time.time() >= newest.since
    assert len((await crowd.nobody().call("GET", "/.well-known/jwks.json")).json["keys"]) == 3


async def test_a_session_goes_on_at_either_copy_and_ends_at_all(two: Mall, crowd: People) -> None:
    ann = await crowd.shopper()
    wish = {"refresh_token": ann.refresh_token}
    renewed = [await at(two, name, ann).call("POST", "/api/v1/auth/refresh", wish) for name in ("auth-2", "auth")]
    assert renewed[0].json["refresh_token"] == renewed[1].json["refresh_token"]  # an answer that was lost, asked for again elsewhere
    assert (await at(two, "auth-2", ann).call("POST", "/api/v1/auth/logout")).status in {200, 204}
    async with asyncio.timeout(PATIENCE):
        for part, path in (("gateway", "/api/v1/cart"), ("user", "/api/v1/users/me"), ("cart", "/api/v1/cart")):
            for name in (part, f"{part}-2"):
                while (await at(two, name, ann).call("GET", path)).status != 401:
                    await asyncio.sleep(0.02)


async def test_one_key_at_both_copies_at_once_is_one_purchase(two: Mall, crowd: People) -> None:
    thing, ann = await crowd.product(stock=10), await crowd.shopper()
    assert (await ann.add(thing, 3)).status == 200
    told = await asyncio.gather(*(at(two, name, ann).check_out(key="once") for name in ("checkout", "checkout-2", "gateway", "gateway-2")))
    assert {each.status for each in told} == {200}, [each.body for each in told]
    assert len({each.json["order_id"] for each in told}) == 1
    assert (await crowd.stock(thing))["on_hand"] == 7


@pytest.mark.requirement(161, 180)
async def test_the_death_of_one_copy_of_each_service_is_not_seen(two: Mall, crowd: People) -> None:
    thing = await crowd.product(stock=10)
    buyers = [await crowd.shopper() for _ in range(5)]
    os.kill(two.supervisor, signal.SIGSTOP)  # it would start them again at once
    try:
        gone = [name if number % 2 else f"{name}-2" for number, name in enumerate(SEVERAL)]
        assert "gateway-2" in gone
        for name in gone:
            os.kill(two.pid(name), signal.SIGKILL)
        await until_all_are_away(two, gone)
        bought = await asyncio.gather(*(buyer.bought(thing) for buyer in buyers))
        assert len({each["order_id"] for each in bought}) == len(buyers)
        for buyer, each in zip(buyers, bought, strict=True):
            assert (await buyer.order(each["order_id"]))["status"] == "paid"
    finally:
        os.kill(two.supervisor, signal.SIGCONT)
        await until_all_are_ready(two, crowd)
    assert (await crowd.stock(thing))["on_hand"] == 5
