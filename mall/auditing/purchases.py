"""The invariants of purchases: one cart, one checkout, one order, all of them brought to an end; and every event told."""

from contracts import audit
from contracts.checkout import CheckoutStatus
from contracts.order import Status
from mall.auditing.books import Books
from mall.auditing.invariants import MONEY_TAKEN, Invariant, Patience, Tell

FINAL = frozenset({CheckoutStatus.DONE, CheckoutStatus.REFUSED})
REMEMBERED = 50
"""A cart remembers at least so many of the checkouts that bought it: only where it has fewer, none can be forgotten."""
UNDONE = frozenset({Status.CANCELLED, Status.FAILED})


def order_unique(books: Books, tell: Tell) -> int:
    """No checkout makes two orders."""
    holds: set[str] = set()
    doubled: dict[str, list[audit.Order]] = {}
    for order in books.orders.values():
        if order.hold_id in holds:
            doubled[order.hold_id] = []
        elif order.hold_id:
            holds.add(order.hold_id)
    for order in books.orders.values() if doubled else ():  # kept are ids only, unless something is wrong
        if order.hold_id in doubled:
            doubled[order.hold_id].append(order)
    for hold_id, orders in doubled.items():
        tell(hold_id, f"one checkout, {len(orders)} orders: {', '.join(sorted(order.id for order in orders))}", *orders)
    return len(holds)


def checkout_order(books: Books, tell: Tell) -> int:
    """A checkout that is done has its paid order (or one that is paid later, however it stands), and one that was refused left none."""
    checked = 0
    for checkout in books.checkouts.values():
        if checkout.status not in FINAL:
            continue
        checked += 1
        order = books.orders.get(checkout.order_id)
        if checkout.status is CheckoutStatus.DONE and checkout.pay_later:
            fits = order is not None and bool(order.pay_by)
        elif checkout.status is CheckoutStatus.DONE:
            may = MONEY_TAKEN | {Status.CANCELLED}
            fits = order is not None and order.status in may and order.transaction_id == checkout.transaction_id
        else:
            fits = order is None or (order.status in UNDONE and not order.transaction_id)
        if not fits:
            how = "not there" if order is None else f"{order.status.value}, paid by {order.transaction_id or 'nothing'}"
            tell(checkout.id, f"{checkout.status.value}, its order {checkout.order_id} is {how}", checkout, order)
    return checked


def cart_once(books: Books, tell: Tell) -> int:
    """No cart is bought twice: what a checkout bought has left the cart, and was never put back."""
    for checkout in books.checkouts.values():
        cart = books.carts.get(checkout.user_id)
        if checkout.status is CheckoutStatus.DONE:
            if cart is None or checkout.id in cart.undone:
                tell(checkout.id, "bought, and its lines were put back into the cart", checkout, cart)
            elif checkout.id not in cart.closed and len(cart.closed) < REMEMBERED:
                tell(checkout.id, "bought, and its lines did not leave the cart", checkout, cart)
        elif cart is not None and checkout.status is CheckoutStatus.REFUSED and checkout.id in cart.closed:
            tell(checkout.id, "refused, and its lines left the cart all the same", checkout, cart)
    for cart in books.carts.values():
        for both in set(cart.undone) & set(cart.closed):
            tell(both, f"cart {cart.id} was both put back and bought by one checkout", cart)
    return len(books.carts)


def cart_sealed(books: Books, tell: Tell) -> int:
    """No cart is sealed by a checkout that has ended."""
    checked = 0
    for cart in books.carts.values():
        if not cart.sealed:
            continue
        checked += 1
        checkout = books.checkouts.get(cart.sealed)
        if checkout is None or checkout.status in FINAL:
            how = "not there" if checkout is None else checkout.status.value
            tell(cart.id, f"the cart is sealed by checkout {cart.sealed}, which is {how}", cart, checkout)
    return checked


def checkout_final(books: Books, tell: Tell) -> int:
    """Every checkout comes to an end, once its buyer has acted where that is needed."""
    for checkout in books.checkouts.values():
        if checkout.status not in FINAL and books.waiting(checkout.order_id) is None:
            tell(checkout.id, f"{checkout.status.value}, with order {checkout.order_id}")
    return len(books.checkouts)


def order_paying(books: Books, tell: Tell) -> int:
    """No order stays *paying*, but while its buyer has time to act."""
    for order in books.orders.values():
        if order.status is Status.PAYING and books.waiting(order.id) is None:
            tell(order.id, f"paying, by attempt {order.attempt}")
    return len(books.orders)


def order_unpaid(books: Books, tell: Tell) -> int:
    """No order waits for its payment longer than it may."""
    checked = 0
    now = books.moments.get("order", 0.0)
    for order in books.orders.values():
        if order.pay_by and order.status is Status.PENDING:
            checked += 1
            if order.pay_by <= now:
                tell(order.id, f"pending, and was to be paid {now - order.pay_by:.0f} s ago")
    return checked


def event_unpublished(books: Books, tell: Tell) -> int:
    """Every event reaches the bus soon; counted are the services that publish."""
    for key, event in books.unpublished.items():
        tell(key, f"{event.type} of {event.subject} is not on the bus")
    return len(books.on_bus)


INVARIANTS = (
    Invariant("order-unique", Patience.NONE, order_unique),
    Invariant("checkout-order", Patience.GRACE, checkout_order),
    Invariant("cart-once", Patience.GRACE, cart_once),
    Invariant("cart-sealed", Patience.GRACE, cart_sealed),
    Invariant("checkout-final", Patience.GRACE, checkout_final),
    Invariant("order-paying", Patience.GRACE, order_paying),
    Invariant("order-unpaid", Patience.GRACE, order_unpaid),
    Invariant("event-unpublished", Patience.PUBLISH, event_unpublished),
)
