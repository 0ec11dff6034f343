"""What the buyer is told when a neighbour refuses, and how that is kept with the checkout."""

import msgspec

from contracts import cart, checkout, order, payment, product
from mallkit.errors import Missing, ShopError, Unavailable
from svc_checkout.domain.checkout import Refusal

AGAIN = frozenset({Unavailable.slug, cart.CartBusy.slug})
"""Refusals of the moment: the same key may try afresh."""
TOLD: dict[type[ShopError], type[ShopError]] = {
    product.OutOfStock: checkout.CheckoutOutOfStock,
    product.HoldGone: checkout.OrderFailed,
    payment.Declined: checkout.PaymentFailed,
    order.WrongStatus: checkout.OrderFailed,
    order.BeingPaid: checkout.OrderFailed,
    order.AmountWrong: checkout.OrderFailed,
    order.AlreadyPaid: checkout.OrderFailed,
    Missing: checkout.NotOnSale,
}
REFUSALS: tuple[type[ShopError], ...] = (*checkout.run.refuses, Unavailable)
KNOWN = {refusal.slug: refusal for refusal in REFUSALS}


def told(error: ShopError) -> ShopError:
    """The neighbour's refusal in the words of this service's contract."""
    if error.slug in KNOWN and not isinstance(error, Missing):
        return error
    if isinstance(error, Unavailable):
        return Unavailable("a part of the mall is not available; nothing was bought")
    for theirs, mine in TOLD.items():
        if isinstance(error, theirs):
            return mine(error.detail, **error.facts)
    return checkout.CheckoutFault()


def kept(error: ShopError) -> Refusal:
    """For the checkout's record."""
    return Refusal(error.slug, error.detail, msgspec.json.Encoder(decimal_format="number").encode(error.facts))


def revived(refusal: Refusal) -> ShopError:
    """The refusal as it was told the first time."""
    error: ShopError = KNOWN.get(refusal.slug, checkout.CheckoutFault)(refusal.detail)
    error.facts = msgspec.json.decode(refusal.facts)
    return error
