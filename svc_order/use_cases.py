"""What is asked of orders: an aggregate and a rule each, the settling of what an order owes, and the end of those that nobody pays."""

import asyncio
from collections.abc import Callable

from msgspec import UNSET

from contracts import order as contract
from contracts import payment, product
from mallkit.background import side_by_side
from mallkit.endpoint import Caller, Event
from mallkit.errors import Invalid, Missing, ShopError
from mallkit.money import Money
from mallkit.steps import Call, Write
from mallkit.store import Page
from svc_order import domain
from svc_order.domain import Order
from svc_order.ports import Ports

SETTLE_BATCH = 50
REFUND_REST, GIVE_BACK = Call("order.refund-rest"), Call("order.give-back")
TAKE = Call("order.take", undone_by="order.give-back")
PLACED, PAYING, PENDING_AGAIN, PAID = Write("order.placed"), Write("order.paying"), Write("order.pending-again"), Write("order.paid")
UNDONE, CANCELLED, SETTLED, POSTPONED = (
    Write("order.undone"), Write("order.cancelled"), Write("order.settled"), Write("order.postponed"),
)  # fmt: skip
TAKEN, EXPIRED = Write("order.taken"), Write("order.expired")


async def read(order_id: str, caller: Caller, ports: Ports) -> Order:
    """For its buyer, operators and services. Raises Missing."""
    found = await ports.orders.get(order_id)
    return found if caller.is_operator or caller.is_service else found.of(caller.subject)


async def list_of(wish: contract.OrdersOf, caller: Caller, ports: Ports) -> tuple[Page[Order], int]:
    """A user's orders, for the user and for operators. Raises Missing."""
    if wish.user_id != caller.subject and not caller.is_operator:
        raise Missing
    if wish.page is UNSET:
        return await ports.orders.of_user(wish.user_id, after=None if wish.after is UNSET else wish.after, limit=wish.limit, offset=0)
    if wish.after is not UNSET:
        message = "send page or after, not both"
        raise Invalid(message)
    return await ports.orders.of_user(wish.user_id, after=None, limit=wish.page_size, offset=(wish.page - 1) * wish.page_size)


async def place(wished: Order, ports: Ports) -> Order:
    """The event that is saved with it says what was placed."""
    with PLACED.writing():
        return await ports.orders.place(wished)


async def begin_payment(wish: contract.BeginPayment, ports: Ports) -> Order:
    """One attempt wins."""
    asked = None
    if wish.amount is not UNSET:
        found = await ports.orders.get(wish.order_id)
        asked = Money.read(wish.amount, found.currency if wish.currency is UNSET else wish.currency)
    now = ports.clock()
    return await _note(PAYING, wish.order_id, lambda order: domain.begin_payment(order, wish.attempt, wish.user_id, asked, now), ports)


async def end_payment(wish: contract.AttemptOf, ports: Ports) -> Order:
    """The attempt is over for good."""
    now = ports.clock()
    return await _note(PENDING_AGAIN, wish.order_id, lambda order: domain.end_payment(order, wish.attempt, now), ports)


async def mark_paid(wish: contract.MarkPaid, ports: Ports) -> Order:
    """The attempt has taken the money."""
    now = ports.clock()
    return await _note(PAID, wish.order_id, lambda order: domain.mark_paid(order, wish.attempt, wish.transaction_id, now), ports)


async def undo(order_id: str, ports: Ports) -> Order:
    """The saga's way back."""
    with UNDONE.writing():
        return await ports.orders.undo(order_id, ports.clock())


async def cancel(wish: contract.Cancel, caller: Caller, ports: Ports) -> Order:
    """Cancels, and gives money and stock back at once where the neighbours answer; the job does the rest."""
    now = ports.clock()

    def rule(order: Order) -> "Order | tuple[Order, contract.OrderCancelled]":
        return domain.cancel(order.of(order.user_id if caller.is_operator else caller.subject), wish.reason, now)

    cancelled = await _note(CANCELLED, wish.order_id, rule, ports)
    if not cancelled.owes:
        return cancelled
    try:
        async with asyncio.timeout(domain.AT_ONCE):
            return await settle(cancelled, ports)
    except (ShopError, TimeoutError):
        return cancelled


async def settle(order: Order, ports: Ports) -> Order:
    """Does what the order owes, and notes it when it is done. Each call is keyed."""
    return await (_take(order, ports) if order.takes else _give_back(order, ports))


async def _take(order: Order, ports: Ports) -> Order:
    """The stock of an order that was paid later. One cancelled meanwhile has given it back, and takes nothing."""
    try:
        await TAKE.taking(ports.products(product.take_hold, product.HoldOf(hold_id=order.hold_id)), of=order.hold_id)
    except product.HoldGone:
        newest = await ports.orders.get(order.id)
        if newest.takes:
            raise
        return newest
    return await _note(TAKEN, order.id, domain.taken, ports)


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
    return await _note(SETTLED, order.id, lambda newest: domain.settled(newest, now), ports)


async def _pay_back(order: Order, ports: Ports) -> bool:
    """Whether no money is owed any more."""
    if not order.transaction_id:
        return True
    wish = payment.RefundRest(order_id=order.id, key=f"cancel-{order.id}", reason=order.reason or "order cancelled")
    return (await REFUND_REST.taking(ports.payments(payment.refund_rest, wish), of=order.id)).done


async def settle_all(ports: Ports) -> None:
    """The job's round, side by side: one order's trouble does not keep the others waiting. The first trouble is told."""
    owing = await ports.orders.owing(ports.clock(), domain.LONGEST_WAIT, SETTLE_BATCH)
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
        found = await ports.orders.overdue(ports.clock(), ports.pay_within, SETTLE_BATCH)
        overdue = [order for order in found if domain.is_overdue(order, ports.clock())]
        await side_by_side(_expire(order, ports) for order in overdue)
        more = len(overdue) >= SETTLE_BATCH


async def _expire(order: Order, ports: Ports) -> None:
    now = ports.clock()
    expired = await _note(EXPIRED, order.id, lambda newest: domain.expire(newest, now), ports)
    if expired.owes:
        await _settle_or_postpone(expired, ports)


async def _postpone(order: Order, ports: Ports) -> None:
    now = ports.clock()
    await _note(POSTPONED, order.id, lambda newest: domain.postponed(newest, now), ports)


async def _note(step: Write, order_id: str, rule: Callable[[Order], Order | tuple[Order, Event]], ports: Ports) -> Order:
    with step.writing():
        return await ports.orders.change(order_id, rule)
