"""What an order owes elsewhere: when it is tried, and that it is done. Pure."""

from collections.abc import Collection
from dataclasses import replace

from svc_order.domain.order import Order

AT_ONCE = 3.0
"""Seconds that whoever cancels or takes back waits for money and stock before the job alone goes on with them."""
LONGEST_WAIT = 20.0
"""Seconds between two tries: what an order owes is done soon after its neighbours are back."""


def settled(order: Order, now: float) -> Order:
    """Money and stock of a cancelled order are back."""
    return replace(order, owes=False, updated=now) if order.owes else order


def taken(order: Order) -> Order:
    """The stock of an order that was paid later has left the house."""
    return replace(order, takes=False) if order.takes else order


def returns_settled(order: Order, returns: Collection[str]) -> Order:
    """Money and pieces of these returns are where they belong."""
    if not any(each.id in returns and not each.settled for each in order.returns):
        return order
    return replace(order, returns=tuple(replace(each, settled=each.settled or each.id in returns) for each in order.returns))


def postponed(order: Order, now: float) -> Order:
    """What is owed could not be done: tried again, the longer it has been tried the later."""
    wait = min(max((now - order.updated) / 2, 1.0), LONGEST_WAIT)
    return replace(order, due=now + wait) if order.owing else order
