"""What checkout and payment ask of an order: to be placed, paid by one attempt, taken back."""

from msgspec import UNSET

from contracts import order as contract
from contracts.order_words import Cause
from mallkit.money import Money
from svc_order.domain import paying
from svc_order.domain.order import Order
from svc_order.ports import Ports
from svc_order.use_cases.steps import PAID, PAYING, PENDING_AGAIN, PLACED, UNDONE, note, origin


async def place(wished: Order, ports: Ports) -> Order:
    """The event that is saved with it says what was placed."""
    with PLACED.writing():
        return await ports.orders.place(wished)


async def begin_payment(wish: contract.BeginPayment, ports: Ports) -> Order:
    """One attempt wins."""
    asked = None
    if wish.amount is not UNSET:
        found = await ports.orders.get(wish.order_id)
        asked = Money.read(wish.amount, found.currency if wish.currency is UNSET else wish.currency)
    why = origin(ports, Cause.PAYMENT, wish.attempt)
    return await note(PAYING, wish.order_id, lambda order: paying.begin_payment(order, wish.attempt, wish.user_id, asked, why), ports)


async def end_payment(wish: contract.AttemptOf, ports: Ports) -> Order:
    """The attempt is over for good."""
    why = origin(ports, Cause.PAYMENT, wish.attempt)
    return await note(PENDING_AGAIN, wish.order_id, lambda order: paying.end_payment(order, wish.attempt, why), ports)


async def mark_paid(wish: contract.MarkPaid, ports: Ports) -> Order:
    """The attempt has taken the money."""
    why = origin(ports, Cause.PAYMENT, wish.attempt)
    return await note(PAID, wish.order_id, lambda order: paying.mark_paid(order, wish.attempt, wish.transaction_id, why), ports)


async def undo(order_id: str, ports: Ports) -> Order:
    """The saga's way back."""
    with UNDONE.writing():
        return await ports.orders.undo(order_id, origin(ports, Cause.CHECKOUT))
