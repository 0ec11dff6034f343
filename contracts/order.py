"""What svc_order promises: the life of an order. The order is the referee of payment: only one attempt at a time may pay it."""

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType, field

from contracts.checkout_types import Address, ReceiptLine
from contracts.persons import export as export  # noqa: PLC0414 - served here too
from contracts.persons import forget as forget  # noqa: PLC0414 - as export
from mallkit.endpoint import ADMIN, CUSTOMER, GET, OPERATOR, POST, PUT, SERVICE, Cursor, Endpoint, Event, Id, Limit, View, Wish
from mallkit.errors import Missing, Refused
from mallkit.money import Amount

PEOPLE = (CUSTOMER, OPERATOR, ADMIN)


class Status(StrEnum):
    """pending → paying → paid → shipped → completed; or cancelled, or failed."""

    PENDING = "pending"
    PAYING = "paying"
    PAID = "paid"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class WrongStatus(Refused):
    """`wanted` is not a step from the order's present `status`."""

    slug = "order/wrong-status"
    title = "The order's status does not allow this"
    remedy = "Read the order: its status tells what is possible."


class BeingPaid(Refused):
    """A payment of this order is under way; nothing cancels it meanwhile."""

    slug = "order/being-paid"
    title = "The order is being paid at this moment"
    retry_after = 1
    remedy = "Try again after the seconds in Retry-After."


class AlreadyPaid(Refused):
    """One order is paid once."""

    code = 4005002
    slug = "payment/already-paid"
    title = "The order has been paid already"
    remedy = "Read the order's payment: there is nothing more to pay."


class AmountWrong(Refused):
    """The amount or the currency is not the order's."""

    slug = "payment/amount-wrong"
    title = "The amount is not what the order costs"
    status = 422
    remedy = "Send the order's total in the order's currency."


class AttemptEnded(Refused):
    """This attempt was ended before it began."""

    slug = "order/attempt-ended"
    title = "This payment attempt has ended"


class OrderLine(View, frozen=True):
    """One product of the order at the price it was bought for."""

    product_id: str
    name: str
    quantity: int
    unit_price: Amount
    line_total: Amount


class OrderView(View, frozen=True):
    """A *paying* order is shown as pending. The receipt's lines add up to the total."""

    order_id: str
    user_id: str
    status: Status
    items: list[OrderLine]
    receipt: list[ReceiptLine]
    total: Amount
    refunded: Amount
    """What went back to the buyer so far."""
    currency: str
    transaction_id: str
    created_at: str
    updated_at: str
    pay_by: str = ""
    """When an order that is paid later is cancelled unless it is paid; empty for one that its checkout pays."""


class OrderPage(View, frozen=True):
    """Newest first. `page` and `pageSize` are echoed where the request named them."""

    items: list[OrderView]
    next: str | None
    total: int


class OrderOf(Wish, frozen=True):
    """Names an order."""

    order_id: Id


class Cancel(Wish, frozen=True):
    """A customer cancels an order; money already taken is paid back, stock given back."""

    order_id: Id
    reason: Annotated[str, Meta(max_length=200, examples=["ordered twice"])] = ""


class OrdersOf(Wish, frozen=True):
    """By keyset (`after`, `limit`) or by page (`page` from 1, `pageSize`)."""

    user_id: Id
    after: Cursor | UnsetType = UNSET
    limit: Limit = 20
    page: Annotated[int, Meta(ge=1, le=10_000)] | UnsetType = UNSET
    page_size: Annotated[int, Meta(ge=1, le=200)] = field(name="pageSize", default=20)


class PlaceLine(Wish, frozen=True):
    """A line of a new order."""

    product_id: Id
    name: str
    quantity: Annotated[int, Meta(ge=1)]
    unit_minor: Annotated[int, Meta(ge=0)]


class Buyer(Wish, frozen=True):
    """Who bought and where it goes."""

    firstname: str
    lastname: str
    email: str
    address: Address


class Place(Wish, frozen=True):
    """The saga makes a pending order under an id of its own; `hold_id` is the stock that belongs to it."""

    order_id: Id
    user_id: Id
    hold_id: Id
    lines: Annotated[list[PlaceLine], Meta(min_length=1, max_length=100)]
    receipt: list[ReceiptLine]
    total_minor: Annotated[int, Meta(ge=0)]
    currency: Annotated[str, Meta(min_length=3, max_length=3)]
    buyer: Buyer
    pay_later: bool = False
    """Nobody pays it now: its buyer may, until its time is over."""


class AttemptOf(Wish, frozen=True):
    """Names a payment attempt at an order."""

    order_id: Id
    attempt: Id


class BeginPayment(Wish, frozen=True):
    """One wins: from here the order is *paying* and belongs to this attempt. No amount: the order's own total is meant."""

    order_id: Id
    attempt: Id
    user_id: Id
    amount: Amount | UnsetType = UNSET
    currency: Annotated[str, Meta(min_length=3, max_length=3)] | UnsetType = UNSET


class Begun(View, frozen=True):
    """What is to be paid, and by whom."""

    order_id: str
    user_id: str
    total_minor: int
    currency: str


class MarkPaid(Wish, frozen=True):
    """The attempt has captured the money."""

    order_id: Id
    attempt: Id
    transaction_id: Id


class State(View, frozen=True):
    """Where the order stands. `pay_by`: as in OrderView."""

    order_id: str
    status: Status
    pay_by: str = ""


class OrderPlaced(Event, frozen=True):
    """A pending order was made."""

    type: ClassVar[str] = "order.placed"
    order_id: str
    user_id: str
    total_minor: int
    currency: str


class OrderPaid(Event, frozen=True):
    """The money has been taken. `hold_id`: of an order that is paid later, the checkout that placed it."""

    type: ClassVar[str] = "order.paid"
    order_id: str
    user_id: str
    transaction_id: str
    total_minor: int
    currency: str
    hold_id: str = ""


class OrderCancelled(Event, frozen=True):
    """`owes_rest`: money was taken and is owed back. `hold_id`: the checkout that placed it."""

    type: ClassVar[str] = "order.cancelled"
    order_id: str
    user_id: str
    owes_rest: bool
    hold_id: str = ""


order = Endpoint(
    method=GET, path="/api/v1/orders/{order_id}", takes=OrderOf, gives=OrderView, may=(*PEOPLE, SERVICE), refuses=(Missing,),
    summary="One order",
)  # fmt: skip
cancel = Endpoint(
    method=PUT, path="/api/v1/orders/{order_id}/cancel", takes=Cancel, gives=OrderView, may=PEOPLE,
    refuses=(Missing, WrongStatus, BeingPaid), idempotent=True, others=True, summary="Cancel an order",
)  # fmt: skip
orders_of = Endpoint(
    method=GET, path="/api/v1/users/{user_id}/orders", takes=OrdersOf, gives=OrderPage, may=PEOPLE, refuses=(Missing,),
    summary="A user's orders",
)  # fmt: skip
place = Endpoint(
    method=PUT, path="/internal/orders/{order_id}", takes=Place, gives=State, may=(SERVICE,), internal=True, idempotent=True,
    refuses=(WrongStatus,),
)  # fmt: skip
begin_payment = Endpoint(
    method=POST, path="/internal/orders/{order_id}/attempts/{attempt}", takes=BeginPayment, gives=Begun, may=(SERVICE,), internal=True,
    idempotent=True, refuses=(Missing, AlreadyPaid, AmountWrong, WrongStatus, BeingPaid, AttemptEnded),
)  # fmt: skip
end_payment = Endpoint(
    method=POST, path="/internal/orders/{order_id}/attempts/{attempt}/end", takes=AttemptOf, gives=State, may=(SERVICE,), internal=True,
    idempotent=True, refuses=(Missing, WrongStatus),
)  # fmt: skip
mark_paid = Endpoint(
    method=POST, path="/internal/orders/{order_id}/attempts/{attempt}/paid", takes=MarkPaid, gives=State, may=(SERVICE,), internal=True,
    idempotent=True, refuses=(Missing, WrongStatus),
)  # fmt: skip
undo = Endpoint(
    method=POST, path="/internal/orders/{order_id}/undo", takes=OrderOf, gives=State, may=(SERVICE,), internal=True, idempotent=True,
    refuses=(WrongStatus, BeingPaid),
)  # fmt: skip
