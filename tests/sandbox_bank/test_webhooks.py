"""What the bank tells by itself: every operation, signed at that moment, until it is taken, across a restart, and nothing of a card."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from contracts.bank import MOST_EVENTS, signature
from mall.running import free_ports
from tests.mallhouse import House, house
from tests.sandbox_bank.test_http import Till

SOON = {"MALL_BANK_WEBHOOK_SECONDS": "0.05"}


@dataclass
class Merchant:
    """Takes webhooks, or does not: `answers` are given in turn, the last one for ever."""

    answers: list[int] = field(default_factory=lambda: [204])
    got: list[tuple[str, bytes]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    port: int = field(default_factory=lambda: free_ports(1)[0])

    async def take(self, request: web.Request) -> web.Response:
        """One webhook."""
        self.got.append((request.headers["Bank-Signature"], await request.read()))
        self.times.append(time.time())
        return web.Response(status=self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])

    @property
    def url(self) -> str:
        """What the bank is told."""
        return f"http://127.0.0.1:{self.port}/told?by=bank"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Of all webhooks."""
        return [event for _, body in self.got for event in msgspec.json.decode(body)["events"]]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listens."""
        app = web.Application()
        app.router.add_post("/told", self.take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits."""
        async with asyncio.timeout(15):
            while not holds():
                await asyncio.sleep(0.01)


@pytest.fixture
async def merchant() -> AsyncIterator[Merchant]:
    merchant = Merchant()
    async with merchant.open():
        yield merchant


def expect_signed(mall: House, header: str, body: bytes) -> int:
    """The time that it was signed at."""
    at = int(header.partition(",")[0].removeprefix("t="))
    assert header == f"t={at},v1={signature(mall.environ['MALL_BANK_WEBHOOK_SECRET'], at, body)}"
    assert abs(time.time() - at) < 30
    return at


async def test_every_operation_is_told_with_its_answer_and_nothing_of_its_card(tmp_path: Path, merchant: Merchant) -> None:
    async with house(tmp_path, "bank", **SOON, MALL_BANK_WEBHOOK_URL=merchant.url) as mall:
        till = Till(mall)
        shown = {"number": "5555555555554444", "cvv": "987", "year": 2031, "month": 12}
        await till.post("authorizations", {"key": "a", "amount": 1999, "currency": "USD", "card": shown, "reference": "o1"})
        await till.capture("c", "a")
        await till.capture("c", "a")
        await till.refund("r", "a", 5000)
        await till.void("v", "b")
        await merchant.until(lambda: len(merchant.events) >= 4)
        told = {event["data"]["key"]: event for event in merchant.events}
        assert told.keys() == {"a", "c", "r", "v"}
        assert len(merchant.events) == 4
        assert {event["type"] for event in merchant.events} == {"bank.operation-answered"}
        assert len({event["id"] for event in merchant.events}) == 4
        assert told["c"]["data"] == {
            "authorization": "a", "key": "c", "kind": "capture", "status": "approved", "reason": "", "amount": 1999, "currency": "USD",
            "reference": "o1",
        }  # fmt: skip
        assert (told["r"]["data"]["status"], told["r"]["data"]["reason"]) == ("declined", "too_much")
        assert told["a"]["created"].endswith("Z")
        for header, body in merchant.got:
            expect_signed(mall, header, body)
            assert b"5555555555554444" not in body
        assert {frozenset(event["data"]) for event in merchant.events} == {frozenset(told["c"]["data"])}


async def test_what_is_not_taken_is_told_again_and_signed_anew(tmp_path: Path, merchant: Merchant) -> None:
    merchant.answers = [500, 302, 204]
    async with house(tmp_path, "bank", **SOON, MALL_BANK_WEBHOOK_URL=merchant.url) as mall:
        await Till(mall).authorize("a")
        await merchant.until(lambda: len(merchant.got) == 3)
        await Till(mall).authorize("b")
        await merchant.until(lambda: len(merchant.got) == 4)
        first, second, third, fourth = (msgspec.json.decode(body)["events"] for _, body in merchant.got)
        assert first == second == third
        assert [event["data"]["key"] for event in fourth] == ["b"]
        times = [expect_signed(mall, *told) for told in merchant.got]
        assert times[0] < times[2]


async def test_a_merchant_that_is_away_is_told_when_it_is_back_after_a_restart_of_the_bank_too(tmp_path: Path) -> None:
    merchant = Merchant()
    async with house(tmp_path, "bank", **SOON, MALL_BANK_WEBHOOK_URL=merchant.url) as mall:
        await Till(mall).authorize("a")
    async with merchant.open(), house(tmp_path, "bank", **SOON, MALL_BANK_WEBHOOK_URL=merchant.url):
        await merchant.until(lambda: len(merchant.events) == 1)
    async with merchant.open(), house(tmp_path, "bank", **SOON, MALL_BANK_WEBHOOK_URL=merchant.url) as mall:
        await Till(mall).authorize("b")
        await merchant.until(lambda: len(merchant.events) >= 2)
    assert [event["data"]["key"] for event in merchant.events] == ["a", "b"]


async def test_many_operations_are_told_in_few_webhooks_and_not_before_their_answers_have_done_their_work(
    tmp_path: Path, merchant: Merchant
) -> None:
    async with house(tmp_path, "bank", MALL_BANK_WEBHOOK_SECONDS="0.5", MALL_BANK_WEBHOOK_URL=merchant.url) as mall:
        count = 0
        while not merchant.got:
            answers = await asyncio.gather(*(Till(mall).authorize(f"a{count + n}") for n in range(10)))
            assert {answer.status for answer in answers} == {200}
            count += 10
        await merchant.until(lambda: {event["data"]["key"] for event in merchant.events} == {f"a{n}" for n in range(count)})
        told = [msgspec.json.decode(body)["events"] for _, body in merchant.got]
        assert max(len(events) for events in told) <= MOST_EVENTS
        assert len(told) <= count / MOST_EVENTS + 5
        for events, at in zip(told, merchant.times, strict=True):
            newest = datetime.fromisoformat(max(event["created"] for event in events))
            assert at - newest.timestamp() > 0.49
