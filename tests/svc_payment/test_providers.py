"""The contract of providers, one body for all: every call is done once for its key, no answer is no word, no money is held for nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest
import pytest_asyncio

from mall.running import free_ports
from mallkit import deadline
from mallkit.errors import Unavailable
from svc_payment.domain.card import Token
from svc_payment.ports import Answer, Intent, Provider
from tests.svc_checkout.buying import new_id
from tests.svc_payment.providing import GOOD, Desk, desk, named, plastic, provider

pytestmark = pytest.mark.asyncio(loop_scope="module")
ASKED, FAILS = "4000002760003184", "4000008400001629"
LOST_AT_ONCE, LOST_CAPTURE, LOST_REFUND = "4000000000000267", "4000000000000259", "4000000000000275"
CUT, NO_REFUND = "4000000000000374", "4000000000000382"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["bank", "stripe"])
async def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with desk(request.param, tmp_path_factory.mktemp("bank")) as running:
        yield running


@pytest.mark.requirement(95, 98, 99, 183)
async def test_money_is_set_aside_taken_and_given_back_once_for_each_key(shop: Desk) -> None:
    intent, refunds = shop.intent(), (new_id("r"), new_id("r"))
    answers = [await shop.provider.authorize(intent, plastic()) for _ in range(2)]
    assert answers[0].approved
    assert answers[0] == answers[1]
    intent = named(intent, answers[0])
    assert [(await shop.provider.capture(intent)).approved for _ in range(2)] == [True, True]
    given = [await shop.provider.refund(intent, key, minor) for key, minor in zip(refunds * 2, (500, 1499) * 2, strict=True)]
    assert [answer.approved for answer in given] == [True] * 4
    assert await shop.done(intent) == [("authorize", 1999), ("capture", 1999), ("refund", 500), ("refund", 1499)]


async def test_everything_at_once_and_twice_is_done_once(shop: Desk) -> None:
    intent = shop.intent()
    told = await asyncio.gather(*(shop.provider.authorize(intent, plastic()) for _ in range(4)), return_exceptions=True)
    approved = [answer for answer in told if isinstance(answer, Answer) and answer.approved]
    assert approved
    intent = named(intent, approved[0])
    await asyncio.gather(*(shop.provider.capture(intent) for _ in range(4)), return_exceptions=True)
    key = new_id("r")
    await asyncio.gather(*(shop.provider.refund(intent, key, 700) for _ in range(4)), return_exceptions=True)
    assert (await shop.provider.refund(intent, key, 700)).approved
    assert await shop.done(intent) == [("authorize", 1999), ("capture", 1999), ("refund", 700)]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("4000000000000002", "declined"), ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"), ("4000000000000127", "wrong_cvv"),
    ],
)  # fmt: skip
async def test_a_card_that_is_refused_says_why_and_says_it_again(shop: Desk, number: str, reason: str) -> None:
    intent = shop.intent()
    for _ in range(2):
        answer = await shop.provider.authorize(intent, plastic(number))
        assert (answer.approved, answer.reason, answer.action_url) == (False, reason, "")
    seen = await shop.provider.look(intent)
    assert (seen.approved, seen.reason) == (False, reason)
    assert await shop.done(intent) == []


async def test_a_void_that_comes_first_keeps_the_money_from_ever_being_set_aside(shop: Desk) -> None:
    intent = shop.intent()
    assert [(await shop.provider.void(intent)).approved for _ in range(2)] == [True, True]
    late = await shop.provider.authorize(intent, plastic())
    assert (late.approved, late.reason) == (False, "voided")
    assert [kind for kind, _ in await shop.done(intent)] == ["void"]


async def test_what_is_voided_is_not_captured_and_what_is_captured_is_not_voided(shop: Desk) -> None:
    intent = await shop.authorized()
    assert (await shop.provider.void(intent)).approved
    cut = await shop.provider.capture(intent)
    assert (cut.approved, cut.reason) == (False, "voided")
    taken = await shop.captured()
    late = await shop.provider.void(taken)
    assert (late.approved, late.reason) == (False, "captured")
    assert [kind for kind, _ in await shop.done(taken)] == ["authorize", "capture"]


async def test_more_than_was_taken_is_never_given_back(shop: Desk) -> None:
    intent = await shop.captured()
    too_much = await shop.provider.refund(intent, new_id("r"), 2000)
    assert (too_much.approved, too_much.reason) == (False, "too_much")
    assert (await shop.provider.refund(intent, new_id("r"), 1500)).approved
    rest = await shop.provider.refund(intent, new_id("r"), 500)
    assert (rest.approved, rest.reason) == (False, "too_much")
    assert [each for each in await shop.done(intent) if each[0] == "refund"] == [("refund", 1500)]


async def test_a_capture_and_a_refund_may_be_refused_for_good(shop: Desk) -> None:
    cut = await shop.authorized(CUT)
    for _ in range(2):
        answer = await shop.provider.capture(cut)
        assert (answer.approved, answer.reason) == (False, "declined")
    taken, key = await shop.captured(NO_REFUND), new_id("r")
    for _ in range(2):
        answer = await shop.provider.refund(taken, key, 100)
        assert (answer.approved, answer.reason) == (False, "declined")


async def test_a_buyer_who_must_act_first_is_told_where_and_then_the_money_is_set_aside(shop: Desk) -> None:
    intent = shop.intent()
    asked = await shop.provider.authorize(intent, plastic(ASKED))
    assert not asked.approved
    assert asked.action_url.startswith(shop.bank.url("bank", "/challenge/"))
    assert await shop.provider.authorize(intent, plastic(ASKED)) == asked
    intent = named(intent, asked)
    assert await shop.provider.look(intent) == asked
    assert await shop.done(intent) == []
    await shop.act(asked.action_url, "approve")
    assert (await shop.provider.look(intent)).approved
    assert (await shop.provider.capture(intent)).approved
    assert [kind for kind, _ in await shop.done(intent)] == ["authorize", "capture"]


@pytest.mark.parametrize(("number", "said"), [(ASKED, "decline"), (FAILS, "approve")])
async def test_a_buyer_who_does_not_agree_pays_nothing(shop: Desk, number: str, said: str) -> None:
    intent = shop.intent()
    asked = await shop.provider.authorize(intent, plastic(number))
    await shop.act(asked.action_url, said)
    seen = await shop.provider.look(named(intent, asked))
    assert (seen.approved, seen.reason, seen.action_url) == (False, "authentication_failed", "")
    assert await shop.done(intent) == []


async def test_a_void_ends_the_waiting_for_a_buyer(shop: Desk) -> None:
    intent = shop.intent()
    asked = await shop.provider.authorize(intent, plastic(ASKED))
    assert (await shop.provider.void(named(intent, asked))).approved
    await shop.act(asked.action_url, "approve")
    seen = await shop.provider.look(named(intent, asked))
    assert (seen.approved, seen.reason) == (False, "voided")
    assert [kind for kind, _ in await shop.done(intent)] == ["void"]


async def test_an_answer_that_is_lost_is_no_word_and_the_same_key_finds_what_was_done(shop: Desk) -> None:
    intent = shop.intent()
    assert (await insisting(lambda: shop.provider.authorize(intent, plastic(LOST_AT_ONCE)))).approved
    assert (await shop.provider.look(intent)).approved
    assert [kind for kind, _ in await shop.done(intent)] == ["authorize"]
    taken = await shop.authorized(LOST_CAPTURE)
    assert (await insisting(lambda: shop.provider.capture(taken))).approved
    paid, key = await shop.captured(LOST_REFUND), new_id("r")
    assert (await insisting(lambda: shop.provider.refund(paid, key, 300))).approved
    assert (await shop.provider.refund(paid, key, 300)).approved
    assert await shop.done(paid) == [("authorize", 1999), ("capture", 1999), ("refund", 300)]


async def test_an_authorization_whose_answer_was_lost_is_voided_by_whoever_has_no_card(shop: Desk) -> None:
    intent = shop.intent()
    with suppress(Unavailable):
        await shop.provider.authorize(intent, plastic(LOST_AT_ONCE))
    assert (await shop.provider.void(intent)).approved
    late = await shop.provider.authorize(intent, plastic(LOST_AT_ONCE))
    assert not await held(shop, intent), late


async def insisting(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer, which gets lost once: some providers' clients ask again by themselves."""
    with suppress(Unavailable):
        return await call()
    return await call()


async def held(shop: Desk, intent: Intent) -> bool:
    done = [kind for kind, _ in await shop.done(intent)]
    return "authorize" in done and "void" not in done and "capture" not in done


async def test_that_nothing_is_known_is_no_answer(shop: Desk) -> None:
    with pytest.raises(Unavailable):
        await shop.provider.look(shop.intent())


async def test_a_provider_that_does_not_know_our_key_gives_no_word_on_the_money(shop: Desk) -> None:
    wrong = {"MALL_PAYMENT_BANK_KEY": "a-wrong-key-of-ours", "MALL_PAYMENT_STRIPE_KEY": "a-wrong-key-of-ours"}
    async with provider(shop.name, shop.bank, **wrong) as stranger:
        await no_word(stranger, shop.intent())


async def test_a_provider_that_is_away_gives_no_word_on_the_money(shop: Desk) -> None:
    (nowhere,) = free_ports(1)
    gone = replace(shop.bank, ports=shop.bank.ports | {"bank": nowhere})
    async with provider(shop.name, gone, MALL_PAYMENT_STRIPE_URL=f"http://127.0.0.1:{nowhere}") as away:
        deadline.start("300", 1.0)
        try:
            await no_word(away, shop.intent())
        finally:
            deadline.lift()


async def no_word(stranger: Provider, intent: Intent) -> None:
    calls: tuple[Callable[[], Awaitable[Answer]], ...] = (
        partial(stranger.authorize, intent, plastic()), partial(stranger.look, intent), partial(stranger.capture, intent),
        partial(stranger.void, intent), partial(stranger.refund, intent, new_id("r"), 1),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(Unavailable):
            await call()


async def test_a_token_is_taken_by_those_who_say_so(shop: Desk) -> None:
    intent = shop.intent()
    if not shop.provider.takes_tokens:
        with pytest.raises(TypeError):
            await shop.provider.authorize(intent, Token("pm_card_visa"))
        return
    for token, approved in (("pm_card_visa", True), ("tok_visa", True), ("pm_card_chargeDeclined", False)):
        assert (await shop.provider.authorize(shop.intent(), Token(token))).approved is approved
    with pytest.raises(Unavailable):
        await shop.provider.authorize(shop.intent(), Token("pm_nobodys"))


@pytest.mark.parametrize(("minor", "currency"), [(1999, "USD"), (1999, "JPY"), (1990, "KWD")])
async def test_amounts_are_minor_units_of_any_currency(shop: Desk, minor: int, currency: str) -> None:
    intent = shop.intent(minor, currency)
    answer = await shop.provider.authorize(intent, plastic())
    assert answer.approved
    assert await shop.done(intent) == [("authorize", minor)]


async def test_no_card_is_kept_anywhere(shop: Desk) -> None:
    number = "4539620659922097"
    intent = await shop.captured(number)
    assert await shop.done(intent) == [("authorize", 1999), ("capture", 1999)]
    kept = b"".join(path.read_bytes() for path in shop.bank.folder.rglob("*") if path.is_file())
    assert number.encode() not in kept
    assert GOOD.encode() not in kept
