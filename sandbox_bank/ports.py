"""What the sandbox bank needs from outside, in its own words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sandbox_bank.domain import Entry, Rule


class Books(Protocol):
    """The authorizations, and which operation key belongs to which of them."""

    async def write(self, key: str, authorization: str, rule: Rule) -> Entry:
        """The operation under `key`, after the rule was applied to the authorization, made if need be. Raises BankKeyReused."""
        ...

    async def entry(self, key: str) -> Entry:
        """The operation under `key`. Raises Missing."""
        ...


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
