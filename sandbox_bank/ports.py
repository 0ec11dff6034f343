"""What the sandbox bank needs from outside, in its own words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mallkit.store import Page
from sandbox_bank.domain.authorization import Ask, Entry, Rule
from sandbox_bank.stripe.books import StripeBooks


class Books(Protocol):
    """The authorizations, and which operation key belongs to which of them."""

    async def write(self, ask: Ask, authorization: str, rule: Rule, return_url: str | None = None) -> Entry:
        """The operation under the key asked for, after the rule was applied to the authorization, made if need be.

        With a `return_url` (empty for none) also the challenge that the buyer is asked. Raises BankKeyReused.
        """
        ...

    async def challenge(self, challenge_id: str) -> tuple[Entry, str]:
        """The authorization that the challenge is about, and where its buyer goes afterwards. Raises Missing."""
        ...

    async def answer(self, asked: Entry, operation: str, rule: Rule) -> Entry:
        """The authorization after its challenge was answered; with the first answer it takes the place `operation` in the statement."""
        ...

    async def entry(self, key: str) -> Entry:
        """The operation under `key`. Raises Missing."""
        ...

    async def statement(self, after: str | None, limit: int) -> Page[Entry]:
        """All operations, oldest first."""
        ...


@dataclass
class Harm:
    """What a drill does to the bank's answers, in this process. Shares from 0 to 1; nothing unless it is told."""

    lose: float = 0.0
    delay_seconds: float = 0.0
    delay_share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Everything that the use cases touch."""

    books: Books
    clock: Callable[[], datetime]
    api_key: str
    fingerprint_key: str
    slow_seconds: float
    hang_up: Callable[[], object]
    """Closes the connection of the running request instead of answering it."""
    harm: Harm
    chance: Callable[[], float]
    """A number from 0 to below 1."""
    drill_key: str
    public_url: str
    """Where buyers find the pages of the bank."""
    return_urls: frozenset[str]
    """Where they may be sent back to."""
    stripe: StripeBooks
    """What is kept besides, for those who speak Stripe's words."""
