"""What the cart service needs from outside, in its own words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from svc_cart.domain import Cart, Face, Rule


class Carts(Protocol):
    """The carts of all users; a user without one has an empty one."""

    async def of(self, user_id: str) -> Cart:
        """A user's cart as it stands."""
        ...

    async def change(self, user_id: str, rule: Rule) -> Cart:
        """The cart after the rule was applied to its newest version; raises what the rule raises."""
        ...


class Faces(Protocol):
    """What products are called and cost, remembered for a short while."""

    async def of(self, product_ids: Iterable[str], now: float, *, doubted: str = "") -> Mapping[str, Face]:
        """The face of each product; that `doubted` is not on sale is not believed from memory. Raises Unavailable."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Everything that the use cases touch. `currency` is the mall's, for a cart that holds nothing with a price."""

    carts: Carts
    faces: Faces
    clock: Callable[[], float]
    currency: str
