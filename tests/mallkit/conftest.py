"""The store that the contract tests run on, every driver in turn; and a service that hears of events."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mallkit.store import Store
from tests.mallkit.books import Opener, sqlite
from tests.mallkit.ledger import Ledger, ledger


@pytest.fixture(params=[sqlite])
def opener(request: pytest.FixtureRequest) -> Opener:
    opener: Opener = request.param
    return opener


@pytest.fixture
async def store(opener: Opener, tmp_path: Path) -> AsyncIterator[Store]:
    async with opener(tmp_path) as store:
        yield store


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Ledger]:
    """A service that hears of books."""
    async with ledger(tmp_path) as opened:
        yield opened
