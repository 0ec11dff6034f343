"""How intents, refunds and faults look in Stripe's words: made of the bank's books each time, so that they are as things stand."""

from typing import Any

from contracts.bank import OperationKind
from sandbox_bank.domain.authorization import Authorization, Entry
from sandbox_bank.domain.card import Reason
from sandbox_bank.stripe.books import Intent, RefundNote

Json = dict[str, Any]
DECLINED = {
    Reason.DECLINED: ("card_declined", "generic_decline"),
    Reason.INSUFFICIENT_FUNDS: ("card_declined", "insufficient_funds"),
    Reason.EXPIRED_CARD: ("expired_card", ""),
    Reason.WRONG_CVV: ("incorrect_cvc", ""),
    Reason.AUTHENTICATION_FAILED: ("payment_intent_authentication_failure", ""),
}
"""The bank's reason → Stripe's code and decline_code."""


class StripeError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, kind: str, message: str, **members: object) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"error": {"type": kind, "message": message, **members}}


def invalid(message: str, code: str = "", param: str = "") -> StripeError:
    """About the request."""
    members = {name: value for name, value in (("code", code), ("param", param)) if value}
    return StripeError(400, "invalid_request_error", message, **members)


def unexpected_state(shown: Json) -> StripeError:
    """The intent is not where this call could do something."""
    message = f"This PaymentIntent has a status of {shown['status']}."
    return StripeError(400, "invalid_request_error", message, code="payment_intent_unexpected_state", payment_intent=shown)


def declined(reason: Reason, shown: Json) -> StripeError:
    """By the card."""
    return StripeError(402, **_fault(reason), payment_intent=shown)


def _fault(reason: Reason) -> Json:
    code, decline_code = DECLINED.get(reason, ("card_declined", reason.value))
    told = {"kind": "card_error", "message": "Your card was declined.", "code": code}
    return told | {"decline_code": decline_code} if decline_code else told


def status_of(books: Authorization) -> str:
    """Where an intent stands."""
    asked = books.asked
    if books.voided:
        return "canceled"
    if asked is None or asked.reason:
        return "requires_payment_method"
    if asked.action:
        return "requires_action"
    return "succeeded" if books.sum_of(OperationKind.CAPTURE) else "requires_capture"


def intent(found: Intent, books: Authorization, action_url: str) -> Json:
    """A PaymentIntent."""
    status, asked = status_of(books), books.asked
    to = {"type": "redirect_to_url", "redirect_to_url": {"url": action_url, "return_url": None}}
    fault = _fault(asked.reason) if asked is not None and asked.reason and status == "requires_payment_method" else None
    return {
        "id": found.id,
        "object": "payment_intent",
        "amount": found.amount,
        "amount_capturable": found.amount if status == "requires_capture" else 0,
        "amount_received": books.sum_of(OperationKind.CAPTURE),
        "capture_method": "manual",
        "created": int(found.created),
        "currency": found.currency,
        "livemode": False,
        "metadata": dict(found.metadata),
        "next_action": to if status == "requires_action" else None,
        "last_payment_error": fault and {"type": fault.pop("kind"), **fault},
        "cancellation_reason": None,
        "status": status,
    }


def refund(note: RefundNote, entry: Entry) -> Json:
    """A Refund."""
    return {
        "id": note.id,
        "object": "refund",
        "amount": entry.amount,
        "created": int(note.created),
        "currency": entry.currency.lower(),
        "metadata": dict(note.metadata),
        "payment_intent": note.intent,
        "status": "failed" if entry.reason else "succeeded",
        **({"failure_reason": entry.reason.value} if entry.reason else {}),
    }
