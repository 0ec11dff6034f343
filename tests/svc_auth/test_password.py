"""Changing the password: who knows the old one may, and every other session ends."""

import asyncio
from pathlib import Path

import pytest

from contracts.auth import WrongCredentials
from mallkit.endpoint import Role
from mallkit.errors import Unauthenticated
from mallkit.sqlite import open_store
from svc_auth import domain
from svc_auth.domain import Account
from svc_auth.repository import ACCOUNTS, KINDS, SESSIONS, StoredAccounts, StoredSessions
from tests.mallhouse import SHOPPER, Answer, House, house
from tests.svc_auth.conftest import MANY, until_refused
from tests.svc_auth.test_feed import ANN, LIVES

PASSWORD, REFRESH, LOGIN = "/api/v1/auth/password", "/api/v1/auth/refresh", "/api/v1/auth/login"
NEW = "another-password-1"


async def change(mall: House, token: str, old: str, new: str = NEW) -> Answer:
    return await mall.call("auth", "PUT", PASSWORD, {"old_password": old, "new_password": new}, token=token)


@pytest.mark.requirement(9, 10)
async def test_the_new_password_is_the_only_one_and_all_other_sessions_end(mall: House) -> None:
    here, there = await mall.login(*SHOPPER), await mall.login(*SHOPPER)
    assert (await change(mall, here["access_token"], SHOPPER[1])).status == 204
    assert (await mall.call("auth", "POST", LOGIN, {"email": SHOPPER[0], "password": SHOPPER[1]})).status == 401
    await mall.login(SHOPPER[0], NEW)
    await until_refused(mall, "auth", there["access_token"])
    assert (await mall.call("auth", "POST", REFRESH, {"refresh_token": there["refresh_token"]})).status == 401
    refreshed = await mall.call("auth", "POST", REFRESH, {"refresh_token": here["refresh_token"]})
    assert refreshed.status == 200, "the session that asked lives on"
    assert (await change(mall, refreshed.json["access_token"], NEW, "a-third-password")).status == 204
    files = [file.read_bytes() for file in mall.folder.glob("auth.db*")]
    assert [word for word in (NEW, "a-third-password") if any(word.encode() in file for file in files)] == []


@pytest.mark.requirement(11)
async def test_a_wrong_old_password_changes_nothing_and_is_limited_like_a_login(mall: House) -> None:
    here, there = (await mall.login(*SHOPPER))["access_token"], (await mall.login(*SHOPPER))["access_token"]
    for _ in range(10):
        wrong = await change(mall, here, "wrong")
        assert (wrong.status, wrong.json["code"], wrong.kind) == (401, 4001003, "auth/wrong-credentials")
    limited = await change(mall, here, SHOPPER[1])
    assert (limited.status, limited.json["code"]) == (429, 4001005)
    assert (await change(mall, there, SHOPPER[1])).status == 204, "whoever holds one session cannot keep its owner from it in another"


@pytest.mark.requirement(11)
@pytest.mark.parametrize("body", [{}, {"old_password": SHOPPER[1]}, {"old_password": SHOPPER[1], "new_password": "short"}])
async def test_a_change_that_is_none(mall: House, body: dict[str, str]) -> None:
    token = (await mall.login(*SHOPPER))["access_token"]
    answer = await mall.call("auth", "PUT", PASSWORD, body, token=token)
    assert (answer.status, answer.json["code"]) == (400, 4001001)
    await mall.login(*SHOPPER)


async def test_of_two_changes_at_once_one_wins(mall: House) -> None:
    tokens = [(await mall.login(*SHOPPER))["access_token"] for _ in range(2)]
    answers = await asyncio.gather(*(change(mall, token, SHOPPER[1], f"{NEW}-{n}") for n, token in enumerate(tokens)))
    assert sorted(answer.status for answer in answers) == [204, 401]
    winner = next(n for n, answer in enumerate(answers) if answer.status == 204)
    await mall.login(SHOPPER[0], f"{NEW}-{winner}")


def with_new_password(account: Account) -> Account:
    return domain.change_password(account, "no hash", "another hash", "mark")


@pytest.mark.requirement(10)
async def test_no_session_that_began_with_the_old_password_outlives_a_crash_after_the_change(tmp_path: Path) -> None:
    """The process dies between the change and the ending: the next one's job ends what is owed, and nothing else."""
    async with open_store(tmp_path / "auth.db", KINDS) as store:
        accounts, sessions = StoredAccounts(store), StoredSessions(store, LIVES)
        now = 1_000_000_000.0
        account = domain.Account("ann", "ann@example.org", "Ann", Role.CUSTOMER, "no hash", now)
        await accounts.open(account)
        begun = [domain.start(f"s{n}", "ann", 32_000_000_000.0, LIVES) for n in range(3)]
        for session in begun:
            await sessions.start(session, lambda found: domain.enter(found, "no hash", "mark"))
        await accounts.change_password("ann", with_new_password, "s0", now)
        await sessions.start(domain.start("s9", "ann", 32_000_000_000.0, LIVES), lambda found: domain.enter(found, "another hash", "mark"))
    async with house(tmp_path, "auth", MALL_AUTH_TRIES_PER_ADDRESS=MANY), open_store(tmp_path / "auth.db", KINDS) as store:
        async with asyncio.timeout(10):
            while (await store[ACCOUNTS].get("ann")).owes_ending:
                await asyncio.sleep(0.02)
        living = await store[SESSIONS].find({"user_id": "ann", "place": 0})
        assert [session.id for session in living.items] == ["s0", "s9"]


async def test_a_session_that_has_ended_changes_no_password(tmp_path: Path) -> None:
    async with open_store(tmp_path / "auth.db", KINDS) as store:
        await store[ACCOUNTS].add(ANN)
        accounts, sessions = StoredAccounts(store), StoredSessions(store, LIVES)
        await sessions.start(domain.start("s0", "ann", 1000.0, LIVES), lambda found: found)
        await sessions.end("s0", 1001.0)
        for session_id in ("s0", "unknown"):
            with pytest.raises(Unauthenticated):
                await accounts.change_password("ann", with_new_password, session_id, 1002.0)
        assert (await accounts.get("ann")) == ANN


async def test_a_login_that_was_checked_before_the_change_starts_no_session(tmp_path: Path) -> None:
    async with open_store(tmp_path / "auth.db", KINDS) as store:
        await store[ACCOUNTS].add(ANN)
        accounts, sessions = StoredAccounts(store), StoredSessions(store, LIVES)
        await sessions.start(domain.start("s0", "ann", 1000.0, LIVES), lambda found: found)
        await accounts.change_password("ann", with_new_password, "s0", 1001.0)
        with pytest.raises(WrongCredentials):
            await sessions.start(domain.start("s1", "ann", 1002.0, LIVES), lambda found: domain.enter(found, ANN.password_hash, "mark"))
        assert await store[SESSIONS].count() == 1
