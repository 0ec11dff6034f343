"""A gateway with an issuer and a service that tells what reached it."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.neighbourhood import Gate, gate


@pytest.fixture
async def mall() -> AsyncIterator[Gate]:
    """Ready."""
    async with gate() as opened:
        yield opened
