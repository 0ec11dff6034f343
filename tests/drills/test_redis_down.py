"""Redis is away for a while: the shop sells on, and afterwards every event is published and taken in."""

import re

import pytest

from tests.drills.running import drilled


@pytest.mark.requirement(165, 187)
def test_the_shop_sells_on_without_redis_and_no_event_is_lost() -> None:
    told = drilled("redis-down", "--seconds", "4")
    assert told.returncode == 0, told.stdout + told.stderr
    sold = re.search(r"(\d+) sold without Redis", told.stdout)
    assert sold, told.stdout
    assert int(sold[1]) >= 4
