"""What the payment service needs of the world."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mallkit.calls import Neighbour
from mallkit.endpoint import Event
from mallkit.lasting import Lasting
from mallkit.money import Money
from svc_payment.domain.account import Account, Attempt
from svc_payment.domain.card import Card


@dataclass(frozen=True)
class Answer:
    """A bank's final word; `reason` tells why it refused."""

    approved: bool
    reason: str = ""


class Provider(Protocol):
    """A card processor that is idempotent by the keys we give. Raises Unavailable where its word is not known."""

    async def authorize(self, key: str, amount: Money, card: Card, order_id: str) -> Answer:
        """Reserves the amount on the card."""
        ...

    async def capture(self, key: str) -> Answer:
        """Takes what was authorized under `key`."""
        ...

    async def void(self, key: str) -> Answer:
        """Ends the authorization under `key`, made or still to come."""
        ...

    async def refund(self, key: str, refund_key: str, minor: int) -> Answer:
        """Gives back a part of what was captured under `key`."""
        ...


class AccountStore(Protocol):
    """Accounts, asked for in the service's words."""

    async def get(self, order_id: str) -> Account:
        """An empty account where there is none."""
        ...

    async def of_transaction(self, transaction_id: str) -> Account:
        """Raises Missing."""
        ...

    async def ask(self, order_id: str, attempt: Attempt) -> Account:
        """Begins the attempt."""
        ...

    async def change(self, order_id: str, rule: Callable[[Account], Account | tuple[Account, Event]]) -> Account:
        """Applies a rule to the newest version."""
        ...

    def of_user(self, user_id: str) -> AsyncGenerator[Account]:
        """All accounts of a user's orders."""
        ...

    async def open(self, limit: int) -> list[Account]:
        """Accounts that the job must look at some time."""
        ...

    async def due(self, now: float, longest: float, limit: int) -> list[Account]:
        """Accounts that the job must look at; none is made to wait longer than so many seconds."""
        ...


@dataclass(frozen=True)
class Hearing:
    """How webhooks are told from forgeries, and what counts those that are refused, and events that are ignored, by reason."""

    secret: str
    tolerance_seconds: float
    refused: Callable[[str], None]
    ignored: Callable[[str], None]


@dataclass(frozen=True)
class Ports:
    """`clock` gives seconds since 1970; `today` year and month. `lasting` finishes what its request no longer waits for."""

    accounts: AccountStore
    orders: Neighbour
    providers: Mapping[str, Provider]
    lasting: Lasting
    clock: Callable[[], float]
    today: Callable[[], tuple[int, int]]
    answer_seconds: float
    attempt_seconds: float
    currency: str
    hearing: Hearing
