"""The sandbox bank, or a processor that speaks as it does: the mall's port in the words of contracts/bank.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from contracts import bank
from contracts.bank import OperationAnswered, OperationKind, OperationStatus
from contracts.bank_webhook import BankEvent
from mallkit.calls import Calls, Neighbour
from mallkit.endpoint import Endpoint, Wish
from mallkit.errors import ShopError, Unavailable
from svc_payment.domain.card import Card, Token
from svc_payment.ports import Answer, Intent, Provider, Word
from svc_payment.providers import Adapter
from svc_payment.settings import Settings

AUTHORIZE_SECONDS = 25.0
STEP_SECONDS = 10.0
W = TypeVar("W", bound=Wish)
CAPTURE, REFUND, VOID = "capture", "refund", "void"


class Bank:
    """Every call carries our key and the operation's own: asked again, the bank answers what it answered before."""

    takes_tokens = False

    def __init__(self, bank_at: Neighbour, api_key: str, return_url: str = "") -> None:
        self._bank = bank_at
        self._api_key = api_key
        self._return_url = return_url

    async def authorize(self, intent: Intent, means: Card | Token) -> Answer:
        """Reserves the amount on the card."""
        if isinstance(means, Token):
            raise TypeError(means)
        wish = bank.Authorize(
            key=intent.key,
            amount=intent.amount.minor,
            currency=intent.amount.currency,
            card=bank.BankCard(number=means.number, cvv=means.cvv, year=means.year, month=means.month),
            reference=intent.order_id,
            return_url=self._return_url,
            api_key=self._api_key,
        )
        return await self._ask(bank.authorize, wish, AUTHORIZE_SECONDS)

    async def look(self, intent: Intent) -> Answer:
        """What became of the authorization under the key."""
        return await self._ask(bank.operation, bank.OperationOf(key=intent.key, api_key=self._api_key))

    async def capture(self, intent: Intent) -> Answer:
        """Takes what was authorized under the key."""
        wish = bank.Capture(key=f"{intent.key}-{CAPTURE}", authorization=intent.key, api_key=self._api_key)
        return await self._ask(bank.capture, wish)

    async def void(self, intent: Intent) -> Answer:
        """Ends the authorization under the key, made or still to come."""
        wish = bank.Void(key=f"{intent.key}-{VOID}", authorization=intent.key, api_key=self._api_key)
        return await self._ask(bank.void, wish)

    async def refund(self, intent: Intent, refund_key: str, minor: int) -> Answer:
        """Gives back a part of what was captured under the key."""
        wish = bank.RefundOf(key=f"{refund_key}-{REFUND}", authorization=intent.key, amount=minor, api_key=self._api_key)
        return await self._ask(bank.refund, wish)

    async def _ask(self, endpoint: Endpoint[W, bank.Operation], wish: W, seconds: float = STEP_SECONDS) -> Answer:
        try:
            done = await self._bank(endpoint, wish, seconds=seconds)
        except Unavailable:
            raise
        except ShopError as refusal:  # our API key or our request is wrong: no word on the money, and none of the buyer's business
            raise Unavailable("the bank cannot be asked in this way") from refusal
        return Answer(done.status is OperationStatus.APPROVED, done.reason, done.action_url)


class _News(msgspec.Struct):
    events: list[BankEvent]


def read_webhook(content: bytes) -> list[Word | None]:
    """What the events of a webhook are about; its shape was checked at the edge."""
    return [_read(event) for event in msgspec.json.decode(content, type=_News).events]


def _read(event: BankEvent) -> Word | None:
    if event.type != OperationAnswered.type:
        return None
    try:
        told = msgspec.json.decode(event.data, type=OperationAnswered)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    reserved = told.kind is OperationKind.AUTHORIZE and told.status is OperationStatus.APPROVED
    return Word(told.reference, told.authorization, reserved)


@asynccontextmanager
async def _open(settings: Settings, calls: Calls) -> AsyncIterator[Provider]:
    yield Bank(calls.to("bank", anonymous=True), settings.bank_key, settings.return_url)


def _lacks(settings: Settings) -> list[str]:
    needed = {"MALL_PAYMENT_BANK_KEY": settings.bank_key, "MALL_PAYMENT_WEBHOOK_SECRET": settings.webhook_secret}
    return [f"{name} is not set: the provider bank needs it" for name, value in needed.items() if not value]


ADAPTER = Adapter(_lacks, _open, read_webhook, lambda settings: settings.webhook_secret)
