"""What the contracts show of an order."""

from collections import Counter

from contracts import audit
from contracts import order_words as words
from contracts.checkout_types import LineKind, ReceiptLine
from contracts.order_stats import OrderStats
from contracts.order_words import Cause, Change, OrderLine, OrderPage, OrderView, Status
from mallkit.endpoint import Caller
from mallkit.money import Money
from mallkit.store import Page
from mallkit.times import rfc3339
from svc_order.domain.order import Order, Return, Shipment
from svc_order.domain.statistics import Day
from svc_order.domain.timeline import Entry, without_staff


def order(found: Order) -> OrderView:
    """A *paying* order is shown as pending: nobody outside can do anything else with it."""
    return OrderView(
        order_id=found.id,
        user_id=found.user_id,
        status=Status.PENDING if found.status is Status.PAYING else found.status,
        items=_items(found),
        receipt=_receipt(found),
        total=found.total.amount,
        refunded=found.refunded.amount,
        currency=found.currency,
        transaction_id=found.transaction_id,
        created_at=rfc3339(found.created),
        updated_at=rfc3339(found.updated),
        pay_by=pay_by(found),
        shipments=[shipment(each) for each in found.shipments],
        returns=[returned(found, each) for each in found.returns],
    )


def _items(found: Order) -> list[OrderLine]:
    shipped: Counter[str] = found.shipped if found.shipments else Counter()
    back: Counter[str] = found.returned if found.returns else Counter()
    return [
        OrderLine(
            product_id=line.product_id,
            name=line.name,
            quantity=line.quantity,
            unit_price=Money(line.unit_minor, found.currency).amount,
            line_total=Money(line.unit_minor * line.quantity, found.currency).amount,
            shipped=shipped[line.product_id],
            returned=back[line.product_id],
        )
        for line in found.lines
    ]


def _receipt(found: Order) -> list[ReceiptLine]:
    return [
        ReceiptLine(
            kind=LineKind(charge.kind),
            text=charge.text,
            amount=Money(charge.minor, found.currency).amount,
            product_id=charge.product_id,
            quantity=charge.quantity,
            included=Money(charge.included, found.currency).amount,
        )
        for charge in found.receipt
    ]


def pay_by(found: Order) -> str:
    """RFC 3339; empty where its checkout pays it."""
    return rfc3339(found.pay_by) if found.pay_by else ""


def shipment(found: Shipment) -> words.ShipmentView:
    """What left the house at once."""
    return words.ShipmentView(
        shipment_id=found.id,
        lines=[words.ShipmentLine(product_id=product_id, quantity=pieces) for product_id, pieces in found.lines.items()],
        carrier=found.carrier,
        tracking_number=found.tracking_number,
        created_at=rfc3339(found.at),
    )


def returned(of: Order, found: Return) -> words.ReturnView:
    """What came back at once."""
    return words.ReturnView(
        return_id=found.id,
        lines=[words.ReturnedLine(product_id=line.product_id, quantity=line.quantity, restock=line.restock) for line in found.lines],
        reason=found.reason,
        refund=Money(found.minor, of.currency).amount,
        currency=of.currency,
        settled=found.settled,
        created_at=rfc3339(found.at),
    )


def page(found: Page[Order], total: int) -> OrderPage:
    """A page of a user's orders."""
    return OrderPage(items=[order(each) for each in found.items], next=found.next, total=total)


def some(found: Page[Order]) -> words.OrderList:
    """A page of all orders."""
    return words.OrderList(items=[order(each) for each in found.items], next=found.next)


def timeline(found: Order, caller: Caller) -> words.Timeline:
    """Oldest first. What orders of an earlier release went through before is not known."""
    items, before = [], None
    for each in found.timeline if caller.is_operator or caller.is_service else without_staff(found.timeline):
        after = Status(each.what) if each.what in _STATUSES else None
        items.append(_change(each, before, after))
        before = after or before
    return words.Timeline(order_id=found.id, items=items)


_STATUSES = frozenset(Status)


def _change(found: Entry, before: Status | None, after: Status | None) -> words.TimelineEntry:
    return words.TimelineEntry(
        at=rfc3339(found.at),
        what=Change.STATUS if after is not None else Change(found.what),
        before=before if after is not None else None,
        after=after,
        thing=found.thing,
        cause=Cause(found.cause),
        cause_id=found.cause_id,
        trace_id=found.trace,
    )


def stats(found: Day, rebuilds: int) -> OrderStats:
    """Every status, those without orders too; currencies that anything was paid in."""
    return OrderStats(
        date=found.id,
        orders={status: found.orders.get(status, 0) for status in Status if status is not Status.PAYING},
        revenue={currency: Money(minor, currency).amount for currency, minor in found.revenue.items()},
        items_sold=found.items,
        rebuilds=rebuilds,
    )


def row(found: Order, revision: int) -> audit.Order:
    """For the audit."""
    return audit.Order(
        id=found.id,
        revision=revision,
        status=found.status,
        total_minor=found.total_minor,
        currency=found.currency,
        hold_id=found.hold_id,
        lines=dict(found.ordered),
        attempt=found.attempt,
        transaction_id=found.transaction_id,
        owes=found.owing,
        refunds=found.refunds,
        pay_by=found.pay_by,
        restocked=dict(found.restocked),
        returns={each.refund_id: each.minor for each in found.returns},
    )
