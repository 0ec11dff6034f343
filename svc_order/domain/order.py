"""An order: what was bought, what left the house and came back, how it stands, and the steps from there. Pure.

The order is the referee of payment: it belongs to one attempt while it is *paying*, and nothing else moves it meanwhile.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from contracts.order_words import Status, WrongStatus
from mallkit.errors import Missing
from mallkit.money import Money
from mallkit.times import NEVER
from svc_order.domain.timeline import Entry, Origin, entry

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
FINAL = frozenset({Status.COMPLETED, Status.CANCELLED, Status.FAILED})
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
class Shipment:
    """What left the house at once: product → pieces."""

    id: str
    at: float
    lines: dict[str, int]
    carrier: str = ""
    tracking_number: str = ""


@dataclass(frozen=True)
class Returned:
    """So many pieces of a product; what is not `restock`ed is written off."""

    product_id: str
    quantity: int
    restock: bool


@dataclass(frozen=True)
class Return:
    """What came back at once; `minor` units of it are owed to the buyer until it is `settled`, as are the pieces to the stock."""

    id: str
    at: float
    lines: tuple[Returned, ...]
    reason: str
    minor: int = 0
    settled: bool = False

    @property
    def refund_id(self) -> str:
        """As payment knows it."""
        return f"return-{self.id}"


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
    """Cancelled or failed, and the money or the stock is not known to be back yet."""
    due: float = 0.0
    """When the job tries the next time to do what is owed."""
    reason: str = ""
    refunds: dict[str, int] = field(default_factory=dict)
    """Minor units that went back to the buyer, by the refund's id: as payment's events told, so a moment later than there."""
    forgotten: bool = False
    """The buyer is gone: who it was and where it went stands here no more."""
    pay_by: float = 0.0
    """When it is cancelled unless it is paid; 0 where its checkout pays it."""
    takes: bool = False
    """Paid later, and its stock is not known to be taken yet."""
    shipments: tuple[Shipment, ...] = ()
    returns: tuple[Return, ...] = ()
    timeline: tuple[Entry, ...] = ()

    @property
    def owing(self) -> bool:
        """Something is to be done elsewhere, until it is done."""
        return self.owes or self.takes or (bool(self.returns) and any(not each.settled for each in self.returns))

    @property
    def wakes(self) -> float:
        """When a job must look at it; NEVER where there is nothing to be done. A *paying* order belongs to its attempt."""
        if self.owing:
            return self.due
        return self.pay_by if self.pay_by and self.status is Status.PENDING else NEVER

    def to(self, status: Status, origin: Origin) -> "Order":
        """The next status. Raises WrongStatus."""
        if status not in NEXT[self.status]:
            raise self.cannot_become(status)
        return replace(self, status=status, updated=origin.at, timeline=(*self.timeline, entry(origin, status.value)))

    def cannot_become(self, status: Status) -> WrongStatus:
        """The refusal of a step."""
        message = f"the order is {self.status.value}, it cannot become {status.value}"
        return WrongStatus(message, order_id=self.id, order_status=self.status.value, wanted=status.value)

    def placed(self) -> "Order":
        """The order. Raises Missing for a tombstone."""
        if not self.user_id:
            message = "there is no such order"
            raise Missing(message)
        return self

    def of(self, user_id: str) -> "Order":
        """The order, for its buyer. Raises Missing for anybody else."""
        if self.placed().user_id != user_id:
            message = "there is no such order"
            raise Missing(message)
        return self

    @property
    def over(self) -> bool:
        """Whether nobody needs the buyer any more: nothing is to be delivered, and nothing is owed."""
        return self.status in FINAL and not self.owing

    @property
    def day(self) -> str:
        """On which it was placed, UTC."""
        return day_of(self.created)

    @property
    def ordered(self) -> Counter[str]:
        """Product → pieces."""
        return _summed((line.product_id, line.quantity) for line in self.lines)

    @property
    def shipped(self) -> Counter[str]:
        """Product → pieces that left the house."""
        return _summed(line for each in self.shipments for line in each.lines.items())

    @property
    def returned(self) -> Counter[str]:
        """Product → pieces that came back, whatever became of them."""
        return _summed((line.product_id, line.quantity) for each in self.returns for line in each.lines)

    @property
    def restocked(self) -> Counter[str]:
        """Product → pieces that came back and can be bought again."""
        return _summed((line.product_id, line.quantity) for each in self.returns for line in each.lines if line.restock)

    @property
    def refunded(self) -> Money:
        """What went back to the buyer."""
        return Money(sum(self.refunds.values()), self.currency)

    @property
    def total(self) -> Money:
        """What the buyer pays."""
        return Money(self.total_minor, self.currency)


def day_of(moment: float) -> str:
    """YYYY-MM-DD, UTC."""
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _summed(lines: Iterable[tuple[str, int]]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for product_id, pieces in lines:
        sums[product_id] += pieces
    return sums
