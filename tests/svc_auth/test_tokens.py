"""Access tokens: what is in ours, and what no service takes."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import PyJWK

from mallkit.endpoint import Role
from svc_auth.domain import Bearer
from svc_auth.keyring import KeyRing
from tests.mallhouse import OPERATOR, SHOPPER, House, house
from tests.svc_auth.conftest import MANY, SEED, SIGNING

ME, LOGOUT, FEED = "/api/v1/users/me", "/api/v1/auth/logout", "/internal/revocations"
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def forge(header: dict[str, Any], claims: object, sign: Callable[[bytes], bytes]) -> str:
    """A token with whatever signature; jwt.encode would refuse some of these."""
    body = f"{part(header)}.{part(claims)}"
    return f"{body}.{base64.urlsafe_b64encode(sign(body.encode())).rstrip(b'=').decode()}"


def forgeries(token: str) -> dict[str, str]:
    """By what is wrong with them, each otherwise like `token`, which holds."""
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    own, now = SIGNING.sign, int(time.time())
    first, _, last = token.split(".")
    raw = SIGNING.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = SIGNING.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    hs = {**header, "alg": "HS256"}
    wrong = {
        "alg none, no signature": forge({**header, "alg": "none"}, claims, lambda _: b""),
        "alg none, our signature": forge({**header, "alg": "none"}, claims, own),
        "alg None, no kid": forge({"typ": "at+jwt", "alg": "None"}, claims, lambda _: b""),
        "HS256 with the public key": forge(hs, claims, lambda body: hmac.digest(raw, body, hashlib.sha256)),
        "HS256 with the public PEM": forge(hs, claims, lambda body: hmac.digest(pem, body, hashlib.sha256)),
        "HS256 with the JWK's x": forge(hs, claims, lambda body: hmac.digest(part(raw.hex()).encode(), body, hashlib.sha256)),
        "EdDSA of a stranger under our kid": forge(header, claims, STRANGER.sign),
        "EdDSA of a stranger under another kid": forge({**header, "kid": "other"}, claims, STRANGER.sign),
        "no kid": forge({"typ": "at+jwt", "alg": "EdDSA"}, claims, own),
        "kid is a number": forge({**header, "kid": 1}, claims, own),
        "typ JWT": forge({**header, "typ": "JWT"}, claims, own),
        "no typ": forge({"alg": "EdDSA", "kid": header["kid"]}, claims, own),
        "a critical extension": forge({**header, "crit": ["b64"], "b64": False}, claims, own),
        "another issuer": forge(header, {**claims, "iss": "mail"}, own),
        "another audience": forge(header, {**claims, "aud": "bank"}, own),
        "expired": forge(header, {**claims, "iat": now - 1000, "exp": now - 1}, own),
        "expires as text": forge(header, {**claims, "exp": "never"}, own),
        "not yet": forge(header, {**claims, "nbf": now + 600}, own),
        "an unknown role": forge(header, {**claims, "role": "king"}, own),
        "claims are a list": forge(header, [claims], own),
        "subject is a number": forge(header, {**claims, "sub": 1}, own),
        "cut": token[:-2],
        "another payload under our signature": f"{first}.{part({**claims, 'sub': 'ann'})}.{last}",
        "garbage": "x.y.z",
        "no token": "",
        "huge": "x" * 7000,
    }
    wrong |= {
        f"no {name}": forge(header, {k: v for k, v in claims.items() if k != name}, own)
        for name in ("iss", "aud", "sub", "sid", "role", "exp")
    }
    return wrong


@pytest.mark.requirement(4, 6, 7)
async def test_a_token_says_who_and_until_when_and_holds_in_every_service(mall_with_user: House) -> None:
    mall = mall_with_user
    tokens = await mall.login(*SHOPPER)
    keys = (await mall.call("auth", "GET", "/.well-known/jwks.json")).json["keys"]
    header = jwt.get_unverified_header(tokens["access_token"])
    assert header == {"alg": "EdDSA", "typ": "at+jwt", "kid": keys[0]["kid"]}
    assert keys[0].keys() == {"kty", "crv", "x", "kid", "use", "alg"}, "nothing private is published"
    claims = jwt.decode(tokens["access_token"], PyJWK(keys[0]), algorithms=["EdDSA"], audience="mall", issuer="mall")
    assert claims.keys() == {"iss", "aud", "sub", "sid", "role", "iat", "exp"}
    assert (claims["sub"], claims["role"]) == (tokens["user_id"], "customer")
    assert claims["exp"] - claims["iat"] == tokens["expires_in"] == 900
    assert (await mall.call("user", "GET", ME, token=tokens["access_token"])).status == 200
    assert (await mall.call("auth", "POST", LOGOUT, token=tokens["access_token"])).status == 204


@pytest.mark.requirement(4, 7, 8, 11)
async def test_no_forged_token_is_taken_anywhere(mall_with_user: House) -> None:
    mall = mall_with_user
    tokens = await mall.login(*SHOPPER)
    taken = []
    for fault, token in forgeries(tokens["access_token"]).items():
        for service, method, path in (("user", "GET", ME), ("user", "DELETE", ME), ("auth", "POST", LOGOUT)):
            answer = await mall.call(service, method, path, headers={"Authorization": f"Bearer {token}"})
            if (answer.status, answer.json["code"], answer.headers.get("WWW-Authenticate")) != (401, 4001004, "Bearer"):
                taken.append((fault, service, answer.status))
    assert taken == []
    for header in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": tokens["access_token"]}, {"Authorization": "Bearer"}):
        assert (await mall.call("user", "GET", ME, headers=header)).status == 401
    assert (await mall.call("user", "GET", ME, token=tokens["access_token"])).status == 200, "nothing changed"


@pytest.mark.requirement(8)
async def test_a_token_that_was_taken_is_refused_once_it_has_expired(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "user", MALL_AUTH_ACCESS_SECONDS="2", MALL_AUTH_TRIES_PER_ADDRESS=MANY) as mall:
        tokens = await mall.login(*SHOPPER)
        assert (await mall.call("user", "GET", ME, token=tokens["access_token"])).status == 200
        ends = jwt.decode(tokens["access_token"], options={"verify_signature": False})["exp"]
        while (answer := await mall.call("user", "GET", ME, token=tokens["access_token"])).status == 200:
            assert time.time() < ends + 1
        assert (answer.status, answer.json["code"]) == (401, 4001004)
        assert time.time() >= ends


@pytest.mark.requirement(5)
async def test_each_role_reaches_only_its_own_endpoints(mall_with_user: House) -> None:
    mall = mall_with_user
    shopper, operator = (await mall.login(*SHOPPER))["access_token"], (await mall.login(*OPERATOR))["access_token"]
    secret = mall.environ["MALL_CART_CLIENT_SECRET"]
    answer = await mall.call("auth", "POST", "/internal/service-token", {"service": "cart", "secret": secret})
    assert (answer.status, answer.json["expires_in"]) == (200, 900)
    cart = answer.json["access_token"]
    claims = jwt.decode(cart, options={"verify_signature": False})
    assert (claims["sub"], claims["sid"], claims["role"]) == ("cart", "service-cart", "service")
    table = {
        (FEED, "GET", "auth"): (403, 403, 200),
        ("/internal/accounts/demo-shopper", "GET", "auth"): (403, 403, 200),
        ("/internal/accounts/nobody/close", "POST", "auth"): (403, 403, 204),
        (ME, "GET", "user"): (200, 200, 403),
    }
    for (path, method, service), expected in table.items():
        seen = tuple([(await mall.call(service, method, path, token=token)).status for token in (shopper, operator, cart)])
        assert seen == expected, path


@pytest.mark.requirement(5, 11)
@pytest.mark.parametrize(
    ("service", "secret"), [("cart", "wrong"), ("nobody", "wrong"), ("cart", "ü"), ("order", "mall_cart_client_secret-for-tests-only")]
)
async def test_a_service_with_the_wrong_secret_gets_no_token(mall: House, service: str, secret: str) -> None:
    answer = await mall.call("auth", "POST", "/internal/service-token", {"service": service, "secret": secret})
    assert (answer.status, answer.json["code"]) == (401, 4001003)


@pytest.mark.requirement(4)
async def test_tokens_of_the_former_key_hold_as_long_as_it_is_published(tmp_path: Path) -> None:
    bearer, now = Bearer("demo-shopper", "s1", Role.CUSTOMER), time.time()
    old = KeyRing(STRANGER, (), 900).sign(bearer, now)
    public = base64.b64encode(STRANGER.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    async with house(tmp_path, "auth", MALL_AUTH_SIGNING_KEY=SEED) as mall:
        assert (await mall.call("auth", "POST", LOGOUT, token=old)).status == 401
    async with house(tmp_path, "auth", MALL_AUTH_SIGNING_KEY=SEED, MALL_AUTH_VERIFYING_KEYS=public) as mall:
        fresh = (await mall.login(*SHOPPER))["access_token"]
        assert jwt.get_unverified_header(fresh)["kid"] != jwt.get_unverified_header(old)["kid"]
        assert (await mall.call("auth", "POST", LOGOUT, token=fresh)).status == 204
        assert (await mall.call("auth", "POST", LOGOUT, token=old)).status == 204
