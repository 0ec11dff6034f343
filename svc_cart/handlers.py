"""The cart's endpoints."""

from contracts import cart
from mallkit.endpoint import Caller, Done, Nothing
from mallkit.times import rfc3339
from mallkit.web import serves
from svc_cart import use_cases, views
from svc_cart.ports import Ports


@serves(cart.cart)
async def show(wish: cart.ShowCart, caller: Caller, ports: Ports) -> cart.CartView:
    """My cart."""
    return views.cart(await use_cases.show(ports.carts.of(caller.subject), ports, wish.currency))


@serves(cart.add_item)
async def add_item(wish: cart.AddItem, caller: Caller, ports: Ports) -> cart.CartView:
    """Put a product into the cart."""
    return views.cart(await use_cases.add(wish, caller, ports.carts.of(caller.subject), ports))


@serves(cart.set_item)
async def set_item(wish: cart.SetItem, caller: Caller, ports: Ports) -> cart.CartView:
    """Set a line's quantity."""
    return views.cart(await use_cases.set_quantity(wish, ports.carts.of(caller.subject), ports))


@serves(cart.remove_item)
async def remove_item(wish: cart.OneItem, caller: Caller, ports: Ports) -> cart.CartView:
    """Take a line out."""
    return views.cart(await use_cases.remove(wish.product_id, ports.carts.of(caller.subject), ports))


@serves(cart.clear)
async def clear(_: Nothing, caller: Caller, ports: Ports) -> cart.CartView:
    """Empty the cart."""
    return views.cart(await use_cases.clear(ports.carts.of(caller.subject), ports))


@serves(cart.save)
async def save(wish: cart.OneItem, caller: Caller, ports: Ports) -> cart.CartView:
    """Keep a line for later."""
    return views.cart(await use_cases.save(wish.product_id, ports.carts.of(caller.subject), ports))


@serves(cart.restore)
async def restore(wish: cart.OneItem, caller: Caller, ports: Ports) -> cart.CartView:
    """Put a saved line back."""
    return views.cart(await use_cases.restore(wish.product_id, ports.carts.of(caller.subject), ports))


@serves(cart.remove_saved)
async def remove_saved(wish: cart.OneItem, caller: Caller, ports: Ports) -> cart.CartView:
    """Take a saved line away."""
    return views.cart(await use_cases.remove_saved(wish.product_id, ports.carts.of(caller.subject), ports))


@serves(cart.merge)
async def merge(wish: cart.Merge, caller: Caller, ports: Ports) -> cart.MergedView:
    """Merge a guest cart into mine."""
    left_out = await use_cases.merge(wish.cart_token, caller.subject, ports)
    return views.merged(await use_cases.show(ports.carts.of(caller.subject), ports), left_out)


@serves(cart.make_guest)
async def make_guest(_: Nothing, caller: Caller, ports: Ports) -> cart.GuestCartMade:
    """Begin a cart without an account."""
    token, expires = use_cases.begin_guest(caller.address, ports)
    return cart.GuestCartMade(cart_token=token, expires_at=rfc3339(expires))


@serves(cart.guest_cart)
async def guest_cart(wish: cart.GuestShows, _: Caller, ports: Ports) -> cart.CartView:
    """A guest's cart."""
    return views.cart(await use_cases.show(use_cases.of_guest(wish.cart_token, ports), ports, wish.currency))


@serves(cart.guest_add)
async def guest_add(wish: cart.GuestAdds, caller: Caller, ports: Ports) -> cart.CartView:
    """Put a product into a guest's cart."""
    return views.cart(await use_cases.add(wish, caller, use_cases.of_guest(wish.cart_token, ports), ports))


@serves(cart.guest_set)
async def guest_set(wish: cart.GuestSets, _: Caller, ports: Ports) -> cart.CartView:
    """Set the quantity of a guest's line."""
    return views.cart(await use_cases.set_quantity(wish, use_cases.of_guest(wish.cart_token, ports), ports))


@serves(cart.guest_remove)
async def guest_remove(wish: cart.GuestRemoves, _: Caller, ports: Ports) -> cart.CartView:
    """Take a guest's line out."""
    return views.cart(await use_cases.remove(wish.product_id, use_cases.of_guest(wish.cart_token, ports), ports))


@serves(cart.guest_clear)
async def guest_clear(wish: cart.GuestsCart, _: Caller, ports: Ports) -> cart.CartView:
    """Empty a guest's cart."""
    return views.cart(await use_cases.clear(use_cases.of_guest(wish.cart_token, ports), ports))


@serves(cart.merge_for)
async def merge_for(wish: cart.MergeFor, _: Caller, ports: Ports) -> Done:
    """Merge a guest cart into a user's."""
    await use_cases.merge(wish.cart_token, wish.user_id, ports)
    return Done()


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
    return cart.OpenLines(lines=views.lines((await ports.carts.of(wish.user_id).seen()).lines))
