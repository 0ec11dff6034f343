"""The cart of somebody without an account: known by a token alone, merged into one user's cart, once for ever.

A guest cart is closed first, then its lines go into the user's cart under its id, then it is settled. Whoever finds it closed goes on
from there; what the closed cart itself says (into whose cart) decides, whatever a user's cart still remembers.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from enum import StrEnum

from contracts.cart import GuestCartUnknown
from svc_cart.domain.cart import Cart, Line, MergedGuest, Rule, present, put, remember, room_for


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a guest's token says: the cart's id, and until when it may begin one that is not stored yet (seconds since 1970)."""

    id: str
    expires: float


class GuestState(StrEnum):
    """open → closed → settled. Closed is what stopped on the way; where the store has transactions nobody ever sees it."""

    OPEN = "open"
    CLOSED = "closed"
    SETTLED = "settled"


@dataclass(frozen=True)
class GuestCart:
    """`id` is the token's hash. Once closed it is a tombstone: `into` is the user's id, `left_out` what did not fit there."""

    id: str
    cart: Cart
    forget_at: float
    state: GuestState = GuestState.OPEN
    into: str = ""
    left_out: tuple[Line, ...] = ()


def write_token(key: str, chance: str, expires: int) -> str:
    """`<chance>.<expires>.<HMAC>`: nothing need be stored before the first write, and no token can be made up."""
    head = f"{chance}.{expires}"
    return f"{head}.{_signed(key, head)}"


def read_token(key: str, token: str) -> Ticket:
    """Raises GuestCartUnknown unless this service wrote it."""
    head, _, signed = token.rpartition(".")
    _, _, expires = head.rpartition(".")
    if not hmac.compare_digest(_signed(key, head).encode(), signed.encode()):
        raise GuestCartUnknown
    return Ticket(hashlib.sha256(token.encode()).hexdigest()[:48], float(expires))


def fresh(ticket: Ticket, now: float, keep: float) -> GuestCart | None:
    """What a token begins that nothing is stored under; None after its time: what was forgotten under it does not begin again."""
    return GuestCart(ticket.id, Cart(ticket.id), max(now + keep, ticket.expires)) if now < ticket.expires else None


def opened(guest: GuestCart) -> Cart:
    """What its guest sees. Raises GuestCartUnknown once it is closed."""
    if guest.state is not GuestState.OPEN:
        raise GuestCartUnknown
    return guest.cart


def edit(guest: GuestCart, rule: Rule, forget_at: float) -> GuestCart:
    """Edited like any cart. Raises GuestCartUnknown once it is closed, and what the rule raises."""
    before = opened(guest)
    after = rule(before)
    return guest if after is before else replace(guest, cart=after, forget_at=max(guest.forget_at, forget_at))


def touch(guest: GuestCart, forget_at: float) -> GuestCart:
    """Somebody looked at it."""
    return guest if guest.state is not GuestState.OPEN else replace(guest, forget_at=max(guest.forget_at, forget_at))


def is_due(guest: GuestCart, now: float) -> bool:
    """Whether nobody needs it any more: unused for long, its token worth nothing, and nothing on its way."""
    return guest.forget_at < now and guest.state is not GuestState.CLOSED


def close(guest: GuestCart, user_id: str, forget_at: float) -> GuestCart:
    """From here it takes nothing more, and goes into this user's cart; again, nothing changes.

    Raises GuestCartUnknown if it went into another's: nobody is told whose.
    """
    if guest.state is GuestState.OPEN:
        return replace(guest, state=GuestState.CLOSED, into=user_id, forget_at=max(guest.forget_at, forget_at))
    if guest.into != user_id:
        raise GuestCartUnknown
    return guest


def take_in(cart: Cart, guest: GuestCart, now: float) -> Cart:
    """The user's cart with the closed guest cart's lines, of the same product the larger quantity; once.

    What is more than a cart takes is left out, and remembered as such. Raises Missing if the user is forgotten.
    """
    if guest.state is not GuestState.CLOSED or guest.id in cart.merged:
        return cart
    present(cart)
    left_out = []
    for line in guest.cart.lines:
        fits = min(line.quantity, room_for(cart, line.product_id))
        there = cart.line(line.product_id)
        if there is None and fits:
            cart = put(cart, replace(line, quantity=fits))
        elif there is not None and there.quantity < fits:
            cart = put(cart, replace(there, quantity=fits))
        if fits < line.quantity:
            left_out.append(replace(line, quantity=line.quantity - fits))
    kept = remember({guest_id: merged.at for guest_id, merged in cart.merged.items()}, guest.id, now)
    merged = {**cart.merged, guest.id: MergedGuest(now, tuple(left_out))}
    return replace(cart, merged={guest_id: merged[guest_id] for guest_id in kept})


def settle(guest: GuestCart, cart: Cart) -> GuestCart:
    """Its lines are in the user's cart: it keeps only what did not fit."""
    if guest.state is not GuestState.CLOSED:
        return guest
    merged = cart.merged.get(guest.id)
    left_out = () if merged is None else merged.left_out
    return replace(guest, state=GuestState.SETTLED, cart=Cart(guest.id), left_out=left_out)


def forget(guest: GuestCart) -> GuestCart:
    """Of one that went, or was going, into the cart of somebody who is forgotten, ids are left."""
    return replace(guest, state=GuestState.SETTLED, cart=Cart(guest.id), left_out=())


def _signed(key: str, head: str) -> str:
    digest = hmac.new(key.encode(), f"guest-cart\n{head}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
