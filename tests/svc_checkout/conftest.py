"""Malls shared by the tests of a module."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.svc_checkout.buying import PARTS, Buying, buying


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """A bank that is slow for seconds, and a checkout that waits less."""
    async with buying(
        tmp_path_factory.mktemp("mall"), *PARTS, "user", MALL_BANK_SLOW_SECONDS="4", MALL_CHECKOUT_ANSWER_SECONDS="3"
    ) as running:
        yield running
