"""Every request of the Stripe adapter is one that Stripe's published interface has, and Stripe's own examples are answers that it reads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from mallkit.errors import Unavailable
from mallkit.money import Money
from svc_payment.domain.card import Card, Token
from svc_payment.ports import Answer, Intent
from svc_payment.providers.stripe.adapter import Stripe
from svc_payment.providers.stripe.wire import Named, Refused, Wire
from tests.providers.conftest import Line

CARD = Card("4242424242424242", "123", 2031, 12, "visa")
INTENT = Intent("k-1", Money(1999, "USD"), "o-1")
KNOWN = Intent("k-1", Money(1999, "USD"), "o-1", "pi_1")
KEY = "sk_test_123"
CREATE, METHOD = ("POST", "payment_intents", 200), ("POST", "payment_methods", 200)
CONFIRM, CAPTURE, CANCEL = (("POST", f"payment_intents/{end}", 200) for end in ("confirm", "capture", "cancel"))
URL = "https://hooks.stripe.com/redirect"


@asynccontextmanager
async def stripe(url: str) -> AsyncIterator[Stripe]:
    async with aiohttp.ClientSession() as session:
        yield Stripe(Wire(session, url, KEY), "https://shop.example/back")


async def test_an_authorization_is_an_intent_a_method_and_a_confirmation(line: Line) -> None:
    line.says = {"/confirm": {"status": "requires_capture"}}
    async with stripe(line.url) as provider:
        answer = await provider.authorize(INTENT, CARD)
    assert (answer.approved, answer.reference.startswith("pi_")) == (True, True)
    assert line.seen == [CREATE, METHOD, CONFIRM]
    assert line.keys == ["k-1", "k-1-method", "k-1-confirm"]


@pytest.mark.parametrize(("token", "seen"), [("pm_card_visa", [CREATE, CONFIRM]), ("tok_visa", [CREATE, METHOD, CONFIRM])])
async def test_a_token_stands_for_a_card(line: Line, token: str, seen: list[tuple[str, str, int]]) -> None:
    line.says = {"/confirm": {"status": "requires_capture"}}
    async with stripe(line.url) as provider:
        assert (await provider.authorize(INTENT, Token(token))).approved
    assert line.seen == seen


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"status": "requires_capture"}, Answer(approved=True)),
        ({"status": "succeeded"}, Answer(approved=True)),
        ({"status": "canceled"}, Answer(approved=False, reason="voided")),
        ({"status": "requires_action", "next_action": {"type": "redirect_to_url", "redirect_to_url": {"url": URL, "return_url": None}}},
         Answer(approved=False, action_url=URL)),
        ({"status": "requires_payment_method", "last_payment_error": {"type": "card_error", "code": "expired_card"}},
         Answer(approved=False, reason="expired_card")),
        ({"status": "requires_payment_method", "last_payment_error": None}, None),
        ({"status": "requires_action", "next_action": {"type": "use_stripe_sdk"}}, None),
        ({"status": "processing"}, None),
    ],
)  # fmt: skip
async def test_every_state_of_an_intent_is_a_word_or_none(line: Line, said: dict[str, Any], answer: Answer | None) -> None:
    line.says = {"payment_intents/pi_1": {"id": "pi_1", **said}}
    async with stripe(line.url) as provider:
        if answer is None:
            with pytest.raises(Unavailable):
                await provider.look(KNOWN)
        else:
            seen = await provider.look(KNOWN)
            assert (seen.approved, seen.reason, seen.action_url) == (answer.approved, answer.reason, answer.action_url)
    assert line.seen == [("GET", "payment_intents/pi_1", 200)]


async def test_a_capture_a_void_and_a_refund_are_requests_that_stripe_knows(line: Line) -> None:
    line.says = {"/capture": {"status": "succeeded"}, "/cancel": {"status": "canceled"}, "refunds": {"status": "succeeded"}}
    async with stripe(line.url) as provider:
        assert (await provider.capture(KNOWN)).approved
        assert (await provider.void(KNOWN)).approved
        assert (await provider.refund(KNOWN, "r-1", 500)).approved
    assert line.seen == [CAPTURE, CANCEL, ("GET", "refunds", 200), ("POST", "refunds", 200)]
    assert line.keys == ["k-1-capture", "k-1-cancel", "r-1-refund"]


async def test_a_refund_that_was_made_is_found_though_stripe_has_forgotten_its_key(line: Line) -> None:
    made = {"id": "re_1", "object": "refund", "status": "succeeded", "metadata": {"refund": "r-1"}}
    line.says = {"refunds": {"data": [made]}}
    async with stripe(line.url) as provider:
        assert (await provider.refund(KNOWN, "r-1", 500)).approved
    assert line.seen == [("GET", "refunds", 200)]


async def test_a_void_without_a_name_creates_the_intent_that_it_ends(line: Line) -> None:
    line.says = {"/cancel": {"status": "canceled"}}
    async with stripe(line.url) as provider:
        assert (await provider.void(INTENT)).approved
    assert line.seen == [CREATE, CANCEL]


async def test_stripe_would_refuse_what_its_interface_has_not(line: Line) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises((Refused, Unavailable)):
            await Wire(session, line.url, KEY).post("/v1/payment_intents", {"amount": "5", "currency": "usd", "colour": "red"}, "k", Named)
    assert line.seen == [("POST", "payment_intents", 400)]


async def test_a_key_that_is_none_gives_no_word(line: Line) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Unavailable):
            await Stripe(Wire(session, line.url, "no-key"), "").capture(KNOWN)


async def test_a_server_that_cannot_show_who_it_is_gets_no_card(line: Line) -> None:
    async with stripe(f"https://localhost:{line.mock.https}") as provider:
        with pytest.raises(Unavailable):
            await provider.authorize(INTENT, CARD)
