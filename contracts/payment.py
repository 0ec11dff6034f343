"""What svc_payment promises: an order is paid once, refunds never exceed what was paid, no card is ever kept."""

from typing import Annotated, ClassVar, Final

from msgspec import UNSET, Meta, UnsetType

from contracts.bank import SIGNATURE
from contracts.bank_webhook import BankNews, WebhookSignature, WebhookTooOld
from contracts.checkout_types import CreditCard
from contracts.order import AlreadyPaid, AmountWrong, BeingPaid, WrongStatus
from contracts.order_words import Reason
from contracts.payment_words import (
    AnswerNotKept,
    CardInvalid,
    Declined,
    MethodUnknown,
    NothingPaid,
    NoTransactionId,
    OutcomeUnknown,
    PaymentStatus,
    RecordUnreadable,
    RefundRefused,
    RefundStatus,
    RefundTooLarge,
)
from contracts.persons import export as export  # noqa: PLC0414 - served here too
from contracts.persons import forget as forget  # noqa: PLC0414 - as export
from mallkit.endpoint import (
    ADMIN,
    ANYONE,
    CUSTOMER,
    END,
    GET,
    OPERATOR,
    OPERATORS,
    POST,
    SERVICE,
    Accepted,
    Cursor,
    Done,
    Endpoint,
    Event,
    Id,
    IdOrNumber,
    Keyed,
    Limit,
    View,
    Wish,
)
from mallkit.errors import Missing
from mallkit.money import Amount, Paid

__all__ = [
    "AnswerNotKept",
    "CardInvalid",
    "Declined",
    "MethodUnknown",
    "NoTransactionId",
    "NothingPaid",
    "OutcomeUnknown",
    "PaymentStatus",
    "RecordUnreadable",
    "RefundRefused",
    "RefundStatus",
    "RefundTooLarge",
]
PEOPLE = (CUSTOMER, OPERATOR, ADMIN)
STRIPE_SIGNATURE: Final = "Stripe-Signature"
"""Header of Stripe's webhooks: `t=<seconds since 1970>,v1=<signature>`."""
PaymentToken = Annotated[str, Meta(min_length=5, max_length=255, pattern=rf"^[A-Za-z0-9_-]+{END}", examples=["pm_card_visa"])]
"""What a provider's own page or script made of a card, for its merchant alone."""


class Charge(Wish, frozen=True):
    """`amount` in major units must be the order's total. `user_id` must be the caller's, but for services.

    `credit_card` is required, but where the provider has made a `payment_token` of the card: then that is sent in its place.
    """

    amount: Paid
    order_id: IdOrNumber
    user_id: IdOrNumber
    credit_card: CreditCard | UnsetType = UNSET
    payment_method: Annotated[str, Meta(min_length=1, max_length=32, examples=["credit_card"])] = "credit_card"
    currency: Annotated[str, Meta(min_length=3, max_length=3, pattern="^[A-Z]{3}$")] | UnsetType = UNSET
    payment_token: PaymentToken | UnsetType = UNSET


class Charged(View, frozen=True):
    """The money was taken."""

    transaction_id: str


class ChargePending(Accepted, frozen=True):
    """The buyer has to act first, at `action_url` (as 3-D Secure asks); `status_url` tells what came of it."""

    transaction_id: str
    status: PaymentStatus
    action_url: str
    status_url: str


class RefundView(View, frozen=True):
    """Money on its way back, or arrived."""

    refund_id: str
    transaction_id: str
    amount: Amount
    currency: str
    reason: str
    status: RefundStatus
    created_at: str


class PaymentView(View, frozen=True):
    """`card` is brand and last four, nothing more is ever kept. `action_url`: where the buyer has to act before the money can be taken."""

    transaction_id: str
    order_id: str
    user_id: str
    status: PaymentStatus
    amount: Amount
    refunded: Amount
    currency: str
    payment_method: str
    card: str
    refunds: list[RefundView]
    created_at: str
    updated_at: str
    action_url: str = ""


class PaymentPage(View, frozen=True):
    """Payments of an order: the attempts, newest first."""

    items: list[PaymentView]
    next: str | None


class PaymentOf(Wish, frozen=True):
    """Names a payment."""

    transaction_id: Id


class PaymentsOf(Wish, frozen=True):
    """Of one order."""

    order_id: Id
    after: Cursor | UnsetType = UNSET
    limit: Limit = 50


class Refund(Wish, frozen=True):
    """Without `amount`, all that is left."""

    transaction_id: Id
    reason: Annotated[Reason, Meta(min_length=1)]
    amount: Paid | UnsetType = UNSET


class AccountOf(Wish, frozen=True):
    """Names the account of an order."""

    order_id: Id


class RefundRest(Wish, frozen=True):
    """Refunds what is left of an order's payment, once for a key."""

    order_id: Id
    key: Id
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class RefundPart(RefundRest, frozen=True, kw_only=True):
    """Refunds so much of an order's payment, or all that is left of it, once for a key."""

    minor: Annotated[int, Meta(ge=1)]


class Settled(View, frozen=True):
    """`refunded_minor` in all; `done` when nothing is on its way any more."""

    order_id: str
    refunded_minor: int
    done: bool


class Undone(View, frozen=True):
    """`outcome`: voided (nothing taken, nothing will be), capturing or captured (too late: go forward)."""

    order_id: str
    outcome: PaymentStatus
    transaction_id: str = ""


class StripeNews(Wish, frozen=True):
    """One event in Stripe's own words, signed as Stripe signs: https://docs.stripe.com/webhooks. It may come more than once."""

    signature: Annotated[str, Meta(max_length=1024)] | UnsetType = UNSET
    content: bytes = b""


class Standing(View, frozen=True):
    """How the attempt stands that decides over an order: the one that took or takes the money, else the newest.

    Without any attempt the outcome is voided. `reason`: why one took nothing.
    """

    order_id: str
    outcome: PaymentStatus
    transaction_id: str = ""
    action_url: str = ""
    reason: str = ""


class PaymentCaptured(Event, frozen=True):
    """The money was taken."""

    type: ClassVar[str] = "payment.captured"
    order_id: str
    user_id: str
    transaction_id: str
    amount_minor: int
    currency: str


class PaymentRefunded(Event, frozen=True):
    """Money was given back."""

    type: ClassVar[str] = "payment.refunded"
    order_id: str
    transaction_id: str
    refund_id: str
    amount_minor: int
    currency: str


charge = Endpoint(
    method=POST, path="/payment/charge", aliases=("/api/v1/payments/charge",), takes=Charge, gives=Charged, may=(*PEOPLE, SERVICE),
    accepted=ChargePending,
    refuses=(
        Missing, CardInvalid, Declined, MethodUnknown, AlreadyPaid, AmountWrong, BeingPaid, WrongStatus, NoTransactionId, OutcomeUnknown,
        RecordUnreadable, AnswerNotKept,
    ),
    keyed=Keyed.OPTIONAL, fresh=True, secret=("credit_card",), summary="Pay an order",
)  # fmt: skip
payment = Endpoint(
    method=GET, path="/api/v1/payments/{transaction_id}", takes=PaymentOf, gives=PaymentView, may=PEOPLE,
    refuses=(Missing, RecordUnreadable), summary="One payment",
)  # fmt: skip
payments_of = Endpoint(
    method=GET, path="/api/v1/payments", takes=PaymentsOf, gives=PaymentPage, may=PEOPLE, refuses=(Missing, RecordUnreadable),
    summary="The payments of an order",
)  # fmt: skip
refund = Endpoint(
    method=POST, path="/api/v1/payments/{transaction_id}/refunds", takes=Refund, gives=RefundView, may=OPERATORS, status=201,
    refuses=(Missing, RefundTooLarge, NothingPaid, RefundRefused, OutcomeUnknown, RecordUnreadable), keyed=Keyed.REQUIRED,
    fresh=True, retold=True, summary="Give money back",
)  # fmt: skip
bank_webhook = Endpoint(
    method=POST, path="/api/v1/payments/webhooks/bank", takes=BankNews, gives=Done, may=(ANYONE,), status=204, idempotent=True,
    refuses=(WebhookSignature, WebhookTooOld), headers={"signature": SIGNATURE}, raw="content", summary="What the bank has to tell",
)  # fmt: skip
standing = Endpoint(
    method=GET, path="/internal/payments/{order_id}", takes=AccountOf, gives=Standing, may=(SERVICE,), internal=True,
)  # fmt: skip
stripe_webhook = Endpoint(
    method=POST, path="/api/v1/payments/webhooks/stripe", takes=StripeNews, gives=Done, may=(ANYONE,), status=204, idempotent=True,
    refuses=(WebhookSignature, WebhookTooOld), headers={"signature": STRIPE_SIGNATURE}, raw="content", summary="What Stripe has to tell",
)  # fmt: skip
void = Endpoint(
    method=POST, path="/internal/payments/{order_id}/void", takes=AccountOf, gives=Undone, may=(SERVICE,), internal=True, idempotent=True,
)  # fmt: skip
refund_rest = Endpoint(
    method=POST, path="/internal/payments/{order_id}/refund-rest", takes=RefundRest, gives=Settled, may=(SERVICE,), internal=True,
    idempotent=True,
)  # fmt: skip
refund_part = Endpoint(
    method=POST, path="/internal/payments/{order_id}/refunds/{key}", takes=RefundPart, gives=Settled, may=(SERVICE,), internal=True,
    idempotent=True, refuses=(NothingPaid,),
)  # fmt: skip
