"""`/health` tells which part of a service is away, and when it is back; `/ready` stays as it is: the shop sells on without the bus."""

import asyncio
from pathlib import Path

import pytest

from tests.buses.brokers import PASSWORD, redis_broker
from tests.mallhouse import House, house

PATIENCE = 20.0


async def told(mall: House, path: str) -> tuple[int, str]:
    answer = await mall.call("order", "GET", path)
    return answer.status, answer.body.decode()


@pytest.mark.requirement(71)
async def test_a_bus_that_is_away_is_told_until_it_is_back(tmp_path: Path) -> None:
    async with (
        redis_broker(tmp_path / "bus") as broker,
        house(tmp_path / "mall", MALL_REDIS_URL=broker.environ["BUS_URL"], MALL_REDIS_PASSWORD=PASSWORD) as mall,
    ):
        status, body = await told(mall, "/health")
        assert (status, '"bus":"ok"' in body, '"store":"ok"' in body) == (200, True, True), body
        broker.kill()
        status, body = await told(mall, "/health")
        assert (status, '"bus":"away"' in body, '"store":"ok"' in body) == (503, True, True), body
        assert (await told(mall, "/ready"))[0] == 200
        await broker.start()
        async with asyncio.timeout(PATIENCE):
            while (await told(mall, "/health"))[0] != 200:
                await asyncio.sleep(0.05)


@pytest.mark.requirement(71)
async def test_a_neighbour_that_is_away_is_told(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "order") as mall:
        status, body = await told(mall, "/health")
        assert (status, '"auth":"ok"' in body or '"identity":"ok"' in body, '"product":"away"' in body) == (503, True, True), body
