"""Registering, logging in, the demo accounts, and closing an account."""

import asyncio
from pathlib import Path

import argon2
import pytest

from mall.running import free_ports
from mallkit.settings import SettingsError, load
from mallkit.sqlite import open_store
from svc_auth.domain import Account
from svc_auth.passwords import NOBODY
from svc_auth.repository import KINDS, StoredAccounts
from svc_auth.settings import Settings
from tests.mallhouse import OPERATOR, SHOPPER, House, house

ANN = {"email": "Ann@Example.org", "password": "correct-horse-1", "name": "Ann"}
LOGIN = {"email": "ann@example.ORG", "password": "correct-horse-1"}
REGISTER_PATH, LOGIN_PATH = "/api/v1/auth/register", "/api/v1/auth/login"


async def kept(folder: Path, email: str) -> Account | None:
    """The account as it lies in the store."""
    async with open_store(folder / "auth.db", KINDS) as store:
        return await StoredAccounts(store).at(email)


@pytest.mark.requirement(1, 2)
async def test_who_registered_can_log_in_whatever_the_case_of_the_address(mall: House) -> None:
    opened = await mall.call("auth", "POST", REGISTER_PATH, ANN)
    assert opened.status == 201
    tokens = await mall.call("auth", "POST", LOGIN_PATH, LOGIN)
    assert tokens.status == 200
    assert tokens.json["user_id"] == opened.json["user_id"]
    assert (tokens.json["token_type"], tokens.json["expires_in"]) == ("Bearer", 900)


@pytest.mark.requirement(1)
async def test_of_twenty_registrations_at_once_one_wins(mall: House) -> None:
    spellings = [{**ANN, "email": "".join(c.upper() if i >> k & 1 else c for k, c in enumerate("ann@example.org"))} for i in range(20)]
    answers = await asyncio.gather(*(mall.call("auth", "POST", REGISTER_PATH, wish) for wish in spellings))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 19
    losers = [answer.json for answer in answers if answer.status == 409]
    assert {(body["code"], body["type"], body["service"]) for body in losers} == {(4001002, "/problems/auth/email-taken", "auth")}


@pytest.mark.requirement(2)
async def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(mall: House) -> None:
    await mall.call("auth", "POST", REGISTER_PATH, ANN)
    wrong = await mall.call("auth", "POST", LOGIN_PATH, {**LOGIN, "password": "wrong"})
    unknown = await mall.call("auth", "POST", LOGIN_PATH, {**LOGIN, "email": "nobody@example.org"})
    assert (wrong.status, wrong.json["code"]) == (401, 4001003)
    assert {**wrong.json, "trace_id": ""} == {**unknown.json, "trace_id": ""}
    assert wrong.headers.keys() == unknown.headers.keys()


@pytest.mark.requirement(9)
async def test_passwords_are_kept_as_argon2id_hashes_only(mall: House) -> None:
    await mall.call("auth", "POST", REGISTER_PATH, ANN)
    account = await kept(mall.folder, "ann@example.org")
    assert account is not None
    strength = argon2.extract_parameters(account.password_hash)
    assert (strength.type, strength.memory_cost, strength.time_cost, strength.parallelism) == (argon2.Type.ID, 19 * 1024, 2, 1)
    assert argon2.extract_parameters(NOBODY) == strength, "an unknown address must cost as much"
    files = list(mall.folder.glob("auth.db*"))
    assert files
    assert not [file for file in files if ANN["password"].encode() in file.read_bytes()]


async def test_too_many_passwords_at_once_are_refused_unknown_addresses_alike(tmp_path: Path) -> None:
    few = {"MALL_AUTH_TRIES_PER_ADDRESS": "1000", "MALL_AUTH_WAITING_PASSWORDS": "1"}
    async with house(tmp_path, "auth", **few) as mall:
        wishes = [{"email": f"nobody{i}@example.org", "password": "x"} for i in range(30)]
        answers = await asyncio.gather(*(mall.call("auth", "POST", LOGIN_PATH, wish) for wish in wishes))
        assert {answer.status for answer in answers} == {401, 503}
        assert {answer.headers["Retry-After"] for answer in answers if answer.status == 503} == {"1"}
        assert (await mall.call("auth", "POST", LOGIN_PATH, wishes[0])).status == 401, "the places are free again"


@pytest.mark.requirement(11)
@pytest.mark.parametrize(
    "body",
    [
        {"email": "ann@example.org", "password": "correct-horse-1"},
        {**ANN, "role": "admin"},
        {**ANN, "email": "no-address"},
        {**ANN, "email": "ann@example.org\n"},
        {**ANN, "email": "a" * 300 + "@example.org"},
        {**ANN, "email": 7},
        {**ANN, "password": "short"},
        {**ANN, "password": "x" * 129},
        {**ANN, "name": ""},
        {**ANN, "name": None},
        [ANN],
    ],
)
async def test_bad_parameters_have_their_number(mall: House, body: object) -> None:
    answer = await mall.call("auth", "POST", REGISTER_PATH, body)
    assert (answer.status, answer.json["code"], answer.kind) == (400, 4001001, "auth/bad-parameters")
    assert await kept(mall.folder, "ann@example.org") is None


async def test_the_demo_accounts_are_there_and_not_hashed_again_on_the_next_start(tmp_path: Path) -> None:
    async with house(tmp_path, "auth") as mall:
        await mall.login(*SHOPPER)
        await mall.login(*OPERATOR)
    first = await kept(tmp_path, SHOPPER[0])
    async with house(tmp_path, "auth") as mall:
        await mall.login(*OPERATOR)
    second = await kept(tmp_path, SHOPPER[0])
    assert first is not None
    assert first == second


async def test_two_copies_that_start_at_once_make_the_demo_accounts_once(tmp_path: Path) -> None:
    async with house(tmp_path, "bank") as mall:
        mall.ports["auth2"] = free_ports(1)[0]
        await asyncio.gather(mall.open("auth"), mall.open("auth", mall.ports["auth2"]))
        await mall.until_ready("auth", "auth2")
        tokens = await mall.login(*SHOPPER)
        answer = await mall.call("auth2", "POST", "/api/v1/auth/logout", token=tokens["access_token"])
        assert answer.status == 204, "the copies made one ring of keys too"


async def test_no_other_environment_has_demo_accounts(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", env="test") as mall:
        answer = await mall.call("auth", "POST", LOGIN_PATH, {"email": SHOPPER[0], "password": SHOPPER[1]})
        assert (answer.status, answer.json["code"]) == (401, 4001003)


def test_outside_dev_and_test_a_signing_key_must_be_given() -> None:
    environ = {
        "MALL_ENV": "online",
        "MALL_AUTH_CLIENT_SECRET": "c" * 20,
        "MALL_FINGERPRINT_KEY": "f" * 20,
        "MALL_AUTH_REFRESH_KEY": "r" * 20,
        "MALL_AUTH_CLIENTS": "cart=" + "s" * 20,
    }
    with pytest.raises(SettingsError, match="MALL_AUTH_SIGNING_KEY is missing"):
        load(Settings, "auth", environ)


@pytest.mark.requirement(12)
def test_auth_listens_on_8000() -> None:
    environ = {
        "MALL_ENV": "dev",
        "MALL_AUTH_CLIENT_SECRET": "c" * 20,
        "MALL_FINGERPRINT_KEY": "f" * 20,
        "MALL_AUTH_REFRESH_KEY": "r" * 20,
        "MALL_AUTH_CLIENTS": "cart=" + "s" * 20,
    }
    assert load(Settings, "auth", environ).port == 8000
