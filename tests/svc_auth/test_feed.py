"""Revocation: the feed passes over nothing, and every copy of every service follows it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.auth import WrongCredentials
from mall.running import free_ports
from mallkit.endpoint import Role
from mallkit.sqlite import open_store
from mallkit.store import Store
from svc_auth import domain
from svc_auth.domain import CLOCKS_APART, Account, Lives
from svc_auth.issuer import OwnIssuer
from svc_auth.keyring import KeyRing
from svc_auth.repository import ACCOUNTS, KINDS, SESSIONS, StoredAccounts, StoredSessions
from tests.mallhouse import SHOPPER, House
from tests.svc_auth.conftest import SIGNING, until_refused

LIVES = Lives(access=900, refresh=3600, grace=10)
ME, LOGOUT = "/api/v1/users/me", "/api/v1/auth/logout"
ANN = Account("ann", "ann@example.org", "Ann", Role.CUSTOMER, "no hash", 0.0)


@asynccontextmanager
async def copies(folder: Path, sessions: int) -> AsyncIterator[tuple[Store, Store]]:
    """Two copies of auth's store on one file, each with its own writer, holding s0, s1, … of ann."""
    async with open_store(folder / "auth.db", KINDS) as one, open_store(folder / "auth.db", KINDS) as other:
        await one[ACCOUNTS].add(ANN)
        await one.together(*(one[SESSIONS].adding(domain.start(f"s{i}", "ann", 1000.0, LIVES)) for i in range(sessions)))
        yield one, other


async def follow(sessions: StoredSessions, expected: int) -> list[str]:
    """What somebody hears who polls with a cursor while others write."""
    heard: list[str] = []
    after = 0
    async with asyncio.timeout(20):
        while len(heard) < expected:
            page = await sessions.feed(after)
            heard += [session.id for session in page]
            after = page[-1].place if page else after
            await asyncio.sleep(0)
    return heard


async def revoke(folder: Path, names: list[str]) -> None:
    """A copy of its own, in a thread of its own, that revokes eight sessions at a time."""
    waiting = iter(names)
    async with open_store(folder / "auth.db", KINDS) as store:
        sessions = StoredSessions(store, LIVES)

        async def work() -> None:
            for name in waiting:
                await sessions.end(name, 1000.0)

        await asyncio.gather(*(work() for _ in range(8)))


def run_copy(folder: Path, names: list[str]) -> None:
    asyncio.run(revoke(folder, names))


@pytest.mark.requirement(3, 10)
async def test_no_follower_misses_one_of_500_revocations_that_two_copies_write_at_once(tmp_path: Path) -> None:
    names = [f"s{i}" for i in range(500)]
    async with copies(tmp_path, 500) as stores:
        followers = [asyncio.create_task(follow(StoredSessions(store, LIVES), 500)) for store in stores]
        halves = (names[::2], names[1::2])
        await asyncio.gather(*(asyncio.to_thread(run_copy, tmp_path, half) for half in halves))
        for follower in followers:
            heard = await follower
            assert len(heard) == 500
            assert set(heard) == set(names)


async def test_the_whole_living_set_comes_in_pages(tmp_path: Path) -> None:
    async with copies(tmp_path, 1200) as (store, _):
        sessions = StoredSessions(store, LIVES)
        await asyncio.gather(*(sessions.end(f"s{i}", 1000.0) for i in range(1200)))
        assert len(await sessions.feed(0)) == 1000
        assert len(await follow(sessions, 1200)) == 1200
        issuer = OwnIssuer(sessions, KeyRing(SIGNING, (), 900), 900)
        first = await issuer.revoked(0)
        second = await issuer.revoked(first.next)
        last = await issuer.revoked(second.next)
        assert (len(first.sessions), len(second.sessions), len(last.sessions)) == (1000, 200, 0)
        assert last.next == second.next


async def test_revoking_twice_and_from_both_copies_gives_one_entry(tmp_path: Path) -> None:
    async with copies(tmp_path, 1) as stores:
        writers = [StoredSessions(store, LIVES) for store in stores]
        await asyncio.gather(*(writers[i % 2].end("s0", 1000.0 + i) for i in range(20)))
        assert len(await writers[0].feed(0)) == 1


async def test_an_unknown_session_is_revoked_only_when_its_token_says_until_when(tmp_path: Path) -> None:
    async with copies(tmp_path, 0) as (store, _):
        sessions = StoredSessions(store, LIVES)
        await sessions.end("lost", 1000.0)
        assert await sessions.feed(0) == []
        await sessions.end("lost", 1000.0, domain.Session("lost", "ann", access_ends=1500.0, refresh_ends=1500.0))
        assert [(entry.id, entry.forget_at) for entry in await sessions.feed(0)] == [("lost", 1500.0 + CLOCKS_APART)]


@pytest.mark.requirement(8, 10)
async def test_an_entry_stays_until_the_longest_access_token_has_expired(tmp_path: Path) -> None:
    async with copies(tmp_path, 3) as (store, _):
        sessions = StoredSessions(store, LIVES)
        await sessions.rotate("s1", 1, 1500.0)
        for name in ("s0", "s1"):
            await sessions.end(name, 1600.0)
        await sessions.purge(1900.0 + CLOCKS_APART)
        assert {entry.id for entry in await sessions.feed(0)} == {"s0", "s1"}
        await sessions.purge(1901.0 + CLOCKS_APART)
        assert {entry.id for entry in await sessions.feed(0)} == {"s1"}, "s1 has a token of 1500"
        await sessions.purge(2401.0 + CLOCKS_APART)
        assert await sessions.feed(0) == []
        assert await sessions.owner("s2") == "ann", "a living session stays as long as it can be refreshed"
        await sessions.purge(4601.0 + CLOCKS_APART)
        assert await sessions.owner("s2") == ""


@pytest.mark.requirement(10)
async def test_no_login_slips_through_while_the_account_is_closed(tmp_path: Path) -> None:
    async with copies(tmp_path, 30) as (store, other):
        accounts, sessions = StoredAccounts(store), StoredSessions(store, LIVES)
        late = StoredSessions(other, LIVES)

        async def close() -> None:
            await accounts.close("ann")
            await sessions.end_all("ann", 1000.0, lambda _: True)

        def entered(account: Account) -> Account:
            return domain.enter(account, account.password_hash, "mark")

        logins = [late.start(domain.start(f"late{i}", "ann", 1000.0, LIVES), entered) for i in range(50)]
        outcomes = await asyncio.gather(*logins[:25], close(), *logins[25:], return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {type(None), tuple, WrongCredentials}
        with pytest.raises(WrongCredentials):
            await sessions.start(domain.start("after", "ann", 1000.0, LIVES), entered)
        assert await store[SESSIONS].count({"user_id": "ann", "place": 0}) == 0
        assert len(await sessions.feed(0)) == 30 + sum(isinstance(outcome, tuple) for outcome in outcomes)


@pytest.mark.requirement(3, 6, 10)
async def test_logout_reaches_both_copies_of_a_service_though_one_never_saw_the_token(mall_with_user: House) -> None:
    mall = mall_with_user
    for copy in ("user", "auth"):
        mall.ports[f"{copy}2"] = free_ports(1)[0]
        await mall.open(copy, mall.ports[f"{copy}2"])
    await mall.until_ready("user2", "auth2")
    token = (await mall.login(*SHOPPER))["access_token"]
    assert (await mall.call("user", "GET", ME, token=token)).status == 200
    assert (await mall.call("auth2", "POST", LOGOUT, token=token)).status == 204
    for copy in ("user", "user2", "auth", "auth2"):
        await until_refused(mall, copy, token)


async def service_token(mall: House) -> str:
    sent = {"service": "user", "secret": mall.environ["MALL_USER_CLIENT_SECRET"]}
    return str((await mall.call("auth", "POST", "/internal/service-token", sent)).json["access_token"])


@pytest.mark.requirement(3, 10)
async def test_a_service_reads_on_from_where_it_was(mall: House) -> None:
    service, path = await service_token(mall), "/internal/revocations"
    empty = await mall.call("auth", "GET", path, token=service)
    kids = [key["kid"] for key in (await mall.call("auth", "GET", "/.well-known/jwks.json")).json["keys"]]
    assert empty.json == {"items": [], "next": 0, "kids": kids}
    for _ in range(2):
        before = (await mall.call("auth", "GET", path, token=service)).json["next"]
        await mall.call("auth", "POST", LOGOUT, token=(await mall.login(*SHOPPER))["access_token"])
        page = (await mall.call("auth", "GET", f"{path}?after={before}", token=service)).json
        assert len(page["items"]) == 1
        assert page["next"] > before
        end = await mall.call("auth", "GET", f"{path}?after={page['next']}", token=service)
        assert end.json == {"items": [], "next": page["next"], "kids": kids}
    assert len((await mall.call("auth", "GET", path, token=service)).json["items"]) == 2
    assert (await mall.call("auth", "GET", f"{path}?after=-1", token=service)).status == 400


@pytest.mark.requirement(10)
async def test_closing_an_account_ends_its_sessions_frees_its_address_and_may_be_repeated(mall: House) -> None:
    service = await service_token(mall)
    sessions = [await mall.login(*SHOPPER) for _ in range(3)]
    close = f"/internal/accounts/{sessions[0]['user_id']}/close"
    assert [(await mall.call("auth", "POST", close, token=service)).status for _ in range(2)] == [204, 204]
    assert (await mall.call("auth", "GET", close.removesuffix("/close"), token=service)).status == 404
    wish = {"email": SHOPPER[0], "password": SHOPPER[1]}
    assert (await mall.call("auth", "POST", "/api/v1/auth/login", wish)).status == 401
    for tokens in sessions:
        refreshed = await mall.call("auth", "POST", "/api/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]})
        assert refreshed.status == 401
        await until_refused(mall, "auth", tokens["access_token"])
    again = await mall.call("auth", "POST", "/api/v1/auth/register", {**wish, "name": "Another"})
    assert again.status == 201
    assert again.json["user_id"] != sessions[0]["user_id"]


def test_an_ended_session_is_never_alive_again() -> None:
    session = replace(domain.start("s", "ann", 1000.0, LIVES), place=5)
    assert domain.end(session, 9).place == 5
