"""Profiles over HTTP, beside the real auth service."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from mall.running import free_ports
from mallkit.settings import load
from mallkit.sqlite import open_store
from svc_user.domain import KEEPERS, Profile
from svc_user.repository import PROFILES
from svc_user.settings import Settings
from tests.mallhouse import House, house

ME = "/api/v1/users/me"
ANN = ("ann@example.org", "password-of-ann")


@pytest.fixture
async def mall(tmp_path: Path) -> AsyncIterator[House]:
    """Auth and user, whose job does not come to help."""
    async with house(tmp_path, "auth", "user", MALL_USER_CLOSING_SECONDS="600") as running:
        yield running


async def kept(folder: Path) -> list[Profile]:
    """Everything in the user service's store."""
    async with open_store(folder / "user.db", (PROFILES,)) as store:
        return (await store[PROFILES].find()).items


@pytest.mark.requirement(14, 15, 16)
async def test_the_profile_is_made_from_the_account_on_the_first_look(mall: House) -> None:
    token = await mall.token("ann")
    answer = await mall.call("user", "GET", ME, token=token)
    assert answer.status == 200
    assert answer.json["user_id"] == (await mall.login(*ANN))["user_id"]
    assert (answer.json["email"], answer.json["name"], answer.json["phone"]) == ("ann@example.org", "ann", "")
    assert answer.json["created_at"] == answer.json["updated_at"]
    assert (await mall.call("user", "GET", ME, token=token)).json == answer.json


@pytest.mark.requirement(15)
async def test_looks_at_two_copies_at_once_make_one_profile(mall: House) -> None:
    mall.ports["user2"] = free_ports(1)[0]
    await mall.open("user", mall.ports["user2"])
    await mall.until_ready("user2")
    token = await mall.token("ann")
    answers = await asyncio.gather(*(mall.call(f"user{'2' * (i % 2)}", "GET", ME, token=token) for i in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len(await kept(mall.folder)) == 1


@pytest.mark.requirement(15, 16)
async def test_only_what_is_sent_changes(mall: House) -> None:
    token = await mall.token("ann")
    first = await mall.call("user", "PATCH", ME, {"phone": "+44 20 7946 0000", "locale": "en-GB"}, token=token)
    assert first.status == 200
    second = await mall.call("user", "PATCH", ME, {"name": "Ann Lee 李安"}, token=token)
    profile = (await mall.call("user", "GET", ME, token=token)).json
    assert profile == second.json
    assert (profile["name"], profile["phone"], profile["locale"]) == ("Ann Lee 李安", "+44 20 7946 0000", "en-GB")
    assert profile["updated_at"] > profile["created_at"]
    cleared = await mall.call("user", "PATCH", ME, {"phone": ""}, token=token)
    assert (cleared.status, cleared.json["phone"]) == (200, "")


@pytest.mark.requirement(15)
async def test_an_empty_change_changes_nothing(mall: House) -> None:
    token = await mall.token("ann")
    before = (await mall.call("user", "GET", ME, token=token)).json
    for answer in (await mall.call("user", "PATCH", ME, {}, token=token), await mall.call("user", "PATCH", ME, token=token, data=b"")):
        assert (answer.status, answer.json) == (200, before)


@pytest.mark.requirement(15)
@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": None},
        {"name": "x" * 201},
        {"phone": "call me"},
        {"phone": "123\n"},
        {"locale": "english"},
        {"email": "new@example.org"},
        {"user_id": "bob"},
        {"gone": True},
        ["name"],
        "name",
    ],
)
async def test_a_change_that_does_not_fit_is_refused_and_changes_nothing(mall: House, body: object) -> None:
    token = await mall.token("ann")
    before = (await mall.call("user", "GET", ME, token=token)).json
    answer = await mall.call("user", "PATCH", ME, body, token=token)
    assert (answer.status, answer.kind) == (400, "bad-request")
    assert (await mall.call("user", "GET", ME, token=token)).json == before


@pytest.mark.requirement(14)
async def test_without_a_token_nobody_has_a_profile(mall: House) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        assert (await mall.call("user", method, ME, {} if method == "PATCH" else None)).status == 401
    assert await kept(mall.folder) == []


@pytest.mark.requirement(17)
@pytest.mark.parametrize("looked_before", [True, False])
async def test_a_deleted_person_is_gone_here_and_at_auth(mall: House, *, looked_before: bool) -> None:
    token = await mall.token("ann")
    if looked_before:
        assert (await mall.call("user", "GET", ME, token=token)).status == 200
    assert (await mall.call("user", "DELETE", ME, token=token)).status == 204
    began = time.monotonic()
    while (answer := await mall.call("user", "GET", ME, token=token)).status != 401:
        assert (answer.status, answer.kind) == (404, "not-found"), "a token that still lives finds nobody"
        assert time.monotonic() - began < 10
        await asyncio.sleep(0.02)
    login = await mall.call("auth", "POST", "/api/v1/auth/login", {"email": ANN[0], "password": ANN[1]})
    assert login.status == 401
    wish = {"email": ANN[0], "password": ANN[1], "name": "Ann"}
    assert (await mall.call("auth", "POST", "/api/v1/auth/register", wish)).status == 201, "the address is free again"
    (tombstone,) = await kept(mall.folder)
    assert tombstone.owes == KEEPERS[1:], "the others are not there to forget"
    assert replace(tombstone, closing=False, owes=(), buried=0, closed=0, due=0) == Profile(tombstone.id, gone=True)
    new = await mall.call("user", "GET", ME, token=(await mall.login(*ANN))["access_token"])
    assert (new.status, new.json["name"]) == (200, "Ann")


@pytest.mark.requirement(17)
async def test_looks_and_changes_at_once_never_bring_a_deleted_profile_back(mall: House) -> None:
    for person in ("ann", "bob", "eve"):
        token = await mall.token(person)
        calls = [mall.call("user", *("GET", ME) if i % 2 else ("PATCH", ME, {"name": "back"}), token=token) for i in range(20)]
        calls.insert(7, mall.call("user", "DELETE", ME, token=token))
        answers = await asyncio.gather(*calls)
        assert {answer.status for answer in answers} <= {200, 204, 401, 404}
        assert answers[7].status == 204
    assert [profile for profile in await kept(mall.folder) if not profile.gone or profile.name] == []


@pytest.mark.requirement(17)
async def test_an_account_is_closed_as_soon_as_auth_is_back(tmp_path: Path) -> None:
    async with house(tmp_path, "bank", MALL_USER_CLOSING_SECONDS="0.1") as mall:
        auth, _ = await mall.open("auth"), await mall.open("user")
        await mall.until_ready("auth", "user")
        token = await mall.token("ann")
        assert (await mall.call("user", "GET", ME, token=token)).status == 200
        await auth.cleanup()
        answer = await mall.call("user", "DELETE", ME, token=token)
        assert answer.status == 204
        assert (await mall.call("user", "DELETE", ME, token=token)).status == 204, "a repeated request gets the same answer"
        assert (await mall.call("user", "GET", ME, token=token)).status == 404
        assert [profile.owes for profile in await kept(tmp_path)] == [KEEPERS]
        await mall.open("auth")
        began = time.monotonic()
        while (await mall.call("user", "GET", ME, token=token)).status != 401:
            assert time.monotonic() - began < 20
            await asyncio.sleep(0.02)
        login = await mall.call("auth", "POST", "/api/v1/auth/login", {"email": ANN[0], "password": ANN[1]})
        assert login.status == 401
        while any(profile.owes == KEEPERS for profile in await kept(tmp_path)):
            assert time.monotonic() - began < 20
            await asyncio.sleep(0.02)


async def test_a_profile_needs_auth_only_once(tmp_path: Path) -> None:
    async with house(tmp_path, "bank") as mall:
        auth, _ = await mall.open("auth"), await mall.open("user")
        await mall.until_ready("auth", "user")
        known, new = await mall.token("ann"), await mall.token("bob")
        assert (await mall.call("user", "GET", ME, token=known)).status == 200
        await auth.cleanup()
        assert (await mall.call("user", "GET", ME, token=known)).status == 200
        answer = await mall.call("user", "GET", ME, token=new, headers={"Mall-Deadline-Ms": "500"})
        assert answer.status in (503, 504)
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.requirement(18)
def test_user_listens_on_8001() -> None:
    environ = {"MALL_ENV": "dev", "MALL_USER_CLIENT_SECRET": "c" * 20, "MALL_FINGERPRINT_KEY": "f" * 20}
    assert load(Settings, "user", environ).port == 8001
