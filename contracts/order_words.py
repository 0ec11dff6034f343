"""Words of the order contract: statuses, refusals, shipments and returns, and what is shown of an order."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.checkout_types import ReceiptLine
from contracts.product_words import SHOWN
from mallkit.endpoint import END, Id, View, Wish
from mallkit.errors import Refused
from mallkit.money import Amount

Pieces = Annotated[int, Meta(ge=1, le=100_000, examples=[1])]
Reason = Annotated[str, Meta(max_length=200, pattern=SHOWN, examples=["damaged"])]
_LABEL = rf"^[A-Za-z0-9][A-Za-z0-9 ._/-]*{END}"
"""What is printed on a parcel."""
Carrier = Annotated[str, Meta(max_length=64, pattern=_LABEL, examples=["DHL"])]
TrackingNumber = Annotated[str, Meta(max_length=64, pattern=_LABEL, examples=["00340434161094042557"])]


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


class PartlyShipped(Refused):
    """Pieces of this order have left the house: it is no longer cancelled, but they may be returned."""

    slug = "order/partly-shipped"
    title = "A part of the order is shipped already"
    remedy = "Note what comes back as a return."


class MoreThanOrdered(Refused):
    """`product_id`, and how many of it are `left` to be shipped."""

    slug = "order/more-than-ordered"
    title = "More than is left to be shipped"
    remedy = "Ship at most `left` pieces."


class MoreThanShipped(Refused):
    """`product_id`, and how many of it are `left` to be returned: shipped, and not returned yet."""

    slug = "order/more-than-shipped"
    title = "More than can be returned"
    remedy = "Return at most `left` pieces."


class TrackingNumberTaken(Refused):
    """Another shipment has this number of this carrier; which one is not told, it may be another order's."""

    slug = "order/tracking-number-taken"
    title = "This tracking number belongs to another shipment"
    remedy = "Look at the label again."


class ShipLine(Wish, frozen=True):
    """So many pieces of a product."""

    product_id: Id
    quantity: Pieces


class Ship(Wish, frozen=True):
    """Pieces that leave the house in one parcel; without `lines` all that are left."""

    order_id: Id
    carrier: Carrier
    tracking_number: TrackingNumber
    lines: Annotated[list[ShipLine], Meta(min_length=1, max_length=100)] | UnsetType = UNSET


class ReturnLine(Wish, frozen=True):
    """So many pieces of a product; without `restock` they are written off."""

    product_id: Id
    quantity: Pieces
    restock: bool = True


class TakeBack(Wish, frozen=True):
    """Pieces that came back: what they are worth by the receipt is refunded.

    A product may stand in two lines, whole pieces and broken ones.
    """

    order_id: Id
    lines: Annotated[list[ReturnLine], Meta(min_length=1, max_length=100)]
    reason: Annotated[Reason, Meta(min_length=1)]


class OrderLine(View, frozen=True):
    """One product of the order at the price it was bought for; `returned` pieces are among the `shipped` ones."""

    product_id: str
    name: str
    quantity: int
    unit_price: Amount
    line_total: Amount
    shipped: int = 0
    returned: int = 0


class ShipmentLine(View, frozen=True):
    """So many pieces of a product."""

    product_id: str
    quantity: int


class ShipmentView(View, frozen=True):
    """What left the house at once. `carrier` and `tracking_number` are empty where an operator named none."""

    shipment_id: str
    lines: list[ShipmentLine]
    carrier: str
    tracking_number: str
    created_at: str


class ReturnedLine(View, frozen=True):
    """So many pieces of a product; `restock`: they can be bought again, else they are written off and count as sold for ever."""

    product_id: str
    quantity: int
    restock: bool


class ReturnView(View, frozen=True):
    """What came back at once. `refund` is what it is worth by the receipt; `settled` when money and pieces are where they belong."""

    return_id: str
    lines: list[ReturnedLine]
    reason: str
    refund: Amount
    currency: str
    settled: bool
    created_at: str


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
    shipments: list[ShipmentView] = []
    returns: list[ReturnView] = []


class OrderPage(View, frozen=True):
    """Newest first."""

    items: list[OrderView]
    next: str | None
    total: int


class OrderList(View, frozen=True):
    """Newest first."""

    items: list[OrderView]
    next: str | None


class Change(StrEnum):
    """What changed in an order."""

    STATUS = "status"
    SHIPMENT = "shipment"
    RETURN = "return"
    REFUND = "refund"


class Cause(StrEnum):
    """Who or what changed it."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    SERVICE = "service"
    CHECKOUT = "checkout"
    PAYMENT = "payment"
    TIMER = "timer"


class TimelineEntry(View, frozen=True):
    """One change. `before` and `after` are statuses; `thing` is the id of the shipment, return or refund.

    `cause_id`: the person's or service's, the checkout's, the payment attempt's; staff is not named to customers. `trace_id`: of the
    request or event that caused it, empty for the timer.
    """

    at: str
    what: Change
    before: Status | None
    after: Status | None
    thing: str
    cause: Cause
    cause_id: str
    trace_id: str


class Timeline(View, frozen=True):
    """Every change of an order, oldest first."""

    order_id: str
    items: list[TimelineEntry]
