"""The words of payment: what a payment and a refund may be, and what is refused."""

from enum import StrEnum

from mallkit.errors import Internal, Refused, Unavailable


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


class RecordUnreadable(Unavailable):
    """The record of the payment cannot be read, from no cache and not from the store either."""

    code = 4005003
    slug = "payment/record-unreadable"
    title = "The payment's record cannot be read now"
    remedy = "Nothing has changed: send the same request again after the seconds in Retry-After."


class AnswerNotKept(Internal):
    """Never answered: the payment was made, and only the copy of its answer could not be written. It is logged and counted.

    A repetition with the same Idempotency-Key finds the payment itself.
    """

    code = 4005004
    slug = "payment/answer-not-kept"
    title = "The answer could not be kept"
    remedy = "None is needed: the payment holds. Operators look at the store's disk."


class PaymentStatus(StrEnum):
    """asked, requires_action, authorized and capturing end by themselves; the others are final but for refunds.

    requires_action waits for the buyer at `action_url`, for a limited time.
    """

    ASKED = "asked"
    REQUIRES_ACTION = "requires_action"
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
