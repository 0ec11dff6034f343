"""Tokens that do not hold: refused alike by the gateway and by every service behind it."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mall.running import Mall
from tests.journeys.forge import Forge
from tests.journeys.world import Heard, World

GUARDED = {
    "auth": ("POST", "/api/v1/auth/logout"),
    "user": ("GET", "/api/v1/users/me"),
    "product": ("POST", "/api/v1/products"),
    "cart": ("DELETE", "/api/v1/cart"),
    "checkout": ("POST", "/api/v1/checkout"),
    "order": ("GET", "/api/v1/orders/x"),
    "payment": ("POST", "/payment/charge"),
}
"""A call of each service that needs a token."""
STRANGER = Ed25519PrivateKey.generate()
Make = Callable[[Forge, str], str]
FORGED: dict[str, Make] = {
    "expired": lambda forge, who: forge.signed(who, exp=int(time.time()) - 1),
    "of another issuer": lambda forge, who: forge.signed(who, iss="another mall"),
    "without an issuer": lambda forge, who: forge.signed(who, iss=None),
    "for another audience": lambda forge, who: forge.signed(who, aud="another mall"),
    "for nobody": lambda forge, who: forge.signed(who, aud=None),
    "of another type": lambda forge, who: forge.signed(who, header={"typ": "JWT"}),
    "an id token": lambda forge, who: forge.signed(who, header={"typ": "id+jwt"}),
    "of no type": lambda forge, who: forge.signed(who, header={"typ": None}),
    "without an end": lambda forge, who: forge.signed(who, exp=None),
    "without a subject": lambda forge, _: forge.signed("", sub=None),
    "with a number as subject": lambda forge, _: forge.signed("", sub=7),
    "without a session": lambda forge, who: forge.signed(who, sid=None),
    "without a role": lambda forge, who: forge.signed(who, role=None),
    "of an unknown role": lambda forge, who: forge.signed(who, role="root"),
    "of several roles": lambda forge, who: forge.signed(who, role=["customer", "admin"]),
    "issued in the future": lambda forge, who: forge.signed(who, iat=int(time.time()) + 3600),
    "signed by a stranger": lambda forge, who: forge.signed(who, key=STRANGER),
    "of a key that nobody has": lambda forge, who: forge.signed(who, key=STRANGER, header={"kid": "unknown"}),
    "of no key": lambda forge, who: forge.signed(who, header={"kid": None}),
    "with a key that it brings along": lambda forge, who: forge.signed(who, key=STRANGER, header={"jku": "http://127.0.0.1:1/keys"}),
    "unsigned": lambda forge, who: forge.unsigned(who),
    "unsigned, NONE": lambda forge, who: forge.unsigned(who, "NONE"),
    "unsigned, said to be EdDSA": lambda forge, who: forge.unsigned(who, "EdDSA"),
    "HS256 with the public key": lambda forge, who: forge.by_hmac(who, forge.public),
    "HS256 with the public key as PEM": lambda forge, who: forge.by_hmac(who, forge.pem),
    "HS256 with nothing": lambda forge, who: forge.by_hmac(who, b""),
    "with its last character changed": lambda forge, who: forge.signed(who)[:-2] + "AA",
    "cut off": lambda forge, who: forge.signed(who)[:-20],
    "without a signature": lambda forge, who: forge.signed(who).rpartition(".")[0],
    "twice": lambda forge, who: f"{forge.signed(who)} {forge.signed(who)}",
    "with more behind it": lambda forge, who: f"{forge.signed(who)}, {forge.signed(who)}",
    "dots": lambda _, __: "..",
    "garbage": lambda _, __: "garbage",
    "no base64": lambda _, __: "%%%.%%%.%%%",
    "JSON of the wrong kind": lambda _, __: "W10.W10.W10",
    "long": lambda _, __: "x" * 7_000,
}
WHOLE_HEADERS = ("", " ", "Bearer", "Bearer ", "Basic c2hvcHBlcjpzaG9wcGVy", "Token x", "Bearer\tx", "Bearer: x", "bearer")


@pytest.fixture(scope="module")
def world(mall: Mall) -> World:
    return World.of(mall)


@pytest.fixture(scope="module")
def forge(mall: Mall) -> Forge:
    return Forge(mall.folder)


def asked(world: World, authorization: str | None) -> list[Heard]:
    """The answers of all guarded calls, through the gateway and at the service."""
    headers: dict[str, Any] = {} if authorization is None else {"Authorization": authorization}
    return [
        world.send(place, method, path, None if method == "GET" else {}, headers=headers)
        for part, (method, path) in GUARDED.items()
        for place in ("gateway", part)
    ]


def refused(answers: list[Heard]) -> None:
    for heard in answers:
        assert heard.status == 401, heard.body
        assert heard.headers["Content-Type"] == "application/problem+json"
        assert (heard.kind, heard.json["code"]) == ("auth/token-invalid", 4001004)
        assert heard.headers["WWW-Authenticate"].startswith("Bearer")


def test_what_we_forge_would_hold(world: World, forge: Forge) -> None:
    profile = world.ask("GET", "/api/v1/users/me", None, forge.signed(world.shopper.user_id))
    assert profile["user_id"] == world.shopper.user_id


@pytest.mark.requirement(4, 6, 7, 8, 154)
@pytest.mark.parametrize("make", FORGED.values(), ids=FORGED)
def test_a_token_that_does_not_hold(world: World, forge: Forge, make: Make) -> None:
    refused(asked(world, f"Bearer {make(forge, world.shopper.user_id)}"))


@pytest.mark.requirement(4, 154)
@pytest.mark.parametrize("header", [None, *WHOLE_HEADERS])
def test_no_token_at_all(world: World, header: str | None) -> None:
    refused(asked(world, header))


def test_a_header_that_is_longer_than_any_token(world: World) -> None:
    for heard in asked(world, "Bearer " + "x" * 100_000):
        assert heard.status in {400, 401, 431}, heard.body
        assert heard.headers["Content-Type"] == "application/problem+json"


@pytest.mark.requirement(3, 4, 10)
def test_a_logout_ends_the_token_everywhere_within_a_second(world: World) -> None:
    leaving = world.customer()
    for part in ("user", "cart", "gateway"):
        assert world.send(part, "GET", "/api/v1/users/me" if part == "user" else "/api/v1/cart", token=leaving.token).status == 200
    assert world.send("gateway", "POST", "/api/v1/auth/logout", {}, token=leaving.token).status == 204
    told = time.monotonic()
    waiting = {"gateway", "user", "cart", "order", "payment"}
    paths = {"gateway": "/api/v1/cart", "user": "/api/v1/users/me", "cart": "/api/v1/cart", "order": "/api/v1/orders/x"}
    while waiting and time.monotonic() < told + 1.0:
        ended = {
            part for part in waiting if world.send(part, "GET", paths.get(part, "/api/v1/payments/x"), token=leaving.token).status == 401
        }
        waiting -= ended
    assert not waiting
    heard = world.send("gateway", "POST", "/api/v1/auth/refresh", {"refresh_token": leaving.refresh_token})
    assert (heard.status, heard.kind) == (401, "auth/token-invalid")
