"""What is asked in Stripe's words, done in the bank's own operations."""

import hashlib
import hmac
from collections.abc import Mapping

from contracts import bank
from contracts.bank import OperationKind
from sandbox_bank import use_cases, views
from sandbox_bank.domain.card import UNSEEN, Embossed, Plastic, Reason, read_card
from sandbox_bank.ports import Ports
from sandbox_bank.stripe import objects
from sandbox_bank.stripe.books import Intent, Method, RefundNote
from sandbox_bank.stripe.objects import Json, StripeError, invalid

Form = Mapping[str, str]
TOKENS = {
    "visa": "4242424242424242",
    "chargeDeclined": "4000000000000002",
    "authenticationRequired": "4000002760003184",
}
"""`pm_card_…` and `tok_…`: names that Stripe gives to test cards."""
LONGEST = 64


async def create_method(form: Form, key: str, ports: Ports) -> Json:
    """Judges a card, and keeps what it does."""
    if form.get("type") != "card":
        raise invalid("Only cards here.", param="type")
    token = form.get("card[token]", "")
    number = TOKENS.get(token.removeprefix("tok_"), "") if token else form.get("card[number]", "")
    if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19):  # noqa: PLR2004 - ISO/IEC 7812
        raise StripeError(402, "card_error", "Your card number is incorrect.", code="incorrect_number", param="number")
    expires = (2099, 12) if token else (_number(form, "card[exp_year]"), _number(form, "card[exp_month]"))
    now = ports.clock()
    plastic = read_card(Embossed(number, form.get("card[cvc]", "123"), *expires), (now.year, now.month))
    digest = _keyed(f"{number}|{expires}", ports)
    method = await ports.stripe.add_method(Method(f"pm_{_keyed(f'method {key}', ports)[:24]}", plastic, digest))
    return {"id": method.id, "object": "payment_method", "type": "card", "card": {"brand": plastic.brand, "last4": plastic.last4}}


async def create_intent(form: Form, key: str, ports: Ports) -> Json:
    """The same intent for the same key."""
    if form.get("capture_method") != "manual":
        raise invalid("Only manual captures here.", param="capture_method")
    amount, currency = _number(form, "amount"), form.get("currency", "")
    if amount < 1 or not currency.isalpha():
        raise invalid("Invalid amount or currency.", param="amount")
    now = ports.clock().timestamp()
    intent = Intent(intent_id(key, ports), key, amount, currency.lower(), now, _metadata(form))
    return await _shown(await ports.stripe.create(intent), ports)


async def read_intent(name: str, ports: Ports) -> Json:
    """As it stands."""
    return await _shown(await _intent(name, ports), ports)


async def confirm(name: str, form: Form, ports: Ports) -> Json:
    """Shows the card to the bank."""
    intent = await _intent(name, ports)
    shown = await _shown(intent, ports)
    if shown["status"] != "requires_payment_method" or shown["last_payment_error"]:
        raise objects.unexpected_state(shown)
    method = form.get("payment_method", "")
    plastic, digest = await _plastic(method, ports)
    wanted = use_cases.Wanted(
        intent.key, intent.amount, intent.currency.upper(), intent.metadata.get("order", "")[:LONGEST], form.get("return_url", "")
    )
    entry = await use_cases.reserve(wanted, plastic, (digest,), ports)
    shown = await _shown(intent, ports)
    if entry.reason is Reason.VOIDED:
        raise objects.unexpected_state(shown)
    if entry.reason:
        raise objects.declined(entry.reason, shown)
    return shown


async def capture(name: str, key: str, ports: Ports) -> Json:
    """Takes the money."""
    intent = await _intent(name, ports)
    shown = await _shown(intent, ports)
    if shown["status"] != "requires_capture":
        raise objects.unexpected_state(shown)
    entry = await use_cases.capture(bank.Capture(key=key, authorization=intent.key), ports)
    if entry.reason:
        raise objects.declined(entry.reason, await _shown(intent, ports))
    return await _shown(intent, ports)


async def cancel(name: str, key: str, ports: Ports) -> Json:
    """Ends the intent, whatever was or was not shown to it."""
    intent = await _intent(name, ports)
    shown = await _shown(intent, ports)
    if shown["status"] in {"canceled", "succeeded"}:
        raise objects.unexpected_state(shown)
    await use_cases.void(bank.Void(key=key, authorization=intent.key), ports)
    return await _shown(intent, ports)


async def create_refund(form: Form, key: str, ports: Ports) -> Json:
    """Gives a part back."""
    intent = await _intent(form.get("payment_intent", ""), ports)
    entry = await use_cases.refund(bank.RefundOf(key=key, authorization=intent.key, amount=_number(form, "amount")), ports)
    if entry.reason is Reason.TOO_MUCH:
        raise invalid("Refund amount is greater than the unrefunded amount on the charge.", param="amount")
    if entry.reason is Reason.UNKNOWN:
        raise invalid("This PaymentIntent has no successful charge to refund.", param="payment_intent")
    note = RefundNote(refund_id(key, ports), key, intent.id, ports.clock().timestamp(), _metadata(form))
    return objects.refund(await ports.stripe.note_refund(note), entry)


async def list_refunds(query: Form, ports: Ports) -> Json:
    """Of an intent."""
    intent = await _intent(query.get("payment_intent", ""), ports)
    books, notes = await ports.stripe.authorization(intent), await ports.stripe.refunds_of(intent.id)
    entries = {entry.key: entry for entry in books.entries if entry.kind is OperationKind.REFUND}
    return {"object": "list", "data": [objects.refund(note, entries[note.key]) for note in notes], "has_more": False}


def intent_id(key: str, ports: Ports) -> str:
    """Which intent was created under a key."""
    return f"pi_{_keyed(f'intent {key}', ports)[:24]}"


def refund_id(key: str, ports: Ports) -> str:
    """Which refund was made under a key."""
    return f"re_{_keyed(f'refund {key}', ports)[:24]}"


async def _intent(name: str, ports: Ports) -> Intent:
    found = await ports.stripe.intent(name)
    if found is None:
        raise StripeError(404, "invalid_request_error", "No such payment_intent", code="resource_missing", param="intent")
    return found


async def _shown(found: Intent, ports: Ports) -> Json:
    books = await ports.stripe.authorization(found)
    action_url = views.action_url(books.asked, ports.public_url) if books.asked else ""
    return objects.intent(found, books, action_url)


async def _plastic(method: str, ports: Ports) -> tuple[Plastic, str]:
    """What the card does, and what tells it from others."""
    number = TOKENS.get(method.removeprefix("pm_card_"), "")
    if number:
        return read_card(Embossed(number, "123", 2099, 12), (2000, 1)), method
    found = await ports.stripe.method(method)
    if found is None or found.plastic is UNSEEN:
        raise invalid("No such PaymentMethod", "resource_missing", "payment_method")
    return found.plastic, found.digest


def _number(form: Form, name: str) -> int:
    value = form.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 16):  # noqa: PLR2004 - more is no amount
        raise invalid(f"Invalid integer: {name}", param=name)
    return int(value)


def _metadata(form: Form) -> dict[str, str]:
    return {name.removeprefix("metadata[").removesuffix("]"): value for name, value in form.items() if name.startswith("metadata[")}


def _keyed(text: str, ports: Ports) -> str:
    return hmac.new(ports.fingerprint_key.encode(), text.encode(), hashlib.sha256).hexdigest()
