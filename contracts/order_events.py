"""What happens to orders, told to the other services. `day` is the one on which the order was placed, UTC: YYYY-MM-DD."""

from typing import ClassVar

from mallkit.endpoint import Event


class OrderPlaced(Event, frozen=True):
    """A pending order was made."""

    type: ClassVar[str] = "order.placed"
    order_id: str
    user_id: str
    total_minor: int
    currency: str
    day: str = ""


class OrderPaid(Event, frozen=True):
    """The money has been taken. `hold_id`: of an order that is paid later, the checkout that placed it."""

    type: ClassVar[str] = "order.paid"
    order_id: str
    user_id: str
    transaction_id: str
    total_minor: int
    currency: str
    hold_id: str = ""
    day: str = ""
    pieces: int = 0


class OrderCancelled(Event, frozen=True):
    """`owes_rest`: money was taken and is owed back. `hold_id`: the checkout that placed it. `pieces`: how many had been sold."""

    type: ClassVar[str] = "order.cancelled"
    order_id: str
    user_id: str
    owes_rest: bool
    hold_id: str = ""
    day: str = ""
    pieces: int = 0


class OrderFailed(Event, frozen=True):
    """A pending order was given up by staff. `hold_id`: the checkout that placed it."""

    type: ClassVar[str] = "order.failed"
    order_id: str
    user_id: str
    hold_id: str = ""
    day: str = ""


class OrderShipped(Event, frozen=True):
    """Pieces left the house; `complete` when there are no more."""

    type: ClassVar[str] = "order.shipped"
    order_id: str
    user_id: str
    shipment_id: str
    complete: bool
    day: str = ""


class OrderCompleted(Event, frozen=True):
    """All of it has arrived."""

    type: ClassVar[str] = "order.completed"
    order_id: str
    user_id: str
    day: str = ""


class PiecesReturned(Event, frozen=True):
    """`pieces` came back; `amount_minor` is what they are worth by the receipt, and is on its way to the buyer."""

    type: ClassVar[str] = "order.pieces-returned"
    order_id: str
    user_id: str
    return_id: str
    amount_minor: int
    currency: str
    day: str = ""
    pieces: int = 0


class OrderRefunded(Event, frozen=True):
    """The order has heard of a refund."""

    type: ClassVar[str] = "order.refunded"
    order_id: str
    user_id: str
    refund_id: str
    amount_minor: int
    currency: str
    day: str = ""
