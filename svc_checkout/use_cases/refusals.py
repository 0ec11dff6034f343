"""What the buyer is told when a neighbour refuses, and how that is kept with the checkout."""

from decimal import Decimal

import msgspec

from contracts import cart, checkout, order, payment, product
from mallkit.errors import Missing, ShopError, Unavailable
from svc_checkout.domain.checkout import Refusal

AGAIN = frozenset({Unavailable.slug, cart.CartBusy.slug, checkout.CheckoutFault.slug})
"""Refusals of the moment, and faults of ours: the same key may try afresh."""
TOLD: dict[type[ShopError], type[ShopError]] = {
    product.OutOfStock: checkout.CheckoutOutOfStock,
    product.HoldGone: checkout.OrderFailed,
    payment.Declined: checkout.PaymentFailed,
    order.WrongStatus: checkout.OrderFailed,
    order.BeingPaid: checkout.OrderFailed,
    order.AmountWrong: checkout.OrderFailed,
    order.AlreadyPaid: checkout.OrderFailed,
    Missing: checkout.OrderFailed,
}
REFUSALS: tuple[type[ShopError], ...] = (*checkout.run.refuses, Unavailable)
KNOWN = {refusal.slug: refusal for refusal in REFUSALS}
_FACTS = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)
"""Sums stay exact."""


def told(error: ShopError) -> ShopError:
    """The neighbour's refusal in the words of this service's contract."""
    if isinstance(error, Unavailable):
        return Unavailable("a part of the mall is not available; nothing was bought")
    if error.slug in KNOWN and not isinstance(error, Missing):
        return error
    if isinstance(error, Missing) and "product_id" in error.facts:
        return checkout.NotOnSale(error.detail, **error.facts)
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
    error.facts = _FACTS.decode(refusal.facts)
    return error
