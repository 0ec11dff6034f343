"""What the contracts show of an order."""

from collections import Counter

from contracts import audit
from contracts.checkout_types import LineKind, ReceiptLine
from contracts.order import OrderLine, OrderPage, OrderView, Status
from mallkit.money import Money
from mallkit.store import Page
from mallkit.times import rfc3339
from svc_order.domain import Order


def order(found: Order) -> OrderView:
    """A *paying* order is shown as pending: nobody outside can do anything else with it."""
    currency = found.currency
    return OrderView(
        order_id=found.id,
        user_id=found.user_id,
        status=Status.PENDING if found.status is Status.PAYING else found.status,
        items=[
            OrderLine(
                product_id=line.product_id,
                name=line.name,
                quantity=line.quantity,
                unit_price=Money(line.unit_minor, currency).amount,
                line_total=Money(line.unit_minor * line.quantity, currency).amount,
            )
            for line in found.lines
        ],
        receipt=[
            ReceiptLine(
                kind=LineKind(charge.kind),
                text=charge.text,
                amount=Money(charge.minor, currency).amount,
                product_id=charge.product_id,
                quantity=charge.quantity,
                included=Money(charge.included, currency).amount,
            )
            for charge in found.receipt
        ],
        total=found.total.amount,
        refunded=found.refunded.amount,
        currency=currency,
        transaction_id=found.transaction_id,
        created_at=rfc3339(found.created),
        updated_at=rfc3339(found.updated),
        pay_by=pay_by(found),
    )


def pay_by(found: Order) -> str:
    """RFC 3339; empty where its checkout pays it."""
    return rfc3339(found.pay_by) if found.pay_by else ""


def page(found: Page[Order], total: int) -> OrderPage:
    """A page of a user's orders."""
    return OrderPage(items=[order(each) for each in found.items], next=found.next, total=total)


def row(found: Order, revision: int) -> audit.Order:
    """For the audit."""
    pieces: Counter[str] = Counter()
    for line in found.lines:
        pieces[line.product_id] += line.quantity
    return audit.Order(
        id=found.id,
        revision=revision,
        status=found.status,
        total_minor=found.total_minor,
        currency=found.currency,
        hold_id=found.hold_id,
        lines=dict(pieces),
        attempt=found.attempt,
        transaction_id=found.transaction_id,
        owes=found.owing,
        refunds=found.refunds,
        pay_by=found.pay_by,
    )
