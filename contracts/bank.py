"""What the sandbox bank promises: a card processor that is idempotent by the caller's key. Amounts in minor units."""

import hashlib
import hmac
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from msgspec import UNSET, Meta, UnsetType

from mallkit.endpoint import ANYONE, END, GET, POST, Cursor, Endpoint, Event, Id, View, Wish
from mallkit.errors import Missing, Refused, Unauthenticated

ApiKey = Annotated[str, Meta(max_length=256)]
Minor = Annotated[int, Meta(ge=1, le=100_000_000_000_000, examples=[1999])]
Currency = Annotated[str, Meta(pattern=rf"^[A-Z]{{3}}{END}", examples=["USD"])]
API_KEY = {"api_key": "X-Api-Key"}
SIGNATURE: Final = "Bank-Signature"
"""Header of a webhook: `t=<seconds since 1970>,v1=<signature>`."""
MOST_EVENTS: Final = 100
"""In one webhook."""


class BankKeyReused(Refused):
    """The key belongs to another operation."""

    slug = "bank/key-reused"
    title = "This key belongs to another operation"
    status = 422


class OperationKind(StrEnum):
    """What was asked."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class OperationStatus(StrEnum):
    """approved and declined are final; requires_action waits for the buyer, then it is one of the two."""

    APPROVED = "approved"
    DECLINED = "declined"
    REQUIRES_ACTION = "requires_action"


class BankCard(Wish, frozen=True):
    """As embossed; kept only as brand and last four."""

    number: Annotated[str, Meta(min_length=12, max_length=19, pattern=rf"^[0-9]+{END}", examples=["4242424242424242"])]
    cvv: Annotated[str, Meta(min_length=3, max_length=4, pattern=rf"^[0-9]+{END}", examples=["123"])]
    year: Annotated[int, Meta(ge=2000, le=9999, examples=[2031])]
    month: Annotated[int, Meta(ge=1, le=12, examples=[12])]

    def __repr__(self) -> str:
        """Never the number."""
        return "BankCard(…)"


class Authorize(Wish, frozen=True):
    """Reserves an amount on a card. `return_url`: where the buyer goes after a challenge, if the bank knows it as one of ours."""

    key: Id
    amount: Minor
    currency: Currency
    card: BankCard
    reference: Annotated[str, Meta(max_length=64)] = ""
    return_url: Annotated[str, Meta(max_length=500)] = ""
    api_key: ApiKey | UnsetType = UNSET


class Capture(Wish, frozen=True):
    """Takes what was authorized under `authorization`, all of it."""

    key: Id
    authorization: Id
    api_key: ApiKey | UnsetType = UNSET


class Void(Wish, frozen=True):
    """Ends the authorization made, or still to come, under the key `authorization`; refused once captured."""

    key: Id
    authorization: Id
    api_key: ApiKey | UnsetType = UNSET


class RefundOf(Wish, frozen=True):
    """Gives back a part of what was captured under `authorization`."""

    key: Id
    authorization: Id
    amount: Minor
    api_key: ApiKey | UnsetType = UNSET


class OperationOf(Wish, frozen=True):
    """Asks what became of a key."""

    key: Id
    api_key: ApiKey | UnsetType = UNSET


class Operation(View, frozen=True):
    """`reason` is set when declined: declined, insufficient_funds, expired_card, wrong_cvv, authentication_failed, requires_action,
    voided, captured, too_much, unknown.

    `id` is the bank's own and grows with time; `reference` is what the authorization was told. `action_url`: where the buyer answers
    the challenge that the authorization waits for.
    """

    key: str
    kind: OperationKind
    status: OperationStatus
    amount: int
    currency: str
    reason: str
    authorization: str
    brand: str
    last4: str
    at: str
    id: str = ""
    reference: str = ""
    action_url: str = ""


class StatementOf(Wish, frozen=True):
    """Asks for a part of the statement."""

    after: Cursor | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    api_key: ApiKey | UnsetType = UNSET


class Statement(View, frozen=True):
    """Operations, oldest first. `next` goes on, null at the end. One that waited for its buyer stands where it was answered.

    One that is being written while a page is read may get a place before that page's end: it is seen when read again.
    """

    items: list[Operation]
    next: str | None


class OperationAnswered(Event, frozen=True):
    """The bank gave its final word on an operation: what a webhook's `data` holds."""

    type: ClassVar[str] = "bank.operation-answered"
    authorization: str
    key: str
    kind: OperationKind
    status: OperationStatus
    reason: str
    amount: int
    currency: str
    reference: str


def signature(secret: str, at: int, body: bytes) -> str:
    """What `v1` of a webhook's signature header is: HMAC-SHA256 of `<at>.<body>`, hexadecimal. `at`: seconds since 1970."""
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()


authorize = Endpoint(
    method=POST, path="/v1/authorizations", takes=Authorize, gives=Operation, may=(ANYONE,), idempotent=True, headers=API_KEY,
    refuses=(Unauthenticated, BankKeyReused), secret=("card", "api_key"), summary="Reserve an amount on a card",
)  # fmt: skip
capture = Endpoint(
    method=POST, path="/v1/captures", takes=Capture, gives=Operation, may=(ANYONE,), idempotent=True, headers=API_KEY,
    refuses=(Unauthenticated, BankKeyReused), secret=("api_key",), summary="Take an authorized amount",
)  # fmt: skip
void = Endpoint(
    method=POST, path="/v1/voids", takes=Void, gives=Operation, may=(ANYONE,), idempotent=True, headers=API_KEY,
    refuses=(Unauthenticated, BankKeyReused), secret=("api_key",), summary="End an authorization",
)  # fmt: skip
refund = Endpoint(
    method=POST, path="/v1/refunds", takes=RefundOf, gives=Operation, may=(ANYONE,), idempotent=True, headers=API_KEY,
    refuses=(Unauthenticated, BankKeyReused), secret=("api_key",), summary="Give money back",
)  # fmt: skip
operation = Endpoint(
    method=GET, path="/v1/operations/{key}", takes=OperationOf, gives=Operation, may=(ANYONE,), headers=API_KEY,
    refuses=(Unauthenticated, Missing), secret=("api_key",), summary="What became of a key",
)  # fmt: skip
operations = Endpoint(
    method=GET, path="/v1/operations", takes=StatementOf, gives=Statement, may=(ANYONE,), headers=API_KEY,
    refuses=(Unauthenticated,), secret=("api_key",), summary="The statement of all operations",
)  # fmt: skip
