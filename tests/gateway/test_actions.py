"""The log of actions of all services as one: what operators did is in it before it has an effect, and admins read it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.app import CONTRACTS
from mallkit import action_endpoints, desk_endpoints
from mallkit.endpoint import GET, Role, endpoints_of
from tests.mallhouse import SHOPPER, Answer, House, house

LIST, PRODUCTS = "/api/v1/actions", "/api/v1/products"
RUNNING = ("auth", "product", "cart", "gateway")
THING = {"name": "A Secret Teapot", "price": 5, "stock": 3, "category": "test"}
OWN = """
POST   /api/v1/auth/logout
PUT    /api/v1/auth/password
DELETE /api/v1/auth/sessions/{session_id}
DELETE /api/v1/auth/sessions
PATCH  /api/v1/users/me
DELETE /api/v1/users/me
POST   /api/v1/users/me/addresses
PUT    /api/v1/users/me/addresses/{address_id}
DELETE /api/v1/users/me/addresses/{address_id}
DELETE /api/v1/cart
POST   /api/v1/cart/items
PUT    /api/v1/cart/items/{product_id}
DELETE /api/v1/cart/items/{product_id}
POST   /api/v1/cart/items/{product_id}/save
POST   /api/v1/cart/saved/{product_id}/restore
DELETE /api/v1/cart/saved/{product_id}
POST   /api/v1/cart/merge
POST   /api/v1/checkout/quote
POST   /api/v1/checkout
POST   /api/v1/orders
POST   /payment/charge
"""
"""What operators do to nothing but their own, as everybody does: it is no action."""


@pytest.fixture
async def mall(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, *RUNNING, MALL_GATEWAY_RETRY_SECONDS="0.02") as opened:
        yield opened


async def ask(mall: House, method: str, path: str, body: Any = None, *, who: str = "operator", **more: Any) -> Answer:
    return await mall.call("gateway", method, path, body, token=await mall.token(who), **more)


async def listed(mall: House, query: str = "") -> list[dict[str, Any]]:
    told = await ask(mall, "GET", f"{LIST}?{query}", who="admin")
    assert told.status == 200, told.body
    return list(told.json["items"])


def test_every_call_of_operators_is_an_action_or_about_their_own() -> None:
    """A new endpoint that operators may call says which: only they may, `others=True`, or it stands in OWN."""
    undecided, wrongly = set(), set()
    own = {tuple(line.split()) for line in OWN.strip().splitlines()}
    for contract in (*CONTRACTS.values(), desk_endpoints, action_endpoints):
        for call in endpoints_of(contract).values():
            if call.method is not GET and {Role.OPERATOR, Role.ADMIN} & set(call.may):
                named = (call.method.value, call.path)
                undecided |= {named} if not call.noted and named not in own else set()
                wrongly |= {named} if call.noted and named in own else set()
    assert (undecided, wrongly) == (set(), set())


async def test_what_operators_and_admins_did_is_told_newest_first_with_ids_and_outcomes(mall: House) -> None:
    made = await ask(mall, "POST", PRODUCTS, THING)
    product_id = made.json["product_id"]
    await ask(mall, "PUT", f"{PRODUCTS}/{product_id}/stock", {"on_hand": 9, "reason": "found"}, headers={"If-Match": '"99"'})
    await ask(mall, "DELETE", f"{PRODUCTS}/unknown")
    user_id = (await mall.login(*SHOPPER))["user_id"]
    await ask(mall, "PUT", f"/api/v1/auth/accounts/{user_id}/role", {"role": "operator"}, who="admin")
    await ask(mall, "POST", "/api/v1/failures/retry", {"service": "cart"})
    told = await listed(mall)
    assert [(each["service"], each["actor"], each["role"], each["method"], each["path"], each["ids"], each["status"]) for each in told] == [
        ("cart", "demo-operator", "operator", "POST", "/api/v1/failures/retry", {}, 200),
        ("auth", "demo-admin", "admin", "PUT", "/api/v1/auth/accounts/{user_id}/role", {"user_id": user_id}, 200),
        ("product", "demo-operator", "operator", "DELETE", f"{PRODUCTS}/{{product_id}}", {"product_id": "unknown"}, 404),
        ("product", "demo-operator", "operator", "PUT", f"{PRODUCTS}/{{product_id}}/stock", {"product_id": product_id}, 412),
        ("product", "demo-operator", "operator", "POST", PRODUCTS, {}, 201),
    ]
    assert told[-1]["trace_id"]
    assert told[-1]["at"] <= told[-1]["ended_at"]
    assert [each["number"] for each in told if each["service"] == "product"] == [5, 3, 1]
    assert [each["action_id"] for each in await listed(mall, "service=product&limit=2")] == [each["action_id"] for each in told[2:4]]
    assert await listed(mall, "actor=demo-admin") == [told[1]]
    assert await listed(mall, "actor=nobody") == []
    pages = []
    after = ""
    while True:
        page = (await ask(mall, "GET", f"{LIST}?limit=2{after}", who="admin")).json
        pages += page["items"]
        assert set(page["away"]) == set(CONTRACTS) - set(RUNNING)
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert pages == told
    files = b"".join(file.read_bytes() for file in mall.folder.glob("*.db*"))
    assert b"A Secret Teapot" in files, "it is in the catalogue"
    assert "Teapot" not in str(told)


async def test_shopping_looking_and_what_was_refused_before_it_was_understood_are_no_actions(mall: House) -> None:
    product_id = (await ask(mall, "POST", PRODUCTS, THING)).json["product_id"]
    before = await listed(mall)
    await ask(mall, "GET", f"{PRODUCTS}/{product_id}/stock")
    await ask(mall, "POST", "/api/v1/cart/items", {"product_id": product_id, "quantity": 1})
    assert (await ask(mall, "POST", PRODUCTS, {"name": "no price"})).status == 400
    assert (await ask(mall, "POST", PRODUCTS, THING, who="ann")).status == 403
    assert (await mall.call("product", "POST", PRODUCTS, THING)).status == 401
    await ask(mall, "GET", LIST, who="admin")
    assert await listed(mall) == before


async def test_while_the_log_cannot_be_written_no_action_has_an_effect(mall: House) -> None:
    product_id = (await ask(mall, "POST", PRODUCTS, THING)).json["product_id"]
    with closing(sqlite3.connect(mall.folder / "product.db", timeout=5, isolation_level=None)) as by_hand:
        by_hand.execute("ALTER TABLE actions RENAME TO elsewhere")
        refused = await mall.call("product", "DELETE", f"{PRODUCTS}/{product_id}", token=await mall.token("operator"))
        assert (refused.status, refused.kind) == (503, "store-unavailable")
        assert (await mall.call("product", "GET", f"{PRODUCTS}/{product_id}")).status == 200, "nothing was changed"
        by_hand.execute("ALTER TABLE elsewhere RENAME TO actions")
    assert (await ask(mall, "DELETE", f"{PRODUCTS}/{product_id}")).status == 204


async def test_the_log_is_for_admins_and_nobody_writes_it(mall: House) -> None:
    for place in ("gateway", "product"):
        assert (await mall.call(place, "GET", LIST)).status == 401
        for who in ("ann", "operator"):
            told = await mall.call(place, "GET", LIST, token=await mall.token(who))
            assert (told.status, told.kind) == (403, "forbidden"), (place, who)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            told = await mall.call(place, method, LIST, {}, token=await mall.token("admin"))
            assert (told.status, told.headers["Allow"]) == (405, "GET"), (place, method)
            assert (await mall.call(place, method, f"{LIST}/x", {}, token=await mall.token("admin"))).status == 404
        assert LIST in (await mall.call(place, "GET", "/openapi.json")).json["paths"]


async def test_actions_at_once_are_all_there(mall: House) -> None:
    token = await mall.token("operator")
    forms = [THING | {"name": f"Thing {n}"} for n in range(30)]
    answers = await asyncio.gather(*(mall.call("product", "POST", PRODUCTS, form, token=token) for form in forms))
    assert {answer.status for answer in answers} == {201}
    told = await listed(mall, "limit=200")
    assert [each["status"] for each in told] == [201] * 30
    assert len({each["number"] for each in told}) == 30
