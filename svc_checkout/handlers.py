"""The endpoints of the checkout service."""

from contracts import checkout as contract
from contracts.checkout_types import Receipt
from contracts.currency import PutRate
from contracts.pricing import Rates, RateView
from mallkit.endpoint import Caller, Nothing
from mallkit.web import serves
from svc_checkout import views
from svc_checkout.ports import Ports
from svc_checkout.use_cases import buy, prices


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
