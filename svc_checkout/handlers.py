"""The endpoints of the checkout service."""

from contracts import checkout as contract
from contracts.checkout_types import Receipt
from mallkit.endpoint import Caller
from mallkit.web import serves
from svc_checkout import views
from svc_checkout.ports import Ports
from svc_checkout.use_cases import buy


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


@serves(contract.status)
async def status(wish: contract.CheckoutOf, caller: Caller, ports: Ports) -> contract.CheckoutView:
    """How a checkout stands."""
    return views.checkout(await buy.read(wish.checkout_id, caller, ports))
