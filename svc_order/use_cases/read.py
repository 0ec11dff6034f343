"""Reading orders: one, a buyer's, all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET

from contracts import order as contract
from contracts.order_words import Status
from mallkit.endpoint import Caller
from mallkit.errors import Invalid, Missing
from mallkit.store import AnyOf, Page, Range
from svc_order.domain.order import Order
from svc_order.ports import Ports


async def one(order_id: str, caller: Caller, ports: Ports) -> Order:
    """For its buyer, operators and services. Raises Missing."""
    found = await ports.orders.get(order_id)
    return found if caller.is_operator or caller.is_service else found.of(caller.subject)


async def of_user(wish: contract.OrdersOf, caller: Caller, ports: Ports) -> tuple[Page[Order], int]:
    """A user's orders, for the user and for operators. Raises Missing."""
    if wish.user_id != caller.subject and not caller.is_operator:
        raise Missing
    if wish.page is UNSET and wish.page_size is UNSET:
        return await ports.orders.of_user(wish.user_id, after=None if wish.after is UNSET else wish.after, limit=wish.limit, offset=0)
    if wish.after is not UNSET:
        message = "send page and pageSize, or after, not both"
        raise Invalid(message)
    size, number = wish.limit if wish.page_size is UNSET else wish.page_size, 1 if wish.page is UNSET else wish.page
    return await ports.orders.of_user(wish.user_id, after=None, limit=size, offset=(number - 1) * size)


async def everybodys(wish: contract.AllOrders, ports: Ports) -> Page[Order]:
    """All that fit. Raises DateInvalid."""
    return await ports.orders.all_of_them(_where(wish), after=None if wish.after is UNSET else wish.after, limit=wish.limit)


def _where(wish: contract.AllOrders) -> Mapping[str, Any]:
    """What is shown as pending may be *paying*."""
    where: dict[str, Any] = {} if wish.user_id is UNSET else {"user_id": wish.user_id}
    if wish.status is not UNSET:
        where["status"] = AnyOf([Status.PENDING, Status.PAYING]) if wish.status is Status.PENDING else wish.status
    if wish.created_from is not UNSET or wish.created_to is not UNSET:
        where["created"] = Range(
            ge=None if wish.created_from is UNSET else _moment(wish.created_from, "created_from"),
            lt=None if wish.created_to is UNSET else _moment(wish.created_to, "created_to"),
        )
    return where


def _moment(sent: str, field: str) -> float:
    try:
        return datetime.fromisoformat(sent).timestamp()
    except (ValueError, OverflowError):
        raise contract.DateInvalid(field=field) from None
