"""Pieces that leave the house, in as many parcels as it takes. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.order_events import OrderShipped
from contracts.order_words import MoreThanOrdered, Status, TrackingNumberTaken
from svc_order.domain.order import Order, Shipment
from svc_order.domain.timeline import Origin, entry


@dataclass(frozen=True)
class Parcel:
    """A carrier's tracking number, and the one shipment that has it."""

    id: str
    order_id: str
    shipment_id: str


def parcel_id(carrier: str, tracking_number: str) -> str:
    """The same however they are written."""
    return f"{' '.join(carrier.casefold().split())}/{' '.join(tracking_number.casefold().split())}"


def label(found: Parcel, wished: Parcel) -> Parcel:
    """The parcel, for the shipment that has its number. Raises TrackingNumberTaken for any other."""
    if (found.order_id, found.shipment_id) != (wished.order_id, wished.shipment_id):
        raise TrackingNumberTaken
    return found


def left_to_ship(order: Order) -> Counter[str]:
    """Product → pieces still in the house."""
    return order.ordered - order.shipped


def ship(order: Order, wished: Shipment, origin: Origin) -> Order | tuple[Order, OrderShipped]:
    """These pieces leave the house, all that are left where it names none; the order is *shipped* with the last one.

    The same shipment again changes nothing. Raises WrongStatus, MoreThanOrdered.
    """
    if any(each.id == wished.id for each in order.shipments):
        return order
    if order.status is not Status.PAID:
        raise order.cannot_become(Status.SHIPPED)
    left = left_to_ship(order)
    shipment = replace(wished, at=origin.at, lines=wished.lines or dict(left))
    _check(shipment.lines, left)
    shipped = replace(
        order,
        shipments=(*order.shipments, shipment),
        updated=origin.at,
        timeline=(*order.timeline, entry(origin, "shipment", shipment.id)),
    )
    complete = not left_to_ship(shipped)
    event = OrderShipped(order_id=order.id, user_id=order.user_id, shipment_id=shipment.id, complete=complete, day=order.day)
    return (shipped.to(Status.SHIPPED, origin) if complete else shipped), event


def ship_rest(order: Order, shipment_id: str, origin: Origin) -> Order | tuple[Order, OrderShipped]:
    """All that is left. Again, it changes nothing. Raises WrongStatus."""
    if order.status is Status.SHIPPED:
        return order
    return ship(order, Shipment(shipment_id, origin.at, {}), origin)


def _check(lines: Mapping[str, int], left: Counter[str]) -> None:
    for product_id, pieces in lines.items():
        if pieces > left[product_id]:
            raise MoreThanOrdered(product_id=product_id, left=left[product_id])
