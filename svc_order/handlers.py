"""The endpoints of the order service."""

from contracts import order as contract
from mallkit.endpoint import Caller
from mallkit.money import Money
from mallkit.web import serves
from svc_order import use_cases, views
from svc_order.domain import Buyer, Charge, Line, Order
from svc_order.ports import Ports


@serves(contract.order)
async def order(wish: contract.OrderOf, caller: Caller, ports: Ports) -> contract.OrderView:
    """One order."""
    return views.order(await use_cases.read(wish.order_id, caller, ports))


@serves(contract.cancel)
async def cancel(wish: contract.Cancel, caller: Caller, ports: Ports) -> contract.OrderView:
    """Cancels an order."""
    return views.order(await use_cases.cancel(wish, caller, ports))


@serves(contract.orders_of)
async def orders_of(wish: contract.OrdersOf, caller: Caller, ports: Ports) -> contract.OrderPage:
    """A user's orders."""
    return views.page(*await use_cases.list_of(wish, caller, ports))


@serves(contract.place)
async def place(wish: contract.Place, _: Caller, ports: Ports) -> contract.State:
    """Places a pending order."""
    return _state(await use_cases.place(_wished(wish, ports), ports))


@serves(contract.begin_payment)
async def begin_payment(wish: contract.BeginPayment, _: Caller, ports: Ports) -> contract.Begun:
    """An attempt asks for the order."""
    found = await use_cases.begin_payment(wish, ports)
    return contract.Begun(order_id=found.id, user_id=found.user_id, total_minor=found.total_minor, currency=found.currency)


@serves(contract.end_payment)
async def end_payment(wish: contract.AttemptOf, _: Caller, ports: Ports) -> contract.State:
    """An attempt is over."""
    return _state(await use_cases.end_payment(wish, ports))


@serves(contract.mark_paid)
async def mark_paid(wish: contract.MarkPaid, _: Caller, ports: Ports) -> contract.State:
    """An attempt has taken the money."""
    return _state(await use_cases.mark_paid(wish, ports))


@serves(contract.undo)
async def undo(wish: contract.OrderOf, _: Caller, ports: Ports) -> contract.State:
    """The saga takes the order back."""
    return _state(await use_cases.undo(wish.order_id, ports))


def _state(found: Order) -> contract.State:
    return contract.State(order_id=found.id, status=found.status, pay_by=views.pay_by(found))


def _wished(wish: contract.Place, ports: Ports) -> Order:
    now = ports.clock()
    to, buyer = wish.buyer.address, wish.buyer
    return Order(
        id=wish.order_id,
        user_id=wish.user_id,
        status=contract.Status.PENDING,
        total_minor=wish.total_minor,
        currency=wish.currency,
        created=now,
        updated=now,
        hold_id=wish.hold_id,
        pay_by=now + ports.pay_within if wish.pay_later else 0.0,
        lines=tuple(Line(line.product_id, line.name, line.quantity, line.unit_minor) for line in wish.lines),
        receipt=tuple(
            Charge(
                line.kind.value,
                line.text,
                Money.read(line.amount, wish.currency).minor,
                line.product_id,
                line.quantity,
                Money.read(line.included, wish.currency).minor,
            )
            for line in wish.receipt
        ),
        buyer=Buyer(buyer.firstname, buyer.lastname, buyer.email, to.street_address, to.city, to.state, to.country, str(to.zip_code)),
    )
