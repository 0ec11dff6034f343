"""Pieces that come back, and what of the money goes back with them. Pure.

The receipt decides: a line that names a product belongs to that product's pieces, one that names none to the purchase as a whole. What all
returns are worth together depends on the pieces alone, not on the steps in which they came: so partial refunds add up to the payment.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from contracts.order_events import PiecesReturned
from contracts.order_words import MoreThanShipped, WrongStatus
from svc_order.domain.order import MONEY_TAKEN, Charge, Order, Return
from svc_order.domain.owed import AT_ONCE
from svc_order.domain.timeline import Origin, entry


def worth(receipt: Sequence[Charge], ordered: Mapping[str, int], returned: Mapping[str, int], total: int) -> int:
    """Minor units for these returned pieces in all: of each product its share of the product's lines, rounded half up.

    The lines of the whole purchase (shipping) go back with the last piece: then it is the total. Never less than nothing, nor more than
    the total, however strange the discounts are.
    """
    if all(returned.get(product_id, 0) >= pieces for product_id, pieces in ordered.items()):
        return total
    net: Counter[str] = Counter()
    for charge in receipt:
        net[charge.product_id] += charge.minor
    back = sum(
        (2 * net[product_id] * returned.get(product_id, 0) + pieces) // (2 * pieces)
        for product_id, pieces in ordered.items()
        if returned.get(product_id, 0)
    )
    return min(max(back, 0), total)


def left_to_return(order: Order) -> Counter[str]:
    """Product → pieces that left the house and have not come back."""
    return order.shipped - order.returned


def take_back(order: Order, wished: Return, origin: Origin) -> Order | tuple[Order, PiecesReturned]:
    """These pieces have come back: their money is owed to the buyer, and those to be restocked to the stock.

    The same return again changes nothing. Raises WrongStatus, MoreThanShipped.
    """
    if any(each.id == wished.id for each in order.returns):
        return order
    if order.status not in MONEY_TAKEN:
        message = f"the order is {order.status.value}: nothing of it can come back"
        raise WrongStatus(message, order_id=order.id, order_status=order.status.value)
    _check(wished, left_to_return(order))
    after = replace(order, returns=(*order.returns, wished))
    before = sum(each.minor for each in order.returns)
    minor = max(worth(order.receipt, order.ordered, after.returned, order.total_minor) - before, 0)
    reason = "" if order.forgotten else wished.reason  # nobody comes again to forget it
    back = replace(wished, at=origin.at, minor=minor, reason=reason)
    noted = replace(
        order,
        returns=(*order.returns, back),
        updated=origin.at,
        due=origin.at + AT_ONCE,
        timeline=(*order.timeline, entry(origin, "return", back.id)),
    )
    event = PiecesReturned(
        order_id=order.id,
        user_id=order.user_id,
        return_id=back.id,
        amount_minor=minor,
        currency=order.currency,
        day=order.day,
        pieces=sum(line.quantity for line in back.lines),
    )
    return noted, event


def _check(wished: Return, left: Counter[str]) -> None:
    wanted: Counter[str] = Counter()
    for line in wished.lines:
        wanted[line.product_id] += line.quantity
    for product_id, pieces in wanted.items():
        if pieces > left[product_id]:
            raise MoreThanShipped(product_id=product_id, left=left[product_id])
