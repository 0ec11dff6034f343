"""The audit as a part goes on, whatever a round meets."""

import asyncio

import pytest

from mall.auditing.app import Rounds
from mall.auditing.asking import Asking, asking
from mall.auditing.books import Books
from mall.auditing.settings import Settings
from mallkit import background
from mallkit.metrics import ServerMetrics


class Odd(Asking):
    """Its first reading meets what nobody foresaw."""

    reads = 0

    async def read(self) -> Books:
        """An empty mall from the second time on."""
        self.reads += 1
        if self.reads == 1:
            raise ZeroDivisionError
        return Books()


@pytest.mark.requirement(187)
async def test_a_round_that_fails_is_told_and_the_next_one_comes() -> None:
    secret = "a-secret-of-tests"
    auth = {"auth": "http://127.0.0.1:1"}
    settings = Settings(env="test", client_secret=secret, fingerprint_key=secret, neighbours=auth, every_seconds=0.05, rest=0.0)
    rounds = Rounds(settings, ServerMetrics())
    async with asking(settings, ()) as mall:
        odd = Odd(settings, {}, mall._readers, None)  # noqa: SLF001 - it reads nobody
        async with background.running(rounds.job(odd)) as jobs, asyncio.timeout(10):
            while rounds.state != "the round failed":
                await asyncio.sleep(0.005)
            while rounds.state != "ok":
                await asyncio.sleep(0.005)
            assert all(jobs.alive().values())
