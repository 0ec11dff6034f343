"""One right request for every call about prices: path and body, as operators ask."""

from collections.abc import Callable
from typing import Any

from tests.journeys import world_prices as prices
from tests.journeys.world import World

Asked = tuple[str, Any]


def _plain(_: World, path: str) -> Asked:
    return path, None


def _put_rate(_: World, path: str) -> Asked:
    return path.replace("{currency}", "EUR"), {"per_unit": 0.92}


def _new_coupon(world: World, path: str) -> Asked:
    return path, {"code": f"A-{world.unique()}"[:32], "kind": "fixed", "amount": 2.5, "minimum": 5, "limit": 10, "limit_per_user": 1}


def _coupon(world: World, path: str) -> Asked:
    return path.replace("{code}", prices.coupon(world)), None


def _patch_coupon(world: World, path: str) -> Asked:
    return path.replace("{code}", prices.new_coupon(world)), {"limit": 5, "ended": False}


def _new_promotion(_: World, path: str) -> Asked:
    return path, {"name": "Nothing", "category": prices.NOTHING, "basis_points": 500}


def _patch_promotion(world: World, path: str) -> Asked:
    return path.replace("{promotion_id}", prices.new_promotion(world)), {"name": "Less than nothing"}


def _end_promotion(world: World, path: str) -> Asked:
    return path.replace("{promotion_id}", prices.new_promotion(world)), None


def _country(world: World, path: str) -> Asked:
    return path.replace("{country}", prices.priced_country(world)), None


def _put_tariff(_: World, path: str) -> Asked:
    return path.replace("{country}", prices.NOWHERE), prices.TARIFF


def _put_taxes(_: World, path: str) -> Asked:
    return path.replace("{country}", prices.NOWHERE), prices.TAXES


def _quote_shipping(world: World, path: str) -> Asked:
    return path, {"country": "US", "lines": [{"product_id": world.product, "quantity": 2}], "weight_grams": 100}


RIGHT: dict[tuple[str, str], Callable[[World, str], Asked]] = {
    ("GET", "/api/v1/rates"): _plain,
    ("PUT", "/api/v1/rates/{currency}"): _put_rate,
    ("POST", "/api/v1/coupons"): _new_coupon,
    ("GET", "/api/v1/coupons"): _plain,
    ("GET", "/api/v1/coupons/{code}"): _coupon,
    ("PATCH", "/api/v1/coupons/{code}"): _patch_coupon,
    ("POST", "/api/v1/promotions"): _new_promotion,
    ("GET", "/api/v1/promotions"): _plain,
    ("PATCH", "/api/v1/promotions/{promotion_id}"): _patch_promotion,
    ("DELETE", "/api/v1/promotions/{promotion_id}"): _end_promotion,
    ("POST", "/api/v1/shipping/quote"): _quote_shipping,
    ("PUT", "/api/v1/shipping/{country}"): _put_tariff,
    ("GET", "/api/v1/shipping/{country}"): _country,
    ("PUT", "/api/v1/taxes/{country}"): _put_taxes,
    ("GET", "/api/v1/taxes/{country}"): _country,
}
"""Method and path template → the request."""
