"""What the checkout service needs of the world."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mallkit.calls import Neighbour
from mallkit.lasting import Lasting
from mallkit.store import Page, Step
from svc_checkout.domain.book import Book
from svc_checkout.domain.checkout import Checkout
from svc_checkout.domain.coupon import Coupon
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

    def changing(self, checkout_id: str, rule: Callable[[Checkout], Checkout]) -> Step:
        """`change`, to be written with something else."""
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


class Uses(Protocol):
    """How many uses of a coupon are left, and how many running purchases hold."""

    @property
    def available(self) -> int:
        """That a purchase may still hold."""
        ...

    @property
    def reserved(self) -> int:
        """That are held."""
        ...


class CouponStore(Protocol):
    """Coupons and their uses; a use is given out under a checkout's id, once for ever."""

    async def create(self, wished: Coupon) -> Coupon:
        """As it was given out the first time. Raises CouponExists."""
        ...

    async def get(self, code: str) -> Coupon:
        """Raises Missing."""
        ...

    async def current(self, code: str) -> Coupon:
        """As it was at most a second ago. Raises Missing."""
        ...

    async def page(self, after: str | None, limit: int) -> Page[Coupon]:
        """By code."""
        ...

    async def uses(self, things: Sequence[str]) -> Mapping[str, Uses]:
        """Of those that were ever counted."""
        ...

    async def change(self, code: str, rule: Callable[[Coupon], Coupon], limit: int | None) -> Coupon:
        """Applies a rule, and sets the limit where one is given. Raises Missing, CouponBelowUsed."""
        ...

    async def hold(self, coupon: Coupon, purchase: Checkout, *beside: Step) -> None:
        """A use for the purchase, written with further steps. Raises CouponUsedUp, CouponUsedByYou, OrderFailed where it was undone."""
        ...

    async def take(self, key: str, *beside: Step) -> bool:
        """What is held is used, and further steps are written with it; False where nothing ever was."""
        ...

    async def release(self, key: str) -> None:
        """What is held can be used again, and a hold still on its way is refused."""
        ...

    async def give_back(self, key: str) -> bool:
        """What is held or used can be used again; False where nothing ever was."""
        ...

    async def settle(self) -> None:
        """Completes what a stopped process left undone."""
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
    coupons: CouponStore
    carts: Neighbour
    products: Neighbour
    orders: Neighbour
    payments: Neighbour
    users: Neighbour
    lasting: Lasting
    clock: Callable[[], float]
    new_id: Callable[[], str]
    process: str
    times: Times
    rates: Rates
    currency: str
    home_country: str
