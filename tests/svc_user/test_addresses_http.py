"""Addresses over HTTP: one's own, one default, one for each key."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from mallkit.idempotency import ANSWERS
from mallkit.sqlite import open_store
from tests.journeys.people import ADDRESS
from tests.mallhouse import Answer, House, house

pytestmark = pytest.mark.asyncio(loop_scope="module")
MINE = "/api/v1/users/me/addresses"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("mall"), "auth", "user") as running:
        yield running


async def add(mall: House, who: str, key: str = "", **more: Any) -> Answer:
    return await mall.call("user", "POST", MINE, ADDRESS | more, token=await mall.token(who), key=key)


async def kept(mall: House, who: str) -> list[dict[str, Any]]:
    answer = await mall.call("user", "GET", MINE, token=await mall.token(who))
    assert answer.status == 200
    return list(answer.json["items"])


@pytest.mark.requirement(15, 128)
async def test_an_address_is_kept_changed_and_removed(mall: House) -> None:
    token = await mall.token("ann")
    assert await kept(mall, "ann") == []
    added = await add(mall, "ann", label=" Home ", firstname="Ann", zip_code=95014, country="usa")
    assert added.status == 201
    shown = added.json
    assert {name: shown[name] for name in ADDRESS} == ADDRESS
    assert (shown["label"], shown["firstname"], shown["lastname"], shown["default"]) == ("Home", "Ann", "", True)
    assert await kept(mall, "ann") == [shown]
    path = f"{MINE}/{shown['address_id']}"
    changed = await mall.call("user", "PUT", path, ADDRESS | {"city": "Paris", "country": "FR"}, token=token)
    assert (changed.status, changed.json["city"], changed.json["label"], changed.json["default"]) == (200, "Paris", "", True)
    assert changed.json["created_at"] == shown["created_at"]
    assert (await mall.call("user", "DELETE", path, token=token)).status == 204
    for method, body in (("DELETE", None), ("PUT", ADDRESS)):
        assert (await mall.call("user", method, path, body, token=token)).status == 404
    assert await kept(mall, "ann") == []


@pytest.mark.requirement(14)
async def test_nobody_sees_or_changes_anothers(mall: House) -> None:
    mine = (await add(mall, "bob")).json
    eve = await mall.token("eve")
    assert await kept(mall, "eve") == []
    for method, body in (("DELETE", None), ("PUT", ADDRESS)):
        answer = await mall.call("user", method, f"{MINE}/{mine['address_id']}", body, token=eve)
        assert (answer.status, answer.kind) == (404, "not-found")
    assert await kept(mall, "bob") == [mine]
    for method, path in (("GET", MINE), ("POST", MINE), ("PUT", f"{MINE}/x"), ("DELETE", f"{MINE}/x")):
        assert (await mall.call("user", method, path, ADDRESS)).status == 401


@pytest.mark.requirement(128, 142)
@pytest.mark.parametrize(
    ("field", "value"), [("country", "ZZ"), ("city", " "), ("street_address", "a\0b"), ("zip_code", ""), ("state", "\x1b")]
)
async def test_where_the_mall_does_not_deliver_is_refused_as_checkout_refuses_it(mall: House, field: str, value: str) -> None:
    before = await kept(mall, "cyd")
    answer = await add(mall, "cyd", **{field: value})
    assert (answer.status, answer.kind, answer.json["code"]) == (422, "checkout/address-invalid", 4001004)
    assert (answer.json["field"], answer.json["service"]) == (field, "checkout"), "the number is checkout's"
    assert await kept(mall, "cyd") == before


@pytest.mark.requirement(15)
async def test_of_many_that_ask_to_be_the_default_at_once_one_is(mall: House) -> None:
    await mall.token("dan")
    answers = await asyncio.gather(*(add(mall, "dan", default=True, label=str(n)) for n in range(20)))
    assert {answer.status for answer in answers} == {201}
    assert [address["default"] for address in await kept(mall, "dan")].count(True) == 1
    full = await asyncio.gather(*(add(mall, "dan", default=True) for _ in range(40)))
    assert sorted(answer.status for answer in full) == [201] * 30 + [422] * 10
    assert {(each.kind, each.json["most"]) for each in full if each.status == 422} == {("user/too-many-addresses", 50)}
    assert [address["default"] for address in await kept(mall, "dan")].count(True) == 1


@pytest.mark.requirement(15)
async def test_a_key_adds_one_address_also_when_its_answer_was_lost(mall: House) -> None:
    first = await add(mall, "fay", key="k1")
    assert (await add(mall, "fay", key="k1")).json == first.json
    async with open_store(mall.folder / "user.db", (ANSWERS,)) as store:
        kept_answers = (await store[ANSWERS].find()).items
        await store.together(*(store[ANSWERS].removing(answer.id) for answer in kept_answers))
    assert (await add(mall, "fay", key="k1")).json == first.json
    assert await kept(mall, "fay") == [first.json]
