"""A small mall with Ann in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.mallhouse import house
from tests.svc_cart.shopping import Shopping


@pytest.fixture
async def shopping(tmp_path: Path) -> AsyncIterator[Shopping]:
    """Auth, product and cart; prices are remembered for as long as in production."""
    async with house(tmp_path, "auth", "product", "cart", MALL_CART_LOOK_UP_SECONDS="0.3") as mall:
        yield await Shopping.begin(mall)
