"""The hooks of the schemathesis run, with the words for calls about prices; `openapi_hooks` has all others, and the hooks themselves."""

import itertools
from typing import Any

from schemathesis import Case

from tests.journeys import world_prices as prices
from tests.journeys.openapi_fills import body, both, path, without
from tests.journeys.openapi_hooks import ALWAYS, RUN, WORDS, Json, _key, world

VALUES: dict[str, tuple[str, Json]] = {"percent": ("basis_points", 1000), "fixed": ("amount", 2.5)}
_fresh = itertools.count()


def _coupons_query(case: Case[Any]) -> None:
    case.query = {name: value for name, value in case.query.items() if name != "after"}


def _on_nothing(case: Case[Any]) -> None:
    """A promotion on what is sold would change what everything else here costs."""
    if isinstance(case.body, dict) and "category" in case.body:
        case.body = {**case.body, "category": prices.NOTHING}


def _coupon(case: Case[Any]) -> None:
    """Its kind says which value it has."""
    if isinstance(case.body, dict):
        rest: Json = {name: each for name, each in case.body.items() if name not in {"basis_points", "amount"}}
        value = VALUES.get(str(case.body.get("kind")))
        case.body = {**rest, "code": f"S{next(_fresh)}-{RUN}", **(dict([value]) if value else {})}


def _parcel(case: Case[Any]) -> None:
    case.body = {"country": "US", "lines": [{"product_id": world.product, "quantity": 1}]}


_nowhere = path(country=lambda: prices.priced_country(world))
_new_coupon = path(code=lambda: prices.new_coupon(world))
_new_promotion = path(promotion_id=lambda: prices.new_promotion(world))
_no_window = without("valid_from", "valid_until")
ALWAYS |= {
    "checkout.coupons": _coupons_query,
    "checkout.put_tariff": _nowhere,
    "checkout.tariff": _nowhere,
    "checkout.put_taxes": _nowhere,
    "checkout.taxes": _nowhere,
    "checkout.begin_promotion": _on_nothing,
    "checkout.change_promotion": _on_nothing,
}
WORDS |= {
    "checkout.create_coupon": both(_key, _coupon, _no_window, without("currency", "minimum")),
    "checkout.coupon": path(code=lambda: prices.coupon(world)),
    "checkout.change_coupon": both(_new_coupon, _no_window),
    "checkout.begin_promotion": both(_key, _no_window),
    "checkout.change_promotion": both(_new_promotion, _no_window),
    "checkout.end_promotion": _new_promotion,
    "checkout.put_tariff": body(steps=lambda: prices.TARIFF["steps"]),
    "checkout.quote_shipping": _parcel,
    "checkout.put_taxes": without("shipping"),
    "checkout.put_rate": both(path(currency=lambda: "EUR"), body(per_unit=lambda: 0.92), without("as_of")),
}
