"""`mall audit` and its part on a running mall: clean while people buy; what is broken is told with exit status and metric."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from mall.running import Mall, running_mall
from tests.auditing.broken import broken
from tests.journeys.people import DECLINED, GOOD, People, Person

BUYERS = 6
LEAST = 30
"""Purchases beside the readings."""


@pytest.fixture(scope="module")
def mall() -> Iterator[Mall]:
    with running_mall(MALL_AUDIT_EVERY_SECONDS="0.5", MALL_AUDIT_REST="1", MALL_AUDIT_GRACE_SECONDS="20") as running:
        yield running


def environ(mall: Mall, **more: str) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("MALL_")}
    given |= {f"MALL_{name.upper()}_PORT": str(port) for name, port in mall.ports.items() if name != "redis"}
    return given | {"MALL_ENV": "dev", "MALL_DATA": str(mall.folder)} | more


def audit(mall: Mall, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mall", "audit", *words]
    return subprocess.run(command, env=environ(mall, **more), capture_output=True, text=True, timeout=90, check=False)


def page(mall: Mall, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(mall.url("audit") + path, timeout=5) as answer:  # noqa: S310 - our own http URL
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


async def buying(buyer: Person, product: str, stop: asyncio.Event, bought: list[str]) -> None:
    """Buys, is declined now and then, and cancels every fourth order."""
    number = 0
    while not stop.is_set() or len(bought) < LEAST:
        number += 1
        assert (await buyer.add(product)).status == 200
        told = await buyer.check_out(DECLINED if number % 5 == 0 else GOOD)
        assert told.status in {200, 402}, told.body
        if told.status == 200:
            bought.append(told.json["order_id"])
            if number % 4 == 0:
                assert (await buyer.call("PUT", f"/api/v1/orders/{bought[-1]}/cancel", {})).status == 200


@pytest.mark.requirement(166)
async def test_it_is_clean_while_people_buy(mall: Mall) -> None:
    stop, bought = asyncio.Event(), list[str]()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        people = People(session, mall.gateway)
        product = await people.product(stock=100_000)
        buyers = [await people.shopper() for _ in range(BUYERS)]
        load = asyncio.gather(*(buying(buyer, product, stop, bought) for buyer in buyers))
        while len(bought) < BUYERS:
            await asyncio.sleep(0.01)
        beside = await asyncio.to_thread(audit, mall, "--json")
        stop.set()
        await load
        assert (await buyers[0].call("DELETE", "/api/v1/users/me")).status == 204, "who leaves, leaves books that fit"
    report = json.loads(beside.stdout)
    assert (beside.returncode, report["clean"]) == (0, True), beside.stdout + beside.stderr
    at_rest = await asyncio.to_thread(audit, mall)
    assert at_rest.returncode == 0, at_rest.stdout
    assert at_rest.stdout.splitlines()[-1].startswith("audit: clean")
    assert f"{len(bought)} done" in at_rest.stdout


@pytest.mark.requirement(166, 187)
def test_what_is_violated_is_told_with_status_1_and_by_the_part(mall: Mall) -> None:
    assert until_page(mall, "/health", 200)
    order_id = some_paid_order(mall.folder)
    with broken(mall.folder, "payment", "accounts", order_id, lambda it: it.update(ledger=it["ledger"] * 2)):
        told = audit(mall, "--grace", "1")
        assert told.returncode == 1, told.stdout + told.stderr
        assert "VIOLATED ledger" in told.stdout
        assert f"    {order_id}: captured" in told.stdout
        assert until_page(mall, "/health", 503)
        _, metrics = page(mall, "/metrics")
        assert 'mall_invariant_violations{invariant="ledger"} 1.0' in metrics
        assert 'mall_invariant_violations{invariant="stock-balance"} 0.0' in metrics
        assert "mall_audit_last_success_timestamp" in metrics
        assert page(mall, "/live")[0] == page(mall, "/ready")[0] == 200
    assert until_page(mall, "/health", 200)


def test_a_service_that_cannot_be_asked_is_named_with_status_2(mall: Mall) -> None:
    away = audit(mall, MALL_ORDER_URL="http://127.0.0.1:1", MALL_AUDIT_WAIT_SECONDS="0.3")
    assert (away.returncode, away.stdout) == (2, "")
    assert away.stderr == "mall audit: order cannot be reached at http://127.0.0.1:1\n"
    stranger = audit(mall, MALL_AUDIT_CLIENT_SECRET="not-the-secret-of-it", MALL_AUDIT_WAIT_SECONDS="0.3")
    assert stranger.returncode == 2
    assert "no token for order" in stranger.stderr
    wrong = audit(mall, MALL_AUDIT_GRACE_SECONDS="long")
    assert wrong.returncode == 2
    assert "MALL_AUDIT_GRACE_SECONDS in the environment: 'long' does not fit" in wrong.stderr


def some_paid_order(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "order.db", timeout=5)) as store:
        ((order_id,),) = store.execute("SELECT id FROM orders WHERE status = 'paid' LIMIT 1").fetchall()
    return str(order_id)


def until_page(mall: Mall, path: str, status: int) -> bool:
    """Whether the page answers so within some rounds."""
    ends = time.monotonic() + 15
    while time.monotonic() < ends:
        if page(mall, path)[0] == status:
            return True
        time.sleep(0.05)
    return False
