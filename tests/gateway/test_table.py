"""The gateway's doors, endpoint by role, written by hand: a change in a contract cannot open or close one unseen."""

import re

import msgspec
import pytest

from tests.gateway.neighbourhood import Gate

ROLES = ("customer", "operator", "admin", "service")
ALL = "- customer operator admin service"
SIGNED_IN = "customer operator admin"
OPERATORS = "operator admin"
ADMINS = "admin"
DOORS = [
    ("POST", "/api/v1/auth/register", ALL),
    ("POST", "/api/v1/auth/login", ALL),
    ("POST", "/api/v1/auth/refresh", ALL),
    ("POST", "/api/v1/auth/logout", SIGNED_IN),
    ("PUT", "/api/v1/auth/password", SIGNED_IN),
    ("GET", "/api/v1/auth/sessions", SIGNED_IN),
    ("DELETE", "/api/v1/auth/sessions", SIGNED_IN),
    ("DELETE", "/api/v1/auth/sessions/s1", SIGNED_IN),
    ("GET", "/api/v1/auth/accounts/u1", ADMINS),
    ("PUT", "/api/v1/auth/accounts/u1/role", ADMINS),
    ("GET", "/api/v1/users/me", SIGNED_IN),
    ("PATCH", "/api/v1/users/me", SIGNED_IN),
    ("DELETE", "/api/v1/users/me", SIGNED_IN),
    ("GET", "/api/v1/users/me/export", SIGNED_IN),
    ("GET", "/api/v1/users", OPERATORS),
    ("GET", "/api/v1/users/u1", OPERATORS),
    ("GET", "/api/v1/users/u1/export", OPERATORS),
    ("GET", "/api/v1/users/me/addresses", SIGNED_IN),
    ("POST", "/api/v1/users/me/addresses", SIGNED_IN),
    ("PUT", "/api/v1/users/me/addresses/a1", SIGNED_IN),
    ("DELETE", "/api/v1/users/me/addresses/a1", SIGNED_IN),
    ("GET", "/api/v1/products", ALL),
    ("GET", "/api/v1/products/p1", ALL),
    ("GET", "/api/v1/products/p1/picture", ALL),
    ("GET", "/api/v1/categories", ALL),
    ("PUT", "/api/v1/categories/c1", OPERATORS),
    ("DELETE", "/api/v1/categories/c1", OPERATORS),
    ("POST", "/api/v1/products", OPERATORS),
    ("PATCH", "/api/v1/products/p1", OPERATORS),
    ("DELETE", "/api/v1/products/p1", OPERATORS),
    ("PUT", "/api/v1/products/p1/picture", OPERATORS),
    ("DELETE", "/api/v1/products/p1/picture", OPERATORS),
    ("GET", "/api/v1/products/p1/prices", ALL),
    ("GET", "/api/v1/products/p1/prices/changes", OPERATORS),
    ("GET", "/api/v1/products/p1/stock", OPERATORS),
    ("PUT", "/api/v1/products/p1/stock", OPERATORS),
    ("POST", "/api/v1/products/p1/stock/adjustments", OPERATORS),
    ("GET", "/api/v1/products/p1/stock/log", OPERATORS),
    ("GET", "/api/v1/stock/low", OPERATORS),
    ("PUT", "/api/v1/catalogue/imports/i1/parts/p1", OPERATORS),
    ("POST", "/api/v1/catalogue/imports/i1", OPERATORS),
    ("GET", "/api/v1/catalogue/export", OPERATORS),
    ("GET", "/api/v1/cart", SIGNED_IN),
    ("DELETE", "/api/v1/cart", SIGNED_IN),
    ("POST", "/api/v1/cart/items", SIGNED_IN),
    ("PUT", "/api/v1/cart/items/p1", SIGNED_IN),
    ("DELETE", "/api/v1/cart/items/p1", SIGNED_IN),
    ("POST", "/api/v1/cart/items/p1/save", SIGNED_IN),
    ("POST", "/api/v1/cart/saved/p1/restore", SIGNED_IN),
    ("DELETE", "/api/v1/cart/saved/p1", SIGNED_IN),
    ("POST", "/api/v1/cart/merge", SIGNED_IN),
    ("POST", "/api/v1/guest-carts", ALL),
    ("GET", "/api/v1/guest-cart", ALL),
    ("DELETE", "/api/v1/guest-cart", ALL),
    ("POST", "/api/v1/guest-cart/items", ALL),
    ("PUT", "/api/v1/guest-cart/items/p1", ALL),
    ("DELETE", "/api/v1/guest-cart/items/p1", ALL),
    ("POST", "/api/v1/checkout/quote", SIGNED_IN),
    ("POST", "/api/v1/checkout", SIGNED_IN),
    ("POST", "/checkout", SIGNED_IN),
    ("GET", "/api/v1/checkout/c1", SIGNED_IN),
    ("GET", "/api/v1/rates", ALL),
    ("PUT", "/api/v1/rates/c1", OPERATORS),
    ("POST", "/api/v1/orders", SIGNED_IN),
    ("POST", "/api/v1/coupons", OPERATORS),
    ("GET", "/api/v1/coupons", OPERATORS),
    ("GET", "/api/v1/coupons/c1", OPERATORS),
    ("PATCH", "/api/v1/coupons/c1", OPERATORS),
    ("POST", "/api/v1/promotions", OPERATORS),
    ("GET", "/api/v1/promotions", OPERATORS),
    ("PATCH", "/api/v1/promotions/p1", OPERATORS),
    ("DELETE", "/api/v1/promotions/p1", OPERATORS),
    ("POST", "/api/v1/shipping/quote", ALL),
    ("PUT", "/api/v1/shipping/c1", OPERATORS),
    ("GET", "/api/v1/shipping/c1", OPERATORS),
    ("PUT", "/api/v1/taxes/c1", OPERATORS),
    ("GET", "/api/v1/taxes/c1", OPERATORS),
    ("GET", "/api/v1/orders", OPERATORS),
    ("GET", "/api/v1/orders/o1", f"{SIGNED_IN} service"),
    ("GET", "/api/v1/orders/o1/timeline", f"{SIGNED_IN} service"),
    ("PUT", "/api/v1/orders/o1/cancel", SIGNED_IN),
    ("PUT", "/api/v1/orders/o1/status", f"{OPERATORS} service"),
    ("POST", "/api/v1/orders/o1/shipments", OPERATORS),
    ("POST", "/api/v1/orders/o1/returns", OPERATORS),
    ("GET", "/api/v1/stats/orders", OPERATORS),
    ("POST", "/api/v1/stats/orders/rebuild", OPERATORS),
    ("GET", "/api/v1/users/u1/orders", SIGNED_IN),
    ("POST", "/payment/charge", f"{SIGNED_IN} service"),
    ("POST", "/api/v1/payments/charge", f"{SIGNED_IN} service"),
    ("GET", "/api/v1/payments/t1", SIGNED_IN),
    ("GET", "/api/v1/payments", SIGNED_IN),
    ("POST", "/api/v1/payments/t1/refunds", OPERATORS),
    ("POST", "/api/v1/payments/webhooks/bank", ALL),
    ("POST", "/api/v1/payments/webhooks/stripe", ALL),
]
GATHERED = [("GET", "/api/v1/failures"), ("POST", "/api/v1/failures/retry"), ("POST", "/api/v1/failures/f1/retry")]
"""For operators; `test_failures.py` goes through them, for what answers is put together by the gateway."""
LOGGED = [("GET", "/api/v1/actions")]
"""For admins; `test_actions.py`."""
INTERNAL = [
    ("POST", "/internal/service-token"),
    ("GET", "/internal/revocations"),
    ("GET", "/internal/accounts"),
    ("GET", "/internal/accounts/u1"),
    ("POST", "/internal/accounts/u1/close"),
    ("POST", "/internal/products/look-up"),
    ("POST", "/internal/holds/h1"),
    ("POST", "/internal/holds/h1/bind"),
    ("POST", "/internal/holds/h1/take"),
    ("POST", "/internal/holds/h1/release"),
    ("POST", "/internal/holds/h1/give-back"),
    ("POST", "/internal/holds/h1/return"),
    ("POST", "/internal/carts/u1/seals/c1"),
    ("POST", "/internal/carts/u1/seals/c1/undo"),
    ("POST", "/internal/carts/u1/seals/c1/close"),
    ("GET", "/internal/carts/u1/lines"),
    ("POST", "/internal/carts/u1/merge"),
    ("PUT", "/internal/orders/o1"),
    ("POST", "/internal/orders/o1/attempts/a1"),
    ("POST", "/internal/orders/o1/attempts/a1/end"),
    ("POST", "/internal/orders/o1/attempts/a1/paid"),
    ("POST", "/internal/orders/o1/undo"),
    ("GET", "/internal/payments/o1"),
    ("POST", "/internal/payments/o1/void"),
    ("POST", "/internal/payments/o1/refund-rest"),
    ("POST", "/internal/payments/o1/refunds/k1"),
    ("GET", "/internal/users/u1/default-address"),
    ("GET", "/internal/persons/u1"),
    ("POST", "/internal/persons/u1/forget"),
    ("POST", "/v1/authorizations"),
    ("GET", "/v1/operations"),
    ("PUT", "/v1/faults"),
]


@pytest.mark.requirement(154)
async def test_every_door_opens_for_its_roles_and_for_nobody_else(mall: Gate) -> None:
    tokens = {role: mall.issuer.bearer(role) for role in ROLES} | {"-": {}}
    for method, path, may in DOORS:
        for role, headers in tokens.items():
            reached = len(mall.echo.got)
            told = await mall.ask(method, path, headers=headers)
            if role in may.split() or may == ALL:
                assert told.status == 200, (method, path, role)
                assert (mall.echo.last.method, mall.echo.last.target) == (method, path)
            else:
                assert told.status == (401 if role == "-" else 403), (method, path, role)
                assert told.kind == ("auth/token-invalid" if role == "-" else "forbidden")
                assert len(mall.echo.got) == reached, "a refused request must not reach the service"


async def test_the_keys_are_public(mall: Gate) -> None:
    told = await mall.ask("GET", "/.well-known/jwks.json")
    assert told.status == 200
    assert b'"EdDSA"' in told.body


async def test_there_are_no_other_doors(mall: Gate) -> None:
    """As many operations in the merged document as doors above; aliases are told in the text."""
    document = msgspec.json.decode((await mall.ask("GET", "/openapi.json")).body)
    told = {
        (method.upper(), re.sub(r"\{(.)[a-z_]*\}", r"\g<1>1", path))
        for template, item in document["paths"].items()
        for method, operation in item.items()
        for path in (template, *operation.get("x-aliases", []))
    }
    assert told == {(method, path) for method, path, _ in DOORS} | {("GET", "/.well-known/jwks.json"), *GATHERED, *LOGGED}


@pytest.mark.parametrize("role", ["-", "customer", "admin", "service"])
async def test_internal_calls_do_not_exist_for_anybody(mall: Gate, role: str) -> None:
    headers = {} if role == "-" else mall.issuer.bearer(role)
    for method, path in INTERNAL:
        told = await mall.ask(method, path, headers=headers)
        assert (told.status, told.kind) == (404, "not-found"), path
    assert mall.echo.got == []
    assert all(login["service"] == "gateway" for login in mall.issuer.logins)
