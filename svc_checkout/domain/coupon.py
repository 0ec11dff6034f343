"""Coupons: when one holds, and what it takes off. How often it may be used is counted like stock, beside this. Pure."""

from dataclasses import dataclass

from contracts.coupon import (
    CouponContradicts,
    CouponEnded,
    CouponExpired,
    CouponGivesNothing,
    CouponKind,
    CouponMinimum,
    CouponNotYet,
    CouponOtherCurrency,
)
from mallkit.money import Money
from mallkit.times import rfc3339
from svc_checkout.domain.currency import Exchange
from svc_checkout.domain.shares import WHOLE, rounded
from svc_checkout.domain.window import ALWAYS, When, Window

ANY_NUMBER = 1_000_000_000
"""The limit of a coupon without one: its uses are counted all the same."""
APART = ":"
"""Between code and user in the name of what is counted; neither has it."""


@dataclass(frozen=True)
class Coupon:
    """`id` is its code in capitals. `minor` and `minimum` are minor units of `currency`; `per_user` 0 is as often as one likes.

    `limit` changes in one write with the counter of its uses.
    """

    id: str
    kind: CouponKind
    currency: str
    created: float
    command: str
    """By which it was given out: repeating that finds it."""
    basis_points: int = 0
    minor: int = 0
    minimum: int = 0
    window: Window = ALWAYS
    limit: int = ANY_NUMBER
    per_user: int = 0
    ended: bool = False

    def things(self, user_id: str) -> tuple[str, ...]:
        """What one use of it is counted under: its own limit, and the user's where there is one."""
        return (self.id, by_user(self.id, user_id)) if self.per_user else (self.id,)


def by_user(code: str, user_id: str) -> str:
    """What a user's uses of a coupon are counted under, where it limits them."""
    return f"{code}{APART}{user_id}"


def code_of(sent: str) -> str:
    """Large and small letters are the same."""
    return sent.upper()


def fitting(coupon: Coupon, base: str) -> Coupon:
    """Raises CouponContradicts unless it has the value that its kind needs, no other, and another currency than `base` only for a sum."""
    needs = {CouponKind.PERCENT: (True, False), CouponKind.FIXED: (False, True), CouponKind.FREE_SHIPPING: (False, False)}
    if (coupon.basis_points > 0, coupon.minor > 0) != needs[coupon.kind]:
        raise CouponContradicts
    if coupon.kind is not CouponKind.FIXED and coupon.currency != base:
        message = f"only a fixed sum may be of another currency than {base}"
        raise CouponContradicts(message)
    return coupon


def valid(coupon: Coupon, now: float) -> Coupon:
    """Raises CouponEnded, CouponNotYet, CouponExpired."""
    if coupon.ended:
        raise CouponEnded
    match coupon.window.when(now):
        case When.BEFORE:
            raise CouponNotYet(valid_from=rfc3339(coupon.window.since))
        case When.AFTER:
            raise CouponExpired(valid_until=rfc3339(coupon.window.until))
    return coupon


def takes_off(coupon: Coupon, goods: int, shipping: int, exchange: Exchange) -> int:
    """Minor units of the purchase's currency: of the goods (after promotions) or of shipping, and never more than they cost.

    Raises CouponOtherCurrency, CouponMinimum, CouponGivesNothing.
    """
    if coupon.kind is CouponKind.FIXED and coupon.currency != exchange.currency:
        message = f"the coupon is over {Money(coupon.minor, coupon.currency).amount} {coupon.currency}"
        raise CouponOtherCurrency(message, currency=coupon.currency)
    minimum = coupon.minimum if coupon.currency == exchange.currency else exchange.of(coupon.minimum)  # it is in the mall's own then
    if goods < minimum:
        least = Money(minimum, exchange.currency)
        message = f"the coupon is for goods of {least.amount} {least.currency} or more"
        raise CouponMinimum(message, minimum=least.amount, currency=least.currency)
    match coupon.kind:
        case CouponKind.PERCENT:
            off = rounded(goods * coupon.basis_points, WHOLE)
        case CouponKind.FIXED:
            off = min(coupon.minor, goods)
        case CouponKind.FREE_SHIPPING:
            off = shipping
    if not off:
        raise CouponGivesNothing
    return off
