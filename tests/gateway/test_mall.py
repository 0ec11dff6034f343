"""The gateway before real services: one way in for everything, with the services' own answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.mallhouse import House, house


@pytest.fixture
async def mall(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "auth", "user", "product", "gateway") as opened:
        yield opened


async def test_a_customer_comes_in_and_goes(mall: House) -> None:
    account = {"email": "ann@example.org", "password": "correct-horse", "name": "Ann"}
    registered = await mall.call("gateway", "POST", "/api/v1/auth/register", account)
    assert registered.status == 201, registered.body
    account.pop("name")
    tokens = (await mall.call("gateway", "POST", "/api/v1/auth/login", account)).json
    me = await mall.call("gateway", "GET", "/api/v1/users/me", token=tokens["access_token"])
    assert (me.status, me.json["email"]) == (200, "ann@example.org")
    direct = await mall.call("user", "GET", "/api/v1/users/me", token=tokens["access_token"])
    assert me.body == direct.body
    assert (await mall.call("gateway", "POST", "/api/v1/auth/logout", {}, token=tokens["access_token"])).status == 204


async def test_a_refusal_of_a_service_is_the_same_through_the_gateway(mall: House) -> None:
    wrong = {"email": "nobody@example.org", "password": "whatever-it-is"}
    told, direct = [await mall.call(part, "POST", "/api/v1/auth/login", wrong) for part in ("gateway", "auth")]
    assert (told.status, told.kind, told.json["code"]) == (401, "auth/wrong-credentials", 4001003)
    assert told.json | {"trace_id": ""} == direct.json | {"trace_id": ""}
    assert told.headers["WWW-Authenticate"] == direct.headers["WWW-Authenticate"]


async def test_an_operator_sells_and_everybody_sees(mall: House) -> None:
    operator = await mall.token("operator")
    product = {"name": "Clay Teapot", "price": 24.5, "stock": 3, "category": "tea"}
    made = await mall.call("gateway", "POST", "/api/v1/products", product, token=operator, key="teapot-1")
    assert made.status == 201, made.body
    again = await mall.call("gateway", "POST", "/api/v1/products", product, token=operator, key="teapot-1")
    assert again.json["product_id"] == made.json["product_id"]
    seen = await mall.call("gateway", "GET", f"/api/v1/products/{made.json['product_id']}")
    assert (seen.json["name"], seen.headers["ETag"]) == ("Clay Teapot", made.headers["ETag"])
    found = await mall.call("gateway", "GET", "/api/v1/products?q=teapot&limit=5")
    assert [item["product_id"] for item in found.json["items"]] == [made.json["product_id"]]
    refused = await mall.call("gateway", "POST", "/api/v1/products", product, token=await mall.token("shopper"))
    assert (refused.status, refused.kind) == (403, "forbidden")


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        ({"data": b"{not json"}, 400, "auth/bad-parameters"),
        ({"data": b"\xff\xfe"}, 400, "auth/bad-parameters"),
        ({"data": b""}, 415, "unsupported-media-type"),
        ({"data": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported-media-type"),
        ({"body": {"email": "a@b.cd", "password": "x", "more": 1}}, 400, "auth/bad-parameters"),
    ],
)
async def test_what_the_service_refuses_is_told_by_it(mall: House, sent: dict[str, object], status: int, kind: str) -> None:
    if sent.get("data"):
        sent = {"headers": {"Content-Type": "application/json"}} | sent
    told = await mall.call("gateway", "POST", "/api/v1/auth/login", **sent)
    assert (told.status, told.kind) == (status, kind)


async def test_health_says_who_is_away(mall: House) -> None:
    told = await mall.call("gateway", "GET", "/health")
    assert told.status == 503
    parts = told.json["parts"]
    assert {name for name, state in parts.items() if state == "ok"} == {"gateway", "auth", "user", "product"}
    assert {name for name, state in parts.items() if state == "away"} == {"cart", "checkout", "order", "payment", "bank"}
