"""What the checkout service needs of the world."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

from mallkit.calls import Neighbour
from mallkit.lasting import Lasting
from svc_checkout.domain.book import Book
from svc_checkout.domain.checkout import Checkout
from svc_checkout.domain.receipt import Rates


class CheckoutStore(Protocol):
    """Checkouts, asked for in the service's words."""

    async def start(self, wished: Checkout) -> Checkout:
        """As it was recorded the first time."""
        ...

    async def get(self, checkout_id: str) -> Checkout:
        """Raises Missing."""
        ...

    async def change(self, checkout_id: str, rule: Callable[[Checkout], Checkout]) -> Checkout:
        """Applies a rule to the newest version."""
        ...

    async def unfinished(self, limit: int) -> list[Checkout]:
        """Whoever works on them."""
        ...

    def of_user(self, user_id: str) -> AsyncGenerator[Checkout]:
        """All of them."""
        ...

    async def left_behind(self, now: float, lease: float, limit: int) -> list[Checkout]:
        """Unfinished checkouts whose lease of at most so many seconds has ended."""
        ...


class BookStore(Protocol):
    """The price book."""

    async def current(self) -> Book:
        """As it was at most a second ago; empty before anything was written into it."""
        ...

    async def change(self, rule: Callable[[Book], Book]) -> Book:
        """Applies a rule to the newest version."""
        ...


@dataclass(frozen=True)
class Times:
    """Seconds; see the settings. `rate` is how old a currency's rate may be."""

    answer: float
    undo: float
    lease: float
    rate: float


@dataclass(frozen=True)
class Ports:
    """`clock` gives seconds since 1970, `new_id` order ids and names of work, `process` is `<copy of the service>/<its process>`."""

    checkouts: CheckoutStore
    book: BookStore
    carts: Neighbour
    products: Neighbour
    orders: Neighbour
    payments: Neighbour
    lasting: Lasting
    clock: Callable[[], float]
    new_id: Callable[[], str]
    process: str
    times: Times
    rates: Rates
    currency: str
    home_country: str
