"""The whole mall on a bus that goes away: it sells on, and afterwards every event has come where it belongs, once in effect."""

import contextlib
import sqlite3
import time
from pathlib import Path

import pytest

from mallkit.bus import Bus
from mallkit.events import decode
from tests.buses.brokers import PASSWORD, RedisBroker
from tests.buses.taking import take, until
from tests.journeys.people import People, Person
from tests.mallhouse import House, house

PUBLISHERS = ("auth", "user", "product", "cart", "order", "payment", "checkout")


@pytest.mark.requirement(165, 187)
async def test_the_mall_sells_on_without_its_bus_and_nothing_is_lost(tmp_path: Path, broker: RedisBroker, bus: Bus) -> None:
    async with house(tmp_path, MALL_REDIS_URL=broker.environ["BUS_URL"], MALL_REDIS_PASSWORD=PASSWORD) as mall:
        people = People(mall.session, mall.url("gateway"))
        ann, product = await people.shopper(), await people.product(100)
        first = await ann.bought(product)
        await _refund(people, first, 5)
        await until(lambda: _shows(ann, first, 5))

        broker.kill()
        began = time.monotonic()
        second = await ann.bought(product)
        await _refund(people, first, 3)
        await _refund(people, second, 4)
        assert time.monotonic() - began < 5
        assert (await ann.order(first["order_id"]))["refunded"] == 5
        await broker.come_back_empty()

        await until(lambda: _shows(ann, first, 8))
        await until(lambda: _shows(ann, second, 4))
        saved = _saved(mall)
        assert len(saved) >= 9  # placed, paid and captured twice; three refunds
        published = [decode(delivery.body).id for delivery in await take(bus.subscribe(PUBLISHERS, "looking", "one"), len(saved))]
        assert set(published) == saved
        failures = await (await people.operator()).call("GET", "/api/v1/failures")
        assert (failures.status, failures.json["items"]) == (200, [])


async def _refund(people: People, bought: dict[str, str], amount: float) -> None:
    path, key = f"/api/v1/payments/{bought['transaction_id']}/refunds", f"{bought['order_id']}-{amount}"
    told = await (await people.operator()).call("POST", path, {"reason": "damaged", "amount": amount}, key=key)
    assert told.status == 201, told.body


async def _shows(buyer: Person, bought: dict[str, str], refunded: float) -> bool:
    return bool((await buyer.order(bought["order_id"]))["refunded"] == refunded)


def _saved(mall: House) -> set[str]:
    """The ids of all events in the services' stores."""
    ids = set[str]()
    for name in PUBLISHERS:
        with contextlib.closing(sqlite3.connect(mall.folder / f"{name}.db")) as store:
            ids |= {event for (event,) in store.execute("SELECT id FROM _outbox")}
    return ids
