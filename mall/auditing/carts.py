"""The invariants of guests' carts: each goes into one user's cart, once, and arrives there."""

from collections import defaultdict

from mall.auditing.books import Books
from mall.auditing.invariants import Invariant, Patience, Tell

REMEMBERED = 50
"""A cart remembers at least so many of the guest carts that went into it: only where it has fewer, none can be forgotten."""


def guest_once(books: Books, tell: Tell) -> int:
    """A merged guest cart went into one user's cart, the one that it names."""
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for cart in books.carts.values():
        for guest_id in cart.merged:
            holders[guest_id].append(cart.id)
    for guest_id, into in holders.items():
        guest = books.guests.get(guest_id)  # forgotten after a while, when it can begin nothing any more
        if len(into) > 1:
            told = f"one guest cart, merged into {len(into)} carts: {', '.join(sorted(into))}"
            tell(guest_id, told, *map(books.carts.get, into))
        elif guest is not None and guest.into != into[0]:
            told = f"merged into cart {into[0]}, and says that it went to {guest.into or 'nobody'}"
            tell(guest_id, told, guest, books.carts.get(into[0]))
    for guest in books.guests.values():
        found = books.carts.get(guest.into)
        if guest.settled and guest.id not in holders and (found is None or len(found.merged) < REMEMBERED):
            tell(guest.id, f"went into cart {guest.into}, which knows nothing of it", guest, found)
    return len(books.guests) + sum(guest_id not in books.guests for guest_id in holders)


def guest_settled(books: Books, tell: Tell) -> int:
    """What is in a guest cart that was closed arrives in the user's cart."""
    for guest in books.guests.values():
        if guest.into and not guest.settled:
            tell(guest.id, f"closed on its way into cart {guest.into}, and not settled", guest)
    return len(books.guests)


INVARIANTS = (
    Invariant("guest-once", Patience.NONE, guest_once),
    Invariant("guest-settled", Patience.GRACE, guest_settled),
)
