"""Lines that a user keeps for later: out of the open lines, back into them, or away. Each move may come twice."""

from dataclasses import replace

from contracts.cart import CartFull
from mallkit.errors import Missing
from svc_cart.domain.cart import MOST_OF_ONE, MOST_SAVED, Cart, Line, line_of, put, without


def save(cart: Cart, product_id: str) -> Cart:
    """Adds the open line to what is saved of the product; one that is only saved stays so. Raises Missing, CartFull."""
    line, there = cart.line(product_id), line_of(cart.saved, product_id)
    if line is None:
        return _as_it_was(cart, there)
    kept = _added(line, there)
    if there is None and len(cart.saved) >= MOST_SAVED:
        message = f"{MOST_SAVED} products can be saved for later"
        raise CartFull(message, most=MOST_SAVED)
    if kept.quantity > MOST_OF_ONE:
        message = f"{MOST_OF_ONE} pieces of a product can be saved for later"
        raise CartFull(message, product_id=product_id, most=MOST_OF_ONE)
    return replace(cart, lines=without(cart.lines, product_id), saved=(*without(cart.saved, product_id), kept))


def restore(cart: Cart, product_id: str) -> Cart:
    """Adds the saved line to the open one; one that is only open stays so. Raises Missing, CartFull."""
    line, there = line_of(cart.saved, product_id), cart.line(product_id)
    if line is None:
        return _as_it_was(cart, there)
    return replace(put(cart, _added(line, there)), saved=without(cart.saved, product_id))


def drop(cart: Cart, product_id: str) -> Cart:
    """Takes a saved line away. Raises Missing."""
    if line_of(cart.saved, product_id) is None:
        message = "nothing of this product is saved for later"
        raise Missing(message)
    return replace(cart, saved=without(cart.saved, product_id))


def _added(line: Line, there: Line | None) -> Line:
    return line if there is None else replace(line, quantity=there.quantity + line.quantity)


def _as_it_was(cart: Cart, moved: Line | None) -> Cart:
    """For a move that has been made already; raises Missing if it never was."""
    if moved is None:
        message = "the cart has no such line"
        raise Missing(message)
    return cart
