"""Payment is killed with -9 while people buy: nothing is lost, doubled or oversold, and everything that was begun ends."""

import re

import pytest

from tests.drills.running import drilled


@pytest.mark.requirement(166, 187)
def test_payment_may_die_again_and_again() -> None:
    told = drilled("kill-payment", "--seconds", "4")
    assert told.returncode == 0, told.stdout + told.stderr
    assert re.search(r"harm .*: [1-9]\d* kills", told.stdout)
    assert re.search(
        r"books +[1-9]\d* answered purchases, [1-9]\d* paid orders: 0 lost, 0 doubled, 0 oversold, 0 otherwise wrong", told.stdout
    )
    assert "audit      clean" in told.stdout
    assert told.stdout.endswith("PASS\n")
