"""What people and services do with an order: cancel it, move it on, ship it, take pieces of it back."""

import asyncio
from uuid import NAMESPACE_URL, uuid5

from msgspec import UNSET

from contracts import order as contract
from contracts.order_words import Ship, Status, TakeBack
from mallkit.endpoint import Caller
from mallkit.errors import Invalid, ShopError
from mallkit.steps import Write
from svc_order.domain import moving, owed, returns, shipping
from svc_order.domain.order import Order, Return, Returned, Shipment
from svc_order.domain.shipping import Parcel
from svc_order.domain.timeline import Origin
from svc_order.ports import Ports
from svc_order.use_cases.settle import settle
from svc_order.use_cases.steps import CANCELLED, COMPLETED, FAILED, SHIPPED, TAKEN_BACK, Rule, asked_by, note


async def cancel(wish: contract.Cancel, caller: Caller, ports: Ports) -> Order:
    """Cancels, and gives money and stock back at once where the neighbours answer; the job does the rest."""
    why = asked_by(caller, ports)

    def rule(order: Order) -> "Order | tuple[Order, contract.OrderCancelled]":
        return moving.cancel(order.placed() if caller.is_operator else order.of(caller.subject), wish.reason, why)

    return await _settled_soon(await note(CANCELLED, wish.order_id, rule, ports), ports)


async def set_status(wish: contract.SetStatus, caller: Caller, ports: Ports) -> Order:
    """By operators and services. Raises Missing, BeingPaid, PartlyShipped, and WrongStatus for a step that is none or a payment's."""
    by_hand = _by_hand(wish, asked_by(caller, ports))
    if by_hand is None:
        raise (await ports.orders.get(wish.order_id)).cannot_become(wish.status)
    step, rule = by_hand
    return await _settled_soon(await note(step, wish.order_id, lambda order: rule(order.placed()), ports), ports)


def _by_hand(wish: contract.SetStatus, why: Origin) -> tuple[Write, Rule] | None:
    match wish.status:
        case Status.SHIPPED:
            return SHIPPED, lambda order: shipping.ship_rest(order, _id_of("rest", wish.order_id), why)
        case Status.COMPLETED:
            return COMPLETED, lambda order: moving.complete(order, why)
        case Status.CANCELLED:
            return CANCELLED, lambda order: moving.cancel(order, wish.reason, why)
        case Status.FAILED:
            return FAILED, lambda order: moving.fail(order, wish.reason, why)
        case _:
            return None


async def ship(wish: Ship, caller: Caller, ports: Ports) -> Shipment:
    """Once for its Idempotency-Key. Raises Missing, WrongStatus, MoreThanOrdered, TrackingNumberTaken."""
    why = asked_by(caller, ports)
    lines = {} if wish.lines is UNSET else {line.product_id: line.quantity for line in wish.lines}
    if wish.lines is not UNSET and len(lines) < len(wish.lines):
        message = "a product stands in more than one line"
        raise Invalid(message)
    wished = Shipment(_id_of(caller.command, wish.order_id), why.at, lines, wish.carrier, wish.tracking_number)
    parcel = Parcel(shipping.parcel_id(wish.carrier, wish.tracking_number), wish.order_id, wished.id)
    with SHIPPED.writing():
        order = await ports.orders.ship(parcel, lambda order: shipping.ship(order.placed(), wished, why))
    return next(each for each in order.shipments if each.id == wished.id)


async def take_back(wish: TakeBack, caller: Caller, ports: Ports) -> tuple[Order, Return]:
    """Once for its Idempotency-Key; money and pieces are settled at once where the neighbours answer.

    Raises Missing, WrongStatus, MoreThanShipped.
    """
    why = asked_by(caller, ports)
    lines = tuple(Returned(line.product_id, line.quantity, line.restock) for line in wish.lines)
    wished = Return(_id_of(caller.command, wish.order_id), why.at, lines, wish.reason)
    noted = await note(TAKEN_BACK, wish.order_id, lambda order: returns.take_back(order.placed(), wished, why), ports)
    order = await _settled_soon(noted, ports)
    return order, next(each for each in order.returns if each.id == wished.id)


def _id_of(command: str, order_id: str) -> str:
    """A key that is used again for another order, long after its first answer is forgotten, must not meet the first one's effect."""
    return str(uuid5(NAMESPACE_URL, f"{command}/{order_id}"))


async def _settled_soon(order: Order, ports: Ports) -> Order:
    """What the order owes is tried once, for some seconds; then the job goes on with it."""
    if not order.owing:
        return order
    try:
        async with asyncio.timeout(owed.AT_ONCE):
            return await settle(order, ports)
    except (ShopError, TimeoutError):
        return order
