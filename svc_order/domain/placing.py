"""An order's beginning, its taking back by the saga that placed it, and the forgetting of its buyer. Pure."""

from dataclasses import replace

from contracts.order_events import OrderCancelled, OrderPlaced
from contracts.order_words import BeingPaid, Status, WrongStatus
from svc_order.domain.order import MONEY_TAKEN, NOBODY, Order
from svc_order.domain.timeline import Origin


def tombstone(order_id: str, now: float) -> Order:
    """What stays of an order that was undone before it was placed."""
    return Order(order_id, "", Status.CANCELLED, 0, "", now, now)


def place(found: Order, wished: Order) -> Order | tuple[Order, OrderPlaced]:
    """The order as it was placed the first time. Raises WrongStatus where it has been undone already."""
    if found is not wished:
        if found.user_id != wished.user_id:
            message = "the order was undone before it was placed"
            raise WrongStatus(message, order_id=found.id)
        return found
    event = OrderPlaced(
        order_id=wished.id, user_id=wished.user_id, total_minor=wished.total_minor, currency=wished.currency, day=wished.day
    )
    return wished, event


def undo(order: Order, origin: Origin) -> Order | tuple[Order, OrderCancelled]:
    """The saga takes back what it placed; it gives the stock back itself. Raises BeingPaid or WrongStatus."""
    if order.status in {Status.CANCELLED, Status.FAILED}:
        return order
    if order.status is Status.PAYING:
        raise BeingPaid(order_id=order.id)
    if order.status in MONEY_TAKEN:
        message = "the order has been paid"
        raise WrongStatus(message, order_id=order.id, order_status=order.status.value)
    undone = order.to(Status.CANCELLED, origin)
    return undone, OrderCancelled(order_id=order.id, user_id=order.user_id, owes_rest=False, hold_id=order.hold_id, day=order.day)


def forget(order: Order) -> Order:
    """Without its buyer and what people wrote about it; lines, sums and the country stay, for the books and for tax.

    Not before it is over.
    """
    if order.forgotten or not order.over:
        return order
    returns = tuple(replace(each, reason="") for each in order.returns)
    return replace(order, buyer=replace(NOBODY, country=order.buyer.country), reason="", returns=returns, forgotten=True)
