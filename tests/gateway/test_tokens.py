"""Tokens at the gateway: only what our issuer signed, for us, of the right type, living and not revoked, opens a door."""

import time
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.gateway.neighbourhood import Gate, Issuer, gate, until

CART = "/api/v1/cart"


def unsigned(issuer: Issuer) -> str:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    return jwt.encode(claims, "", "none", {"typ": "at+jwt", "kid": "k1"})


def signed_with_the_public_key(issuer: Issuer) -> str:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    return jwt.encode(claims, issuer.public(), "HS256", {"typ": "at+jwt", "kid": "k1"})


def of_another_key(_: Issuer) -> str:
    return Issuer(key=Ed25519PrivateKey.generate()).token()


def tampered(issuer: Issuer) -> str:
    mine, admin = issuer.token().split("."), issuer.token("admin").split(".")
    return ".".join((mine[0], admin[1], mine[2]))


FALSE: dict[str, Callable[[Issuer], str]] = {
    "expired": lambda issuer: issuer.token(exp=time.time() - 1),
    "without an end": lambda issuer: issuer.token(exp=None),
    "of another issuer": lambda issuer: issuer.token(iss="somebody"),
    "for another audience": lambda issuer: issuer.token(aud="another-shop"),
    "without a session": lambda issuer: issuer.token(sid=None),
    "without a role": lambda issuer: issuer.token(role=None),
    "of an unknown role": lambda issuer: issuer.token(role="emperor"),
    "whose subject is a number": lambda issuer: issuer.token(sub=7),
    "of another type": lambda issuer: issuer.token(headers={"typ": "JWT", "kid": "k1"}),
    "of an unknown key": lambda issuer: issuer.token(headers={"typ": "at+jwt", "kid": "k2"}),
    "without a key id": lambda issuer: issuer.token(headers={"typ": "at+jwt"}),
    "alg none": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "signed by somebody else": of_another_key,
    "tampered with": tampered,
    "cut": lambda issuer: issuer.token()[:-4],
    "empty": lambda _: "",
    "no token at all": lambda _: "%%%.%%%.%%%",
}


@pytest.mark.requirement(7, 154)
@pytest.mark.parametrize("name", FALSE)
async def test_a_false_token_is_refused_before_the_service_hears_of_it(mall: Gate, name: str) -> None:
    told = await mall.ask("GET", CART, headers={"Authorization": f"Bearer {FALSE[name](mall.issuer)}"})
    assert (told.status, told.kind, told.problem["code"]) == (401, "auth/token-invalid", 4001004)
    assert told.headers["WWW-Authenticate"] == "Bearer"
    assert mall.echo.got == []
    assert (await mall.ask("GET", CART, headers=mall.issuer.bearer())).status == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YW5uOmFubg==", "bearer", "Bearer\xa0x"])
async def test_a_header_without_a_token_is_refused(mall: Gate, header: str) -> None:
    told = await mall.ask("GET", CART, headers={"Authorization": header})
    assert (told.status, told.kind) == (401, "auth/token-invalid")


async def test_a_good_token_is_passed_on_as_it_came(mall: Gate) -> None:
    sent = {"Authorization": f"bearer {mall.issuer.token()}"}
    assert (await mall.ask("GET", CART, headers=sent)).status == 200
    assert mall.echo.last.headers["Authorization"] == sent["Authorization"]


async def test_a_token_that_ends_between_two_requests_stops_opening(mall: Gate) -> None:
    headers = {"Authorization": f"Bearer {mall.issuer.token(exp=time.time() + 1)}"}
    assert (await mall.ask("GET", CART, headers=headers)).status == 200

    async def refused() -> bool:
        return (await mall.ask("GET", CART, headers=headers)).status == 401

    await until(refused, "the token has ended")


@pytest.mark.requirement(10)
async def test_a_revoked_session_is_refused_within_a_second(mall: Gate) -> None:
    ann, bob = mall.issuer.bearer(session="ann-1"), mall.issuer.bearer(session="bob-1")
    assert (await mall.ask("GET", CART, headers=ann)).status == 200
    mall.issuer.revoke("ann-1")
    revoked = time.monotonic()

    async def refused() -> bool:
        return (await mall.ask("GET", CART, headers=ann)).status == 401

    await until(refused, "ann's session is known to be revoked")
    assert time.monotonic() - revoked < 1
    assert (await mall.ask("GET", CART, headers=bob)).status == 200
    unseen = {"Authorization": f"Bearer {mall.issuer.token(sid='ann-1', sub='ann')}"}
    assert (await mall.ask("GET", CART, headers=unseen)).status == 401


async def test_a_bad_token_does_not_close_what_is_open_to_all(mall: Gate) -> None:
    assert (await mall.ask("GET", "/api/v1/products", headers={"Authorization": "Bearer no"})).status == 200


async def test_without_its_issuer_the_gateway_is_not_ready_and_opens_only_what_is_open_to_all() -> None:
    async with gate({"auth": "http://127.0.0.1:1"}, wait=False) as mall:
        assert (await mall.ask("GET", "/ready")).status == 503
        told = await mall.ask("GET", CART, headers=mall.issuer.bearer())
        assert (told.status, told.kind) == (503, "unavailable")
        assert told.headers["Retry-After"] == "1"
        assert (await mall.ask("GET", "/api/v1/products")).status == 200
        assert (await mall.ask("GET", "/live")).status == 200


async def test_a_silent_feed_closes_what_must_not_miss_a_revocation() -> None:
    async with gate() as mall:
        mall.issuer.hears = False

        async def closed() -> bool:
            return (await mall.ask("POST", "/api/v1/checkout", headers=mall.issuer.bearer())).status == 503

        await until(closed, "checkout is closed")
        assert (await mall.ask("GET", CART, headers=mall.issuer.bearer())).status == 200
        told = await mall.ask("GET", "/api/v1/products/p1/stock", headers=mall.issuer.bearer("operator"))
        assert (told.status, told.kind) == (503, "unavailable")
