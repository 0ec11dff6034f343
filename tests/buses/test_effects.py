"""Through relay, intake and failure desk: every event has its effect once, whatever the bus, a consumer or a message does."""

import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mallkit.bus import Bus
from mallkit.desk_endpoints import FailureFinished, FailureStatus, FailureUnknown
from mallkit.events import encode
from tests.buses.brokers import RedisBroker
from tests.buses.counting import TALLIES, Tally
from tests.buses.taking import take, until
from tests.buses.village import Counter, Market, Village

SALES = [f"sale{number}" for number in range(60)]


def written(**other: str) -> bytes:
    """An event by hand."""
    event = {"specversion": "1.0", "id": "1", "source": "market", "type": "market.sold", "subject": "s", "time": "2026-01-01T00:00:00Z"}
    return json.dumps({**event, "sequence": 1, "data": {"sale_id": "s", "pieces": 1}, **other}).encode()


@pytest.fixture
def village(tmp_path: Path, broker: RedisBroker) -> Village:
    return Village(tmp_path, broker)


@pytest.fixture
async def market(village: Village) -> AsyncIterator[Market]:
    async with village.market() as opened:
        yield opened


@pytest.fixture
async def counter(village: Village) -> AsyncIterator[Counter]:
    async with village.counter() as opened:
        yield opened


async def counted(counter: Counter, sales: int) -> None:
    """Waits for so many sales, and sees that none was counted twice."""
    await until(lambda: counter.has(sales))
    assert await counter.total() == Tally("all", 3 * sales, sales)
    assert {tally.times for tally in (await counter.store[TALLIES].find({}, limit=1000)).items if tally.id != "all"} == {1}


async def messages(market: Market) -> list[bytes]:
    """All that the market has published."""
    return [encode(entry, "market") for entry in await market.store.outbox(0, 1000)]


async def drained(bus: Bus, counter: Counter) -> None:
    """Waits until the counter has had all that is on the bus, by a message that comes last and is the only one at its desk."""
    await bus.publish("market", [b"the end"], await bus.position("market") or 0)

    async def failures() -> list[bytes]:
        return [failure.message for failure in (await counter.events.desk.page(None, None, 100)).items]

    async def has_come() -> bool:
        return b"the end" in await failures()

    await until(has_come)
    assert await failures() == [b"the end"]


@pytest.mark.requirement(165)
async def test_every_service_has_the_effect_of_every_event_once(village: Village, market: Market, counter: Counter) -> None:
    async with village.counter("another") as another:
        await market.sell(*SALES)
        await counted(counter, len(SALES))
        await counted(another, len(SALES))


@pytest.mark.requirement(187)
async def test_duplicates_in_any_order_have_their_effect_once(bus: Bus, market: Market, counter: Counter) -> None:
    await market.sell(*SALES)
    await counted(counter, len(SALES))
    again = await messages(market) * 3
    random.Random(5).shuffle(again)
    for begin in range(0, len(again), 50):
        await bus.publish("market", again[begin : begin + 50], len(SALES))
    await drained(bus, counter)
    await counted(counter, len(SALES))


@pytest.mark.requirement(177)
async def test_two_copies_share_the_work(bus: Bus, village: Village, market: Market, counter: Counter) -> None:
    async with village.market("2") as second, village.counter("counter", "2") as helper:
        for place, sale in enumerate(SALES):
            await (market, second)[place % 2].sell(sale)
        await counted(counter, len(SALES))
        await counted(helper, len(SALES))
    on_the_bus = [delivery.body for delivery in await take(bus.subscribe(["market"], "looking", "one"), len(SALES))]
    assert sorted(on_the_bus) == sorted(await messages(market))


@pytest.mark.requirement(60, 61)
@pytest.mark.parametrize(
    ("poison", "slug"),
    [
        (b"\xff\x00 no JSON", "event/undecodable"),
        (b'{"specversion": "1.0"}', "event/undecodable"),
        (written(specversion="0.3"), "event/undecodable"),
        (written(type="market.burnt"), "event/unknown"),
        (written(type="market.sold.v9"), "event/future-version"),
    ],
    ids=["bytes", "incomplete", "old", "unknown", "future"],
)
async def test_poison_lands_at_the_desk_and_blocks_nothing(bus: Bus, market: Market, counter: Counter, poison: bytes, slug: str) -> None:
    await market.sell(*SALES[:5])
    await until(lambda: counter.has(5))
    await bus.publish("market", [poison], await bus.position("market") or 0)
    await market.sell(*SALES[5:10])
    await counted(counter, 10)
    (failure,) = (await counter.events.desk.page(None, None, 10)).items
    assert (failure.error, failure.status, failure.message) == (slug, FailureStatus.FAILED, poison)


@pytest.mark.requirement(43, 44)
async def test_what_fails_twice_ends_well_with_its_effect_once(market: Market, counter: Counter) -> None:
    desk = counter.events.desk
    counter.ports.failures["bad"] = 2
    await market.sell(*SALES[:3], "bad", *SALES[3:6])
    await until(lambda: counter.has(6))
    (failure,) = (await desk.page(None, None, 10)).items
    while counter.ports.failures["bad"]:
        assert (await desk.retry(failure.id)).status is FailureStatus.PENDING
    assert (await desk.retry(failure.id)).status is FailureStatus.SUCCESS
    await counted(counter, 7)
    with pytest.raises(FailureFinished):
        await desk.retry(failure.id)
    with pytest.raises(FailureUnknown):
        await desk.retry("nobody knows it")
    await counted(counter, 7)


@pytest.mark.requirement(45)
async def test_what_failed_once_is_tried_again_by_the_job(market: Market, counter: Counter) -> None:
    counter.ports.failures["bad"] = 1
    await market.sell(*SALES[:3], "bad")
    await counted(counter, 4)
    (failure,) = (await counter.events.desk.page(None, None, 10)).items
    assert failure.status is FailureStatus.SUCCESS


@pytest.mark.requirement(187)
async def test_the_bus_away_for_a_while_the_market_sells_on(broker: RedisBroker, market: Market, counter: Counter) -> None:
    await market.sell(*SALES[:20])
    await until(lambda: counter.has(20))
    broker.kill()
    await market.sell(*SALES[20:40])
    await broker.start()
    await market.sell(*SALES[40:])
    await counted(counter, len(SALES))


@pytest.mark.requirement(187)
async def test_a_bus_that_lost_everything_is_given_it_again(bus: Bus, broker: RedisBroker, market: Market, counter: Counter) -> None:
    """Nothing new has to happen for that."""
    await market.sell(*SALES)
    await counted(counter, len(SALES))
    await broker.come_back_empty()

    async def has_all() -> bool:
        return len(await take(bus.subscribe(["market"], "looking", "one"), len(SALES))) >= len(SALES)

    await until(has_all)
    await drained(bus, counter)
    await counted(counter, len(SALES))


@pytest.mark.requirement(187)
async def test_what_a_service_that_was_away_missed_comes_to_it(village: Village, market: Market) -> None:
    async with village.counter() as counter:
        await market.sell(*SALES[:20])
        await until(lambda: counter.has(20))
    await market.sell(*SALES[20:])
    async with village.counter() as counter:
        await counted(counter, len(SALES))
