"""The mall's port in Stripe's words.

An intent is created without a card, so that it can be created again under the same key by whoever knows no card, and gets the same intent;
then it is confirmed with the card. So whoever voids ends the very intent that a late confirmation would find.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp

from mallkit.calls import Calls
from mallkit.errors import Unavailable
from mallkit.money import DECIMALS
from mallkit.settings import DRILLED
from svc_payment.domain.card import Card, Token
from svc_payment.ports import Answer, Intent, Provider
from svc_payment.providers import Adapter
from svc_payment.providers.stripe.webhook import read_webhook
from svc_payment.providers.stripe.wire import CARD_ERROR, UNEXPECTED_STATE, Fault, Named, PaymentIntent, Refund, Refunds, Refused, Wire
from svc_payment.settings import Settings

INTENTS, INTENT = "/v1/payment_intents", "/v1/payment_intents/{}"
CONFIRM, CAPTURE, CANCEL = f"{INTENT}/confirm", f"{INTENT}/capture", f"{INTENT}/cancel"
METHODS, REFUNDS = "/v1/payment_methods", "/v1/refunds"
CONNECTIONS = 100
TENTH = 10
REASONS = {
    "card_declined": "declined", "generic_decline": "declined", "incorrect_cvc": "wrong_cvv", "invalid_cvc": "wrong_cvv",
    "payment_intent_authentication_failure": "authentication_failed",
}  # fmt: skip
"""Stripe's words that the mall has its own for; the others are told as they are."""
FINAL = frozenset({"amount_too_small", "amount_too_large"})
"""Errors about the request that no repetition changes, and that are the buyer's business."""
OF_REFUND = {"charge_already_refunded": "too_much", "charge_disputed": "charge_disputed"}
UNFINISHED = frozenset({"processing", "requires_confirmation"})


class Stripe:
    """Every call that changes something carries an Idempotency-Key made of ours."""

    takes_tokens = True

    def __init__(self, wire: Wire, return_url: str) -> None:
        self._wire = wire
        self._return_url = return_url

    async def authorize(self, intent: Intent, means: Card | Token) -> Answer:
        """Creates the intent, then confirms it with the card."""
        if DECIMALS[intent.amount.currency] > 2 and intent.amount.minor % TENTH:  # noqa: PLR2004 - Stripe counts a dinar in hundredths
            return Answer(approved=False, reason="amount_unsupported")
        try:
            reference = await self._create(intent)
            form = {"payment_method": await self._method(intent, means), "return_url": self._return_url}
            found = await self._wire.post(CONFIRM, form, f"{intent.key}-confirm", PaymentIntent, reference)
        except Refused as refusal:
            if refusal.fault.code != UNEXPECTED_STATE:
                return _declined(refusal.fault)
            return await self.look(intent)
        return _word(found)

    async def look(self, intent: Intent) -> Answer:
        """The intent as it is now."""
        return _word(await self._now(intent))

    async def capture(self, intent: Intent) -> Answer:
        """Takes all that was set aside."""
        reference = await self._reference(intent)
        try:
            found = await self._wire.post(CAPTURE, {}, f"{intent.key}-capture", PaymentIntent, reference)
        except Refused as refusal:
            if refusal.fault.code != UNEXPECTED_STATE:
                return _declined(refusal.fault)
            found = await self._now(intent)
        if found.status == "succeeded":
            return Answer(approved=True, reference=found.id)
        if found.status == "canceled":
            return Answer(approved=False, reason="voided", reference=found.id)
        raise Unavailable("the bank has not taken the money yet")

    async def void(self, intent: Intent) -> Answer:
        """Cancels the intent, which is created for that if need be: a confirmation that comes later finds it canceled."""
        reference = await self._reference(intent)
        try:
            found = await self._wire.post(CANCEL, {}, f"{intent.key}-cancel", PaymentIntent, reference)
        except Refused as refusal:
            if refusal.fault.code != UNEXPECTED_STATE:
                raise Unavailable("the bank cannot be asked in this way") from None
            found = await self._now(intent)
        if found.status == "canceled":
            return Answer(approved=True, reference=found.id)
        if found.status == "succeeded":
            return Answer(approved=False, reason="captured", reference=found.id)
        raise Unavailable("the bank has not ended the payment yet")

    async def refund(self, intent: Intent, refund_key: str, minor: int) -> Answer:
        """Looks for a refund with our key first: Stripe forgets Idempotency-Keys after a day, and a refund may have been tried before."""
        reference = await self._reference(intent)
        listed = await self._wire.get(REFUNDS, Refunds, payment_intent=reference, limit="100")
        for found in listed.data:
            if (found.metadata or {}).get("refund") == refund_key:
                return _refunded(found)
        form = {"payment_intent": reference, "amount": str(minor), **_metadata(intent), "metadata[refund]": refund_key}
        try:
            return _refunded(await self._wire.post(REFUNDS, form, f"{refund_key}-refund", Refund))
        except Refused as refusal:
            fault = refusal.fault
            reason = OF_REFUND.get(fault.code or "", "too_much" if fault.param == "amount" else "")
            if reason:
                return Answer(approved=False, reason=reason)
            if fault.type == CARD_ERROR:
                return _declined(fault)
            raise Unavailable("the bank cannot be asked in this way") from None

    async def _create(self, intent: Intent) -> str:
        """The same intent for the same key: what it answers is how it was at first."""
        form = {
            "amount": str(intent.amount.minor),
            "currency": intent.amount.currency.lower(),
            "capture_method": "manual",
            "payment_method_types[]": "card",
            **_metadata(intent),
        }
        return (await self._wire.post(INTENTS, form, intent.key, Named)).id

    async def _reference(self, intent: Intent) -> str:
        if intent.reference:
            return intent.reference
        try:
            return await self._create(intent)
        except Refused:
            raise Unavailable("the bank cannot be asked in this way") from None

    async def _now(self, intent: Intent) -> PaymentIntent:
        try:
            return await self._wire.get(INTENT, PaymentIntent, await self._reference(intent))
        except Refused:
            raise Unavailable("the bank cannot be asked in this way") from None

    async def _method(self, intent: Intent, means: Card | Token) -> str:
        if isinstance(means, Token):
            if means.value.startswith("pm_"):
                return means.value
            form = {"card[token]": means.value}
        else:
            form = {
                "card[number]": means.number,
                "card[cvc]": means.cvv,
                "card[exp_month]": str(means.month),
                "card[exp_year]": str(means.year),
            }
        return (await self._wire.post(METHODS, {"type": "card", **form}, f"{intent.key}-method", Named)).id


def _metadata(intent: Intent) -> dict[str, str]:
    """By which a webhook tells us whose it is."""
    return {"metadata[order]": intent.order_id, "metadata[attempt]": intent.key}


def _word(found: PaymentIntent) -> Answer:
    """What the intent says about the authorization. Raises Unavailable where that is nothing, or nothing yet."""
    if found.status in {"requires_capture", "succeeded"}:
        return Answer(approved=True, reference=found.id)
    if found.status == "canceled":
        return Answer(approved=False, reason="voided", reference=found.id)
    if found.status == "requires_payment_method" and found.last_payment_error is not None:
        return _declined(found.last_payment_error, found.id)
    to = found.next_action.redirect_to_url if found.next_action else None
    if found.status == "requires_action" and to is not None and to.url:
        return Answer(approved=False, action_url=to.url, reference=found.id)
    raise Unavailable("the bank has no word on the payment yet")


def _declined(fault: Fault, reference: str = "") -> Answer:
    """Stripe's reason in the mall's words. Raises Unavailable for an error of ours, which is none of the buyer's business."""
    if fault.type != CARD_ERROR and fault.code not in FINAL:
        raise Unavailable("the bank cannot be asked in this way")
    said = fault.decline_code or fault.code or "declined"
    return Answer(approved=False, reason=REASONS.get(said, said), reference=reference)


def _refunded(found: Refund) -> Answer:
    if found.status in {"succeeded", "pending"}:  # a card's refund that is pending is on its way
        return Answer(approved=True)
    if found.status in {"failed", "canceled"}:
        return Answer(approved=False, reason=found.failure_reason or "declined")
    raise Unavailable("the bank has not given the money back yet")


@asynccontextmanager
async def _open(settings: Settings, _: Calls) -> AsyncIterator[Provider]:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Stripe(Wire(session, settings.stripe_url, settings.stripe_key), settings.return_url)


def _lacks(settings: Settings) -> list[str]:
    needed = {
        "MALL_PAYMENT_STRIPE_KEY": settings.stripe_key,
        "MALL_PAYMENT_STRIPE_WEBHOOK_SECRET": settings.stripe_webhook_secret,
        "MALL_PAYMENT_RETURN_URL": settings.return_url,
    }
    lacking = [f"{name} is not set: the provider stripe needs it" for name, value in needed.items() if not value]
    if settings.env not in DRILLED and urlsplit(settings.stripe_url).scheme != "https":
        lacking.append(f"MALL_PAYMENT_STRIPE_URL: cards go to https only in {settings.env}")
    return lacking


ADAPTER = Adapter(_lacks, _open, read_webhook, lambda settings: settings.stripe_webhook_secret)
