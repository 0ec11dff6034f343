"""What svc_payment promises: an order is paid once, refunds never exceed what was paid, no card is ever kept."""

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType

from contracts.bank import SIGNATURE
from contracts.bank_webhook import BankNews, WebhookSignature, WebhookTooOld
from contracts.checkout_types import CreditCard
from contracts.order import AlreadyPaid, AmountWrong, BeingPaid, WrongStatus
from contracts.persons import export as export  # noqa: PLC0414 - served here too
from contracts.persons import forget as forget  # noqa: PLC0414 - as export
from mallkit.endpoint import (
    ADMIN,
    ANYONE,
    CUSTOMER,
    GET,
    OPERATOR,
    OPERATORS,
    POST,
    SERVICE,
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
from mallkit.errors import Internal, Missing, Refused, Unavailable
from mallkit.money import Amount, Paid

PEOPLE = (CUSTOMER, OPERATOR, ADMIN)


class CardInvalid(Refused):
    """The number, the CVV or the expiry cannot be right; the bank was not asked."""

    code = 4004001
    slug = "payment/card-invalid"
    title = "The card is not valid"
    status = 422
    remedy = "Check the number, the CVV and the expiry date."


class Declined(Refused):
    """The bank said no; `reason` is its word."""

    slug = "payment/declined"
    title = "The bank declined the payment"
    status = 402
    remedy = "Use another card, or ask its bank."


class MethodUnknown(Refused):
    """No provider for this payment method."""

    slug = "payment/method-unknown"
    title = "This payment method is not offered"
    status = 422
    remedy = "Use credit_card."


class NoTransactionId(Internal):
    """No transaction id could be made."""

    code = 4005001
    slug = "payment/no-transaction-id"
    title = "No transaction id could be made"
    remedy = "Nothing was charged: try again, and report the trace_id."


class OutcomeUnknown(Unavailable):
    """The bank gave no answer; the mall asks it until it does. The same key gives the answer later."""

    slug = "payment/outcome-unknown"
    title = "The outcome of the payment is not known yet"
    status = 504
    retry_after = 2
    remedy = "Read the order or repeat the request with the same Idempotency-Key: it is never charged twice."


class RefundTooLarge(Refused):
    """`refundable` is what is left."""

    slug = "payment/refund-too-large"
    title = "More than what is left of the payment"
    remedy = "Refund at most `refundable`."


class NothingPaid(Refused):
    """There is no captured money."""

    slug = "payment/nothing-paid"
    title = "This payment took no money"


class RefundRefused(Refused):
    """The bank refused the refund; the amount is free again."""

    slug = "payment/refund-refused"
    title = "The bank refused the refund"


class Charge(Wish, frozen=True):
    """`amount` in major units must be the order's total. `user_id` must be the caller's, but for services."""

    amount: Paid
    credit_card: CreditCard
    order_id: IdOrNumber
    user_id: IdOrNumber
    payment_method: Annotated[str, Meta(min_length=1, max_length=32, examples=["credit_card"])] = "credit_card"
    currency: Annotated[str, Meta(min_length=3, max_length=3, pattern="^[A-Z]{3}$")] | UnsetType = UNSET


class Charged(View, frozen=True):
    """The money was taken."""

    transaction_id: str


class PaymentStatus(StrEnum):
    """asked and authorized and capturing end by themselves; the others are final but for refunds."""

    ASKED = "asked"
    AUTHORIZED = "authorized"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    DECLINED = "declined"
    VOIDED = "voided"
    FAILED = "failed"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"


class RefundStatus(StrEnum):
    """refunding ends by itself."""

    REFUNDING = "refunding"
    REFUNDED = "refunded"
    REFUSED = "refused"


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
    """`card` is brand and last four, nothing more is ever kept."""

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
    reason: Annotated[str, Meta(min_length=1, max_length=200, examples=["damaged"])]
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
    refuses=(
        Missing, CardInvalid, Declined, MethodUnknown, AlreadyPaid, AmountWrong, BeingPaid, WrongStatus, NoTransactionId, OutcomeUnknown,
    ),
    keyed=Keyed.OPTIONAL, fresh=True, secret=("credit_card",), summary="Pay an order",
)  # fmt: skip
payment = Endpoint(
    method=GET, path="/api/v1/payments/{transaction_id}", takes=PaymentOf, gives=PaymentView, may=PEOPLE, refuses=(Missing,),
    summary="One payment",
)  # fmt: skip
payments_of = Endpoint(
    method=GET, path="/api/v1/payments", takes=PaymentsOf, gives=PaymentPage, may=PEOPLE, refuses=(Missing,),
    summary="The payments of an order",
)  # fmt: skip
refund = Endpoint(
    method=POST, path="/api/v1/payments/{transaction_id}/refunds", takes=Refund, gives=RefundView, may=OPERATORS, status=201,
    refuses=(Missing, RefundTooLarge, NothingPaid, RefundRefused, OutcomeUnknown), keyed=Keyed.REQUIRED, fresh=True,
    summary="Give money back",
)  # fmt: skip
bank_webhook = Endpoint(
    method=POST, path="/api/v1/payments/webhooks/bank", takes=BankNews, gives=Done, may=(ANYONE,), status=204, idempotent=True,
    refuses=(WebhookSignature, WebhookTooOld), headers={"signature": SIGNATURE}, raw="content", summary="What the bank has to tell",
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
