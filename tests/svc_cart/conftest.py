"""A small mall with Ann in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.mallhouse import house
from tests.svc_cart.shopping import Shopping


@pytest.fixture
async def shopping(tmp_path: Path) -> AsyncIterator[Shopping]:
    """Auth, product and cart."""
    async with house(tmp_path, "auth", "product", "cart") as mall:
        yield await Shopping.begin(mall)
