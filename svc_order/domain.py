"""The life of an order. Pure: no clock, no I/O, no framework.

The order is the referee of payment: it belongs to one attempt while it is *paying*, and nothing else moves it meanwhile.
"""

from dataclasses import dataclass, field, replace

from contracts.order import (
    AlreadyPaid,
    AmountWrong,
    AttemptEnded,
    BeingPaid,
    OrderCancelled,
    OrderPaid,
    OrderPlaced,
    Status,
    WrongStatus,
)
from mallkit.errors import Missing
from mallkit.money import Money
from mallkit.times import NEVER, has_come

NEXT: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.PAYING, Status.CANCELLED, Status.FAILED}),
    Status.PAYING: frozenset({Status.PENDING, Status.PAID}),
    Status.PAID: frozenset({Status.SHIPPED, Status.CANCELLED}),
    Status.SHIPPED: frozenset({Status.COMPLETED}),
    Status.COMPLETED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.FAILED: frozenset(),
}
"""From a status to those that may follow it; every other step is refused."""
AT_ONCE = 3.0
"""Seconds that a cancelling buyer waits for the refund before the job alone goes on with it."""
LONGEST_WAIT = 20.0
"""Seconds between two tries: what a cancelled order owes is back soon after its neighbours are."""
FINAL = frozenset({Status.COMPLETED, Status.CANCELLED, Status.FAILED})
NOT_PAID = "not paid in time"
MONEY_TAKEN = frozenset({Status.PAID, Status.SHIPPED, Status.COMPLETED})


@dataclass(frozen=True)
class Line:
    """One product at the price it was bought for."""

    product_id: str
    name: str
    quantity: int
    unit_minor: int


@dataclass(frozen=True)
class Charge:
    """A line of the receipt: what it is for, and its part of the total in minor units. `included` is tax that the prices contain."""

    kind: str
    text: str
    minor: int
    product_id: str = ""
    quantity: int = 0
    included: int = 0


@dataclass(frozen=True)
class Buyer:
    """Who bought, and where it goes."""

    firstname: str
    lastname: str
    email: str
    street_address: str
    city: str
    state: str
    country: str
    zip_code: str


NOBODY = Buyer("", "", "", "", "", "", "", "")


@dataclass(frozen=True)
class Order:
    """`attempt` is the payment attempt it belongs to; `ended` are attempts that may never begin (again).

    A tombstone (`user_id` empty) stands for an order that was undone before it was placed.
    """

    id: str
    user_id: str
    status: Status
    total_minor: int
    currency: str
    created: float
    updated: float
    hold_id: str = ""
    lines: tuple[Line, ...] = ()
    receipt: tuple[Charge, ...] = ()
    buyer: Buyer = NOBODY
    attempt: str = ""
    ended: tuple[str, ...] = ()
    transaction_id: str = ""
    owes: bool = False
    """Cancelled, and the money or the stock is not known to be back yet."""
    due: float = 0.0
    """When the job tries the next time to do what is owed."""
    reason: str = field(default="")
    refunds: dict[str, int] = field(default_factory=dict)
    """Minor units that went back to the buyer, by the refund's id: as payment's events told, so a moment later than there."""
    forgotten: bool = False
    """The buyer is gone: who it was and where it went stands here no more."""
    pay_by: float = 0.0
    """When it is cancelled unless it is paid; 0 where its checkout pays it."""
    takes: bool = False
    """Paid later, and its stock is not known to be taken yet."""

    @property
    def owing(self) -> bool:
        """Something is to be done elsewhere, until it is done."""
        return self.owes or self.takes

    @property
    def wakes(self) -> float:
        """When a job must look at it; NEVER where there is nothing to be done. A *paying* order belongs to its attempt."""
        if self.owing:
            return self.due
        return self.pay_by if self.pay_by and self.status is Status.PENDING else NEVER

    def to(self, status: Status, now: float) -> "Order":
        """The next status. Raises WrongStatus."""
        if status not in NEXT[self.status]:
            message = f"the order is {self.status.value}, it cannot become {status.value}"
            raise WrongStatus(message, order_id=self.id, order_status=self.status.value, wanted=status.value)
        return replace(self, status=status, updated=now)

    def of(self, user_id: str) -> "Order":
        """The order, for its buyer. Raises Missing for anybody else."""
        if not self.user_id or self.user_id != user_id:
            message = "there is no such order"
            raise Missing(message)
        return self

    @property
    def over(self) -> bool:
        """Whether nobody needs the buyer any more: nothing is to be delivered, and nothing is owed."""
        return self.status in FINAL and not self.owing

    @property
    def refunded(self) -> Money:
        """What went back to the buyer."""
        return Money(sum(self.refunds.values()), self.currency)

    @property
    def total(self) -> Money:
        """What the buyer pays."""
        return Money(self.total_minor, self.currency)


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
    return wished, OrderPlaced(order_id=wished.id, user_id=wished.user_id, total_minor=wished.total_minor, currency=wished.currency)


def begin_payment(order: Order, attempt: str, user_id: str, asked: Money | None, now: float) -> Order:
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
    return replace(order.to(Status.PAYING, now), attempt=attempt)


def end_payment(order: Order, attempt: str, now: float) -> Order:
    """The attempt took no money and never will; another may begin. Raises WrongStatus if it did take money."""
    if attempt == order.attempt:
        if order.status in MONEY_TAKEN or order.transaction_id:
            message = "this attempt has paid the order"
            raise WrongStatus(message, order_id=order.id, order_status=order.status.value)
        return replace(order.to(Status.PENDING, now), attempt="", ended=(*order.ended, attempt))
    if attempt in order.ended:
        return order
    return replace(order, ended=(*order.ended, attempt))


def mark_paid(order: Order, attempt: str, transaction_id: str, now: float) -> Order | tuple[Order, OrderPaid]:
    """The attempt has captured the money. Raises WrongStatus where the order does not belong to it."""
    if order.attempt != attempt:
        message = "the order does not belong to this attempt"
        raise WrongStatus(message, order_id=order.id, order_status=order.status.value)
    if order.transaction_id == transaction_id:
        return order
    paid = replace(order.to(Status.PAID, now), transaction_id=transaction_id)
    if order.pay_by:
        paid = replace(paid, takes=True, due=now)
    event = OrderPaid(
        order_id=order.id,
        user_id=order.user_id,
        transaction_id=transaction_id,
        total_minor=order.total_minor,
        currency=order.currency,
        hold_id=order.hold_id if order.pay_by else "",
    )
    return paid, event


def cancel(order: Order, reason: str, now: float) -> Order | tuple[Order, OrderCancelled]:
    """Cancels; money already taken and stock are owed back. Again, it changes nothing. Raises BeingPaid or WrongStatus."""
    if order.status is Status.CANCELLED:
        return order
    if order.status is Status.PAYING:
        raise BeingPaid(order_id=order.id)
    took_money = order.status is Status.PAID
    cancelled = replace(order.to(Status.CANCELLED, now), owes=True, takes=False, due=now + AT_ONCE, reason=reason)
    return cancelled, OrderCancelled(order_id=order.id, user_id=order.user_id, owes_rest=took_money, hold_id=order.hold_id)


def is_overdue(order: Order, now: float) -> bool:
    """Whether it was to be paid by now and nobody has begun to.

    One placed by a clock that was ahead is overdue too: its time would not come as long as that clock was wrong.
    """
    return bool(order.pay_by) and order.status is Status.PENDING and has_come(order.pay_by, now, order.pay_by - order.created)


def expire(order: Order, now: float) -> Order | tuple[Order, OrderCancelled]:
    """Cancels what is overdue."""
    return cancel(order, NOT_PAID, now) if is_overdue(order, now) else order


def undo(order: Order, now: float) -> Order | tuple[Order, OrderCancelled]:
    """The saga takes back what it placed; it gives the stock back itself. Raises BeingPaid or WrongStatus."""
    if order.status is Status.CANCELLED:
        return order
    if order.status is Status.PAYING:
        raise BeingPaid(order_id=order.id)
    if order.status in MONEY_TAKEN:
        message = "the order has been paid"
        raise WrongStatus(message, order_id=order.id, order_status=order.status.value)
    return order.to(Status.CANCELLED, now), OrderCancelled(order_id=order.id, user_id=order.user_id, owes_rest=False, hold_id=order.hold_id)


def note_refund(order: Order, refund_id: str, minor: int) -> Order:
    """A refund has been paid out; told again, it changes nothing."""
    return order if refund_id in order.refunds else replace(order, refunds={**order.refunds, refund_id: minor})


def forget(order: Order) -> Order:
    """Without its buyer and the buyer's words; lines, sums and the country stay, for the books and for tax. Not before it is over."""
    if order.forgotten or not order.over:
        return order
    return replace(order, buyer=replace(NOBODY, country=order.buyer.country), reason="", forgotten=True)


def settled(order: Order, now: float) -> Order:
    """Money and stock of a cancelled order are back."""
    return replace(order, owes=False, updated=now) if order.owes else order


def taken(order: Order) -> Order:
    """The stock of an order that was paid later has left the house."""
    return replace(order, takes=False) if order.takes else order


def postponed(order: Order, now: float) -> Order:
    """What is owed could not be done: tried again, the longer it has been tried the later."""
    wait = min(max((now - order.updated) / 2, 1.0), LONGEST_WAIT)
    return replace(order, due=now + wait) if order.owing else order
