"""What services tell whoever audits the mall: their documents as rows of ids, sums, states and revisions. Amounts in minor units.

Nothing about persons stands here: a user is an id, and of cards there is nothing at all.
"""

import msgspec

from contracts.checkout import CheckoutStatus
from contracts.order import Status
from contracts.payment import PaymentStatus, RefundStatus


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something inside a row."""


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="row", tag=str.lower):
    """One stored document. `revision` is one more after each write of it."""

    id: str
    revision: int


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A movement on its way, in its counter: see mallkit.allotment_rules.Entry."""

    quantity: int
    state: str
    token: str = ""
    until: int = 0


class Counter(Row, frozen=True, gc=False):
    """The pieces of one product, whose id it has; `open` are the movements on their way, by their ids."""

    available: int
    reserved: int
    open: dict[str, Entry] = {}


class Movement(Row, frozen=True, gc=False):
    """What became of `quantity` pieces of a product under a key: a checkout's id, or one of the stock's own.

    Without a thing it is a tombstone. `bound`: the order they are held for; `expires_at`: when the clock ends it, 0 for never.
    """

    key: str
    thing: str
    quantity: int
    state: str
    bound: str = ""
    expires_at: float = 0.0
    returned: int = 0
    token: str = ""


class Adjustment(Row, frozen=True, gc=False):
    """An entry in the log of a product's stock, under the key of the movement that it tells of."""

    thing: str
    quantity: int


class CouponCounter(Counter, frozen=True, gc=False):
    """As Counter, of the uses of a coupon, whose code is the id, or of those by one user (`CODE:user`)."""


class CouponMovement(Movement, frozen=True, gc=False):
    """As Movement, of uses of a coupon; the key is the checkout's id."""


class Order(Row, frozen=True, gc=False):
    """`lines`: product → pieces; `hold_id` is the checkout's id, empty for the tombstone of an order that was never placed."""

    status: Status
    total_minor: int
    currency: str
    hold_id: str = ""
    lines: dict[str, int] = {}
    attempt: str = ""
    transaction_id: str = ""
    owes: bool = False
    refunds: dict[str, int] = {}
    """As payment's events told: refund → minor units."""
    pay_by: float = 0.0
    """When an order that is paid later is cancelled unless it is paid, in seconds since 1970; 0 where its checkout pays it."""
    restocked: dict[str, int] = {}
    """Product → pieces that came back and can be bought again."""
    returns: dict[str, int] = {}
    """What returns owe the buyer: the refund's id, as payment knows it → minor units."""


class Attempt(Part, frozen=True, gc=False):
    """A try at paying; its id is also the bank's key for the authorization. `until`: how long it waits for its buyer, 0 if it does not."""

    id: str
    transaction_id: str
    status: PaymentStatus
    minor: int
    currency: str
    over: bool
    until: float = 0.0
    provider: str = "bank"
    """Whose statement shows it."""


class Refund(Part, frozen=True, gc=False):
    """Money on its way back, or back."""

    id: str
    transaction_id: str
    status: RefundStatus
    minor: int


class Booking(Part, frozen=True, gc=False):
    """A line of the ledger: `minor` from `credit` to `debit`."""

    id: str
    debit: str
    credit: str
    minor: int


class Account(Row, frozen=True, gc=False):
    """The payments of one order, whose id it has."""

    attempts: tuple[Attempt, ...] = ()
    refunds: tuple[Refund, ...] = ()
    ledger: tuple[Booking, ...] = ()


class Checkout(Row, frozen=True, gc=False):
    """A purchase; `user_id` is also the id of the cart that it buys. `pay_later`: it ends when its order is placed. `coupon` is a code."""

    user_id: str
    order_id: str
    status: CheckoutStatus
    transaction_id: str = ""
    pay_later: bool = False
    coupon: str = ""


class Cart(Row, frozen=True, gc=False):
    """A user's cart: the checkout that has sealed it, those that gave it back or bought it, and the guest carts that were merged into
    it, as far as it still remembers them.
    """

    sealed: str = ""
    undone: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()


class Guest(Row, frozen=True, gc=False):
    """A guest's cart. `into` is the user into whose cart it goes, once it is closed; `settled` when it has gone there."""

    into: str = ""
    settled: bool = False


AnyRow = Counter | Movement | Adjustment | CouponCounter | CouponMovement | Order | Account | Checkout | Cart | Guest
