"""Every part killed with -9 again and again while people buy: what was answered holds, and the mall comes to rest."""

import asyncio
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mall.parts import PARTS
from mall.running import Mall, running_mall
from tests.journeys.people import People, Person, order_form

KILLS = 20
"""Of each part."""
MOST_APART = 0.6
"""Seconds between two kills, at most: what one begins, the next one may hit while it starts again."""
BUYERS = 8
STOCK = 100_000
PATIENCE = 90.0
TROUBLE = (aiohttp.ClientError, ConnectionError, TimeoutError)


@dataclass
class Ledger:
    """What the buyers were told."""

    bought: dict[str, int] = field(default_factory=dict)
    """Order → pieces."""
    failed: list[str] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)


async def _insist(buyer: Person, path: str, body: object, key: str, ledger: Ledger) -> tuple[int, Any]:
    """Repeats one POST, with its key, until it is answered for good."""
    while True:
        try:
            async with asyncio.timeout(20):
                told = await buyer.call("POST", path, body, key=key)
            if told.status < 500 and told.status != 202 and "Retry-After" not in told.headers:
                return told.status, told.json
        except TROUBLE:
            pass
        if ledger.stop.is_set():
            return 0, {}
        await asyncio.sleep(0.05)


async def _buy_on(buyer: Person, product_id: str, ledger: Ledger) -> None:
    number = 0
    while not ledger.stop.is_set():
        number += 1
        pieces = random.randint(1, 3)
        line = {"product_id": product_id, "quantity": pieces}
        status, _ = await _insist(buyer, "/api/v1/cart/items", line, f"add-{number}", ledger)
        if status != 200:
            continue
        status, told = await _insist(buyer, "/api/v1/checkout", order_form(), f"buy-{number}", ledger)
        if status == 200:
            lines = told["receipt"]["lines"]
            ledger.bought[str(told["order_id"])] = sum(line["quantity"] for line in lines if line["kind"] == "item")
        elif status not in {0, 409}:
            ledger.failed.append(f"{status} {told}")


def _killed(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text()), signal.SIGKILL)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return False
    return True


async def _kill_everybody(mall: Mall, session: aiohttp.ClientSession) -> int:
    """Each part once, in a random order at random moments; then the mall is whole again, so that people can buy in every round."""
    kills = 0
    for part in random.sample(PARTS, len(PARTS)):
        await asyncio.sleep(random.uniform(0, MOST_APART))
        while not _killed(mall.folder / "run" / f"{part.name}.pid"):  # it may be down at this moment
            await asyncio.sleep(0.01)
        kills += 1
    async with asyncio.timeout(PATIENCE):
        while not await _healthy(mall, session):
            await asyncio.sleep(0.05)
    return kills


async def _healthy(mall: Mall, session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get(f"{mall.gateway}/health") as told:
            return told.status == 200
    except TROUBLE:
        return False


@pytest.mark.timeout(280)
@pytest.mark.requirement(187)
async def test_every_answered_order_is_paid_and_its_stock_is_taken() -> None:
    with running_mall(MALL_CHECKOUT_LEASE_SECONDS="8", MALL_PAYMENT_ATTEMPT_SECONDS="8") as mall:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()) as session:
            people = People(session, mall.gateway)
            product_id = await people.product(stock=STOCK)
            buyers = [await people.shopper() for _ in range(BUYERS)]
            ledger = Ledger()
            buying = [asyncio.create_task(_buy_on(buyer, product_id, ledger)) for buyer in buyers]
            kills = sum([await _kill_everybody(mall, session) for _ in range(KILLS)])
            ledger.stop.set()
            await asyncio.gather(*buying)
            assert kills == KILLS * len(PARTS)
            assert ledger.failed == []
            assert ledger.bought, "nobody could buy anything"
            await _comes_to_rest(people, buyers, product_id)
            await _adds_up(people, buyers, product_id, ledger)


async def _comes_to_rest(people: People, buyers: list[Person], product_id: str) -> None:
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            resting = (await people.stock(product_id))["reserved"] == 0
            for buyer in buyers if resting else ():
                orders = (await buyer.call("GET", f"/api/v1/users/{buyer.user_id}/orders?pageSize=200&page=1")).json["items"]
                resting = resting and all(order["status"] in {"paid", "cancelled"} for order in orders)
            if resting:
                return
        except (*TROUBLE, AssertionError, TypeError, KeyError):
            pass  # something is still starting
        assert time.monotonic() < ends, "something is still held or pending"
        await asyncio.sleep(0.2)


async def _adds_up(people: People, buyers: list[Person], product_id: str, ledger: Ledger) -> None:
    sold = 0
    for buyer in buyers:
        page = 1
        while orders := (await buyer.call("GET", f"/api/v1/users/{buyer.user_id}/orders?pageSize=200&page={page}")).json["items"]:
            page += 1
            for order in orders:
                payments = (await buyer.call("GET", f"/api/v1/payments?order_id={order['order_id']}")).json.get("items", [])
                captured = [each for each in payments if each["status"] == "captured"]
                pieces = sum(line["quantity"] for line in order["items"])
                assert len(captured) == (1 if order["status"] == "paid" else 0), (order, payments)
                assert all(each["amount"] == order["total"] for each in captured)
                sold += pieces if order["status"] == "paid" else 0
                if order["order_id"] in ledger.bought:
                    assert order["status"] == "paid"
                    assert pieces == ledger.bought.pop(order["order_id"])
    assert ledger.bought == {}, "an answered order is gone"
    assert (await people.stock(product_id))["on_hand"] == STOCK - sold
