"""Refreshing and logging out, over HTTP."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.mallhouse import SHOPPER, House, house
from tests.svc_auth.conftest import MANY, until_refused

REFRESH, LOGOUT = "/api/v1/auth/refresh", "/api/v1/auth/logout"


async def refresh(mall: House, token: str) -> tuple[int, Any]:
    answer = await mall.call("auth", "POST", REFRESH, {"refresh_token": token})
    return answer.status, answer.json


@pytest.mark.requirement(4, 10)
async def test_a_lost_answer_logs_nobody_out(mall: House) -> None:
    first = await mall.login(*SHOPPER)
    status, lost = await refresh(mall, first["refresh_token"])
    assert status == 200
    assert lost["refresh_token"] != first["refresh_token"]
    status, again = await refresh(mall, first["refresh_token"])
    assert (status, again["refresh_token"]) == (200, lost["refresh_token"])
    assert (await refresh(mall, again["refresh_token"]))[0] == 200


@pytest.mark.requirement(10)
async def test_ten_refreshes_at_once_with_one_token_get_one_successor(mall: House) -> None:
    first = await mall.login(*SHOPPER)
    answers = await asyncio.gather(*(refresh(mall, first["refresh_token"]) for _ in range(10)))
    assert {status for status, _ in answers} == {200}
    assert len({body["refresh_token"] for _, body in answers}) == 1


@pytest.mark.requirement(10)
async def test_reuse_revokes_the_family_for_thief_and_owner(mall: House) -> None:
    stolen = await mall.login(*SHOPPER)
    _, second = await refresh(mall, stolen["refresh_token"])
    _, third = await refresh(mall, second["refresh_token"])
    status, refused = await refresh(mall, stolen["refresh_token"])
    assert (status, refused["code"]) == (401, 4001004)
    assert (await refresh(mall, third["refresh_token"]))[0] == 401
    assert (await refresh(mall, second["refresh_token"]))[0] == 401
    for tokens in (stolen, second, third):
        await until_refused(mall, "auth", tokens["access_token"])


@pytest.mark.requirement(10)
async def test_repeating_after_the_grace_revokes_the_family(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", MALL_AUTH_GRACE_SECONDS="0", MALL_AUTH_TRIES_PER_ADDRESS=MANY) as mall:
        first = await mall.login(*SHOPPER)
        _, second = await refresh(mall, first["refresh_token"])
        assert (await refresh(mall, first["refresh_token"]))[0] == 401
        assert (await refresh(mall, second["refresh_token"]))[0] == 401


@pytest.mark.requirement(3)
async def test_after_logout_neither_token_works(mall: House) -> None:
    tokens = await mall.login(*SHOPPER)
    other = await mall.login(*SHOPPER)
    assert (await mall.call("auth", "POST", LOGOUT, token=tokens["access_token"])).status == 204
    assert (await refresh(mall, tokens["refresh_token"]))[0] == 401
    await until_refused(mall, "auth", tokens["access_token"])
    assert (await refresh(mall, other["refresh_token"]))[0] == 200, "another session of the same person goes on"


@pytest.mark.requirement(3)
async def test_logout_ends_the_session_of_a_refresh_token_of_the_same_person(mall: House) -> None:
    here, there = await mall.login(*SHOPPER), await mall.login(*SHOPPER)
    answer = await mall.call("auth", "POST", LOGOUT, {"refresh_token": there["refresh_token"]}, token=here["access_token"])
    assert answer.status == 204
    assert (await refresh(mall, there["refresh_token"]))[0] == 401
    await until_refused(mall, "auth", there["access_token"])
    await until_refused(mall, "auth", here["access_token"])


@pytest.mark.requirement(3, 5)
async def test_logout_ends_nobody_elses_session(mall: House) -> None:
    mine = await mall.login(*SHOPPER)
    await mall.token("ann")
    hers = await mall.login("ann@example.org", "password-of-ann")
    sent = {"refresh_token": hers["refresh_token"]}
    assert (await mall.call("auth", "POST", LOGOUT, sent, token=mine["access_token"])).status == 204
    assert (await refresh(mall, hers["refresh_token"]))[0] == 200


@pytest.mark.requirement(11)
@pytest.mark.parametrize(
    "body", [{}, {"refresh_token": ""}, {"refresh_token": 1}, {"refresh_token": "x", "more": 1}, {"refresh_token": "x" * 5000}]
)
async def test_a_refresh_that_is_none_has_its_number(mall: House, body: object) -> None:
    answer = await mall.call("auth", "POST", REFRESH, body)
    assert (answer.status, answer.json["code"]) == (400, 4001001)


@pytest.mark.requirement(10)
async def test_sessions_survive_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path, "auth") as mall:
        tokens = await mall.login(*SHOPPER)
    async with house(tmp_path, "auth") as mall:
        assert (await refresh(mall, tokens["refresh_token"]))[0] == 200
        assert (await mall.call("auth", "POST", LOGOUT, token=tokens["access_token"])).status == 204
    async with house(tmp_path, "auth") as mall:
        look = await mall.call("auth", "GET", "/internal/revocations", token=tokens["access_token"])
        assert look.status == 401, "the feed is read before the service is ready"
        assert (await refresh(mall, tokens["refresh_token"]))[0] == 401
