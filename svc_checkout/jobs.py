"""What the checkout service does beside answering: ends what dead processes left, and completes uses of coupons."""

from collections.abc import Sequence
from functools import partial

from mallkit.background import Job, once
from mallkit.leases import Leases
from svc_checkout.ports import Ports
from svc_checkout.use_cases import buy

COUPON_SECONDS = 5.0


def of(ports: Ports, leases: Leases, recover_seconds: float) -> Sequence[Job]:
    """The jobs of one copy; those under a lease run in the copy that holds it."""
    return (
        once(partial(buy.resume, ports), "checkouts.resume"),
        leases.job(recover_seconds, partial(buy.recover_all, ports), "checkouts.recover"),
        leases.job(COUPON_SECONDS, ports.coupons.settle, "coupons.settle"),
    )
