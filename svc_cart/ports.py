"""What the cart service needs from outside, in its own words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from svc_cart.domain.cart import Cart, Line, Rule
from svc_cart.domain.guest import GuestCart, Ticket
from svc_cart.domain.shown import Face, Rate


class OneCart(Protocol):
    """Somebody's cart, a user's or a guest's; without one it is empty. A guest's raises GuestCartUnknown once it is closed."""

    async def seen(self) -> Cart:
        """As it stands."""
        ...

    async def change(self, rule: Rule) -> Cart:
        """The cart after the rule was applied to its newest version; raises what the rule raises."""
        ...


class Carts(Protocol):
    """The carts of all users."""

    def of(self, user_id: str) -> OneCart:
        """A user's."""
        ...


class Guests(Protocol):
    """The carts of those without an account. Times in seconds since 1970."""

    def of(self, ticket: Ticket, now: float) -> OneCart:
        """That of whoever has the token."""
        ...

    async def merge(self, ticket: Ticket, user_id: str, now: float) -> tuple[Line, ...]:
        """What did not fit when the guest cart was merged into the user's, once for ever. Raises GuestCartUnknown."""
        ...

    async def of_user(self, user_id: str) -> list[GuestCart]:
        """Up to 1000 of those that went into the user's cart, as far as they are still remembered."""
        ...

    async def forget(self, user_id: str) -> None:
        """Of all that went into the user's cart only ids are left."""
        ...

    async def tidy(self, now: float) -> None:
        """Finishes merges that stopped between, and forgets carts that nobody has used."""
        ...


class Faces(Protocol):
    """What products are called and cost, remembered for a short while."""

    async def of(self, product_ids: Iterable[str], now: float, *, doubted: str = "") -> Mapping[str, Face]:
        """The face of each product; that `doubted` is not on sale is not believed from memory. Raises Unavailable."""
        ...


class Rates(Protocol):
    """What other currencies are worth, remembered for some seconds."""

    async def of(self, currency: str) -> Rate | None:
        """None for the mall's own. Raises CurrencyUnknown, Unavailable."""
        ...


class Tries(Protocol):
    """How often somebody did something within the last minute."""

    def check(self, who: str, now: float) -> None:
        """Raises TooManyRequests when the limit is reached."""
        ...

    def note(self, who: str, now: float) -> None:
        """Counts one more."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Everything that the use cases touch. `currency` is the mall's, for a cart that holds nothing with a price.

    `guest_key` signs guests' tokens, which may begin a cart for `guest_seconds`; `chance` gives 192 random bits as text.
    """

    carts: Carts
    guests: Guests
    faces: Faces
    rates: Rates
    newcomers: Tries
    clock: Callable[[], float]
    chance: Callable[[], str]
    currency: str
    guest_key: str
    guest_seconds: int
