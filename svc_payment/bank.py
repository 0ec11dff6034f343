"""The card processor, over HTTP: the mall's port spoken in the sandbox bank's words."""

from typing import TypeVar

from contracts import bank
from mallkit.calls import Neighbour
from mallkit.endpoint import Endpoint, Wish
from mallkit.errors import ShopError, Unavailable
from mallkit.money import Money
from svc_payment.domain.card import Card
from svc_payment.ports import Answer

AUTHORIZE_SECONDS = 25.0
STEP_SECONDS = 10.0
W = TypeVar("W", bound=Wish)
CAPTURE, REFUND, VOID = "capture", "refund", "void"


class Bank:
    """Every call carries our key and the operation's own: asked again, the bank answers what it answered before."""

    def __init__(self, bank_at: Neighbour, api_key: str) -> None:
        self._bank = bank_at
        self._api_key = api_key

    async def authorize(self, key: str, amount: Money, card: Card, order_id: str) -> Answer:
        """Reserves the amount on the card."""
        shown = bank.BankCard(number=card.number, cvv=card.cvv, year=card.year, month=card.month)
        wish = bank.Authorize(key=key, amount=amount.minor, currency=amount.currency, card=shown, reference=order_id, api_key=self._api_key)
        return await self._ask(bank.authorize, wish, AUTHORIZE_SECONDS)

    async def capture(self, key: str) -> Answer:
        """Takes what was authorized under `key`."""
        wish = bank.Capture(key=f"{key}-{CAPTURE}", authorization=key, api_key=self._api_key)
        return await self._ask(bank.capture, wish)

    async def void(self, key: str) -> Answer:
        """Ends the authorization under `key`, made or still to come."""
        wish = bank.Void(key=f"{key}-{VOID}", authorization=key, api_key=self._api_key)
        return await self._ask(bank.void, wish)

    async def refund(self, key: str, refund_key: str, minor: int) -> Answer:
        """Gives back a part of what was captured under `key`."""
        wish = bank.RefundOf(key=f"{refund_key}-{REFUND}", authorization=key, amount=minor, api_key=self._api_key)
        return await self._ask(bank.refund, wish)

    async def _ask(self, endpoint: Endpoint[W, bank.Operation], wish: W, seconds: float = STEP_SECONDS) -> Answer:
        try:
            done = await self._bank(endpoint, wish, seconds=seconds)
        except Unavailable:
            raise
        except ShopError as refusal:  # our API key or our request is wrong: no word on the money, and none of the buyer's business
            raise Unavailable("the bank cannot be asked in this way") from refusal
        return Answer(done.status is bank.OperationStatus.APPROVED, done.reason)
