"""Promotions as operators run them: so much off the products of a category, and of those below it, for a time."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.checkout_types import BadCheckout
from contracts.product_words import SHOWN, Category
from mallkit.endpoint import DELETE, GET, OPERATORS, PATCH, POST, Done, Endpoint, Id, Keyed, Nothing, View, Wish
from mallkit.errors import Missing, Refused

Moment = Annotated[datetime, Meta(tz=True)]
"""RFC 3339, with a time zone."""
BasisPoints = Annotated[int, Meta(ge=1, le=10_000, examples=[1500])]
"""Hundredths of a percent: 1500 are 15 %."""
PromotionName = Annotated[str, Meta(min_length=1, max_length=100, pattern=SHOWN, examples=["Spring sale"])]


class WindowWrong(Refused):
    """It would end before it begins."""

    slug = "pricing/window-wrong"
    title = "It would end before it begins"
    status = 422
    remedy = "Send a `valid_until` that lies after `valid_from`."


class PromotionsFull(Refused):
    """The mall keeps so many promotions at once: `most`."""

    slug = "pricing/promotions-full"
    title = "There are too many promotions"
    remedy = "Delete promotions that have ended."


class NewPromotion(Wish, frozen=True):
    """From now on and without an end, unless it is said."""

    name: PromotionName
    category: Category
    basis_points: BasisPoints
    valid_from: Moment | UnsetType = UNSET
    valid_until: Moment | UnsetType = UNSET


class PromotionPatch(Wish, frozen=True):
    """Only what is sent changes; without an end is `null`."""

    promotion_id: Id
    name: PromotionName | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    basis_points: BasisPoints | UnsetType = UNSET
    valid_from: Moment | UnsetType = UNSET
    valid_until: Moment | UnsetType | None = UNSET


class PromotionOf(Wish, frozen=True):
    """Names a promotion."""

    promotion_id: Id


class PromotionView(View, frozen=True):
    """`running`: it holds at this moment."""

    promotion_id: str
    name: str
    category: str
    basis_points: int
    valid_from: str
    valid_until: str | None
    running: bool


class Promotions(View, frozen=True):
    """All of them, the oldest first."""

    items: list[PromotionView]
    next: str | None = None


begin_promotion = Endpoint(
    method=POST, path="/api/v1/promotions", takes=NewPromotion, gives=PromotionView, may=OPERATORS, status=201,
    refuses=(WindowWrong, PromotionsFull), invalid=BadCheckout, keyed=Keyed.OPTIONAL, summary="Begin a promotion",
)  # fmt: skip
promotions = Endpoint(
    method=GET, path="/api/v1/promotions", takes=Nothing, gives=Promotions, may=OPERATORS, invalid=BadCheckout, summary="All promotions",
)  # fmt: skip
change_promotion = Endpoint(
    method=PATCH, path="/api/v1/promotions/{promotion_id}", takes=PromotionPatch, gives=PromotionView, may=OPERATORS,
    refuses=(Missing, WindowWrong), invalid=BadCheckout, idempotent=True, summary="Change a promotion",
)  # fmt: skip
end_promotion = Endpoint(
    method=DELETE, path="/api/v1/promotions/{promotion_id}", takes=PromotionOf, gives=Done, may=OPERATORS, status=204, refuses=(Missing,),
    invalid=BadCheckout, summary="Delete a promotion",
)  # fmt: skip
