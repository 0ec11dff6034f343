"""How a checkout takes the open lines of a cart for itself, gives them back, or has bought them: each once, in whatever order it comes."""

from dataclasses import replace

from contracts.cart import CartBusy, CartEmpty, CheckoutGone
from svc_cart.domain.cart import Cart, Line, SealedLines, remember


def seal(cart: Cart, checkout_id: str) -> Cart:
    """Moves the open lines under the checkout; again, nothing changes. Raises CheckoutGone, CartBusy, CartEmpty."""
    if cart.sealed is not None and cart.sealed.checkout_id == checkout_id:
        return cart
    if checkout_id in cart.undone or checkout_id in cart.closed:
        raise CheckoutGone(checkout_id=checkout_id)
    if cart.sealed is not None:
        raise CartBusy(checkout_id=cart.sealed.checkout_id)
    if not cart.lines:
        raise CartEmpty
    return replace(cart, lines=(), sealed=SealedLines(checkout_id, cart.lines))


def unseal(cart: Cart, checkout_id: str, now: float) -> Cart:
    """Merges the checkout's lines back, or keeps them from ever being sealed; what was bought stays bought."""
    if checkout_id in cart.undone or checkout_id in cart.closed:
        return cart
    undone = remember(cart.undone, checkout_id, now)
    if cart.sealed is None or cart.sealed.checkout_id != checkout_id:
        return replace(cart, undone=undone)
    merged = () if cart.gone else _merged(cart.sealed.lines, cart.lines)
    return replace(cart, lines=merged, sealed=None, undone=undone)


def close(cart: Cart, checkout_id: str, now: float) -> Cart:
    """The checkout's lines are bought and leave the cart. For a checkout that was undone nothing happens."""
    if checkout_id in cart.undone or checkout_id in cart.closed:
        return cart
    mine = cart.sealed is not None and cart.sealed.checkout_id == checkout_id
    return replace(cart, sealed=None if mine else cart.sealed, closed=remember(cart.closed, checkout_id, now))


def _merged(sealed: tuple[Line, ...], opened: tuple[Line, ...]) -> tuple[Line, ...]:
    """Both quantities of a product added up; what was in the cart first stands first, the later name is kept."""
    merged = {line.product_id: line for line in sealed}
    for line in opened:
        there = merged.get(line.product_id)
        merged[line.product_id] = line if there is None else replace(line, quantity=there.quantity + line.quantity)
    return tuple(merged.values())
