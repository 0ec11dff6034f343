"""Words of the order contract about days and times: the figures of a day, and what is no date."""

from typing import Annotated

from msgspec import Meta

from contracts.order_words import Status
from mallkit.endpoint import END, View
from mallkit.errors import Refused
from mallkit.money import Amount

Moment = Annotated[
    str,
    Meta(
        pattern=rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.][0-9]{{1,6}})?(Z|[+-][0-9]{{2}}:[0-9]{{2}}){END}",
        examples=["2026-11-25T08:00:00Z"],
    ),
]
"""RFC 3339, in a query."""


class DateInvalid(Refused):
    """`field` names what is no day of the calendar (YYYY-MM-DD), or no time of one."""

    slug = "order/date-invalid"
    title = "This is no date"
    status = 422
    remedy = "Send a day like 2026-11-25."


class OrderStats(View, frozen=True):
    """Of the orders that were placed on one day (UTC), as they stand now, a moment behind.

    `revenue`: what was paid less what was refunded, by currency. `items_sold`: pieces of paid orders, less those returned. `rebuilds`:
    how often everything was reckoned anew from the orders.
    """

    date: str
    orders: dict[Status, int]
    revenue: dict[str, Amount]
    items_sold: int
    rebuilds: int


class StatsRebuild(View, frozen=True):
    """Asked for: done when `rebuilds` of the statistics has come to this number."""

    rebuild: int
