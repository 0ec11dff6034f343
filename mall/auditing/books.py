"""What the services told of themselves in one reading, by id, and what the bank's statement says. Data only."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import partial

from contracts import audit, bank
from contracts.bank import OperationKind, OperationStatus
from contracts.payment import PaymentStatus
from mall.auditing.shelves import MOST_IN_MEMORY, Archive, Moves, Shelf
from mallkit.action_rules import Entry, Head
from mallkit.audit import Acted, ActedUpTo, Began, Ended, Failed, Unpublished

KitLine = Began | Unpublished | Failed | Acted | ActedUpTo | Ended
AnyLine = audit.AnyRow | KitLine


@dataclass(slots=True)
class Authorized:
    """What the bank approved under one authorization, in minor units. `reference` is the order's id."""

    reference: str = ""
    currency: str = ""
    amount: int | None = None
    captures: list[int] = field(default_factory=list)
    refunds: list[int] = field(default_factory=list)
    voided: bool = False


Statement = MutableMapping[str, Authorized]
"""Of the bank, by authorization: its key is the attempt's id."""


def statement_of(operations: Iterable[bank.Operation], known: Statement) -> None:
    """Adds a page of the statement; what was declined moved nothing."""
    for operation in operations:
        if operation.status is not OperationStatus.APPROVED:
            continue
        under = known.get(operation.authorization) or Authorized()
        under.reference = under.reference or operation.reference
        under.currency = under.currency or operation.currency
        match operation.kind:
            case OperationKind.AUTHORIZE:
                under.amount = operation.amount
            case OperationKind.CAPTURE:
                under.captures.append(operation.amount)
            case OperationKind.REFUND:
                under.refunds.append(operation.amount)
            case OperationKind.VOID:
                under.voided = True
        known[operation.authorization] = under


@dataclass(slots=True)
class Books:
    """Rows by their ids; `moments`: when each service was read, by its own clock."""

    moments: dict[str, float] = field(default_factory=dict)
    counters: MutableMapping[str, audit.Counter] = field(default_factory=dict)
    movements: Moves[audit.Movement] = field(default_factory=partial(Moves, audit.Movement))
    adjustments: MutableMapping[str, audit.Adjustment] = field(default_factory=dict)
    coupons: MutableMapping[str, audit.CouponCounter] = field(default_factory=dict)
    uses: Moves[audit.CouponMovement] = field(default_factory=partial(Moves, audit.CouponMovement))
    """Of coupons."""
    orders: MutableMapping[str, audit.Order] = field(default_factory=dict)
    accounts: MutableMapping[str, audit.Account] = field(default_factory=dict)
    checkouts: MutableMapping[str, audit.Checkout] = field(default_factory=dict)
    carts: MutableMapping[str, audit.Cart] = field(default_factory=dict)
    guests: MutableMapping[str, audit.Guest] = field(default_factory=dict)
    unpublished: dict[str, Unpublished] = field(default_factory=dict)
    """Service and event's id, with a slash between."""
    failures: Counter[str] = field(default_factory=Counter)
    """At the failure desks, by status."""
    actions: defaultdict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    """What operators did, by service."""
    heads: dict[str, Head] = field(default_factory=dict)
    """Of the chains of actions, by service."""
    statement: Statement | None = None
    on_bus: set[str] = field(default_factory=set)
    """Services whose events are published."""
    rows: int = 0

    @classmethod
    def shelved(cls, archive: Archive, most: int = MOST_IN_MEMORY) -> "Books":
        """For any number of rows, of which so many of each kind are in memory."""
        books = cls(movements=Moves(audit.Movement, archive, most), uses=Moves(audit.CouponMovement, archive, most))
        for kind, place in _BY_ID.items():
            setattr(books, place, Shelf(archive, kind, most))
        return books

    def add(self, service: str, row: AnyLine) -> None:
        """Puts a row where it belongs; the lines around the rows are the reader's."""
        self.rows += 1
        if isinstance(row, audit.Row) and (place := _BY_ID.get(type(row))):
            getattr(self, place)[row.id] = row
            return
        match row:
            case audit.CouponMovement():  # before what it is a kind of
                self.uses.put(row)
            case audit.Movement():
                self.movements.put(row)
            case Unpublished():
                self.unpublished[f"{service}/{row.id}"] = row
            case Failed():
                self.failures[row.status] += 1
            case Acted():
                self.actions[service].append(row.entry)
            case ActedUpTo():
                self.heads[service] = row.head
            case Began():
                self.moments[service] = row.at

    def waiting(self, order_id: str) -> audit.Attempt | None:
        """The attempt at an order that waits for its buyer, whose time was not over when payment was read."""
        account, now = self.accounts.get(order_id), self.moments.get("payment", 0.0)
        attempts = account.attempts if account else ()
        return next((each for each in attempts if each.status is PaymentStatus.REQUIRES_ACTION and now < each.until), None)

    def take_in(self, other: "Books") -> None:
        """Another service's."""
        self.moments |= other.moments
        self.unpublished |= other.unpublished
        for name in ("movements", "uses", *_BY_ID.values()):
            if len(getattr(other, name)):  # each kind is told by one service: its shelf is taken over as it is
                setattr(self, name, getattr(other, name))
        self.failures += other.failures
        self.actions |= other.actions
        self.heads |= other.heads
        self.on_bus |= other.on_bus
        self.rows += other.rows


_BY_ID: Mapping[type, str] = {
    audit.Counter: "counters",
    audit.Adjustment: "adjustments",
    audit.CouponCounter: "coupons",
    audit.Order: "orders",
    audit.Account: "accounts",
    audit.Checkout: "checkouts",
    audit.Cart: "carts",
    audit.Guest: "guests",
}
"""Rows of which there is one for each id → where they stand."""
