"""Coupons as operators give them out, look at them and change them."""

from dataclasses import replace

from msgspec import UNSET

from contracts import coupon as contract
from mallkit.endpoint import Caller
from mallkit.money import Money
from svc_checkout.domain.coupon import ANY_NUMBER, Coupon, code_of, fitting
from svc_checkout.domain.currency import known
from svc_checkout.ports import Ports, Uses
from svc_checkout.use_cases.prices import window_of


async def create(wish: contract.NewCoupon, caller: Caller, ports: Ports) -> tuple[Coupon, Uses]:
    """Raises CouponExists, CouponContradicts, CurrencyUnknown, WindowWrong, and Invalid for a sum that is none in its currency."""
    currency = ports.currency if wish.currency is UNSET else known(wish.currency)
    wished = Coupon(
        id=code_of(wish.code),
        kind=wish.kind,
        currency=currency,
        created=ports.clock(),
        command=caller.command,
        basis_points=0 if wish.basis_points is UNSET else wish.basis_points,
        minor=0 if wish.amount is UNSET else Money.read(wish.amount, currency, least=1).minor,
        minimum=0 if wish.minimum is UNSET else Money.read(wish.minimum, currency, least=0).minor,
        window=window_of(wish),
        limit=ANY_NUMBER if wish.limit is UNSET else wish.limit,
        per_user=0 if wish.limit_per_user is UNSET else wish.limit_per_user,
    )
    return await _with_uses(await ports.coupons.create(fitting(wished, ports.currency)), ports)


async def page(wish: contract.Coupons, ports: Ports) -> tuple[list[tuple[Coupon, Uses]], str | None]:
    """Coupons with their uses, and where the list goes on."""
    found = await ports.coupons.page(None if wish.after is UNSET else wish.after, wish.limit)
    uses = await ports.coupons.uses([coupon.id for coupon in found.items])
    return [(coupon, uses[coupon.id]) for coupon in found.items], found.next


async def one(wish: contract.CouponOf, ports: Ports) -> tuple[Coupon, Uses]:
    """Raises Missing."""
    return await _with_uses(await ports.coupons.get(code_of(wish.code)), ports)


async def change(wish: contract.CouponPatch, ports: Ports) -> tuple[Coupon, Uses]:
    """Raises Missing, CouponBelowUsed, WindowWrong."""

    def rule(found: Coupon) -> Coupon:
        ended = found.ended if wish.ended is UNSET else wish.ended
        return replace(found, window=window_of(wish, found.window), ended=ended)

    limit = None if wish.limit is UNSET else ANY_NUMBER if wish.limit is None else wish.limit
    return await _with_uses(await ports.coupons.change(code_of(wish.code), rule, limit), ports)


async def _with_uses(coupon: Coupon, ports: Ports) -> tuple[Coupon, Uses]:
    return coupon, (await ports.coupons.uses([coupon.id]))[coupon.id]
