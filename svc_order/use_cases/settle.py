"""What orders owe, done elsewhere by keyed calls that are repeated until they are answered; and the end of those that nobody pays."""

import asyncio

from contracts import payment, product
from contracts.order_words import Cause
from mallkit.background import side_by_side
from mallkit.errors import ShopError
from svc_order.domain import moving, owed
from svc_order.domain.order import Order, Return
from svc_order.ports import Ports
from svc_order.use_cases.steps import (
    EXPIRED,
    GIVE_BACK,
    POSTPONED,
    REFUND_PART,
    REFUND_REST,
    RETURN_PIECES,
    RETURN_SETTLED,
    SETTLED,
    TAKE,
    TAKEN,
    note,
    origin,
)

BATCH = 50


async def settle(order: Order, ports: Ports) -> Order:
    """Does what the order owes, and notes it when it is done.

    Pieces are taken before they come back: of what is only held, all would be released.
    """
    if order.takes:
        order = await _take(order, ports)
    if order.owes:
        return await _give_back(order, ports)
    return await _settle_returns(order, ports) if order.owing and not order.takes else order


async def _take(order: Order, ports: Ports) -> Order:
    """The stock of an order that was paid later. One cancelled meanwhile has given it back, and takes nothing."""
    try:
        await TAKE.taking(ports.products(product.take_hold, product.HoldOf(hold_id=order.hold_id)), of=order.hold_id)
    except product.HoldGone:
        newest = await ports.orders.get(order.id)
        if newest.takes:
            raise
        return newest
    return await note(TAKEN, order.id, owed.taken, ports)


async def _give_back(order: Order, ports: Ports) -> Order:
    """Pays back what is left of the money and gives the stock back, neither waiting for the other.

    The order still owes where the bank has not given its word, or has refused.
    """
    giving = ports.products(product.give_back, product.HoldOf(hold_id=order.hold_id))
    money, stock = _pay_back(order, ports), GIVE_BACK.taking(giving, of=order.hold_id)
    paid_back, given_back = await asyncio.gather(money, stock, return_exceptions=True)
    for outcome in (paid_back, given_back):
        if isinstance(outcome, BaseException):
            raise outcome
    if not paid_back:
        return order
    now = ports.clock()
    return await note(SETTLED, order.id, lambda newest: owed.settled(newest, now), ports)


async def _pay_back(order: Order, ports: Ports) -> bool:
    """Whether no money is owed any more."""
    if not order.transaction_id:
        return True
    wish = payment.RefundRest(order_id=order.id, key=f"cancel-{order.id}", reason=order.reason or "order cancelled")
    return (await REFUND_REST.taking(ports.payments(payment.refund_rest, wish), of=order.id)).done


async def _settle_returns(order: Order, ports: Ports) -> Order:
    """Money and pieces of every return that is open, neither waiting for the other."""
    open_ones = [each for each in order.returns if not each.settled]
    outcomes = await asyncio.gather(*(_refund(order, each, ports) for each in open_ones), _restock(order, ports), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    done = {each.id for each, paid_back in zip(open_ones, outcomes, strict=False) if paid_back}
    return await note(RETURN_SETTLED, order.id, lambda newest: owed.returns_settled(newest, done), ports)


async def _refund(order: Order, back: Return, ports: Ports) -> bool:
    """Whether the buyer has what the return is worth, or all that was left."""
    if not back.minor:
        return True
    wish = payment.RefundPart(order_id=order.id, key=back.refund_id, minor=back.minor, reason="pieces returned")
    return (await REFUND_PART.taking(ports.payments(payment.refund_part, wish), of=back.refund_id)).done


async def _restock(order: Order, ports: Ports) -> None:
    """All pieces that can be bought again, of all returns: so many are back in all. Taken first, whoever was to take them."""
    lines = [product.HoldLine(product_id=thing, quantity=pieces) for thing, pieces in order.restocked.items()]
    if not lines:
        return
    await TAKE.taking(ports.products(product.take_hold, product.HoldOf(hold_id=order.hold_id)), of=order.hold_id)
    back = product.ReturnPieces(hold_id=order.hold_id, lines=lines)
    await RETURN_PIECES.taking(ports.products(product.return_pieces, back), of=order.hold_id)


async def settle_all(ports: Ports) -> None:
    """The job's round, side by side: one order's trouble does not keep the others waiting. The first trouble is told."""
    owing = await ports.orders.owing(ports.clock(), owed.LONGEST_WAIT, BATCH)
    await side_by_side(_settle_or_postpone(order, ports) for order in owing)


async def _settle_or_postpone(order: Order, ports: Ports) -> None:
    try:
        still_owes = (await settle(order, ports)).owing
    except ShopError:
        await _postpone(order, ports)
        raise
    if still_owes:
        await _postpone(order, ports)


async def expire_all(ports: Ports) -> None:
    """The job's round: cancels what nobody has paid in time, and gives its stock back. A *paying* order is left to its attempt."""
    more = True
    while more:
        found = await ports.orders.overdue(ports.clock(), ports.pay_within, BATCH)
        overdue = [order for order in found if moving.is_overdue(order, ports.clock())]
        await side_by_side(_expire(order, ports) for order in overdue)
        more = len(overdue) >= BATCH


async def _expire(order: Order, ports: Ports) -> None:
    why = origin(ports, Cause.TIMER)
    expired = await note(EXPIRED, order.id, lambda newest: moving.expire(newest, why), ports)
    if expired.owes:
        await _settle_or_postpone(expired, ports)


async def _postpone(order: Order, ports: Ports) -> None:
    now = ports.clock()
    await note(POSTPONED, order.id, lambda newest: owed.postponed(newest, now), ports)
