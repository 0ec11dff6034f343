"""The statement, by which the bank's books are compared with others', and the doors through which drills make answers late or lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from contracts import bank
from mallkit.sqlite import open_store
from mallkit.store import Kind
from sandbox_bank.repository import AUTHORIZATIONS, POINTERS, POSITIONS, Pointer
from tests.mallhouse import House, house
from tests.sandbox_bank.test_http import Till

DRILL_KEY = "the-key-of-the-drills"
SHOWN = {"X-Drill-Key": DRILL_KEY}


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    async with house(tmp_path, "bank", MALL_DRILL_KEY=DRILL_KEY) as mall:
        yield Till(mall)


async def statement(till: Till, query: str = "") -> Any:
    answer = await till.mall.call("bank", "GET", f"/v1/operations{query}", headers=till.headers)
    assert answer.status == 200, answer.body
    return answer.json


async def test_the_statement_has_every_operation_once_oldest_first(till: Till) -> None:
    body = {"key": "z", "amount": 700, "currency": "EUR", "card": {"number": "4242424242424242", "cvv": "123", "year": 2031, "month": 12}}
    await till.post("authorizations", body | {"reference": "o1"})
    await till.capture("m", "z")
    for _ in range(2):
        await till.refund("a", "z", 300)
    await till.authorize("y", "4000000000009995")
    await till.void("b", "y")
    whole = await statement(till)
    assert [(each["key"], each["kind"], each["reason"], each["reference"]) for each in whole["items"]] == [
        ("z", "authorize", "", "o1"), ("m", "capture", "", "o1"), ("a", "refund", "", "o1"),
        ("y", "authorize", "insufficient_funds", ""), ("b", "void", "", ""),
    ]  # fmt: skip
    assert whole["next"] is None
    assert [each["id"] for each in whole["items"]] == sorted(each["id"] for each in whole["items"])
    assert whole["items"][2] == (await till.look_up("a")).json


async def test_the_statement_is_read_in_pages_while_operations_go_on(till: Till) -> None:
    await asyncio.gather(*(till.authorize(f"a{n}") for n in range(25)))
    seen, page = [], await statement(till, "?limit=7")
    while True:
        seen += [each["key"] for each in page["items"]]
        if page["next"] is None:
            break
        await till.capture(f"c{len(seen)}", "a1")
        page = await statement(till, f"?limit=7&after={page['next']}")
    assert len(seen) == len(set(seen))
    assert {f"a{n}" for n in range(25)} <= set(seen)
    assert seen == [each["key"] for each in (await statement(till))["items"]]


@pytest.mark.parametrize(("query", "status"), [("?limit=0", 400), ("?limit=1001", 400), ("?after=garbage", 400), ("?surprise=1", 400)])
async def test_a_statement_that_cannot_be(till: Till, query: str, status: int) -> None:
    answer = await till.mall.call("bank", "GET", f"/v1/operations{query}", headers=till.headers)
    assert answer.status == status
    assert (await till.mall.call("bank", "GET", "/v1/operations")).status == 401


async def test_books_kept_before_there_was_a_statement_are_in_it(tmp_path: Path) -> None:
    async with house(tmp_path, "bank") as mall:
        await Till(mall).authorize("a")
    older: Kind[Pointer] = Kind(name="pointers", type=Pointer)
    async with open_store(tmp_path / "bank.db", (older, AUTHORIZATIONS, POSITIONS)) as store:
        await store[older].change("a", lambda pointer: Pointer(pointer.id, pointer.authorization))
    async with house(tmp_path, "bank") as mall:
        await Till(mall).capture("c", "a")
        assert [each["key"] for each in (await statement(Till(mall)))["items"]] == ["a", "c"]
        assert POINTERS.fields == {"operation": str}


async def set_faults(mall: House, **faults: float) -> Any:
    answer = await mall.call("bank", "PUT", "/v1/faults", faults, headers=SHOWN)
    assert answer.status == 200, answer.body
    return answer.json


async def test_answers_are_lost_after_the_operation_was_done(till: Till) -> None:
    assert (await till.mall.call("bank", "GET", "/v1/faults", headers=SHOWN)).json == {"lose": 0, "delay_seconds": 0, "delay_share": 0}
    await set_faults(till.mall, lose=1)
    for operation in (till.authorize("a"), till.capture("c", "a"), till.refund("r", "a", 1), till.void("v", "a"), till.capture("c", "a")):
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await operation
    assert [(each["key"], each["status"]) for each in (await statement(till))["items"]] == [
        ("a", "approved"), ("c", "approved"), ("r", "approved"), ("v", "declined"),
    ]  # fmt: skip
    assert await set_faults(till.mall) == {"lose": 0, "delay_seconds": 0, "delay_share": 0}
    assert (await till.capture("c", "a")).json["status"] == bank.OperationStatus.APPROVED


async def test_a_share_of_answers_is_lost(till: Till) -> None:
    await till.authorize("a")
    await set_faults(till.mall, lose=0.5)
    answers = await asyncio.gather(*(till.void(f"v{n}", "a") for n in range(200)), return_exceptions=True)
    assert 40 < sum(isinstance(answer, BaseException) for answer in answers) < 160


async def test_answers_come_late(till: Till) -> None:
    await set_faults(till.mall, delay_seconds=0.3, delay_share=1)
    began = time.monotonic()
    assert (await till.authorize("a")).status == 200
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("body", [{"lose": 1.1}, {"lose": -0.1}, {"delay_share": 2}, {"delay_seconds": 61}, {"lose": "1"}, {"more": 1}])
async def test_faults_that_cannot_be(till: Till, body: dict[str, Any]) -> None:
    assert (await till.mall.call("bank", "PUT", "/v1/faults", body, headers=SHOWN)).status == 400


async def test_the_doors_need_the_drills_key(till: Till) -> None:
    for headers in ({}, {"X-Drill-Key": "wrong"}, {"X-Drill-Key": ""}, till.headers):
        for method, body in (("GET", None), ("PUT", {"lose": 1})):
            answer = await till.mall.call("bank", method, "/v1/faults", body, headers=headers)
            assert (answer.status, answer.kind) == (401, "auth/token-invalid")
    assert (await till.authorize("a")).status == 200


async def test_without_a_drill_key_there_are_no_doors(tmp_path: Path) -> None:
    async with house(tmp_path, "bank") as mall:
        for shown in (SHOWN, {"X-Drill-Key": ""}, {}):
            assert (await mall.call("bank", "PUT", "/v1/faults", {"lose": 1}, headers=shown)).status == 404
