"""The endpoints of the checkout service."""

from contracts import checkout as contract
from contracts import coupon as coupons_contract
from contracts import promotion as promotions_contract
from contracts import shipping as shipping_contract
from contracts import tax as tax_contract
from contracts.checkout_types import Receipt
from contracts.currency import PutRate
from contracts.pricing import Rates, RateView
from mallkit.endpoint import Caller, Done, Nothing
from mallkit.web import serves
from svc_checkout import views
from svc_checkout.ports import Ports
from svc_checkout.use_cases import buy, coupons, prices, pricing


def _running(caller: Caller) -> contract.CheckoutPending:
    return views.pending(caller.command, "")


@serves(contract.quote)
async def quote(wish: contract.Quote, caller: Caller, ports: Ports) -> Receipt:
    """What the cart would cost."""
    return views.receipt(await buy.quote(wish, caller, ports))


@serves(contract.run, pending=_running)
async def run(wish: contract.Checkout, caller: Caller, ports: Ports) -> contract.CheckedOut | contract.CheckoutPending:
    """Buys the cart."""
    return views.bought(await buy.buy(wish, caller, ports))


@serves(contract.place_order, pending=_running)
async def place_order(wish: contract.PlaceOrder, caller: Caller, ports: Ports) -> contract.Placed | contract.CheckoutPending:
    """Orders the cart."""
    return views.placed(await buy.place(wish, caller, ports))


@serves(contract.status)
async def status(wish: contract.CheckoutOf, caller: Caller, ports: Ports) -> contract.CheckoutView:
    """How a checkout stands."""
    return views.checkout(await buy.read(wish.checkout_id, caller, ports))


@serves(contract.rates)
async def rates(_wish: Nothing, _: Caller, ports: Ports) -> Rates:
    """The currencies that one may buy in."""
    return views.rates(await prices.rates(ports), ports.currency)


@serves(contract.put_rate)
async def put_rate(wish: PutRate, _: Caller, ports: Ports) -> RateView:
    """Sets what a currency is worth."""
    return views.rate(wish.currency, await prices.put_rate(wish, ports))


@serves(contract.begin_promotion)
async def begin_promotion(wish: promotions_contract.NewPromotion, caller: Caller, ports: Ports) -> promotions_contract.PromotionView:
    """Begins a promotion."""
    return views.promotion(await prices.begin_promotion(wish, caller, ports), ports.clock())


@serves(contract.promotions)
async def promotions(_wish: Nothing, _: Caller, ports: Ports) -> promotions_contract.Promotions:
    """All promotions."""
    found, now = (await ports.book.current()).promotions, ports.clock()
    return promotions_contract.Promotions(items=[views.promotion(each, now) for each in found.values()])


@serves(contract.change_promotion)
async def change_promotion(wish: promotions_contract.PromotionPatch, _: Caller, ports: Ports) -> promotions_contract.PromotionView:
    """Changes a promotion."""
    return views.promotion(await prices.change_promotion(wish, ports), ports.clock())


@serves(contract.end_promotion)
async def end_promotion(wish: promotions_contract.PromotionOf, _: Caller, ports: Ports) -> Done:
    """Deletes a promotion."""
    await prices.end_promotion(wish.promotion_id, ports)
    return Done()


@serves(contract.put_tariff)
async def put_tariff(wish: shipping_contract.PutTariff, _: Caller, ports: Ports) -> shipping_contract.TariffView:
    """Sets a country's tariff."""
    return views.tariff(wish.country, await prices.put_tariff(wish, ports), ports.currency)


@serves(contract.tariff)
async def tariff(wish: shipping_contract.TariffOf, _: Caller, ports: Ports) -> shipping_contract.TariffView:
    """A country's tariff."""
    return views.tariff(wish.country, await prices.tariff(wish.country, ports), ports.currency)


@serves(contract.quote_shipping)
async def quote_shipping(wish: shipping_contract.QuoteShipping, _: Caller, ports: Ports) -> shipping_contract.ShippingQuote:
    """What shipping would cost."""
    return await pricing.quote_shipping(wish, ports)


@serves(contract.put_taxes)
async def put_taxes(wish: tax_contract.PutTaxes, _: Caller, ports: Ports) -> tax_contract.TaxesView:
    """Sets a country's taxes."""
    return views.taxes(wish.country, await prices.put_taxes(wish, ports))


@serves(contract.taxes)
async def taxes(wish: tax_contract.TaxesOf, _: Caller, ports: Ports) -> tax_contract.TaxesView:
    """A country's taxes."""
    return views.taxes(wish.country, await prices.taxes(wish.country, ports))


@serves(contract.create_coupon)
async def create_coupon(wish: coupons_contract.NewCoupon, caller: Caller, ports: Ports) -> coupons_contract.CouponView:
    """Gives out a coupon."""
    return views.coupon(*await coupons.create(wish, caller, ports))


@serves(contract.coupons)
async def all_coupons(wish: coupons_contract.Coupons, _: Caller, ports: Ports) -> coupons_contract.CouponPage:
    """Some coupons."""
    found, after = await coupons.page(wish, ports)
    return coupons_contract.CouponPage(items=[views.coupon(*each) for each in found], next=after)


@serves(contract.coupon)
async def coupon(wish: coupons_contract.CouponOf, _: Caller, ports: Ports) -> coupons_contract.CouponView:
    """One coupon."""
    return views.coupon(*await coupons.one(wish, ports))


@serves(contract.change_coupon)
async def change_coupon(wish: coupons_contract.CouponPatch, _: Caller, ports: Ports) -> coupons_contract.CouponView:
    """Changes a coupon."""
    return views.coupon(*await coupons.change(wish, ports))
