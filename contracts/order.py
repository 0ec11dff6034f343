"""What svc_order promises: the life of an order. The order is the referee of payment: only one attempt at a time may pay it."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from contracts.checkout_types import Address, ReceiptLine
from contracts.order_events import (
    OrderCancelled,
    OrderCompleted,
    OrderFailed,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    OrderShipped,
    PiecesReturned,
)
from contracts.order_stats import DateInvalid, Moment, OrderStats, StatsRebuild
from contracts.order_words import (
    AlreadyPaid,
    AmountWrong,
    AttemptEnded,
    BeingPaid,
    MoreThanOrdered,
    MoreThanShipped,
    OrderLine,
    OrderList,
    OrderPage,
    OrderView,
    PartlyShipped,
    Reason,
    ReturnView,
    Ship,
    ShipmentView,
    Status,
    TakeBack,
    Timeline,
    TrackingNumberTaken,
    WrongStatus,
)
from contracts.persons import export as export  # noqa: PLC0414 - served here too
from contracts.persons import forget as forget  # noqa: PLC0414 - as export
from mallkit.endpoint import (
    ADMIN,
    CUSTOMER,
    GET,
    OPERATOR,
    OPERATORS,
    POST,
    PUT,
    SERVICE,
    Cursor,
    Endpoint,
    Id,
    Keyed,
    Limit,
    Nothing,
    View,
    Wish,
)
from mallkit.errors import Missing
from mallkit.money import Amount

__all__ = [
    "AlreadyPaid",
    "AmountWrong",
    "AttemptEnded",
    "BeingPaid",
    "DateInvalid",
    "MoreThanOrdered",
    "MoreThanShipped",
    "OrderCancelled",
    "OrderCompleted",
    "OrderFailed",
    "OrderLine",
    "OrderList",
    "OrderPage",
    "OrderPaid",
    "OrderPlaced",
    "OrderRefunded",
    "OrderShipped",
    "OrderStats",
    "OrderView",
    "PartlyShipped",
    "PiecesReturned",
    "ReturnView",
    "Ship",
    "ShipmentView",
    "StatsRebuild",
    "Status",
    "TakeBack",
    "Timeline",
    "TrackingNumberTaken",
    "WrongStatus",
]
"""Also said here, so that the contract can be read from one module."""

PEOPLE = (CUSTOMER, OPERATOR, ADMIN)


class OrderOf(Wish, frozen=True):
    """Names an order."""

    order_id: Id


class Cancel(Wish, frozen=True):
    """A customer cancels an order; money already taken is paid back, stock given back."""

    order_id: Id
    reason: Reason = ""


class OrdersOf(Wish, frozen=True):
    """By keyset (`after`, `limit`) or by page (`page` from 1, `pageSize`)."""

    user_id: Id
    after: Cursor | UnsetType = UNSET
    limit: Limit = 20
    page: Annotated[int, Meta(ge=1, le=10_000)] | UnsetType = UNSET
    page_size: Annotated[int, Meta(ge=1, le=200)] | UnsetType = field(name="pageSize", default=UNSET)


class AllOrders(Wish, frozen=True):
    """All customers' orders that fit: by status, by buyer, placed from a time on (RFC 3339, included), and before another."""

    status: Status | UnsetType = UNSET
    user_id: Id | UnsetType = UNSET
    created_from: Moment | UnsetType = UNSET
    created_to: Moment | UnsetType = UNSET
    after: Cursor | UnsetType = UNSET
    limit: Limit = 50


class SetStatus(Wish, frozen=True):
    """shipped: all that is left leaves the house; completed; cancelled: as cancelling; failed: a pending order is given up.

    The others are made by payments alone.
    """

    order_id: Id
    status: Status
    reason: Reason = ""


class StatsOf(Wish, frozen=True):
    """Of the orders placed on that day (UTC); without `date` today's."""

    date: Annotated[str, Meta(max_length=32, examples=["2026-11-25"])] | UnsetType = UNSET


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


order = Endpoint(
    method=GET, path="/api/v1/orders/{order_id}", takes=OrderOf, gives=OrderView, may=(*PEOPLE, SERVICE), refuses=(Missing,),
    summary="One order",
)  # fmt: skip
all_orders = Endpoint(
    method=GET, path="/api/v1/orders", takes=AllOrders, gives=OrderList, may=OPERATORS, refuses=(DateInvalid,),
    summary="All orders, filtered",
)  # fmt: skip
timeline = Endpoint(
    method=GET, path="/api/v1/orders/{order_id}/timeline", takes=OrderOf, gives=Timeline, may=(*PEOPLE, SERVICE), refuses=(Missing,),
    summary="What became of an order, and why",
)  # fmt: skip
cancel = Endpoint(
    method=PUT, path="/api/v1/orders/{order_id}/cancel", takes=Cancel, gives=OrderView, may=PEOPLE,
    refuses=(Missing, WrongStatus, BeingPaid, PartlyShipped), idempotent=True, others=True, summary="Cancel an order",
)  # fmt: skip
set_status = Endpoint(
    method=PUT, path="/api/v1/orders/{order_id}/status", takes=SetStatus, gives=OrderView, may=(*OPERATORS, SERVICE),
    refuses=(Missing, WrongStatus, BeingPaid, PartlyShipped), idempotent=True, summary="Move an order on by hand",
)  # fmt: skip
ship = Endpoint(
    method=POST, path="/api/v1/orders/{order_id}/shipments", takes=Ship, gives=ShipmentView, may=OPERATORS, status=201,
    refuses=(Missing, WrongStatus, MoreThanOrdered, TrackingNumberTaken), keyed=Keyed.REQUIRED, summary="Ship pieces of an order",
)  # fmt: skip
take_back = Endpoint(
    method=POST, path="/api/v1/orders/{order_id}/returns", takes=TakeBack, gives=ReturnView, may=OPERATORS, status=201,
    refuses=(Missing, WrongStatus, MoreThanShipped), keyed=Keyed.REQUIRED, fresh=True, retold=True,
    summary="Take pieces back and refund them",
)  # fmt: skip
orders_of = Endpoint(
    method=GET, path="/api/v1/users/{user_id}/orders", takes=OrdersOf, gives=OrderPage, may=PEOPLE, refuses=(Missing,),
    summary="A user's orders",
)  # fmt: skip
stats = Endpoint(
    method=GET, path="/api/v1/stats/orders", takes=StatsOf, gives=OrderStats, may=OPERATORS, refuses=(DateInvalid,),
    summary="A day's orders in figures",
)  # fmt: skip
rebuild_stats = Endpoint(
    method=POST, path="/api/v1/stats/orders/rebuild", takes=Nothing, gives=StatsRebuild, may=OPERATORS, status=202,
    summary="Reckon the figures anew from the orders",
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
