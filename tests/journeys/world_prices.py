"""What operators set about prices in the running mall, made when it is first needed; nothing of it changes what others there pay."""

from typing import Any

from tests.journeys.world import World

NOWHERE = "AQ"
"""A country of its own: nobody else buys there."""
NOTHING = "nothing-at-all"
"""A category that nothing is in."""
TARIFF = {"steps": [{"up_to_grams": 2000, "price": 4.9}]}
TAXES = {"rates": {"standard": 1900}}


def new_coupon(world: World, **fields: Any) -> str:
    """The code of a coupon, 10 % without a limit unless it is said."""
    body = {"code": world.unique().upper()[:32], "kind": "percent", "basis_points": 1000} | fields
    return str(world.ask("POST", "/api/v1/coupons", body, world.operator)["code"])


def coupon(world: World) -> str:
    """One that holds, and stays as it is."""
    body = {"code": "WORLD-10", "kind": "percent", "basis_points": 1000}
    headers = {"Idempotency-Key": "the-world's-coupon"}
    return str(world.ask("POST", "/api/v1/coupons", body, world.operator, **headers)["code"])


def new_promotion(world: World) -> str:
    """The id of a promotion on what nobody sells."""
    body = {"name": "Nothing", "category": NOTHING, "basis_points": 1000}
    return str(world.ask("POST", "/api/v1/promotions", body, world.operator)["promotion_id"])


def priced_country(world: World) -> str:
    """With a tariff and taxes of its own."""
    world.ask("PUT", f"/api/v1/shipping/{NOWHERE}", TARIFF, world.operator)
    world.ask("PUT", f"/api/v1/taxes/{NOWHERE}", TAXES, world.operator)
    return NOWHERE
