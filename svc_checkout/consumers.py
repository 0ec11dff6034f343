"""What the checkout service does with events of orders: a coupon's use follows the order that it was held for."""

from collections.abc import Sequence

from contracts import order
from mallkit.consumers import Mode, consumes
from mallkit.events import Envelope
from mallkit.store import Step
from svc_checkout.ports import Ports


@consumes(order.OrderCancelled, Mode.EACH)
async def give_coupon_back(event: order.OrderCancelled, _: Envelope, ports: Ports) -> Sequence[Step] | None:
    """Whoever cancels may use it again, paid or not. Giving back is keyed by the checkout: twice is once."""
    return [] if event.hold_id and await ports.coupons.give_back(event.hold_id) else None


@consumes(order.OrderFailed, Mode.EACH)
async def give_coupon_of_failed_back(event: order.OrderFailed, _: Envelope, ports: Ports) -> Sequence[Step] | None:
    """As of one that is cancelled."""
    return [] if event.hold_id and await ports.coupons.give_back(event.hold_id) else None


@consumes(order.OrderPaid, Mode.EACH)
async def take_coupon(event: order.OrderPaid, _: Envelope, ports: Ports) -> Sequence[Step] | None:
    """An order that was placed first and is paid later: nobody else takes its coupon."""
    return [] if event.hold_id and await ports.coupons.take(event.hold_id) else None
