"""What a user does with a cart, and how a checkout seals, unseals and closes it."""

from collections.abc import Mapping

from contracts import cart as contract
from mallkit.endpoint import Caller
from mallkit.errors import Missing
from mallkit.steps import Write
from svc_cart import domain
from svc_cart.domain import Cart, Face, Line, Rule, Shown
from svc_cart.ports import Ports

KEYED = "k-"
"""How the kit begins the id of a command whose caller sent a key."""
EDITED = Write("cart.edited")
SEALED, UNSEALED, CLOSED = Write("cart.sealed"), Write("cart.unsealed"), Write("cart.closed")


async def show(user_id: str, ports: Ports) -> Shown:
    """The open lines with names and prices."""
    return await _shown(await ports.carts.of(user_id), ports.clock(), ports)


async def add(wish: contract.AddItem, caller: Caller, ports: Ports) -> Shown:
    """Adds pieces of a product that is on sale. Raises Missing, CartFull."""
    now = ports.clock()
    before, faces = await _seen(caller.subject, wish.product_id, now, ports)
    face = faces[wish.product_id]
    command = caller.command if caller.command.startswith(KEYED) else ""
    if face.unit is None and command not in before.applied:
        message = "there is no such product on sale"
        raise Missing(message)
    line = Line(wish.product_id, wish.quantity, face.name)
    return await _changed(caller.subject, lambda cart: domain.add(cart, line, command, now), now, ports)


async def set_quantity(wish: contract.SetItem, user_id: str, ports: Ports) -> Shown:
    """Makes the cart hold so many of a product. Raises Missing, CartFull."""
    now = ports.clock()
    _, faces = await _seen(user_id, wish.product_id, now, ports)
    face = faces[wish.product_id]
    line = Line(wish.product_id, wish.quantity, face.name)
    on_sale = face.unit is not None
    return await _changed(user_id, lambda cart: domain.set_quantity(cart, line, on_sale=on_sale), now, ports)


async def remove(product_id: str, user_id: str, ports: Ports) -> Shown:
    """Takes a line out. Raises Missing."""
    now = ports.clock()
    await _shown(await ports.carts.of(user_id), now, ports)
    return await _changed(user_id, lambda cart: domain.remove(cart, product_id), now, ports)


async def clear(user_id: str, ports: Ports) -> Shown:
    """Takes all open lines out."""
    return await _changed(user_id, domain.clear, ports.clock(), ports)


async def seal(wish: contract.SealOf, ports: Ports) -> tuple[Line, ...]:
    """The lines that only this checkout may buy. Raises CheckoutGone, CartBusy, CartEmpty."""
    with SEALED.writing():
        cart = await ports.carts.change(wish.user_id, lambda cart: domain.seal(cart, wish.checkout_id))
    return () if cart.sealed is None else cart.sealed.lines


async def unseal(wish: contract.SealOf, ports: Ports) -> None:
    """Gives the lines back, or keeps the checkout from ever sealing them."""
    now = ports.clock()
    with UNSEALED.writing():
        await ports.carts.change(wish.user_id, lambda cart: domain.unseal(cart, wish.checkout_id, now))


async def close(wish: contract.SealOf, ports: Ports) -> None:
    """The lines are bought."""
    now = ports.clock()
    with CLOSED.writing():
        await ports.carts.change(wish.user_id, lambda cart: domain.close(cart, wish.checkout_id, now))


async def _seen(user_id: str, product_id: str, now: float, ports: Ports) -> tuple[Cart, Mapping[str, Face]]:
    """The cart and all faces that its view will need, before anything changes: who cannot be answered changes nothing."""
    cart = await ports.carts.of(user_id)
    wanted = {line.product_id for line in cart.lines} | {product_id}
    return cart, await ports.faces.of(wanted, now, doubted=product_id)


async def _changed(user_id: str, rule: Rule, now: float, ports: Ports) -> Shown:
    with EDITED.writing():
        cart = await ports.carts.change(user_id, rule)
    return await _shown(cart, now, ports)


async def _shown(cart: Cart, now: float, ports: Ports) -> Shown:
    faces = await ports.faces.of((line.product_id for line in cart.lines), now)
    return Shown(cart, faces, now, ports.currency)
