"""The page on which a buyer is asked: what it shows, what it takes, and that the first answer stands."""

import asyncio
import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.mallhouse import Answer, House, house

ASKED, FAILS = "4000002760003184", "4000008400001629"
BACK = "https://shop.example/back"


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "bank", MALL_BANK_RETURN_URLS=f"{BACK},https://shop.example/other") as running:
        yield running


async def ask(bank: House, path: str, body: Any, method: str = "POST") -> Answer:
    return await bank.call("bank", method, path, body, headers={"X-Api-Key": bank.environ["MALL_BANK_API_KEY"]})


async def authorize(bank: House, key: str = "a1", number: str = ASKED, **more: Any) -> Any:
    plastic = {"number": number, "cvv": "123", "year": 2031, "month": 12}
    wish = {"key": key, "amount": 1999, "currency": "USD", "card": plastic, "reference": "<b>o1</b>", **more}
    told = await ask(bank, "/v1/authorizations", wish)
    assert told.status == 200, told.body
    return told.json


async def post(bank: House, url: str, data: Any, **more: Any) -> Answer:
    async with bank.session.post(url, data=data, allow_redirects=False, **more) as told:
        return Answer(told.status, told.headers, await told.read(), None)


async def get(bank: House, url: str) -> Answer:
    async with bank.session.get(url) as told:
        return Answer(told.status, told.headers, await told.read(), None)


async def test_the_page_shows_what_is_to_be_paid_and_nothing_runs_on_it(bank: House) -> None:
    told = await authorize(bank)
    assert (told["status"], told["reason"]) == ("requires_action", "")
    page = await get(bank, told["action_url"])
    text = page.body.decode()
    assert page.status == 200
    assert "19.99 USD" in text
    assert "ends in 3184" in text
    assert "<b>o1</b>" not in text
    assert html.escape("<b>o1</b>") in text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    headers = {name: page.headers[name] for name in ("X-Frame-Options", "Cache-Control", "Referrer-Policy", "X-Content-Type-Options")}
    assert headers == {
        "X-Frame-Options": "DENY", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    assert "<script" not in text


@pytest.mark.parametrize(
    ("number", "answer", "status", "reason"),
    [
        (ASKED, "approve", "approved", ""),
        (ASKED, "decline", "declined", "authentication_failed"),
        (FAILS, "approve", "declined", "authentication_failed"),
    ],
)
async def test_the_first_answer_stands(bank: House, number: str, answer: str, status: str, reason: str) -> None:
    told = await authorize(bank, number=number)
    answers = await asyncio.gather(*(post(bank, told["action_url"], {"answer": answer}) for _ in range(3)))
    assert {each.status for each in answers} == {200}
    other = "decline" if answer == "approve" else "approve"
    assert (await post(bank, told["action_url"], {"answer": other})).status == 200
    seen = (await ask(bank, "/v1/operations/a1", None, "GET")).json
    assert (seen["status"], seen["reason"], seen["action_url"]) == (status, reason, "")
    again = await authorize(bank, number=number)
    assert again == seen


async def test_nothing_is_reserved_or_captured_before_the_answer(bank: House) -> None:
    told = await authorize(bank)
    early = await ask(bank, "/v1/captures", {"key": "early", "authorization": "a1"})
    assert (early.json["status"], early.json["reason"]) == ("declined", "requires_action")
    assert (await authorize(bank))["action_url"] == told["action_url"]
    await post(bank, told["action_url"], {"answer": "approve"})
    assert (await ask(bank, "/v1/captures", {"key": "c1", "authorization": "a1"})).json["status"] == "approved"


async def test_an_operation_that_waited_stands_in_the_statement_where_it_was_answered(bank: House) -> None:
    told = await authorize(bank)
    await authorize(bank, "a2", "4242424242424242")
    first = (await ask(bank, "/v1/operations?limit=1", None, "GET")).json
    assert [(each["key"], each["status"]) for each in first["items"]] == [("a1", "requires_action")]
    await post(bank, told["action_url"], {"answer": "approve"})
    rest = (await ask(bank, f"/v1/operations?after={first['next']}", None, "GET")).json
    assert [(each["key"], each["status"]) for each in rest["items"]] == [("a2", "approved"), ("a1", "approved")]


async def test_a_void_ends_the_waiting(bank: House) -> None:
    told = await authorize(bank)
    assert (await ask(bank, "/v1/voids", {"key": "v1", "authorization": "a1"})).json["status"] == "approved"
    assert b"Nothing is paid" in (await post(bank, told["action_url"], {"answer": "approve"})).body
    seen = (await ask(bank, "/v1/operations/a1", None, "GET")).json
    assert (seen["status"], seen["reason"]) == ("declined", "voided")


@pytest.mark.parametrize(("return_url", "sent"), [(BACK, BACK), ("https://evil.example/", ""), (f"{BACK}/more", ""), ("", "")])
async def test_a_buyer_is_sent_back_to_addresses_that_the_bank_knows_and_to_no_other(bank: House, return_url: str, sent: str) -> None:
    told = await authorize(bank, return_url=return_url)
    policy = (await get(bank, told["action_url"])).headers["Content-Security-Policy"]
    assert ("https://shop.example" in policy) == bool(sent)
    done = await post(bank, told["action_url"], {"answer": "approve"})
    assert (done.status, done.headers.get("Location", "")) == ((303, sent) if sent else (200, ""))


@pytest.mark.parametrize(
    ("data", "more", "status"),
    [
        ({"answer": "maybe"}, {}, 400),
        ({}, {}, 400),
        ([("answer", "approve"), ("answer", "decline")], {}, 400),
        (b"x" * 2000, {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 413),
        (b'{"answer": "approve"}', {"headers": {"Content-Type": "application/json"}}, 415),
    ],
)
async def test_what_is_no_answer_changes_nothing(bank: House, data: Any, more: Any, status: int) -> None:
    told = await authorize(bank)
    assert (await post(bank, told["action_url"], data, **more)).status == status
    assert (await authorize(bank))["status"] == "requires_action"


async def test_nobody_guesses_a_challenge(bank: House) -> None:
    told = await authorize(bank)
    challenge = told["action_url"].rpartition("/")[2]
    assert len(challenge) == 64
    for guess in ("a1", "0" * 64, challenge.upper(), challenge[:-1], "..%2f", ""):
        assert (await get(bank, bank.url("bank", f"/challenge/{guess}"))).status == 404


async def test_a_card_that_is_wrong_is_refused_without_a_question(bank: House) -> None:
    plastic = {"number": ASKED, "cvv": "1234", "year": 2031, "month": 12}
    told = await authorize(bank, card=plastic)
    assert (told["status"], told["reason"], told["action_url"]) == ("declined", "wrong_cvv", "")
