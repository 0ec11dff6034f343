"""Steps that people, services and the clock make: cancelling, giving up, completing, and by hand to any status. Pure."""

from dataclasses import replace

from contracts.order_events import OrderCancelled, OrderCompleted, OrderFailed
from contracts.order_words import BeingPaid, PartlyShipped, Status
from mallkit.times import has_come
from svc_order.domain.order import Order
from svc_order.domain.owed import AT_ONCE
from svc_order.domain.timeline import Origin

NOT_PAID = "not paid in time"


def cancel(order: Order, reason: str, origin: Origin) -> Order | tuple[Order, OrderCancelled]:
    """Cancels; money already taken and stock are owed back. Again, it changes nothing. Raises BeingPaid, PartlyShipped or WrongStatus."""
    if order.status is Status.CANCELLED:
        return order
    if order.status is Status.PAYING:
        raise BeingPaid(order_id=order.id)
    if order.status is Status.PAID and order.shipments:
        raise PartlyShipped(order_id=order.id)
    sold = order.ordered.total() if order.status is Status.PAID else 0
    cancelled = replace(order.to(Status.CANCELLED, origin), owes=True, takes=False, due=origin.at + AT_ONCE, reason=reason)
    event = OrderCancelled(
        order_id=order.id,
        user_id=order.user_id,
        owes_rest=order.status is Status.PAID,
        hold_id=order.hold_id,
        day=order.day,
        pieces=sold,
    )
    return cancelled, event


def fail(order: Order, reason: str, origin: Origin) -> Order | tuple[Order, OrderFailed]:
    """Gives a pending order up; its stock is owed back. Again, it changes nothing. Raises BeingPaid or WrongStatus."""
    if order.status is Status.FAILED:
        return order
    if order.status is Status.PAYING:
        raise BeingPaid(order_id=order.id)
    failed = replace(order.to(Status.FAILED, origin), owes=True, due=origin.at + AT_ONCE, reason=reason)
    return failed, OrderFailed(order_id=order.id, user_id=order.user_id, hold_id=order.hold_id, day=order.day)


def complete(order: Order, origin: Origin) -> Order | tuple[Order, OrderCompleted]:
    """All of it has arrived. Again, it changes nothing. Raises WrongStatus."""
    if order.status is Status.COMPLETED:
        return order
    return order.to(Status.COMPLETED, origin), OrderCompleted(order_id=order.id, user_id=order.user_id, day=order.day)


def is_overdue(order: Order, now: float) -> bool:
    """Whether it was to be paid by now and nobody has begun to.

    One placed by a clock that was ahead is overdue too: its time would not come as long as that clock was wrong.
    """
    return bool(order.pay_by) and order.status is Status.PENDING and has_come(order.pay_by, now, order.pay_by - order.created)


def expire(order: Order, origin: Origin) -> Order | tuple[Order, OrderCancelled]:
    """Cancels what is overdue."""
    return cancel(order, NOT_PAID, origin) if is_overdue(order, origin.at) else order
