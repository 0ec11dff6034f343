"""The invariants of coupons: their uses are counted like stock, and belong to purchases that stand."""

from collections.abc import Sequence
from itertools import groupby

from contracts import audit
from contracts.checkout import CheckoutStatus
from contracts.order import Status
from mall.auditing.books import Books
from mall.auditing.invariants import MONEY_TAKEN, Invariant, Patience, Tell
from mall.auditing.supply import balances
from mallkit.allotment_words import State

KEPT = frozenset({State.HELD, State.TAKEN})
OVER = frozenset({Status.CANCELLED, Status.FAILED})
OF_USER = ":"
"""Between a code and a user whose uses of it are counted, as svc_checkout names them."""
FINAL = frozenset({CheckoutStatus.DONE, CheckoutStatus.REFUSED})


def coupon_balance(books: Books, tell: Tell) -> int:
    """For each coupon, and each user of one: limit = left + held + used - returned, and none of it is below zero."""
    for counter in books.coupons.values():
        if min(counter.available, counter.reserved) < 0:
            tell(counter.id, f"{counter.available} left, {counter.reserved} held", counter)
    return balances(books.coupons, books.uses, tell)


def coupon_purchase(books: Books, tell: Tell) -> int:
    """A purchase that is paid has used its coupon, one that was refused or cancelled has not, and nobody else uses any."""
    checked = 0
    for checkout in books.checkouts.values():
        if not checkout.coupon or checkout.status not in FINAL:
            continue
        checked += 1
        order, uses = books.orders.get(checkout.order_id), books.uses.of(checkout.id)
        wrong = _wrong(books, checkout, order, uses)
        if wrong:
            tell(checkout.id, f"{wrong} {checkout.coupon}: {_told(uses)}", checkout, order, *uses)
    for key, under in groupby(books.uses, lambda use: use.key):
        kept = [use for use in under if use.state in KEPT]
        whose = books.checkouts.get(key)
        if kept and (whose is None or whose.coupon != kept[0].thing.partition(OF_USER)[0]):
            tell(key, "a use of a coupon for a purchase that is not there, or has another one", *kept, whose)
    return checked


def _wrong(books: Books, checkout: audit.Checkout, order: audit.Order | None, uses: Sequence[audit.CouponMovement]) -> str:
    """What the purchase is, where that does not fit its uses; nothing where it does."""
    states, counted = {use.state for use in uses if use.thing}, checkout.coupon in {use.thing for use in uses}
    if checkout.status is CheckoutStatus.REFUSED:
        return "refused, with a use of" if states & KEPT else ""
    if order is not None and order.status in OVER:
        # Without a bus nobody is told that the order is cancelled.
        return "cancelled, with a use of" if states & KEPT and "order" in books.on_bus else ""
    if order is not None and order.status in MONEY_TAKEN:
        return "" if counted and states == {State.TAKEN} else "paid, without a use of"
    return "" if counted and states <= KEPT else "placed, without holding"


def _told(uses: Sequence[audit.CouponMovement]) -> str:
    return ", ".join(f"{use.thing} is {use.state}" for use in uses if use.thing) or "nothing is held"


INVARIANTS = (
    Invariant("coupon-balance", Patience.NONE, coupon_balance),
    Invariant("coupon-purchase", Patience.GRACE, coupon_purchase),
)
