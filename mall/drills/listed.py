"""The drills that there are, and the two sets that `make drills` runs."""

from mall.drills import kills, points, weather
from mall.drills.play import Drill
from mall.drills.stage import Wish

IMPATIENT = {"double_click": 55, "two_tabs": 30, "hasty": 15}
DISK_MIB = 48
HURRIED = {
    "MALL_CHECKOUT_ANSWER_SECONDS": "3", "MALL_CHECKOUT_LEASE_SECONDS": "4", "MALL_CHECKOUT_RECOVER_SECONDS": "0.5",
    "MALL_PAYMENT_ATTEMPT_SECONDS": "2", "MALL_PAYMENT_ACTION_SECONDS": "4",
    "MALL_PAYMENT_SETTLE_SECONDS": "0.3", "MALL_USER_CLOSING_SECONDS": "0.5",
    "MALL_ORDER_PAY_WITHIN": "3",
}  # fmt: skip
"""So that jobs come to their steps while a neighbour stands still."""

_ALL = (
    Drill("kill-payment", "payment is killed with -9 again and again", kills.payment),
    Drill("kill-each", "every process in turn, Redis and the bank too, is killed with -9", kills.each),
    Drill("kill-random", "any process is killed with -9 at any moment", kills.at_random),
    Drill("kill-copy", "two copies of each service; each one is killed while the other serves", kills.copies, copies=2),
    Drill("pause", "processes stand still (SIGSTOP), some for longer than their leases, and go on", kills.pauses),
    Drill("restart-under-load", "each copy of each service in turn is stopped in good order and started again", kills.restarts, copies=2),
    Drill("slow-bank", "the bank answers late, at times after the shop has stopped waiting", weather.slow_bank),
    Drill("bank-loses-answers", "the bank does what it is asked for, and three answers in ten get lost", weather.losing_bank),
    Drill("double-click-storm", "people click again and again, and answers of the bank get lost", weather.storm, habits=IMPATIENT),
    Drill("redis-down", "Redis is away while the shop sells on; then every event goes out", weather.redis_down),
    Drill("full-disk", "the disk is filled to the last byte while people buy", weather.full_disk, needs=("root",), disk=DISK_MIB),
    Drill("clock-jump", "all clocks go an hour forward, then an hour back", weather.clock_jump, needs=("libfaketime",), clock=True),
    Drill(
        "crash-points", "each process ends itself at each of its named steps, and each late call arrives late", points.all_of_them,
        settings=HURRIED, regrets=0.3,
    ),
)  # fmt: skip
DRILLS = {drill.name: drill for drill in _ALL}

HANDFUL = (
    "checkout.hold:after", "checkout.done:before-commit", "order.paid:after-commit", "payment.capture:before",
    "allotment.hold:before-commit", "bank.captured:after-commit",
)  # fmt: skip
SHORT = {
    "redis-down": Wish(seconds=8),
    "bank-loses-answers": Wish(seconds=8),
    "double-click-storm": Wish(seconds=8),
    "kill-random": Wish(times=15),
    "crash-points": Wish(at=HANDFUL),
}
"""What `.ci/run` has time for."""
