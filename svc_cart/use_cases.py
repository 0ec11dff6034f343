"""What a user or a guest does with a cart, how a guest's goes into a user's, and how a checkout seals, unseals and closes one."""

from collections.abc import Mapping
from dataclasses import replace

from msgspec import UNSET, UnsetType

from contracts import cart as contract
from mallkit.endpoint import Caller
from mallkit.errors import Missing
from mallkit.steps import Write
from svc_cart.domain import cart as rules
from svc_cart.domain import guest, later, sealing
from svc_cart.domain.cart import Cart, Line, Rule
from svc_cart.domain.shown import Face, Shown
from svc_cart.ports import OneCart, Ports

KEYED = "k-"
"""How the kit begins the id of a command whose caller sent a key."""
EDITED, MERGED = Write("cart.edited"), Write("cart.merged")
SEALED, UNSEALED, CLOSED = Write("cart.sealed"), Write("cart.unsealed"), Write("cart.closed")
MOST_OF_AN_ADDRESS = 64
"""Characters of a network address that tell two apart."""


def begin_guest(address: str, ports: Ports) -> tuple[str, float]:
    """A guest's token, and until when it begins a cart. Nothing is stored. Raises TooManyRequests."""
    now, who = ports.clock(), address[:MOST_OF_AN_ADDRESS]
    ports.newcomers.check(who, now)
    ports.newcomers.note(who, now)
    expires = int(now) + ports.guest_seconds
    return guest.write_token(ports.guest_key, ports.chance(), expires), float(expires)


def of_guest(token: str | UnsetType, ports: Ports) -> OneCart:
    """The cart of whoever has the token. Raises GuestCartUnknown."""
    if token is UNSET:
        raise contract.GuestCartUnknown
    return ports.guests.of(guest.read_token(ports.guest_key, token), ports.clock())


async def show(whose: OneCart, ports: Ports, currency: str | UnsetType = UNSET) -> Shown:
    """The open and the saved lines with names and prices, in another currency if one is asked for. Raises CurrencyUnknown."""
    rate = None if currency is UNSET else await ports.rates.of(currency)
    shown = await _shown(await whose.seen(), ports.clock(), ports)
    return shown if rate is None else replace(shown, rate=rate)


async def add(wish: contract.AddItem, caller: Caller, whose: OneCart, ports: Ports) -> Shown:
    """Adds pieces of a product that is on sale. Raises Missing, CartFull."""
    now = ports.clock()
    before, faces = await _seen(whose, wish.product_id, now, ports)
    face = faces[wish.product_id]
    command = caller.command if caller.command.startswith(KEYED) else ""
    if face.unit is None and command not in before.applied:
        message = "there is no such product on sale"
        raise Missing(message)
    line = _line(wish, face)
    return await _changed(whose, lambda cart: rules.add(cart, line, command, now), now, ports)


async def set_quantity(wish: contract.SetItem, whose: OneCart, ports: Ports) -> Shown:
    """Makes the cart hold so many of a product. Raises Missing, CartFull."""
    now = ports.clock()
    _, faces = await _seen(whose, wish.product_id, now, ports)
    face = faces[wish.product_id]
    line, on_sale = _line(wish, face), face.unit is not None
    return await _changed(whose, lambda cart: rules.set_quantity(cart, line, on_sale=on_sale), now, ports)


async def remove(product_id: str, whose: OneCart, ports: Ports) -> Shown:
    """Takes a line out. Raises Missing."""
    return await _moved(whose, lambda cart: rules.remove(cart, product_id), ports)


async def save(product_id: str, whose: OneCart, ports: Ports) -> Shown:
    """Keeps a line for later. Raises Missing, CartFull."""
    return await _moved(whose, lambda cart: later.save(cart, product_id), ports)


async def restore(product_id: str, whose: OneCart, ports: Ports) -> Shown:
    """Puts a saved line back. Raises Missing, CartFull."""
    return await _moved(whose, lambda cart: later.restore(cart, product_id), ports)


async def remove_saved(product_id: str, whose: OneCart, ports: Ports) -> Shown:
    """Takes a saved line away. Raises Missing."""
    return await _moved(whose, lambda cart: later.drop(cart, product_id), ports)


async def clear(whose: OneCart, ports: Ports) -> Shown:
    """Takes all open lines out."""
    return await _changed(whose, rules.clear, ports.clock(), ports)


async def merge(token: str, user_id: str, ports: Ports) -> tuple[Line, ...]:
    """What of a guest cart did not fit into the user's; again, the same. Raises GuestCartUnknown."""
    ticket = guest.read_token(ports.guest_key, token)
    with MERGED.writing():
        return await ports.guests.merge(ticket, user_id, ports.clock())


async def seal(wish: contract.SealOf, ports: Ports) -> tuple[Line, ...]:
    """The lines that only this checkout may buy. Raises CheckoutGone, CartBusy, CartEmpty."""
    with SEALED.writing():
        cart = await ports.carts.of(wish.user_id).change(lambda cart: sealing.seal(cart, wish.checkout_id))
    return () if cart.sealed is None else cart.sealed.lines


async def unseal(wish: contract.SealOf, ports: Ports) -> None:
    """Gives the lines back, or keeps the checkout from ever sealing them."""
    now = ports.clock()
    with UNSEALED.writing():
        await ports.carts.of(wish.user_id).change(lambda cart: sealing.unseal(cart, wish.checkout_id, now))


async def close(wish: contract.SealOf, ports: Ports) -> None:
    """The lines are bought."""
    now = ports.clock()
    with CLOSED.writing():
        await ports.carts.of(wish.user_id).change(lambda cart: sealing.close(cart, wish.checkout_id, now))


def _line(wish: contract.AddItem | contract.SetItem, face: Face) -> Line:
    if face.unit is None:
        return Line(wish.product_id, wish.quantity, face.name)
    return Line(wish.product_id, wish.quantity, face.name, face.unit.minor, face.unit.currency)


async def _seen(whose: OneCart, product_id: str, now: float, ports: Ports) -> tuple[Cart, Mapping[str, Face]]:
    """The cart and all faces that its view will need, before anything changes: who cannot be answered changes nothing."""
    cart = await whose.seen()
    wanted = {line.product_id for line in (*cart.lines, *cart.saved)} | {product_id}
    return cart, await ports.faces.of(wanted, now, doubted=product_id)


async def _moved(whose: OneCart, rule: Rule, ports: Ports) -> Shown:
    """A change that brings no product into the cart, after a look at the faces of all that are in it."""
    now = ports.clock()
    await _shown(await whose.seen(), now, ports)
    return await _changed(whose, rule, now, ports)


async def _changed(whose: OneCart, rule: Rule, now: float, ports: Ports) -> Shown:
    with EDITED.writing():
        cart = await whose.change(rule)
    return await _shown(cart, now, ports)


async def _shown(cart: Cart, now: float, ports: Ports) -> Shown:
    faces = await ports.faces.of((line.product_id for line in (*cart.lines, *cart.saved)), now)
    return Shown(cart, faces, now, ports.currency)
