"""A person's own sessions: seen, ended one by one or all at once, and nobody else's."""

import pytest

from mallkit.store import Page
from mallkit.times import rfc3339
from svc_auth.domain import CLOCKS_APART, Session
from svc_auth.views import sessions as shown
from tests.mallhouse import JSON, SHOPPER, House
from tests.svc_auth.conftest import until_refused

SESSIONS, REFRESH = "/api/v1/auth/sessions", "/api/v1/auth/refresh"


async def login(mall: House, address: str, account: tuple[str, str] = SHOPPER) -> JSON:
    """From a network address, as the gateway would tell it."""
    wish = {"email": account[0], "password": account[1]}
    return dict((await mall.call("auth", "POST", "/api/v1/auth/login", wish, headers={"X-Forwarded-For": address})).json)


async def listed(mall: House, token: str, query: str = "") -> JSON:
    answer = await mall.call("auth", "GET", f"{SESSIONS}{query}", token=token)
    assert answer.status == 200, answer.body
    return dict(answer.json)


@pytest.mark.requirement(10)
async def test_own_sessions_are_listed_newest_first_with_no_more_than_the_network(mall: House) -> None:
    addresses = ("203.0.113.77", "2001:db8:1:2::3", "::ffff:198.51.100.9", "no address")
    tokens = [await login(mall, address) for address in addresses]
    await mall.token("ann")
    told = await listed(mall, tokens[1]["access_token"])
    assert [item["network"] for item in told["items"]] == ["", "198.51.100.0/24", "2001:db8:1::/48", "203.0.113.0/24"]
    assert [item["current"] for item in told["items"]] == [False, False, True, False]
    assert told["next"] is None
    assert {item["created_at"] == item["last_used_at"] for item in told["items"]} == {True}
    assert all(item.keys() == {"session_id", "created_at", "last_used_at", "network", "current"} for item in told["items"])
    first = await listed(mall, tokens[0]["access_token"], "?limit=3")
    second = await listed(mall, tokens[0]["access_token"], f"?limit=3&after={first['next']}")
    strip = [{**item, "current": False} for item in (*first["items"], *second["items"])]
    assert strip == [{**item, "current": False} for item in told["items"]]
    fresh = (await mall.call("auth", "POST", REFRESH, {"refresh_token": tokens[0]["refresh_token"]})).json
    oldest = (await listed(mall, fresh["access_token"]))["items"][-1]
    assert oldest["last_used_at"] > oldest["created_at"]


@pytest.mark.requirement(3, 10)
async def test_a_session_is_ended_by_its_owner_from_another_one(mall: House) -> None:
    here, there = await mall.login(*SHOPPER), await mall.login(*SHOPPER)
    lost = (await listed(mall, there["access_token"]))["items"][0]["session_id"]
    for _ in range(2):
        assert (await mall.call("auth", "DELETE", f"{SESSIONS}/{lost}", token=here["access_token"])).status == 204
    await until_refused(mall, "auth", there["access_token"])
    assert (await mall.call("auth", "POST", REFRESH, {"refresh_token": there["refresh_token"]})).status == 401
    assert [item["current"] for item in (await listed(mall, here["access_token"]))["items"]] == [True]


@pytest.mark.requirement(3, 5, 10)
async def test_nobody_ends_or_sees_anybody_elses_session(mall: House) -> None:
    mine = await mall.login(*SHOPPER)
    ann = await mall.token("ann")
    hers = (await listed(mall, ann))["items"][0]["session_id"]
    for session_id in (hers, "nothing", "x" * 65, "service-cart"):
        answer = await mall.call("auth", "DELETE", f"{SESSIONS}/{session_id}", token=mine["access_token"])
        assert (answer.status, answer.kind) == (404, "not-found"), session_id
    assert [item["session_id"] for item in (await listed(mall, ann))["items"]] == [hers]


@pytest.mark.requirement(3, 10)
async def test_all_other_sessions_end_at_once_and_then_all(mall: House) -> None:
    tokens = [await mall.login(*SHOPPER) for _ in range(4)]
    ann = await mall.token("ann")
    here = tokens[2]
    assert (await mall.call("auth", "DELETE", f"{SESSIONS}?others=true", token=here["access_token"])).status == 204
    for each in tokens:
        if each is not here:
            await until_refused(mall, "auth", each["access_token"])
    assert len((await listed(mall, here["access_token"]))["items"]) == 1
    assert (await mall.call("auth", "DELETE", f"{SESSIONS}?others=perhaps", token=here["access_token"])).status == 400
    assert (await mall.call("auth", "DELETE", SESSIONS, token=here["access_token"])).status == 204
    await until_refused(mall, "auth", here["access_token"])
    assert len((await listed(mall, ann))["items"]) == 1, "nobody else is touched"


def test_a_session_from_before_times_were_kept_is_shown_without_them() -> None:
    old = Session("s", "ann", access_ends=10.0, refresh_ends=20.0, rotated_at=0.0)
    used = Session("t", "ann", access_ends=10.0, refresh_ends=20.0, rotated_at=5.0)
    page = shown(Page([old, used], None), "t")
    assert [(item.created_at, item.last_used_at) for item in page.items] == [(None, None), (None, rfc3339(5.0))]
    assert used.forget_at == 20.0 + CLOCKS_APART
