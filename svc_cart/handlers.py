"""The cart's endpoints."""

from contracts import cart
from mallkit.endpoint import Caller, Done, Nothing
from mallkit.web import serves
from svc_cart import use_cases, views
from svc_cart.ports import Ports


@serves(cart.cart)
async def show(_: Nothing, caller: Caller, ports: Ports) -> cart.CartView:
    """My cart."""
    return views.cart(await use_cases.show(caller.subject, ports))


@serves(cart.add_item)
async def add_item(wish: cart.AddItem, caller: Caller, ports: Ports) -> cart.CartView:
    """Put a product into the cart."""
    return views.cart(await use_cases.add(wish, caller, ports))


@serves(cart.set_item)
async def set_item(wish: cart.SetItem, caller: Caller, ports: Ports) -> cart.CartView:
    """Set a line's quantity."""
    return views.cart(await use_cases.set_quantity(wish, caller.subject, ports))


@serves(cart.remove_item)
async def remove_item(wish: cart.OneItem, caller: Caller, ports: Ports) -> cart.CartView:
    """Take a line out."""
    return views.cart(await use_cases.remove(wish.product_id, caller.subject, ports))


@serves(cart.clear)
async def clear(_: Nothing, caller: Caller, ports: Ports) -> cart.CartView:
    """Empty the cart."""
    return views.cart(await use_cases.clear(caller.subject, ports))


@serves(cart.seal)
async def seal(wish: cart.SealOf, _: Caller, ports: Ports) -> cart.Sealed:
    """Set the open lines aside for a checkout."""
    return cart.Sealed(checkout_id=wish.checkout_id, lines=views.lines(await use_cases.seal(wish, ports)))


@serves(cart.unseal)
async def unseal(wish: cart.SealOf, _: Caller, ports: Ports) -> Done:
    """Give the lines back."""
    await use_cases.unseal(wish, ports)
    return Done()


@serves(cart.close)
async def close(wish: cart.SealOf, _: Caller, ports: Ports) -> Done:
    """The lines are bought."""
    await use_cases.close(wish, ports)
    return Done()


@serves(cart.open_lines)
async def open_lines(wish: cart.CartOf, _: Caller, ports: Ports) -> cart.OpenLines:
    """The lines a quote is made from."""
    return cart.OpenLines(lines=views.lines((await ports.carts.of(wish.user_id)).lines))
