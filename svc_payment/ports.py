"""What the payment service needs of the world."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mallkit.calls import Neighbour
from mallkit.endpoint import Event
from mallkit.errors import Unavailable
from mallkit.lasting import Lasting
from mallkit.money import Money
from svc_payment.domain.account import Account
from svc_payment.domain.attempt import Attempt
from svc_payment.domain.card import Card, Token


@dataclass(frozen=True)
class Intent:
    """What is to be paid for an order under our `key`. `reference` is the provider's own name for it, empty while we do not know it."""

    key: str
    amount: Money
    order_id: str
    reference: str = ""


@dataclass(frozen=True)
class Answer:
    """A provider's final word; `reason` tells why it refused. With an `action_url` it is not final: the buyer has to go there first."""

    approved: bool
    reason: str = ""
    action_url: str = ""
    reference: str = ""


class Provider(Protocol):
    """A payment processor that is idempotent by the keys we give. Raises Unavailable where its word is not known.

    tests/svc_payment/contract.py says the same in tests, for every provider.
    """

    takes_tokens: bool
    """Whether it can be paid with what its own page made of a card."""

    async def authorize(self, intent: Intent, means: Card | Token) -> Answer:
        """Reserves the amount."""
        ...

    async def look(self, intent: Intent) -> Answer:
        """What became of an authorization; that it knows of none is no answer."""
        ...

    async def capture(self, intent: Intent) -> Answer:
        """Takes all that was authorized."""
        ...

    async def void(self, intent: Intent) -> Answer:
        """Ends the authorization, made or still to come. Refused once the money is taken."""
        ...

    async def refund(self, intent: Intent, refund_key: str, minor: int) -> Answer:
        """Gives back a part of what was captured."""
        ...


@dataclass(frozen=True)
class Word:
    """What an event of a provider is about: our attempt at an order. `reserved`: it says that money was set aside."""

    order_id: str
    attempt: str
    reserved: bool = False


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
    """How one provider's webhooks are told from forgeries, and read: `read` gives None for an event that says nothing to us.

    And what counts those that are refused, and events that are ignored, by reason. Without a secret none is taken.
    """

    secret: str
    tolerance_seconds: float
    read: Callable[[bytes], list[Word | None]]
    refused: Callable[[str], None]
    ignored: Callable[[str], None]


@dataclass(frozen=True)
class Ports:
    """`clock` gives seconds since 1970; `today` year and month. `lasting` finishes what its request no longer waits for.

    `methods`: payment method → name of its provider; `providers` and `hearing` are by that name.
    """

    accounts: AccountStore
    orders: Neighbour
    methods: Mapping[str, str]
    providers: Mapping[str, Provider]
    hearing: Mapping[str, Hearing]
    lasting: Lasting
    clock: Callable[[], float]
    today: Callable[[], tuple[int, int]]
    answer_seconds: float
    attempt_seconds: float
    action_seconds: float
    currency: str

    def provider_of(self, attempt: Attempt) -> Provider:
        """Who was asked. Raises Unavailable where nobody can ask it any more."""
        provider = self.providers.get(attempt.provider)
        if provider is None:
            raise Unavailable(f"payments by {attempt.provider} cannot be reached: MALL_PAYMENT_KEPT names it no longer")
        return provider
