"""Coupons: what operators give out, and why one does not hold. A purchase has one at most; its uses are counted like stock."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.checkout_types import BadCheckout
from contracts.pricing import Currency, CurrencyUnknown
from contracts.promotion import BasisPoints, Moment, WindowWrong
from mallkit.endpoint import END, GET, OPERATORS, PATCH, POST, Cursor, Endpoint, Keyed, Limit, View, Wish
from mallkit.errors import Missing, Refused
from mallkit.money import Amount, Paid

CouponCode = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9-]{{2,31}}{END}", examples=["SPRING-10"])]
"""Letters, digits and hyphens; large and small letters are the same."""
Uses = Annotated[int, Meta(ge=1, le=1_000_000, examples=[100])]


class CouponKind(StrEnum):
    """What it takes off: a part of the goods, a sum, or what shipping costs."""

    PERCENT = "percent"
    FIXED = "fixed"
    FREE_SHIPPING = "free_shipping"


class CouponUnknown(Refused):
    """There is no coupon of this code."""

    slug = "coupon/unknown"
    title = "There is no such coupon"
    status = 422
    remedy = "Check the code, or buy without it."


class CouponNotYet(Refused):
    """`valid_from` tells from when on."""

    slug = "coupon/not-yet-valid"
    title = "The coupon is not valid yet"
    remedy = "Use it later, or buy without it."


class CouponExpired(Refused):
    """`valid_until` tells until when it was."""

    slug = "coupon/expired"
    title = "The coupon is no longer valid"
    remedy = "Buy without it."


class CouponEnded(Refused):
    """The mall has ended it."""

    slug = "coupon/ended"
    title = "The coupon has been ended"
    remedy = "Buy without it."


class CouponUsedUp(Refused):
    """`temporary` says that only others' running purchases are in the way."""

    slug = "coupon/used-up"
    title = "The coupon is used up"
    remedy = "Buy without it, or try again later when `temporary` is true."


class CouponUsedByYou(Refused):
    """One user may use it so often. `temporary`: one of those uses is a purchase of yours that is not over."""

    slug = "coupon/used-by-you"
    title = "You have used this coupon as often as one may"
    remedy = "Buy without it."


class CouponMinimum(Refused):
    """The goods cost less than `minimum` of `currency`."""

    slug = "coupon/minimum-not-reached"
    title = "The goods cost less than the coupon asks for"
    remedy = "Buy more, or buy without it."


class CouponOtherCurrency(Refused):
    """The coupon is a sum of `currency`; the purchase is in another one."""

    slug = "coupon/other-currency"
    title = "The coupon is a sum of another currency"
    status = 422
    remedy = "Pay in the coupon's currency, or buy without it."


class CouponGivesNothing(Refused):
    """It would be used up for nothing: there is no shipping to pay, or the goods are free."""

    slug = "coupon/gives-nothing"
    title = "The coupon takes nothing off this purchase"
    remedy = "Keep it for another purchase."


class CouponExists(Refused):
    """Another coupon has this code."""

    slug = "coupon/exists"
    title = "There is a coupon of this code already"
    remedy = "Choose another code."


class CouponContradicts(Refused):
    """`basis_points` belong to percent, `amount` to fixed, neither to free shipping."""

    slug = "coupon/contradicts-itself"
    title = "The coupon's kind and its value do not fit"
    status = 422
    remedy = "Send `basis_points` for percent, `amount` for fixed, neither for free_shipping."


class CouponBelowUsed(Refused):
    """`used` purchases have it, finished or running: there cannot be fewer uses than that."""

    slug = "coupon/below-used"
    title = "More than that are used already"
    remedy = "Set a higher limit, or end the coupon."


class NewCoupon(Wish, frozen=True):
    """From now on, without an end and without a limit, unless it is said.

    `amount` and `minimum` (of the goods, after promotions) are in `currency`, the mall's own where it is left out: only a fixed one may be
    of another.
    """

    code: CouponCode
    kind: CouponKind
    basis_points: BasisPoints | UnsetType = UNSET
    amount: Paid | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    minimum: Amount | UnsetType = UNSET
    valid_from: Moment | UnsetType = UNSET
    valid_until: Moment | UnsetType = UNSET
    limit: Uses | UnsetType = UNSET
    limit_per_user: Uses | UnsetType = UNSET


class CouponPatch(Wish, frozen=True):
    """Only what is sent changes. `ended` ends it at once, and lets it go on. Without an end, or without a limit, is `null`."""

    code: CouponCode
    valid_from: Moment | UnsetType = UNSET
    valid_until: Moment | UnsetType | None = UNSET
    limit: Uses | UnsetType | None = UNSET
    ended: bool | UnsetType = UNSET


class CouponOf(Wish, frozen=True):
    """Names a coupon."""

    code: CouponCode


class Coupons(Wish, frozen=True):
    """By code."""

    after: Cursor | UnsetType = UNSET
    limit: Limit = 50


class CouponView(View, frozen=True):
    """`used` by purchases that are paid, `held` by running ones and by orders that wait to be paid; `left` is null without a limit."""

    code: str
    kind: CouponKind
    basis_points: int | None
    amount: Amount | None
    currency: str
    minimum: Amount
    valid_from: str
    valid_until: str | None
    limit: int | None
    limit_per_user: int | None
    ended: bool
    used: int
    held: int
    left: int | None


class CouponPage(View, frozen=True):
    """Some coupons, by code."""

    items: list[CouponView]
    next: str | None


create_coupon = Endpoint(
    method=POST, path="/api/v1/coupons", takes=NewCoupon, gives=CouponView, may=OPERATORS, status=201, invalid=BadCheckout,
    refuses=(CouponExists, CouponContradicts, CurrencyUnknown, WindowWrong), keyed=Keyed.OPTIONAL, summary="Give out a coupon",
)  # fmt: skip
coupons = Endpoint(
    method=GET, path="/api/v1/coupons", takes=Coupons, gives=CouponPage, may=OPERATORS, invalid=BadCheckout, summary="All coupons",
)  # fmt: skip
coupon = Endpoint(
    method=GET, path="/api/v1/coupons/{code}", takes=CouponOf, gives=CouponView, may=OPERATORS, refuses=(Missing,), invalid=BadCheckout,
    summary="One coupon, and how often it was used",
)  # fmt: skip
change_coupon = Endpoint(
    method=PATCH, path="/api/v1/coupons/{code}", takes=CouponPatch, gives=CouponView, may=OPERATORS, idempotent=True, invalid=BadCheckout,
    refuses=(Missing, CouponBelowUsed, WindowWrong), summary="Change a coupon, or end it",
)  # fmt: skip
WHY_NOT = (
    CouponUnknown, CouponNotYet, CouponExpired, CouponEnded, CouponUsedUp, CouponUsedByYou, CouponMinimum, CouponOtherCurrency,
    CouponGivesNothing,
)  # fmt: skip
"""What a purchase with a coupon may be refused with."""
