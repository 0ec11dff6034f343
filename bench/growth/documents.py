"""The documents of all stores but the catalogue's after so many purchases, as the services themselves would have left them."""

from argon2 import PasswordHasher

from bench.growth import goods
from bench.growth.draw import Draw, made_id, moment
from bench.growth.goods import CURRENCY, Documents
from contracts.bank import OperationKind
from contracts.checkout import CheckoutStatus
from contracts.checkout_types import LineKind
from contracts.order import Status
from contracts.payment import PaymentStatus
from mallkit.endpoint import Role
from mallkit.times import NEVER, rfc3339
from sandbox_bank.domain.authorization import Authorization, Entry
from sandbox_bank.domain.card import Plastic, Reason
from sandbox_bank.repository import AUTHORIZATIONS
from sandbox_bank.repository import POINTERS as OPERATIONS
from sandbox_bank.repository import Pointer as Operation
from svc_auth.domain import Account as Login
from svc_auth.passwords import LANES, MEMORY_KIB, PASSES
from svc_auth.repository import ACCOUNTS as LOGINS
from svc_cart.domain.cart import REMEMBERED, Cart
from svc_cart.repository import CARTS
from svc_checkout.domain.address import Destination
from svc_checkout.domain.checkout import Buyer as Addressee
from svc_checkout.domain.checkout import Checkout
from svc_checkout.domain.receipt import Item, Receipt
from svc_checkout.domain.receipt import Line as ReceiptLine
from svc_checkout.repository import CHECKOUTS
from svc_order.domain.order import Buyer, Charge, Line, Order
from svc_order.repository.orders import ORDERS
from svc_payment.domain import account as money
from svc_payment.domain.attempt import Attempt
from svc_payment.repository import ACCOUNTS, POINTERS, Pointer
from svc_user.domain import Profile
from svc_user.repository import PROFILES

PASSWORD = "growth-password-1"  # noqa: S105 - of users that live for one benchmark
STATUSES = (Status.PAID, Status.SHIPPED, Status.COMPLETED, Status.COMPLETED)
CARD = "visa 4242"
NAMES = ("Ann", "Bo", "Chen", "Dara", "Emil", "Fay", "Gao", "Hana")


def email(number: int) -> str:
    """Of the user `number`."""
    return f"user-{number}@example.org"


def user_id(number: int, size: int) -> str:
    """Of the user `number`."""
    return made_id("user", number, size)


def logins(draw: Draw) -> Documents:
    """Everybody has the same password: hashing a million would take six hours."""
    hashed = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES).hash(PASSWORD)
    for number in range(draw.size):
        yield LOGINS, Login(user_id(number, draw.size), email(number), _name(number), Role.CUSTOMER, hashed, moment(number, draw.size))


def profiles(draw: Draw) -> Documents:
    """All of them, as after the first look."""
    for number in range(draw.size):
        made = rfc3339(moment(number, draw.size))
        yield PROFILES, Profile(user_id(number, draw.size), email(number), _name(number), created_at=made, updated_at=made)


def carts(draw: Draw) -> Documents:
    """Empty, remembering what they were bought by."""
    for user, orders in draw.orders_by_user():
        closed = {made_id("checkout", number, draw.size): moment(number, draw.size) for number in orders[-REMEMBERED:]}
        yield CARTS, Cart(user_id(user, draw.size), closed=closed)


def orders(draw: Draw) -> Documents:
    """Paid, shipped or completed, in the order of time."""
    for number in range(draw.size):
        to, at = _destination(number), moment(number, draw.size)
        buyer = Buyer(_name(draw.buyers[number]), "Other", email(draw.buyers[number]), to.street_address, to.city, to.state, "US", "95014")
        items = _items(draw, number)
        yield (
            ORDERS,
            Order(
                id=made_id("order", number, draw.size),
                user_id=user_id(draw.buyers[number], draw.size),
                status=STATUSES[number % len(STATUSES)],
                total_minor=_receipt(items).total,
                currency=CURRENCY,
                created=at,
                updated=at + 1,
                hold_id=made_id("checkout", number, draw.size),
                lines=tuple(Line(item.product_id, item.name, item.quantity, item.unit_minor) for item in items),
                receipt=tuple(
                    Charge(line.kind.value, line.text, line.minor, line.product_id, line.quantity) for line in _receipt(items).lines
                ),
                buyer=buyer,
                attempt=_attempt(draw, number),
                transaction_id=_transaction(draw, number),
            ),
        )


def payments(draw: Draw) -> Documents:
    """One captured attempt an order, and the pointer to it."""
    for number in range(draw.size):
        order_id, at, minor = made_id("order", number, draw.size), moment(number, draw.size), _receipt(_items(draw, number)).total
        transaction_id = _transaction(draw, number)
        attempt = Attempt(
            _attempt(draw, number), transaction_id, user_id(draw.buyers[number], draw.size), PaymentStatus.CAPTURED, minor, CURRENCY,
            "credit_card", CARD, at, at, NEVER, over=True,
        )  # fmt: skip
        booked = money.Movement(transaction_id, at, money.BANK, money.SALES, minor)
        yield ACCOUNTS, money.Account(order_id, attempts=(attempt,), ledger=(booked,))
        yield POINTERS, Pointer(transaction_id, order_id)


def checkouts(draw: Draw) -> Documents:
    """All done."""
    for number in range(draw.size):
        items = _items(draw, number)
        buyer = draw.buyers[number]
        yield (
            CHECKOUTS,
            Checkout(
                made_id("checkout", number, draw.size), user_id(buyer, draw.size), made_id("order", number, draw.size),
                Addressee(_name(buyer), "Other", email(buyer)), _destination(number), "growth:1/1/1", NEVER, moment(number, draw.size),
                CheckoutStatus.DONE, items, _receipt(items), _transaction(draw, number),
            ),
        )  # fmt: skip


def banked(draw: Draw) -> Documents:
    """An authorization and a capture for each order."""
    for number in range(draw.size):
        key, minor, at = _attempt(draw, number), _receipt(_items(draw, number)).total, rfc3339(moment(number, draw.size))
        entries = tuple(
            Entry(
                key=key + ending, authorization=key, kind=kind, fingerprint=f"{number:064x}", at=at, reason=Reason.NONE,
                request=made_id(f"operation{ending}", number, draw.size), amount=minor, currency=CURRENCY, brand="visa", last4="4242",
                reference=made_id("order", number, draw.size),
            )
            for kind, ending in ((OperationKind.AUTHORIZE, ""), (OperationKind.CAPTURE, "-capture"))
        )  # fmt: skip
        yield AUTHORIZATIONS, Authorization(key, entries, Plastic("visa", "4242"))
        for entry in entries:
            yield OPERATIONS, Operation(entry.key, key, entry.request)


def _name(number: int) -> str:
    return NAMES[number % len(NAMES)]


def _destination(number: int) -> Destination:
    return Destination(f"{number % 1000} Infinite Loop", "Cupertino", "CA", "US", "95014")


def _items(draw: Draw, number: int) -> tuple[Item, ...]:
    return tuple(
        Item(goods.product_id(thing, draw.size), goods.name(thing, draw.size), 1, goods.price(thing)) for thing in draw.lines(number)
    )


def _receipt(items: tuple[Item, ...]) -> Receipt:
    lines = [ReceiptLine(LineKind.ITEM, item.name, item.unit_minor * item.quantity, item.product_id, item.quantity) for item in items]
    return Receipt((*lines, ReceiptLine(LineKind.SHIPPING, "Shipping to US", 500)), CURRENCY)


def _attempt(draw: Draw, number: int) -> str:
    return f"k-{made_id('attempt', number, draw.size).replace('-', '')}{number:08x}"


def _transaction(draw: Draw, number: int) -> str:
    return made_id("transaction", number, draw.size)
