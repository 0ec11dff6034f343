"""The hooks of the schemathesis run, with the words for what staff does with orders; `openapi_prices` has those before."""

import time
from typing import Any

from schemathesis import Case

from tests.journeys import openapi_prices as openapi_prices  # noqa: PLC0414 - for its hooks and its words
from tests.journeys.openapi_fills import body, both, path, without
from tests.journeys.openapi_hooks import ALWAYS, WORDS, _key, _own_cursor, world


def _today(case: Case[Any]) -> None:
    case.query = {"date": time.strftime("%Y-%m-%d", time.gmtime())}


ALWAYS |= {"order.all_orders": _own_cursor}
WORDS |= {
    "order.timeline": path(order_id=lambda: str(world.paid["order_id"])),
    "order.set_status": both(path(order_id=lambda: str(world.bought()["order_id"])), body(status=lambda: "shipped")),
    "order.ship": both(_key, path(order_id=lambda: str(world.bought()["order_id"])), body(tracking_number=world.unique), without("lines")),
    "order.take_back": both(
        _key, path(order_id=world.shipped), body(lines=lambda: [{"product_id": world.product, "quantity": 1, "restock": True}])
    ),
    "order.stats": _today,
}
