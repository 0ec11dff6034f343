"""The sandbox bank over HTTP: keys, the API key, faults that really close the connection, and what lies in its store."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.mallhouse import Answer, House, house

JSON = dict[str, Any]
FOREVER = {"year": 2031, "month": 12}


class Till:
    """A merchant at the bank."""

    def __init__(self, mall: House) -> None:
        self.mall = mall
        self.headers = {"X-Api-Key": mall.environ["MALL_BANK_API_KEY"]}

    async def post(self, path: str, body: JSON) -> Answer:
        """A call that shows the API key."""
        return await self.mall.call("bank", "POST", f"/v1/{path}", body, headers=self.headers)

    async def authorize(self, key: str, number: str = "4242424242424242", amount: int = 1999, **card: Any) -> Answer:
        """With a card that is good unless told otherwise."""
        shown = {"number": number, "cvv": "123", **FOREVER, **card}
        return await self.post("authorizations", {"key": key, "amount": amount, "currency": "USD", "card": shown})

    async def capture(self, key: str, authorization: str) -> Answer:
        """Takes what was authorized."""
        return await self.post("captures", {"key": key, "authorization": authorization})

    async def void(self, key: str, authorization: str) -> Answer:
        """Ends an authorization."""
        return await self.post("voids", {"key": key, "authorization": authorization})

    async def refund(self, key: str, authorization: str, amount: int) -> Answer:
        """Gives back a part."""
        return await self.post("refunds", {"key": key, "authorization": authorization, "amount": amount})

    async def look_up(self, key: str) -> Answer:
        """Asks for an operation."""
        return await self.mall.call("bank", "GET", f"/v1/operations/{key}", headers=self.headers)


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    async with house(tmp_path, "bank", MALL_BANK_SLOW_SECONDS="0.5") as mall:
        yield Till(mall)


async def test_a_payment_and_its_refunds(till: Till) -> None:
    authorized = await till.authorize("a")
    assert (authorized.status, authorized.json["status"], authorized.json["brand"], authorized.json["last4"]) == (
        200,
        "approved",
        "visa",
        "4242",
    )
    captured = await till.capture("c", "a")
    assert (captured.json["status"], captured.json["amount"], captured.json["authorization"]) == ("approved", 1999, "a")
    assert [(await till.refund(f"r{n}", "a", 1000)).json["reason"] for n in range(2)] == ["", "too_much"]
    assert (await till.refund("r3", "a", 999)).json["status"] == "approved"


async def test_the_same_key_gets_the_same_answer_and_another_request_none(till: Till) -> None:
    first = await till.authorize("a")
    assert (await till.authorize("a")).json == (await till.authorize("a", cvv="999")).json == (await till.look_up("a")).json == first.json
    for other in (
        till.authorize("a", amount=2000),
        till.authorize("a", "5555555555554444"),
        till.authorize("a", month=11),
        till.capture("a", "a"),
    ):
        answer = await other
        assert (answer.status, answer.kind) == (422, "bank/key-reused")
    await till.capture("c", "a")
    assert (await till.capture("c", "b")).kind == "bank/key-reused"
    assert (await till.authorize("c")).kind == "bank/key-reused"


async def test_a_declined_card_is_an_answer_and_stays_one(till: Till) -> None:
    declined = await till.authorize("a", "4000000000009995")
    assert (declined.status, declined.json["status"], declined.json["reason"]) == (200, "declined", "insufficient_funds")
    assert (await till.look_up("a")).json == declined.json
    assert (await till.authorize("b", year=2025, month=12)).json["reason"] == "expired_card"


async def test_a_void_that_comes_first_wins(till: Till) -> None:
    voided = await till.void("v", "a")
    assert voided.json["status"] == "approved"
    assert (await till.authorize("a")).json["reason"] == "voided"
    assert (await till.capture("c", "a")).json["reason"] == "voided"
    assert (await till.void("v", "a")).json == (await till.look_up("v")).json == voided.json


async def test_fifty_captures_at_once_with_one_key_are_one_capture(till: Till) -> None:
    await till.authorize("a")
    answers = await asyncio.gather(*(till.capture("c", "a") for _ in range(50)))
    assert len({answer.body for answer in answers}) == 1
    assert answers[0].json["status"] == "approved"
    others = await asyncio.gather(*(till.capture(f"c{n}", "a") for n in range(10)))
    assert {answer.json["reason"] for answer in others} == {"captured"}


async def test_a_void_and_a_capture_at_once_have_one_winner(till: Till) -> None:
    for n in range(20):
        await till.authorize(f"a{n}")
        void, capture = await asyncio.gather(till.void(f"v{n}", f"a{n}"), till.capture(f"c{n}", f"a{n}"))
        assert (void.json["reason"], capture.json["reason"]) in {("", "voided"), ("captured", "")}


async def test_captured_but_the_answer_is_lost(till: Till) -> None:
    assert (await till.authorize("a", "4000000000000259")).json["status"] == "approved"
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await till.capture("c", "a")
    kept = await till.look_up("c")
    assert (kept.status, kept.json["kind"], kept.json["status"]) == (200, "capture", "approved")
    assert (await till.capture("c", "a")).json == kept.json
    assert (await till.void("v", "a")).json["reason"] == "captured"


async def test_of_fifty_lost_captures_only_the_one_that_captured_is_lost(till: Till) -> None:
    await till.authorize("a", "4000000000000259")
    answers = await asyncio.gather(*(till.capture("c", "a") for _ in range(50)), return_exceptions=True)
    lost = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [type(error) for error in lost] == [aiohttp.ServerDisconnectedError]
    assert {answer.json["status"] for answer in answers if isinstance(answer, Answer)} == {"approved"}


async def test_authorized_or_refunded_but_the_answer_is_lost(till: Till) -> None:
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await till.authorize("a", "4000000000000267")
    assert (await till.look_up("a")).json["status"] == "approved"
    await till.authorize("b", "4000000000000275")
    await till.capture("c", "b")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await till.refund("r", "b", 100)
    assert (await till.refund("r", "b", 100)).json["status"] == "approved"
    assert (await till.refund("r2", "b", 1900)).json["reason"] == "too_much"


async def test_authorized_at_once_but_answered_late(till: Till) -> None:
    began = time.monotonic()
    late = asyncio.create_task(till.authorize("a", "4000000000000341"))
    async with asyncio.timeout(5):
        while (found := await till.look_up("a")).status == 404:
            await asyncio.sleep(0.01)
    assert not late.done()
    assert (await till.authorize("a", "4000000000000341")).json == found.json
    assert not late.done()
    assert (await late).json == found.json
    assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize("shown", [{}, {"X-Api-Key": "wrong"}, {"X-Api-Key": ""}, {"X-Api-Key": "schlüssel"}])
async def test_without_the_api_key_nothing_happens(till: Till, shown: dict[str, str]) -> None:
    right, till.headers = till.headers, shown
    answers = [
        await till.authorize("a"),
        await till.capture("c", "a"),
        await till.void("v", "a"),
        await till.refund("r", "a", 1),
        await till.look_up("a"),
    ]
    assert {(answer.status, answer.kind) for answer in answers} == {(401, "auth/token-invalid")}
    till.headers = right
    assert {(await till.look_up(key)).status for key in "acvr"} == {404}


@pytest.mark.parametrize(
    "body",
    [
        {}, {"key": "a"}, {"key": "a", "amount": 0, "currency": "USD", "card": {"number": "4242424242424242", "cvv": "123", **FOREVER}},
        {"key": "a", "amount": 1.5, "currency": "USD", "card": {"number": "4242424242424242", "cvv": "123", **FOREVER}},
        {"key": "a", "amount": 1, "currency": "usd", "card": {"number": "4242424242424242", "cvv": "123", **FOREVER}},
        {"key": "a", "amount": 1, "currency": "USD", "card": {"number": "4242 4242 4242 4242", "cvv": "123", **FOREVER}},
        {"key": "a", "amount": 1, "currency": "USD", "card": {"number": "4242424242424242", "cvv": "12", **FOREVER}},
        {"key": "a", "amount": 1, "currency": "USD", "card": {"number": "4242424242424242", "cvv": "123", "year": 2031, "month": 13}},
        {"key": "a/b", "amount": 1, "currency": "USD", "card": {"number": "4242424242424242", "cvv": "123", **FOREVER}},
        {"key": "a", "amount": 1, "currency": "USD", "more": 1, "card": {"number": "4242424242424242", "cvv": "123", **FOREVER}},
    ],
)  # fmt: skip
async def test_bad_input_is_told_and_changes_nothing(till: Till, body: JSON) -> None:
    answer = await till.post("authorizations", body)
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert (await till.look_up("a")).status == 404


def stored_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_answers_survive_a_restart_and_no_card_lies_in_the_store(tmp_path: Path) -> None:
    async with house(tmp_path, "bank") as mall:
        first = await Till(mall).authorize("a", "5555555555554444")
        await Till(mall).capture("c", "a")
    files = stored_in(tmp_path)
    assert any(b"4444" in stored for stored in files)
    assert not any(b"5555555555554444" in stored or b"cvv" in stored for stored in files)
    async with house(tmp_path, "bank") as mall:
        assert (await Till(mall).look_up("a")).json == first.json
        assert (await Till(mall).capture("c", "a")).json["status"] == "approved"
