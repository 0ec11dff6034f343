"""A running broker for each test, of every kind that the mall can use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mallkit.bus import Bus
from tests.buses.brokers import BROKERS, RedisBroker


@pytest.fixture(params=BROKERS)
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RedisBroker]:
    async with BROKERS[request.param](tmp_path) as running:
        yield running


@pytest.fixture
async def bus(broker: RedisBroker) -> AsyncIterator[Bus]:
    async with broker.open() as opened:
        yield opened
