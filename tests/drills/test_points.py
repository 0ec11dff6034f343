"""Six of the named steps, at which a process ends itself; `make drills` does it at every one."""

import pytest

from tests.drills.running import drilled

SIX = (
    "checkout.pay:after", "order.paid:before-commit", "payment.capturing:after-commit", "payment.booked:before-commit",
    "allotment.take:after-commit", "relay.publish:after",
)  # fmt: skip


@pytest.mark.requirement(166, 187)
def test_six_crash_points_lose_nothing() -> None:
    told = drilled("crash-points", *(word for point in SIX for word in ("--at", point)))
    assert told.returncode == 0, told.stdout + told.stderr
    assert "6 points tried, 6 kills" in told.stdout
