"""The invariants of stock: every piece that came in is there, held, or sold to somebody who paid for it."""

from collections import Counter

from contracts import audit
from contracts.order import Status
from mall.auditing.books import Books
from mall.auditing.invariants import MONEY_TAKEN, Invariant, Patience, Tell
from mall.auditing.supply import balances
from mallkit.allotment_words import State

GIVEN = frozenset({State.TAKEN, State.RETURNED})
OVER = frozenset({Status.CANCELLED, Status.FAILED})


def stock_balance(books: Books, tell: Tell) -> int:
    """For each product: received = available + reserved + sold - returned."""
    return balances(books.counters, books.movements, tell)


def stock_negative(books: Books, tell: Tell) -> int:
    """No product has less than nothing available or reserved."""
    for counter in books.counters.values():
        if min(counter.available, counter.reserved) < 0:
            tell(counter.id, f"{counter.available} available, {counter.reserved} reserved", counter)
    return len(books.counters)


def stock_log(books: Books, tell: Tell) -> int:
    """Every entry in the log of a stock tells of a movement that there is, over as many pieces."""
    for entry in books.adjustments.values():
        told = [line.quantity for line in books.movements.of(entry.id) if line.thing == entry.thing and line.state == State.ADJUSTED]
        if told != [entry.quantity]:
            tell(entry.id, f"{entry.quantity} of {entry.thing} in the log, moved were {_all(told)}", entry)
    return len(books.adjustments)


def order_stock(books: Books, tell: Tell) -> int:
    """Every paid order has its stock taken, in the same quantities, less what came back and was restocked."""
    checked = 0
    for order in books.orders.values():
        if order.status not in MONEY_TAKEN:
            continue
        checked += 1
        lines = books.movements.of(order.hold_id)
        gone = Counter({line.thing: line.quantity - line.returned for line in lines if line.state in GIVEN})
        kept = Counter(order.lines) - Counter(order.restocked)
        if +gone != kept:
            tell(order.id, f"paid for and kept {_pieces(kept)}, taken {_pieces(gone)}", order, *lines)
    return checked


def stock_order(books: Books, tell: Tell) -> int:
    """Stock is taken only for orders that are paid, and held only for orders that may still be."""
    checked = 0
    for line in books.movements:
        if line.state != State.TAKEN and not (line.state == State.HELD and line.bound):
            continue
        checked += 1
        order = books.orders.get(line.bound)
        paid, over = order is not None and order.status in MONEY_TAKEN, order is None or order.status in OVER
        if over or (line.state == State.TAKEN and not paid):
            whose = f"order {line.bound or '-'}, {_status(order)}"
            tell(line.id, f"{line.quantity} of {line.thing} are {line.state} for {whose}", line, order)
    return checked


def reservation_expired(books: Books, tell: Tell) -> int:
    """No reservation that belongs to no order outlives its time."""
    checked = 0
    now = books.moments.get("product", 0.0)
    for line in books.movements:
        if line.state in (State.ASKED, State.HELD) and not line.bound and line.expires_at:
            checked += 1
            if line.expires_at <= now:
                tell(line.id, f"{line.quantity} of {line.thing} were to be free {now - line.expires_at:.0f} s ago")
    return checked


def _pieces(lines: dict[str, int]) -> str:
    return ", ".join(f"{pieces} of {thing}" for thing, pieces in sorted(lines.items())) or "nothing"


def _all(pieces: list[int]) -> str:
    return ", ".join(map(str, pieces)) or "none"


def _status(order: audit.Order | None) -> str:
    return "which is not there" if order is None else f"which is {order.status.value}"


INVARIANTS = (
    Invariant("stock-balance", Patience.NONE, stock_balance),
    Invariant("stock-negative", Patience.NONE, stock_negative),
    Invariant("stock-log", Patience.NONE, stock_log),
    Invariant("order-stock", Patience.GRACE, order_stock),
    Invariant("stock-order", Patience.GRACE, stock_order),
    Invariant("reservation-expired", Patience.GRACE, reservation_expired),
)
