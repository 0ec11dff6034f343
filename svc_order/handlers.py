"""The endpoints of the order service."""

from contracts import order as contract
from contracts import order_words as words
from mallkit.endpoint import Caller, Nothing
from mallkit.money import Money
from mallkit.web import serves
from svc_order import views
from svc_order.domain.order import Buyer, Charge, Line, Order
from svc_order.domain.timeline import entry
from svc_order.ports import Ports
from svc_order.use_cases import move, pay, read, statistics
from svc_order.use_cases.steps import origin


@serves(contract.order)
async def order(wish: contract.OrderOf, caller: Caller, ports: Ports) -> contract.OrderView:
    """One order."""
    return views.order(await read.one(wish.order_id, caller, ports))


@serves(contract.all_orders)
async def all_orders(wish: contract.AllOrders, _: Caller, ports: Ports) -> words.OrderList:
    """All orders."""
    return views.some(await read.everybodys(wish, ports))


@serves(contract.timeline)
async def timeline(wish: contract.OrderOf, caller: Caller, ports: Ports) -> words.Timeline:
    """What became of an order."""
    return views.timeline(await read.one(wish.order_id, caller, ports), caller)


@serves(contract.cancel)
async def cancel(wish: contract.Cancel, caller: Caller, ports: Ports) -> contract.OrderView:
    """Cancels an order."""
    return views.order(await move.cancel(wish, caller, ports))


@serves(contract.set_status)
async def set_status(wish: contract.SetStatus, caller: Caller, ports: Ports) -> contract.OrderView:
    """Moves an order on by hand."""
    return views.order(await move.set_status(wish, caller, ports))


@serves(contract.ship)
async def ship(wish: words.Ship, caller: Caller, ports: Ports) -> words.ShipmentView:
    """Ships pieces."""
    return views.shipment(await move.ship(wish, caller, ports))


@serves(contract.take_back)
async def take_back(wish: words.TakeBack, caller: Caller, ports: Ports) -> words.ReturnView:
    """Takes pieces back."""
    return views.returned(*await move.take_back(wish, caller, ports))


@serves(contract.orders_of)
async def orders_of(wish: contract.OrdersOf, caller: Caller, ports: Ports) -> contract.OrderPage:
    """A user's orders."""
    return views.page(*await read.of_user(wish, caller, ports))


@serves(contract.stats)
async def stats(wish: contract.StatsOf, _: Caller, ports: Ports) -> contract.OrderStats:
    """A day in figures."""
    return views.stats(*await statistics.of_day(wish, ports))


@serves(contract.rebuild_stats)
async def rebuild_stats(_wish: Nothing, _: Caller, ports: Ports) -> contract.StatsRebuild:
    """All days anew."""
    return contract.StatsRebuild(rebuild=await statistics.ask_rebuild(ports))


@serves(contract.place)
async def place(wish: contract.Place, _: Caller, ports: Ports) -> contract.State:
    """Places a pending order."""
    return _state(await pay.place(_wished(wish, ports), ports))


@serves(contract.begin_payment)
async def begin_payment(wish: contract.BeginPayment, _: Caller, ports: Ports) -> contract.Begun:
    """An attempt asks for the order."""
    found = await pay.begin_payment(wish, ports)
    return contract.Begun(order_id=found.id, user_id=found.user_id, total_minor=found.total_minor, currency=found.currency)


@serves(contract.end_payment)
async def end_payment(wish: contract.AttemptOf, _: Caller, ports: Ports) -> contract.State:
    """An attempt is over."""
    return _state(await pay.end_payment(wish, ports))


@serves(contract.mark_paid)
async def mark_paid(wish: contract.MarkPaid, _: Caller, ports: Ports) -> contract.State:
    """An attempt has taken the money."""
    return _state(await pay.mark_paid(wish, ports))


@serves(contract.undo)
async def undo(wish: contract.OrderOf, _: Caller, ports: Ports) -> contract.State:
    """The saga takes the order back."""
    return _state(await pay.undo(wish.order_id, ports))


def _state(found: Order) -> contract.State:
    return contract.State(order_id=found.id, status=found.status, pay_by=views.pay_by(found))


def _wished(wish: contract.Place, ports: Ports) -> Order:
    to, buyer = wish.buyer.address, wish.buyer
    why = origin(ports, words.Cause.CHECKOUT, wish.hold_id)
    return Order(
        id=wish.order_id,
        user_id=wish.user_id,
        status=contract.Status.PENDING,
        total_minor=wish.total_minor,
        currency=wish.currency,
        created=why.at,
        updated=why.at,
        hold_id=wish.hold_id,
        pay_by=why.at + ports.pay_within if wish.pay_later else 0.0,
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
        timeline=(entry(why, contract.Status.PENDING.value),),
    )
