"""Whoever guesses at an account does not lock its owner out, and gets no more guesses for it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit.endpoint import Role
from svc_auth import addresses, domain
from svc_auth.domain import KNOWN_ADDRESSES, Account
from tests.mallhouse import SHOPPER, House, house

LOGIN, REGISTER, PASSWORD = "/api/v1/auth/login", "/api/v1/auth/register", "/api/v1/auth/password"
HOME, OFFICE, ELSEWHERE = "198.51.100.7", "2001:db8:7:7::1", "192.0.2.50"
ANN = Account("ann", "ann@example.org", "Ann", Role.CUSTOMER, "no hash", 0.0)
KEY = "k" * 32


async def login(mall: House, address: str, password: str = SHOPPER[1], email: str = SHOPPER[0]) -> int:
    wish = {"email": email, "password": password}
    return (await mall.call("auth", "POST", LOGIN, wish, headers={"X-Forwarded-For": address})).status


async def guess(mall: House, email: str = SHOPPER[0], guesses: int = 30) -> list[int]:
    """From as many addresses as there are guesses."""
    return [await login(mall, f"203.0.113.{n}", f"guess-{n}", email) for n in range(guesses)]


@pytest.mark.requirement(2)
async def test_guesses_from_everywhere_do_not_lock_the_owner_out_at_home(mall: House) -> None:
    for address in (HOME, OFFICE):
        assert await login(mall, address) == 200
    assert await guess(mall) == [401] * 10 + [429] * 20, "all strange addresses share one limit"
    for address in (HOME, OFFICE, "2001:db8:7:7:ffff::9", "::ffff:198.51.100.7"):
        assert await login(mall, address) == 200, address
    assert await login(mall, ELSEWHERE) == 429, "from a new address the owner waits"
    assert await login(mall, HOME, "mistyped") == 401
    assert await login(mall, HOME) == 200


@pytest.mark.requirement(2)
async def test_at_a_known_address_the_limit_holds_too_and_for_it_alone(mall: House) -> None:
    assert await login(mall, HOME) == 200
    assert await login(mall, OFFICE) == 200
    assert [await login(mall, HOME, "wrong") for _ in range(12)] == [401] * 10 + [429] * 2
    assert await login(mall, HOME) == 429
    assert await login(mall, OFFICE) == 200


@pytest.mark.requirement(1, 2)
async def test_where_somebody_registered_is_known(mall: House) -> None:
    wish = {"email": "new@example.org", "password": "a-long-password", "name": "New"}
    assert (await mall.call("auth", "POST", REGISTER, wish, headers={"X-Forwarded-For": HOME})).status == 201
    assert (await guess(mall, "NEW@example.org", 11))[-1] == 429
    assert await login(mall, HOME, wish["password"], "new@example.org") == 200


@pytest.mark.requirement(2)
async def test_an_account_that_there_is_not_is_refused_alike(mall: House) -> None:
    assert await login(mall, HOME) == 200
    assert await guess(mall, SHOPPER[0], 12) == await guess(mall, "nobody@example.org", 12) == [401] * 10 + [429] * 2


@pytest.mark.requirement(2)
async def test_one_address_cannot_go_on_from_account_to_account(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", MALL_AUTH_TRIES_PER_ADDRESS="5") as mall:
        statuses = [await login(mall, ELSEWHERE, "guess", f"p{n}@example.org") for n in range(8)]
        assert statuses == [401] * 5 + [429] * 3
        prefix = "2001:db8:9:9"
        statuses = [await login(mall, f"{prefix}::{n:x}", "guess", f"q{n}@example.org") for n in range(8)]
        assert statuses == [401] * 5 + [429] * 3, "a /64 network is one address"


@pytest.mark.requirement(2, 9)
async def test_after_a_change_of_password_only_the_address_of_the_change_is_known(mall: House) -> None:
    """Whoever knew the old password has been in: that must give no guesses of their own at the new one."""
    assert await login(mall, ELSEWHERE) == 200
    wish = {"email": SHOPPER[0], "password": SHOPPER[1]}
    token = (await mall.call("auth", "POST", LOGIN, wish, headers={"X-Forwarded-For": HOME})).json["access_token"]
    change = {"old_password": SHOPPER[1], "new_password": "another-password"}
    assert (await mall.call("auth", "PUT", PASSWORD, change, token=token, headers={"X-Forwarded-For": HOME})).status == 204
    assert (await guess(mall, guesses=10))[-1] == 401
    assert await login(mall, ELSEWHERE, "another-password") == 429
    assert await login(mall, HOME, "another-password") == 200


@given(st.lists(st.sampled_from([f"mark{n}" for n in range(12)]), max_size=40))
def test_the_latest_few_addresses_are_known_each_once(marks: list[str]) -> None:
    account = ANN
    for mark in marks:
        account = domain.enter(account, "no hash", mark)
    latest = list(dict.fromkeys(reversed(marks)))[:KNOWN_ADDRESSES]
    assert list(account.known) == latest
    if marks:
        assert domain.enter(account, "no hash", marks[-1]) is account, "where somebody always is, nothing is written"


def test_a_mark_tells_nothing_without_the_key_and_differs_between_accounts() -> None:
    marks = {addresses.mark(key, who, address) for key in (KEY, "x" * 32) for who in ("ann", "bob") for address in (HOME, ELSEWHERE)}
    assert len(marks) == 8
    assert not [mark for mark in marks if HOME in mark]


@pytest.mark.parametrize(
    ("address", "origin", "network"),
    [
        ("203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
        ("2001:DB8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("x" * 100, "x" * 64, ""),
        ("", "", ""),
    ],
)
def test_what_is_one_address_and_what_is_shown_of_it(address: str, origin: str, network: str) -> None:
    assert (addresses.origin(address), addresses.network(address)) == (origin, network)


def test_an_account_from_before_addresses_were_kept_knows_none() -> None:
    assert ANN.known == ()
    assert replace(ANN, known=("a",)) != ANN
