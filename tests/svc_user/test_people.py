"""Operators see everybody who has an account; and all that is kept about a person is told, to operators and to that person."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from mallkit.endpoint import Role
from mallkit.sqlite import open_store
from svc_auth.domain import Account
from svc_auth.repository import ACCOUNTS, KINDS
from tests.journeys.people import ADDRESS
from tests.mallhouse import House, house

pytestmark = pytest.mark.asyncio(loop_scope="module")
USERS, ME = "/api/v1/users", "/api/v1/users/me"
MANY = 23


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """With 23 accounts whose profiles nobody has ever looked at."""
    folder = tmp_path_factory.mktemp("mall")
    async with open_store(folder / "auth.db", KINDS) as store:
        people = [Account(f"p{n:02}", f"Person{n}@example.org", f"Person {n}", Role.CUSTOMER, "", 1e9 + n) for n in range(MANY)]
        await asyncio.gather(*(store[ACCOUNTS].add(person) for person in people))
    async with house(folder, "auth", "user", "cart", "checkout", "order", "payment", MALL_USER_CLOSING_SECONDS="600") as running:
        yield running


async def listed(mall: House, query: str = "") -> dict[str, Any]:
    answer = await mall.call("user", "GET", f"{USERS}{query}", token=await mall.token("operator"))
    assert answer.status == 200, answer.body
    return dict(answer.json)


@pytest.mark.requirement(14, 17)
async def test_everybody_is_listed_once_newest_first_also_who_never_looked(mall: House) -> None:
    found: list[dict[str, Any]] = []
    query = "?limit=5&role=customer"
    while query:
        page = await listed(mall, query)
        found += page["items"]
        query = f"?limit=5&role=customer&after={page['next']}" if page["next"] else ""
    ids = [person["user_id"] for person in found]
    assert ids == sorted(ids, reverse=True)
    assert [name for name in ids if name.startswith("p")] == [f"p{n:02}" for n in reversed(range(MANY))]
    assert next(person for person in found if person["user_id"] == "p00") == {
        "user_id": "p00", "email": "Person0@example.org", "name": "Person 0", "role": "customer", "phone": "", "locale": "",
        "created_at": "2001-09-09T01:46:40.000Z",
    }  # fmt: skip


@pytest.mark.requirement(14, 16)
async def test_a_list_is_narrowed_by_role_and_by_address_and_shows_what_the_profile_says(mall: House) -> None:
    assert [person["user_id"] for person in (await listed(mall, "?role=operator"))["items"]] == ["demo-operator"]
    assert [person["user_id"] for person in (await listed(mall, "?email=PERSON7@example.org"))["items"]] == ["p07"]
    assert (await listed(mall, "?email=nobody@example.org")) == {"items": [], "next": None}
    assert (await listed(mall, "?email=person7@example.org&role=operator"))["items"] == []
    token = await mall.token("ann")
    await mall.call("user", "PATCH", ME, {"name": "Ann Lee", "phone": "+44 20 7946 0000", "locale": "en-GB"}, token=token)
    (ann,) = (await listed(mall, "?email=ann@example.org"))["items"]
    assert (ann["name"], ann["phone"], ann["locale"]) == ("Ann Lee", "+44 20 7946 0000", "en-GB")


@pytest.mark.requirement(14, 16)
async def test_an_operator_sees_one_person_with_addresses(mall: House) -> None:
    operator, token = await mall.token("operator"), await mall.token("bob")
    bob = (await mall.login("bob@example.org", "password-of-bob"))["user_id"]
    added = await mall.call("user", "POST", f"{ME}/addresses", ADDRESS, token=token)
    shown = await mall.call("user", "GET", f"{USERS}/{bob}", token=operator)
    assert (shown.status, shown.json["email"], shown.json["role"], shown.json["closed"]) == (200, "bob@example.org", "customer", False)
    assert shown.json["addresses"] == [added.json]
    never = await mall.call("user", "GET", f"{USERS}/p03", token=operator)
    assert (never.json["name"], never.json["addresses"]) == ("Person 3", [])
    assert (await mall.call("user", "GET", f"{USERS}/nobody", token=operator)).status == 404
    for path in (USERS, f"{USERS}/{bob}", f"{USERS}/{bob}/export"):
        assert (await mall.call("user", "GET", path, token=token)).status == 403
        assert (await mall.call("user", "GET", path)).status == 401


@pytest.mark.requirement(11)
@pytest.mark.parametrize("query", ["after=garbage", "limit=0", "limit=201", "role=king", "email=bob", "surprise=1"])
async def test_a_list_that_is_asked_for_wrongly_is_refused(mall: House, query: str) -> None:
    assert (await mall.call("user", "GET", f"{USERS}?{query}", token=await mall.token("operator"))).status == 400


@pytest.mark.requirement(14)
async def test_no_page_reads_or_sorts_more_than_itself(mall: House) -> None:
    with sqlite3.connect(f"file:{mall.folder / 'auth.db'}?mode=ro", uri=True) as auth:
        for where in ("id < 'p10'", "role = 'customer' AND id < 'p10'", "address = 'a'", "address = 'a' AND role = 'customer'"):
            sql = f"EXPLAIN QUERY PLAN SELECT * FROM accounts WHERE {where} ORDER BY id DESC LIMIT 50"  # noqa: S608 - ours
            (plan,) = [row[3] for row in auth.execute(sql)]
            assert plan.startswith("SEARCH accounts USING INDEX"), plan


@pytest.mark.requirement(16)
async def test_everything_is_told_to_its_owner_and_to_operators(mall: House) -> None:
    token = await mall.token("cyd")
    user_id = (await mall.login("cyd@example.org", "password-of-cyd"))["user_id"]
    await mall.call("user", "POST", f"{ME}/addresses", ADDRESS, token=token)
    own = await mall.call("user", "GET", f"{ME}/export", token=token)
    assert (own.status, own.json["user_id"], sorted(own.json["services"])) == (
        200,
        user_id,
        sorted(["auth", "cart", "checkout", "order", "payment", "user"]),
    )
    assert own.json["services"]["auth"]["account"]["email"] == "cyd@example.org"
    assert own.json["services"]["user"]["profile"]["addresses"][0]["city"] == "Cupertino"
    assert b"argon2" not in own.body
    theirs = await mall.call("user", "GET", f"{USERS}/{user_id}/export", token=await mall.token("operator"))
    assert theirs.json["services"]["user"] == own.json["services"]["user"]
    assert (await mall.call("user", "GET", f"{USERS}/nobody/export", token=await mall.token("operator"))).status == 404


@pytest.mark.requirement(16)
async def test_an_export_is_whole_or_refused(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "user") as alone:
        token = await alone.token("ann")
        answer = await alone.call("user", "GET", f"{ME}/export", token=token, headers={"Mall-Deadline-Ms": "500"})
        assert answer.status in (503, 504)
