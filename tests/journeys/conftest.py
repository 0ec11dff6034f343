"""The whole mall as `mall up` runs it: real processes, one for all tests of this folder."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from mall.running import Mall, running_mall
from tests.journeys.collector import Collector, collecting
from tests.journeys.people import TWO_PROVIDERS, People


@pytest.fixture(scope="session")
def mall() -> Iterator[Mall]:
    # Every test comes from one address: the limit of tries is another folder's test.
    # Whoever is forgotten is forgotten within a test.
    with running_mall(
        MALL_AUTH_TRIES_PER_ADDRESS="100000",
        MALL_CART_GUESTS_PER_ADDRESS="100000",
        MALL_USER_STRAGGLING_SECONDS="0.5",
        MALL_USER_CLOSING_SECONDS="0.5",
        **TWO_PROVIDERS,
    ) as running:
        yield running


@pytest.fixture
async def people(mall: Mall) -> AsyncIterator[People]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield People(session, mall.gateway)


@pytest.fixture(scope="session")
def watched() -> Iterator[tuple[Mall, Collector]]:
    """Another mall, whose spans are collected."""
    with collecting() as collector, running_mall(MALL_OTLP_ENDPOINT=collector.url, **TWO_PROVIDERS) as running:
        yield running, collector
