"""The providers as the contract suite meets them: the sandbox bank in its own words, and in Stripe's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from contracts.bank import Operation, Statement
from mallkit.calls import Calls
from mallkit.http1 import Client
from mallkit.money import Money
from mallkit.settings import load
from svc_payment.domain import card as cards
from svc_payment.domain.card import Card
from svc_payment.ports import Answer, Intent, Provider
from svc_payment.providers import chosen, opened
from svc_payment.settings import Settings
from tests.mallhouse import House, house
from tests.svc_checkout.buying import new_id

STRIPE_KEY, STRIPE_SECRET, BACK = "sk_for_tests_only_000", "whsec_for_tests_only", "https://shop.example/back"
STRIPE = {
    "MALL_PAYMENT_STRIPE_KEY": STRIPE_KEY,
    "MALL_BANK_STRIPE_KEY": STRIPE_KEY,
    "MALL_PAYMENT_STRIPE_WEBHOOK_SECRET": STRIPE_SECRET,
    "MALL_BANK_STRIPE_WEBHOOK_SECRET": STRIPE_SECRET,
    "MALL_PAYMENT_RETURN_URL": BACK,
}
"""What a mall is told that speaks Stripe's words to the sandbox bank."""
GOOD = "4242424242424242"


def plastic(number: str = GOOD) -> Card:
    """A card that is still good."""
    return cards.read(number, "123", (2031, 12), (2026, 11))


@dataclass
class Desk:
    """A provider, and the bank's own books behind it."""

    name: str
    bank: House
    provider: Provider

    def intent(self, minor: int = 1999, currency: str = "USD") -> Intent:
        """Something new to be paid."""
        return Intent(new_id("k"), Money(minor, currency), new_id("o"))

    async def authorized(self, number: str = GOOD) -> Intent:
        """An intent whose money is set aside, with the provider's own name for it as payment keeps it."""
        intent = self.intent()
        answer = await self.provider.authorize(intent, plastic(number))
        assert answer == Answer(approved=True, reference=answer.reference)
        return named(intent, answer)

    async def captured(self, number: str = GOOD) -> Intent:
        """One whose money is taken."""
        intent = await self.authorized(number)
        assert (await self.provider.capture(intent)).approved
        return intent

    async def done(self, intent: Intent, *, refused: bool = False) -> list[tuple[str, int]]:
        """What the bank's books say was approved for it, or refused, oldest first."""
        wanted = "declined" if refused else "approved"
        return [(each.kind.value, each.amount) for each in await self._operations(intent) if each.status == wanted]

    async def _operations(self, intent: Intent) -> list[Operation]:
        headers = {"X-Api-Key": self.bank.environ["MALL_BANK_API_KEY"]}
        told = await self.bank.call("bank", "GET", "/v1/operations?limit=1000", headers=headers)
        return [each for each in read_statement(told.json) if each.authorization == intent.key]

    async def act(self, url: str, answer: str) -> int:
        """What the buyer answers to a challenge."""
        async with self.bank.session.post(url, data={"answer": answer}, allow_redirects=False) as told:
            return told.status


def named(intent: Intent, answer: Answer) -> Intent:
    """The intent once the provider's own name for it is known."""
    return Intent(intent.key, intent.amount, intent.order_id, answer.reference)


def read_statement(told: Any) -> list[Operation]:
    """The bank's operations."""
    return msgspec.convert(told, Statement).items


@asynccontextmanager
async def desk(name: str, folder: Path, **settings: str) -> AsyncIterator[Desk]:
    """The provider of that name, opened as the payment service opens it."""
    told = {"MALL_PAYMENT_PROVIDERS": f"credit_card={name}", **STRIPE, **settings}
    async with house(folder, "bank", **told) as bank, provider(name, bank, **told) as opened_one:
        yield Desk(name, bank, opened_one)


@asynccontextmanager
async def provider(name: str, bank: House, **settings: str) -> AsyncIterator[Provider]:
    """As the payment service with these settings has it."""

    async def no_token() -> str:
        raise AssertionError

    told = load(Settings, "payment", bank.environ | settings)
    client = Client()
    try:
        calls = Calls(client, {"bank": [bank.url("bank")]}, no_token)
        async with opened(chosen(told), told, calls) as providers:
            yield providers[name]
    finally:
        client.close()
