"""Roles: given and taken by admins, never by anybody else; somebody is always left who can; and where the first admin comes from."""

import asyncio
from pathlib import Path

import pytest

from contracts.auth_sessions import LastAdmin
from mall.running import free_ports
from mallkit.endpoint import Role
from mallkit.errors import Missing
from mallkit.settings import SettingsError, load
from mallkit.sqlite import open_store
from svc_auth import domain
from svc_auth.domain import Account, Admins
from svc_auth.repository import ADMIN_LIST, ADMINS, KINDS, StoredAccounts, StoredSessions
from svc_auth.settings import Settings
from tests.mallhouse import ADMIN, OPERATOR, SHOPPER, Answer, House, house
from tests.svc_auth.conftest import MANY, until_refused
from tests.svc_auth.test_feed import LIVES

ACCOUNTS, LOGIN, REFRESH = "/api/v1/auth/accounts", "/api/v1/auth/login", "/api/v1/auth/refresh"
FIRST = {"MALL_AUTH_FIRST_ADMIN_EMAIL": "boss@example.org", "MALL_AUTH_FIRST_ADMIN_PASSWORD": "a-password-of-sixteen"}
BOSS = {"email": "boss@example.org", "password": "a-password-of-sixteen"}


async def give(mall: House, user_id: str, role: str, token: str) -> Answer:
    return await mall.call("auth", "PUT", f"{ACCOUNTS}/{user_id}/role", {"role": role}, token=token)


async def admin(mall: House) -> str:
    return str((await mall.login(*ADMIN))["access_token"])


@pytest.mark.requirement(5)
async def test_an_admin_makes_an_operator_and_takes_the_role_again(mall: House) -> None:
    boss, tokens = await admin(mall), await mall.login(*SHOPPER)
    told = await give(mall, tokens["user_id"], "operator", boss)
    assert (told.status, told.json["role"]) == (200, "operator")
    await until_refused(mall, "auth", tokens["access_token"])
    assert (await mall.call("auth", "POST", REFRESH, {"refresh_token": tokens["refresh_token"]})).status == 401
    promoted = (await mall.login(*SHOPPER))["access_token"]
    assert (await mall.call("auth", "GET", "/api/v1/failures", token=promoted)).status == 200
    assert (await give(mall, tokens["user_id"], "customer", boss)).json["role"] == "customer"
    await until_refused(mall, "auth", promoted)
    again = (await mall.login(*SHOPPER))["access_token"]
    assert (await mall.call("auth", "GET", "/api/v1/failures", token=again)).status == 403


async def test_the_role_that_somebody_has_ends_no_session(mall: House) -> None:
    boss, tokens = await admin(mall), await mall.login(*OPERATOR)
    assert (await give(mall, tokens["user_id"], "operator", boss)).status == 200
    assert (await mall.call("auth", "POST", REFRESH, {"refresh_token": tokens["refresh_token"]})).status == 200


@pytest.mark.requirement(5, 11)
async def test_nobody_but_an_admin_gives_roles_and_only_real_ones(mall: House) -> None:
    tokens, operator, boss = await mall.login(*SHOPPER), await mall.token("operator"), await admin(mall)
    for token in (tokens["access_token"], operator):
        refused = await give(mall, tokens["user_id"], "admin", token)
        assert (refused.status, refused.kind) == (403, "forbidden")
        assert (await mall.call("auth", "GET", f"{ACCOUNTS}/{tokens['user_id']}", token=token)).status == 403
    for role in ("service", "anyone", "king", ""):
        bad = await give(mall, tokens["user_id"], role, boss)
        assert (bad.status, bad.json["code"]) == (400, 4001001)
    assert (await give(mall, "nobody", "admin", boss)).status == 404
    assert (await mall.call("auth", "GET", f"{ACCOUNTS}/nobody", token=boss)).status == 404
    seen = (await mall.call("auth", "GET", f"{ACCOUNTS}/{tokens['user_id']}", token=boss)).json
    assert (seen["email"], seen["role"]) == (SHOPPER[0], "customer")


@pytest.mark.requirement(5)
async def test_the_last_admin_cannot_give_up_the_role(mall: House) -> None:
    boss = await mall.login(*ADMIN)
    refused = await give(mall, boss["user_id"], "customer", boss["access_token"])
    assert (refused.status, refused.kind) == (409, "auth/last-admin")
    ann = await mall.token("ann")
    ann_id = (await mall.login("ann@example.org", "password-of-ann"))["user_id"]
    assert (await give(mall, ann_id, "admin", boss["access_token"])).status == 200
    await until_refused(mall, "auth", ann)
    assert (await give(mall, boss["user_id"], "customer", boss["access_token"])).status == 200
    await until_refused(mall, "auth", boss["access_token"])


@pytest.mark.parametrize("attempt", range(5))
async def test_of_two_admins_who_demote_each_other_at_once_one_stays(tmp_path: Path, attempt: int) -> None:
    path = tmp_path / f"auth{attempt}.db"
    async with open_store(path, KINDS) as one, open_store(path, KINDS) as other:
        copies = StoredAccounts(one), StoredAccounts(other)
        for name in ("ann", "bob"):
            await copies[0].open(Account(name, f"{name}@example.org", name, Role.ADMIN, "no hash", 0.0))
        wishes = [copies[n].give_role(name, Role.CUSTOMER) for n, name in enumerate(("ann", "bob"))]
        outcomes = await asyncio.gather(*wishes, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Account", "LastAdmin"]
        roles = [(await copies[0].get(name)).role for name in ("ann", "bob")]
        assert sorted(roles) == [Role.ADMIN, Role.CUSTOMER]
        assert len((await one[ADMINS].get(ADMIN_LIST)).ids) == 1


async def test_an_account_that_is_not_there_comes_into_no_list(tmp_path: Path) -> None:
    async with open_store(tmp_path / "auth.db", KINDS) as store:
        with pytest.raises(Missing):
            await StoredAccounts(store).give_role("nobody", Role.ADMIN)
        assert not await StoredAccounts(store).has_admin()


async def test_the_last_admin_may_close_the_account(tmp_path: Path) -> None:
    async with open_store(tmp_path / "auth.db", KINDS) as store:
        accounts = StoredAccounts(store)
        await accounts.open(Account("ann", "ann@example.org", "Ann", Role.ADMIN, "no hash", 0.0))
        await accounts.close("ann")
        assert not await accounts.has_admin()


async def test_a_session_that_begins_while_the_role_changes_has_the_new_role_or_ends(tmp_path: Path) -> None:
    async with open_store(tmp_path / "auth.db", KINDS) as store:
        accounts, sessions = StoredAccounts(store), StoredSessions(store, LIVES)
        await accounts.open(Account("ann", "ann@example.org", "Ann", Role.OPERATOR, "no hash", 0.0))

        async def begin(number: int) -> tuple[Account, domain.Session]:
            session = domain.start(f"s{number:02}", "ann", 1000.0, LIVES)
            return await sessions.start(session, lambda found: domain.enter(found, "no hash", "mark"))

        *begun, demoted = await asyncio.gather(*(begin(n) for n in range(20)), accounts.give_role("ann", Role.CUSTOMER))
        assert isinstance(demoted, Account)
        for outcome in begun:
            assert isinstance(outcome, tuple)
            account, session = outcome
            assert (session.generation < demoted.generation) == (account.role is Role.OPERATOR)


def test_a_list_of_admins_changes_only_where_it_must() -> None:
    two = Admins("admins", ("ann", "bob"))
    assert two.with_role("ann", Role.ADMIN) is two
    assert two.with_role("eve", Role.CUSTOMER) is two
    assert two.with_role("ann", Role.OPERATOR).ids == ("bob",)
    with pytest.raises(LastAdmin):
        two.with_role("ann", Role.OPERATOR).with_role("bob", Role.CUSTOMER)


async def test_outside_dev_the_settings_open_the_first_admins_account_once(tmp_path: Path) -> None:
    async with house(tmp_path, "bank", env="test", MALL_AUTH_TRIES_PER_ADDRESS=MANY, **FIRST) as mall:
        mall.ports["auth2"] = free_ports(1)[0]
        await asyncio.gather(mall.open("auth"), mall.open("auth", mall.ports["auth2"]))
        await mall.until_ready("auth", "auth2")
        tokens = (await mall.call("auth", "POST", LOGIN, BOSS)).json
        assert (await mall.call("auth2", "GET", f"{ACCOUNTS}/{tokens['user_id']}", token=tokens["access_token"])).json["role"] == "admin"
        changed = {"old_password": BOSS["password"], "new_password": "known-to-me-alone"}
        assert (await mall.call("auth", "PUT", "/api/v1/auth/password", changed, token=tokens["access_token"])).status == 204
    other = FIRST | {"MALL_AUTH_FIRST_ADMIN_EMAIL": "other@example.org"}
    for settings in (FIRST, other):
        async with house(tmp_path, "auth", env="test", MALL_AUTH_TRIES_PER_ADDRESS=MANY, **settings) as mall:
            assert (await mall.call("auth", "POST", LOGIN, BOSS)).status == 401, "the setting is no way back in"
            late = {"email": "other@example.org", "password": BOSS["password"]}
            assert (await mall.call("auth", "POST", LOGIN, late)).status == 401, "there is an admin"
            await mall.login(BOSS["email"], "known-to-me-alone")


async def test_whoever_registered_the_first_admins_address_becomes_none(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", env="test") as mall:
        stranger = BOSS | {"password": "of-a-stranger", "name": "Stranger"}
        assert (await mall.call("auth", "POST", "/api/v1/auth/register", stranger)).status == 201
    async with house(tmp_path, "auth", env="test", **FIRST) as mall:
        token = (await mall.login(BOSS["email"], "of-a-stranger"))["access_token"]
        assert (await mall.call("auth", "GET", f"{ACCOUNTS}/nobody", token=token)).status == 403
        assert (await mall.call("auth", "POST", LOGIN, BOSS)).status == 401
    async with open_store(tmp_path / "auth.db", KINDS) as store:
        assert not await StoredAccounts(store).has_admin()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"MALL_AUTH_FIRST_ADMIN_EMAIL": "boss@example.org"}, "give both or neither"),
        ({"MALL_AUTH_FIRST_ADMIN_PASSWORD": "a-password-of-sixteen"}, "give both or neither"),
        (FIRST | {"MALL_AUTH_FIRST_ADMIN_PASSWORD": "short"}, "at least 16 characters"),
    ],
)
def test_half_a_first_admin_stops_the_start(given: dict[str, str], told: str) -> None:
    environ = {"MALL_ENV": "test", "MALL_AUTH_CLIENT_SECRET": "c" * 20, "MALL_FINGERPRINT_KEY": "f" * 20}
    environ |= {"MALL_AUTH_REFRESH_KEY": "r" * 20, "MALL_AUTH_CLIENTS": "cart=" + "s" * 20}
    with pytest.raises(SettingsError, match=told):
        load(Settings, "auth", environ | given)


async def test_a_first_admin_without_an_address_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MALL_AUTH_FIRST_ADMIN_EMAIL is no e-mail address"):
        async with house(tmp_path, "auth", env="test", **FIRST | {"MALL_AUTH_FIRST_ADMIN_EMAIL": "boss"}):
            pass
