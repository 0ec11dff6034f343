"""Ways to break the stores of a mall that sold something, by hand: each names what the audit must find, and where."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mall.auditing.asking import Asking
from mall.auditing.audit import INVARIANTS
from mall.auditing.books import Books
from mall.auditing.invariants import examine
from mall.auditing.settings import Settings
from tests.auditing import broken_actions
from tests.auditing.broken import Document, added, broken, document_of, removed, waits
from tests.buses.brokers import RedisBroker
from tests.svc_checkout.buying import Buying

COUPON = "AUDITED-10"
"""What all of them are bought with."""


@dataclass(frozen=True)
class Bought:
    """One purchase, by all its ids."""

    checkout: str
    order: str
    transaction: str
    attempt: str
    refund: str
    user: str
    product: str
    guest: str

    @property
    def movement(self) -> str:
        return f"{self.checkout}/{self.product}"

    @property
    def coupon(self) -> str:
        return COUPON

    @property
    def use(self) -> str:
        return f"{self.checkout}/{COUPON}"


@dataclass(frozen=True)
class Sold:
    """A mall that sold: one purchase stands, one was cancelled, one was refused, and of one a piece came back."""

    mall: Buying
    folder: Path
    broker: RedisBroker
    asking: Asking
    settings: Settings
    paid: Bought
    cancelled: Bought
    returned: Bought

    async def suspects(self) -> set[tuple[str, str]]:
        """What does not fit at this moment: invariant and id."""
        return suspects_in(await self.asking.read())


def suspects_in(books: Books) -> set[tuple[str, str]]:
    return {(suspect.invariant, suspect.id) for finding in examine(books, INVARIANTS) for suspect in finding.suspects}


Break = Callable[[Sold], tuple[AbstractContextManager[None], str]]


def changed(where: str, key: str, named: str, harm: Callable[[Document, Bought], object], of: str = "paid") -> Break:
    """A document at `service/collection` whose id is the purchase's `key`, changed; the audit names the purchase's `named`."""
    service, _, collection = where.partition("/")

    def prepare(sold: Sold) -> tuple[AbstractContextManager[None], str]:
        which: Bought = getattr(sold, of)
        context = broken(sold.folder, service, collection, getattr(which, key), partial(_apply, harm, which))
        return context, getattr(which, named)

    return prepare


def _apply(harm: Callable[[Document, Bought], object], which: Bought, document: Document) -> None:
    harm(document, which)


def _entry(document: Document, kind: str) -> Any:
    return next(entry for entry in document["entries"] if entry["kind"] == kind)


def gone(service: str, collection: str, key: str, named: str) -> Break:
    """A document less."""

    def prepare(sold: Sold) -> tuple[AbstractContextManager[None], str]:
        return removed(sold.folder, service, collection, getattr(sold.paid, key)), getattr(sold.paid, named)

    return prepare


def expired_hold(sold: Sold) -> tuple[AbstractContextManager[None], str]:
    hold = {"id": "h/x", "key": "h", "thing": "x", "quantity": 1, "state": "held", "created_at": 0.0, "expires_at": 1.0}
    return added(sold.folder, "product", "stock_movements", hold), "h/x"


def logged_only(sold: Sold) -> tuple[AbstractContextManager[None], str]:
    entry = {"id": "a", "product_id": sold.paid.product, "at": 0.0, "by": "o", "reason": "lost", "note": "", "delta": -1, "on_hand": 1}
    return added(sold.folder, "product", "stock_log", entry), "a"


def twin_order(sold: Sold) -> tuple[AbstractContextManager[None], str]:
    twin = document_of(sold.folder, "order", "orders", sold.paid.order) | {"id": "twin"}
    return added(sold.folder, "order", "orders", twin), sold.paid.checkout


def unknown_account(sold: Sold) -> tuple[AbstractContextManager[None], str]:
    account = document_of(sold.folder, "payment", "accounts", sold.paid.order) | {"id": "stranger"}
    return added(sold.folder, "payment", "accounts", account), sold.paid.transaction


def stranger(sold: Sold) -> tuple[AbstractContextManager[None], str]:
    """An authorization that no account knows, as the bank keeps it."""
    known = document_of(sold.folder, "bank", "authorizations", sold.paid.attempt)
    entry = _entry(known, "authorize") | {"key": "stranger", "authorization": "stranger"}
    pointer = {"id": "stranger", "authorization": "stranger", "operation": entry["request"]}

    @contextmanager
    def both() -> Iterator[None]:
        authorization = known | {"id": "stranger", "entries": [entry]}
        with (
            added(sold.folder, "bank", "authorizations", authorization),
            added(sold.folder, "bank", "pointers", pointer, operation=entry["request"]),
        ):
            yield

    return both(), "stranger"


BREAKS: Mapping[str, tuple[str, Break]] = {
    "a piece is lost": ("stock-balance", changed("product/stock_counters", "product", "product", lambda it, _: it.update(available=1))),
    "a piece is sold that there is not": (
        "stock-negative",
        changed("product/stock_counters", "product", "product", lambda it, _: it.update(available=-1)),
    ),
    "an adjustment is told that never happened": ("stock-log", logged_only),
    "a use of a coupon is lost": (
        "coupon-balance",
        changed("checkout/coupon_counters", "coupon", "coupon", lambda it, _: it.update(available=1)),
    ),
    "a coupon is used more often than it may": (
        "coupon-balance",
        changed("checkout/coupon_counters", "coupon", "coupon", lambda it, _: it.update(available=-1)),
    ),
    "a paid purchase has not used its coupon": (
        "coupon-purchase",
        changed("checkout/coupon_movements", "use", "checkout", lambda it, _: it.update(state="released")),
    ),
    "a paid purchase has no use of its coupon": ("coupon-purchase", gone("checkout", "coupon_movements", "use", "checkout")),
    "a cancelled purchase has used its coupon": (
        "coupon-purchase",
        changed("checkout/coupon_movements", "use", "checkout", lambda it, _: it.update(state="taken", returned=0), "cancelled"),
    ),
    "a coupon is used by a purchase without one": (
        "coupon-purchase",
        changed("checkout/checkouts", "checkout", "checkout", lambda it, _: it.update(coupon="")),
    ),
    "less was taken than paid": (
        "order-stock",
        changed("product/stock_movements", "movement", "order", lambda it, _: it.update(quantity=1)),
    ),
    "nothing was taken": ("order-stock", gone("product", "stock_movements", "movement", "order")),
    "pieces were taken for nobody": (
        "stock-order",
        changed("product/stock_movements", "movement", "movement", lambda it, _: it.update(bound="nobody")),
    ),
    "a hold outlives its time": ("reservation-expired", expired_hold),
    "an order costs more than was captured": (
        "order-money",
        changed("order/orders", "order", "order", lambda it, _: it.update(total_minor=1)),
    ),
    "a cancelled order's money is kept": (
        "order-money",
        changed("payment/accounts", "order", "order", lambda it, _: it.update(refunds=[]), "cancelled"),
    ),
    "an order was not told of its refund": (
        "order-refunds",
        changed("order/orders", "order", "order", lambda it, _: it.update(refunds={}), "cancelled"),
    ),
    "an order is lost": ("payment-order", gone("order", "orders", "order", "transaction")),
    "money is captured for an order that is not there": ("payment-order", unknown_account),
    "a capture is booked twice": (
        "ledger",
        changed("payment/accounts", "order", "order", lambda it, _: it.update(ledger=it["ledger"] * 2)),
    ),
    "a capture does not end": (
        "payment-open",
        changed("payment/accounts", "order", "transaction", lambda it, _: it["attempts"][0].update(status="capturing")),
    ),
    "a payment waits for the buyer of a paid order": ("payment-waiting", changed("payment/accounts", "order", "transaction", waits)),
    "a refund does not end": (
        "payment-open",
        changed("payment/accounts", "order", "refund", lambda it, _: it["refunds"][0].update(status="refunding"), "cancelled"),
    ),
    "a cancelled order owes": ("order-owes", changed("order/orders", "order", "order", lambda it, _: it.update(owes=True), "cancelled")),
    "the bank captured another sum": (
        "bank-charges",
        changed("bank/authorizations", "attempt", "attempt", lambda it, _: _entry(it, "capture").update(amount=1)),
    ),
    "the bank charged what nobody asked for": ("bank-charges", gone("payment", "accounts", "order", "attempt")),
    "the bank gave back less": (
        "bank-refunds",
        changed("bank/authorizations", "attempt", "order", lambda it, _: _entry(it, "refund").update(amount=1), "cancelled"),
    ),
    "money stays reserved": ("bank-authorizations", stranger),
    "a checkout made two orders": ("order-unique", twin_order),
    "a refused checkout has a paid order": (
        "checkout-order",
        changed("checkout/checkouts", "checkout", "checkout", lambda it, _: it.update(status="refused")),
    ),
    "a cart was bought and put back": (
        "cart-once",
        changed("cart/carts", "user", "checkout", lambda it, which: it["undone"].update({which.checkout: 1.0})),
    ),
    "a cart was bought and stayed full": (
        "cart-once",
        changed("cart/carts", "user", "checkout", lambda it, which: it["closed"].pop(which.checkout)),
    ),
    "a guest cart names another": ("guest-once", changed("cart/guests", "guest", "guest", lambda it, _: it.update(into="nobody"))),
    "a guest cart is lost": ("guest-once", changed("cart/carts", "user", "guest", lambda it, which: it["merged"].pop(which.guest))),
    "a guest cart is stuck": ("guest-settled", changed("cart/guests", "guest", "guest", lambda it, _: it.update(state="closed"))),
    "a cart stays sealed": (
        "cart-sealed",
        changed("cart/carts", "user", "user", lambda it, which: it.update(sealed={"checkout_id": which.checkout, "lines": []})),
    ),
    "a checkout does not end": (
        "checkout-final",
        changed("checkout/checkouts", "checkout", "checkout", lambda it, _: it.update(status="running")),
    ),
    "an order waits for its payment for ever": (
        "order-unpaid",
        changed("order/orders", "order", "order", lambda it, _: it.update(status="pending", pay_by=1.0)),
    ),
    "a returned piece is not restocked": (
        "order-stock",
        changed("product/stock_movements", "movement", "order", lambda it, _: it.update(returned=0), "returned"),
    ),
    "a return is not refunded": (
        "order-returns",
        changed("payment/accounts", "order", "refund", lambda it, _: it.update(refunds=[]), "returned"),
    ),
    "a refund belongs to no return": (
        "order-returns",
        changed("order/orders", "order", "refund", lambda it, _: it.update(returns=[]), "returned"),
    ),
    "an order stays paying": ("order-paying", changed("order/orders", "order", "order", lambda it, _: it.update(status="paying"))),
    **broken_actions.BREAKS,
}
