"""What Stripe's words need besides the bank's own books: intents, judged cards, notes on refunds, and the answers under each key."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mallkit.store import Absent, Kind, Store
from sandbox_bank.domain.authorization import Authorization
from sandbox_bank.domain.card import Plastic
from sandbox_bank.repository import AUTHORIZATIONS


@dataclass(frozen=True)
class Intent:
    """A PaymentIntent. `key`, the Idempotency-Key that it was created under, is its authorization's key in the bank's books."""

    id: str
    key: str
    amount: int
    currency: str
    created: float
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Method:
    """A PaymentMethod: of the card only what it does is kept, and a keyed digest that tells two apart."""

    id: str
    plastic: Plastic
    digest: str


@dataclass(frozen=True)
class RefundNote:
    """What a refund was told; `key` is its operation's in the bank's books."""

    id: str
    key: str
    intent: str
    created: float
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """The first answer to an Idempotency-Key, whatever it was."""

    id: str
    fingerprint: str
    status: int
    body: bytes


INTENTS = Kind(name="stripe_intents", type=Intent)
METHODS = Kind(name="stripe_methods", type=Method)
REFUNDS = Kind(name="stripe_refunds", type=RefundNote, fields={"intent": str}, indexes=(("intent",),))
KEPT = Kind(name="stripe_answers", type=Kept)
KINDS = (INTENTS, METHODS, REFUNDS, KEPT)


class StripeBooks:
    """The collections of the bank's own store."""

    def __init__(self, store: Store) -> None:
        self._intents, self._methods, self._refunds, self._kept = (store[INTENTS], store[METHODS], store[REFUNDS], store[KEPT])
        self._authorizations = store[AUTHORIZATIONS]

    async def create(self, intent: Intent) -> Intent:
        """As it was created the first time."""
        return await self._intents.change(intent.id, lambda found: found, absent=intent)

    async def intent(self, intent_id: str) -> Intent | None:
        """By its id."""
        try:
            return await self._intents.get(intent_id)
        except Absent:
            return None

    async def authorization(self, intent: Intent) -> Authorization:
        """What was done under it; empty where nothing was."""
        try:
            return await self._authorizations.get(intent.key)
        except Absent:
            return Authorization(intent.key)

    async def add_method(self, method: Method) -> Method:
        """As it was made the first time."""
        return await self._methods.change(method.id, lambda found: found, absent=method)

    async def method(self, method_id: str) -> Method | None:
        """By its id."""
        try:
            return await self._methods.get(method_id)
        except Absent:
            return None

    async def note_refund(self, note: RefundNote) -> RefundNote:
        """As it was told the first time."""
        return await self._refunds.change(note.id, lambda found: found, absent=note)

    async def refunds_of(self, intent_id: str) -> list[RefundNote]:
        """All, the oldest first."""
        return (await self._refunds.find({"intent": intent_id}, limit=100)).items

    async def kept(self, key: str) -> Kept | None:
        """The answer under a key."""
        try:
            return await self._kept.get(key)
        except Absent:
            return None

    async def keep(self, answer: Kept) -> Kept:
        """The first one stays."""
        return await self._kept.change(answer.id, lambda found: found, absent=answer)
