"""What a cart costs now: the price book, the products' faces and the coupon put together."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import UNSET

from contracts import cart, product
from contracts import shipping as contract
from contracts.checkout import NotOnSale
from contracts.coupon import CouponUnknown, CouponUsedByYou, CouponUsedUp
from mallkit.errors import Missing
from mallkit.money import Money
from svc_checkout.domain import coupon as coupons
from svc_checkout.domain import currency, promotion, shipping, tax
from svc_checkout.domain.address import known_country
from svc_checkout.domain.coupon import Coupon
from svc_checkout.domain.currency import Exchange
from svc_checkout.domain.receipt import Good, Item, Receipt, Terms, price, promotion_lines
from svc_checkout.ports import Ports


@dataclass(frozen=True)
class Asked:
    """What the buyer says about the price: where it goes, in which currency, and with which coupon; empty is none."""

    country: str
    currency: str = ""
    coupon: str = ""


@dataclass(frozen=True)
class Priced:
    """What is bought, its receipt, and the coupon on it."""

    items: tuple[Item, ...]
    receipt: Receipt
    coupon: Coupon | None


async def exchange(asked: str, ports: Ports) -> Exchange:
    """Into the currency asked for, the mall's own for none. Raises CurrencyUnknown, RateTooOld."""
    if not asked or asked == ports.currency:
        return Exchange.none(ports.currency)
    return currency.exchange((await ports.book.current()).rates, ports.currency, asked, ports.clock(), ports.times.rate)


async def reckon(asked: Asked, lines: Sequence[cart.SealedLine], faces: Sequence[product.Card], ports: Ports) -> Priced:
    """Raises NotOnSale, and whatever else leaves no price."""
    book, now, into = await ports.book.current(), ports.clock(), await exchange(asked.currency, ports)
    coupon = await _coupon(asked.coupon, ports) if asked.coupon else None
    goods = goods_of(lines, faces, into)
    terms = Terms(
        country=asked.country,
        exchange=into,
        tariff=shipping.for_country(book.tariffs, ports.rates.shipping, asked.country),
        taxes=tax.for_country(book.taxes, ports.rates.tax, asked.country),
        promotions=promotion.running(book.promotions, now),
        coupon=coupon,
    )
    return Priced(tuple(good.item for good in goods), price(goods, terms), coupon)


async def _coupon(code: str, ports: Ports) -> Coupon:
    """Raises CouponUnknown, CouponEnded, CouponNotYet, CouponExpired."""
    try:
        return coupons.valid(await ports.coupons.current(code), ports.clock())
    except Missing:
        raise CouponUnknown from None


async def still_left(coupon: Coupon, user_id: str, ports: Ports) -> None:
    """For a quote, which holds nothing. Raises CouponUsedUp, CouponUsedByYou."""
    uses = await ports.coupons.uses(coupon.things(user_id))
    for thing, refusal in zip(coupon.things(user_id), (CouponUsedUp, CouponUsedByYou), strict=False):
        if thing in uses and not uses[thing].available:
            raise refusal(temporary=uses[thing].reserved > 0)


def goods_of(lines: Sequence[cart.SealedLine], faces: Sequence[product.Card], into: Exchange) -> tuple[Good, ...]:
    """The lines of a cart with the faces of now, at prices in the purchase's currency. Raises NotOnSale, for a price in another one too."""
    found = {face.product_id: face for face in faces if face.currency == into.base}
    for line in lines:
        if line.product_id not in found:
            raise NotOnSale(product_id=line.product_id)
    return tuple(_good(line, found[line.product_id], into) for line in lines)


def _good(line: cart.SealedLine, face: product.Card, into: Exchange) -> Good:
    item = Item(line.product_id, face.name, line.quantity, into.of(face.unit_minor))
    return Good(item, face.categories, face.tax_class, face.weight_grams)


async def quote_shipping(wish: contract.QuoteShipping, ports: Ports) -> contract.ShippingQuote:
    """Raises AddressInvalid, ProductUnknown, ParcelTooHeavy, CurrencyUnknown, RateTooOld."""
    known_country(wish.country)
    book, into = await ports.book.current(), await exchange("" if wish.currency is UNSET else wish.currency, ports)
    goods = await _goods(wish, into, ports)
    grams = wish.weight_grams + sum(good.grams * good.item.quantity for good in goods)
    running = promotion.running(book.promotions, ports.clock())
    worth = sum(good.item.unit_minor * good.item.quantity for good in goods) + sum(line.minor for line in promotion_lines(goods, running))
    minor = shipping.cost(shipping.for_country(book.tariffs, ports.rates.shipping, wish.country), grams, worth, into)
    return contract.ShippingQuote(
        country=wish.country, weight_grams=grams, price=Money(minor, into.currency).amount, currency=into.currency
    )


async def _goods(wish: contract.QuoteShipping, into: Exchange, ports: Ports) -> tuple[Good, ...]:
    if not wish.lines:
        return ()
    faces = await ports.products(product.look_up, product.LookUp(product_ids=sorted({line.product_id for line in wish.lines})))
    try:
        return goods_of([cart.SealedLine(product_id=line.product_id, quantity=line.quantity) for line in wish.lines], faces.items, into)
    except NotOnSale as refusal:
        raise contract.ProductUnknown(product_id=refusal.facts["product_id"]) from None
