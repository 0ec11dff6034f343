"""The carts of users and of guests in the service's own store."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from contracts.cart import GuestCartUnknown
from mallkit.store import MOST_IN_A_PAGE, Absent, Collection, Kind, Range, Store
from svc_cart.domain import guest
from svc_cart.domain.cart import Cart, Line, Rule
from svc_cart.domain.guest import GuestCart, GuestState, Ticket

CARTS: Kind[Cart] = Kind(name="carts", type=Cart)
GUESTS: Kind[GuestCart] = Kind(
    name="guests",
    type=GuestCart,
    fields={"state": str, "forget_at": float, "into": str},
    indexes=(("state", "forget_at"), ("into",)),
)
"""Apart from the users' carts, whose every write would pay for these indexes. `into` finds what belongs to a user."""
KINDS = (CARTS, GUESTS)
NOTED = 30
"""That somebody looked at a guest cart is noted so many times in the time for which a use keeps it, at most."""


@dataclass(frozen=True, slots=True)
class OneStored:
    """A user's cart, made on first use."""

    carts: Collection[Cart]
    user_id: str

    async def seen(self) -> Cart:
        """As it stands, empty if there is none yet."""
        try:
            return await self.carts.get(self.user_id)
        except Absent:
            return Cart(self.user_id)

    async def change(self, rule: Rule) -> Cart:
        """The cart after the rule was applied to its newest version; raises what the rule raises."""
        return await self.carts.change(self.user_id, rule, absent=Cart(self.user_id))


class StoredCarts:
    """`ports.Carts`: one aggregate for each user."""

    def __init__(self, store: Store) -> None:
        self._carts = store[CARTS]

    def of(self, user_id: str) -> OneStored:
        """A user's."""
        return OneStored(self._carts, user_id)


@dataclass(frozen=True, slots=True)
class OneGuest:
    """A guest's cart, stored from the first write on. `keep`: for how many seconds a use keeps it."""

    guests: Collection[GuestCart]
    ticket: Ticket
    now: float
    keep: float

    async def seen(self) -> Cart:
        """As it stands; looking at it is using it. Raises GuestCartUnknown."""
        try:
            found = await self.guests.get(self.ticket.id)
        except Absent:
            begun = guest.fresh(self.ticket, self.now, self.keep)
            if begun is None:
                raise GuestCartUnknown from None
            return begun.cart
        cart, until = guest.opened(found), self.now + self.keep
        if found.forget_at < until - self.keep / NOTED:
            await self._change(lambda there: guest.touch(there, until))
        return cart

    async def change(self, rule: Rule) -> Cart:
        """As that of a user. Raises GuestCartUnknown, too."""
        return (await self._change(lambda there: guest.edit(there, rule, self.now + self.keep))).cart

    async def _change(self, rule: Callable[[GuestCart], GuestCart]) -> GuestCart:
        try:
            return await self.guests.change(self.ticket.id, rule, absent=guest.fresh(self.ticket, self.now, self.keep))
        except Absent:
            raise GuestCartUnknown from None


class StoredGuests:
    """`ports.Guests`."""

    def __init__(self, store: Store, keep: float) -> None:
        self._store = store
        self._guests = store[GUESTS]
        self._keep = keep

    def of(self, ticket: Ticket, now: float) -> OneGuest:
        """That of whoever has the token."""
        return OneGuest(self._guests, ticket, now, self._keep)

    async def merge(self, ticket: Ticket, user_id: str, now: float) -> tuple[Line, ...]:
        """One commit where the store has transactions; in this order where it has not, and whoever comes next goes on."""
        with suppress(Absent):
            found = await self._guests.get(ticket.id)
            if found.state is GuestState.SETTLED and found.into == user_id:
                return found.left_out
        try:
            return (await self._merge(ticket.id, user_id, now, guest.fresh(ticket, now, self._keep))).left_out
        except Absent:
            raise GuestCartUnknown from None

    async def of_user(self, user_id: str) -> list[GuestCart]:
        """By the index."""
        return (await self._guests.find({"into": user_id}, limit=MOST_IN_A_PAGE)).items

    async def forget(self, user_id: str) -> None:
        """The user's cart takes nothing in any more: none can come."""
        after = None
        while True:
            page = await self._guests.find({"into": user_id}, limit=MOST_IN_A_PAGE, after=after)
            for found in page.items:
                with suppress(Absent):
                    await self._guests.change(found.id, guest.forget)
            if page.next is None:
                return
            after = page.next

    async def tidy(self, now: float) -> None:
        """Page by page; what is used at this very moment is looked at once more in the write that forgets it."""
        stopped = await self._guests.find({"state": GuestState.CLOSED}, limit=MOST_IN_A_PAGE)
        for found in stopped.items:
            await self._merge(found.id, found.into, now)
        for state in (GuestState.OPEN, GuestState.SETTLED):
            after = None
            while True:
                due = {"state": state, "forget_at": Range(lt=now)}
                page = await self._guests.find(due, order="forget_at", limit=MOST_IN_A_PAGE, after=after)
                for found in page.items:
                    await self._forget(found.id, now)
                if page.next is None:
                    break
                after = page.next

    async def _merge(self, guest_id: str, user_id: str, now: float, absent: GuestCart | None = None) -> GuestCart:
        closed, merged = GuestCart(guest_id, Cart(guest_id), now), Cart(user_id)

        def close(found: GuestCart) -> GuestCart:
            nonlocal closed
            closed = guest.close(found, user_id, now + self._keep)
            return closed

        def take_in(cart: Cart) -> Cart:
            nonlocal merged
            merged = guest.take_in(cart, closed, now)
            return merged

        *_, settled = await self._store.together(
            self._guests.changing(guest_id, close, absent=absent),
            self._store[CARTS].changing(user_id, take_in, absent=Cart(user_id)),
            self._guests.changing(guest_id, lambda found: guest.settle(found, merged)),
        )
        return cast("GuestCart", settled)

    async def _forget(self, guest_id: str, now: float) -> None:
        def check(found: GuestCart | None) -> None:
            if found is None or not guest.is_due(found, now):
                raise Absent(GUESTS.name, guest_id)

        with suppress(Absent):
            await self._store.together(self._guests.checking(guest_id, check), self._guests.removing(guest_id))
