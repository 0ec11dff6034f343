"""One right request for every call with which staff moves orders: path and body, as operators ask."""

from typing import Any

from tests.journeys.asking_prices import Asked
from tests.journeys.world import World


def _set_status(world: World, path: str) -> Asked:
    return path.format(order_id=world.bought()["order_id"]), {"status": "shipped"}


def _ship(world: World, path: str) -> Asked:
    body = {"carrier": "DHL", "tracking_number": world.unique(), "lines": [_piece(world)]}
    return path.format(order_id=world.bought()["order_id"]), body


def _take_back(world: World, path: str) -> Asked:
    return path.format(order_id=world.shipped()), {"lines": [_piece(world)], "reason": "damaged"}


def _piece(world: World) -> dict[str, Any]:
    return {"product_id": world.product, "quantity": 1}


def _today(_: World, path: str) -> Asked:
    return path, None


def _rebuild(_: World, path: str) -> Asked:
    return path, {}


RIGHT = {
    ("PUT", "/api/v1/orders/{order_id}/status"): _set_status,
    ("POST", "/api/v1/orders/{order_id}/shipments"): _ship,
    ("POST", "/api/v1/orders/{order_id}/returns"): _take_back,
    ("GET", "/api/v1/stats/orders"): _today,
    ("POST", "/api/v1/stats/orders/rebuild"): _rebuild,
}
"""Method and path template → the request."""
