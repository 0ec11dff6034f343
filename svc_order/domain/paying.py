"""The referee of payment: one attempt at a time, one capture ever. Pure."""

from dataclasses import replace

from contracts.order_events import OrderPaid, OrderRefunded
from contracts.order_words import AlreadyPaid, AmountWrong, AttemptEnded, BeingPaid, Status, WrongStatus
from mallkit.money import Money
from svc_order.domain.order import MONEY_TAKEN, Order
from svc_order.domain.timeline import Origin, entry


def begin_payment(order: Order, attempt: str, user_id: str, asked: Money | None, origin: Origin) -> Order:
    """The order is *paying* and belongs to the attempt. One wins; the same attempt again changes nothing.

    Raises Missing for another owner, AlreadyPaid, AmountWrong, AttemptEnded, BeingPaid or WrongStatus.
    """
    order.of(user_id)
    if attempt in order.ended:
        raise AttemptEnded(order_id=order.id)
    if attempt == order.attempt:
        return order
    if order.status in MONEY_TAKEN:
        raise AlreadyPaid(order_id=order.id)
    if asked is not None and asked != order.total:
        raise AmountWrong(order_id=order.id)
    if order.status is Status.PAYING:
        raise BeingPaid(order_id=order.id)
    return replace(order.to(Status.PAYING, origin), attempt=attempt)


def end_payment(order: Order, attempt: str, origin: Origin) -> Order:
    """The attempt took no money and never will; another may begin. Raises WrongStatus if it did take money."""
    if attempt == order.attempt:
        if order.status in MONEY_TAKEN or order.transaction_id:
            message = "this attempt has paid the order"
            raise WrongStatus(message, order_id=order.id, order_status=order.status.value)
        return replace(order.to(Status.PENDING, origin), attempt="", ended=(*order.ended, attempt))
    if attempt in order.ended:
        return order
    return replace(order, ended=(*order.ended, attempt))


def mark_paid(order: Order, attempt: str, transaction_id: str, origin: Origin) -> Order | tuple[Order, OrderPaid]:
    """The attempt has captured the money. Raises WrongStatus where the order does not belong to it."""
    if order.attempt != attempt:
        message = "the order does not belong to this attempt"
        raise WrongStatus(message, order_id=order.id, order_status=order.status.value)
    if order.transaction_id == transaction_id:
        return order
    paid = replace(order.to(Status.PAID, origin), transaction_id=transaction_id)
    if order.pay_by:
        paid = replace(paid, takes=True, due=origin.at)
    event = OrderPaid(
        order_id=order.id,
        user_id=order.user_id,
        transaction_id=transaction_id,
        total_minor=order.total_minor,
        currency=order.currency,
        day=order.day,
        hold_id=order.hold_id if order.pay_by else "",
        pieces=order.ordered.total(),
    )
    return paid, event


def note_refund(order: Order, refund_id: str, minor: int, origin: Origin) -> Order | tuple[Order, OrderRefunded]:
    """A refund has been paid out; told again, it changes nothing."""
    if refund_id in order.refunds:
        return order
    noted = replace(order, refunds={**order.refunds, refund_id: minor}, timeline=(*order.timeline, entry(origin, "refund", refund_id)))
    event = OrderRefunded(
        order_id=order.id, user_id=order.user_id, refund_id=refund_id, amount_minor=minor, currency=order.currency, day=order.day
    )
    return noted, event
