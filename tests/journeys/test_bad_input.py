"""What is wrong is refused as a problem with the declared status, whatever it is, and changes nothing."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mall.running import Mall
from tests.journeys import world_prices as prices
from tests.journeys.ask import Ask, Asker
from tests.journeys.asking import RIGHT
from tests.journeys.bad_values import ADMINS_TARGETS, BAD, BODY_MAY_BE_MISSING, OPERATORS_TARGETS, ROW, TARGETS, Absent, But
from tests.journeys.test_roles import TABLE
from tests.journeys.world import Heard, World

Call = tuple[str, str]
MEMBERS = {"type", "title", "status", "service", "detail", "trace_id"}
INSIDE = (b"Traceback", b"msgspec", b"sqlite", b"aiohttp", b"svc_", b".py")
"""What would tell how we are made."""
BIG = b'{"name": "' + b"x" * 2_000_000 + b'"}'
OWN_WORDS = {"auth": ("auth/bad-parameters", 4001001), "checkout": ("checkout/bad-parameters", 4001001)}
"""Services whose plain 400 has a number; all others say bad-request."""
PARTS = {(method, path): part for part, method, path, _ in TABLE}
FOR_ADMINS = {(method, path) for _, method, path, told in TABLE if told[4] == 403 != told[6]}
FOR_OPERATORS = {(method, path) for _, method, path, told in TABLE if told[2] == 403}
WITH_BODY = sorted(BAD)
PATIENCE = 10.0
WIRE = json.JSONEncoder(default=lambda raw: f"@@{raw.text}@@")


@pytest.fixture(scope="module")
def world(mall: Mall) -> World:
    return World.of(mall)


def asker(world: World, call: Call) -> Asker:
    """Who may make the call."""
    if call in FOR_ADMINS:
        return Asker("admin", world.admin, "admin")
    return (
        Asker("operator", world.operator, "operator")
        if call in FOR_OPERATORS
        else Asker("owner", world.shopper.token, world.shopper.user_id)
    )


def right(world: World, call: Call) -> tuple[Ask, str]:
    """A request that would go through, and its token."""
    who = asker(world, call)
    ask = RIGHT[call](world, who, call[1])
    return ask, ask.token or who.token


def written(body: dict[str, Any]) -> bytes:
    """The JSON, raw numbers as they are."""
    return WIRE.encode(body).replace('"@@', "").replace('@@"', "").encode()


def state(world: World) -> list[Any]:
    """All that a bad request could have changed."""
    shopper, operator = world.shopper, world.operator
    seen = (
        ("/api/v1/cart", shopper.token),
        ("/api/v1/users/me", shopper.token),
        (f"/api/v1/users/{shopper.user_id}/orders?limit=200", shopper.token),
        (f"/api/v1/payments/{world.paid['transaction_id']}", operator),
        (f"/api/v1/products/{world.product}/stock", operator),
        (f"/api/v1/products/{world.changing}", operator),
        (f"/api/v1/products/{world.changing}/stock", operator),
        ("/api/v1/categories", ""),
        ("/api/v1/products?sort=newest&limit=1", ""),
        (f"/api/v1/coupons/{prices.coupon(world)}", operator),
        (f"/api/v1/shipping/{prices.priced_country(world)}", operator),
        (f"/api/v1/taxes/{prices.NOWHERE}", operator),
        ("/api/v1/users/me/addresses", shopper.token),
        ("/api/v1/rates", ""),
    )
    told = [world.ask("GET", path, None, token) for path, token in seen]
    told[0].pop("prices_as_of")
    for line in (*told[0]["items"], *told[0]["saved"]):
        line.pop("stock")  # what others buy meanwhile, once it is remembered no longer
    told[-1]["items"].pop(0)  # the mall's own currency, as of now
    told[2] = [order for order in told[2]["items"] if order["status"] != "cancelled"]  # what a checkout undid stays as history
    return told


def expect_unchanged(world: World, before: list[Any]) -> None:
    """A checkout that was refused may still be on its way back."""
    ends = time.monotonic() + PATIENCE
    while state(world) != before and time.monotonic() < ends:
        time.sleep(0.05)
    assert state(world) == before


def expect(heard: Heard, status: int, kind: str = "") -> None:
    """A problem, and nothing else."""
    assert (heard.status, heard.headers["Content-Type"]) == (status, "application/problem+json"), heard.body[:500]
    problem = heard.json
    assert problem.keys() >= MEMBERS
    assert problem["status"] == status
    assert len(problem["trace_id"]) == 32
    assert problem["detail"]
    if kind:
        assert problem["type"] == f"/problems/{kind}"
    assert not [word for word in INSIDE if word in heard.body], heard.body


def expect_invalid(heard: Heard, part: str, hint: object = None) -> None:
    """The call's plain 400, with its number where it has one."""
    kind, code = OWN_WORDS.get(part, ("bad-request", None))
    assert heard.status == 400, (hint, heard.status, heard.body[:500])
    expect(heard, 400, kind)
    assert heard.json.get("code") == code


def bodies(call: Call, ask: Ask) -> Iterator[bytes]:
    """Bytes that are no such JSON."""
    whole = json.dumps(ask.body).encode()
    yield from (
        b"{not json",
        b"[]",
        b'"text"',
        b"5",
        b"null",
        b"true",
        b"\xff\xfe",
        b'{"\xff": 1}',
        b'{"name": "\xc3\x28"}',
        b"{}{}",
        b"\0",
    )
    yield b'{"a":' * 100_000
    yield b"[" * 1_000_000
    yield b'{"surprise": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    yield json.dumps({**ask.body, "surprise": 1}).encode()
    yield json.dumps({**ask.body, "\0": 1}).encode()
    if len(whole) > 2:
        yield whole[:-1]
        yield whole.replace(b":", b"=", 1)
    if call not in BODY_MAY_BE_MISSING:
        yield b""
        yield b"{}"


def test_the_tables_name_every_call_that_takes_a_body() -> None:
    assert set(WITH_BODY) == {(method, path) for _, method, path, _ in TABLE if method in {"POST", "PUT", "PATCH"}}


SIGNED = {("POST", "/api/v1/payments/webhooks/stripe")}
"""Whose body is read once its signature holds: who cannot sign is told nothing else."""


@pytest.mark.requirement(11, 138, 184, 185)
@pytest.mark.parametrize("call", WITH_BODY, ids=" ".join)
def test_a_body_that_cannot_be_read(world: World, call: Call) -> None:
    (ask, token), part = right(world, call), PARTS[call]
    before = state(world)
    for place in ("gateway", part):
        for data in bodies(call, ask):
            heard = world.send(place, call[0], ask.path, data=data, token=token, headers=ask.headers)
            if call in SIGNED:
                expect(heard, 401, "payment/webhook-signature")
            else:
                expect_invalid(heard, part, data[:60])
        whole = json.dumps(ask.body).encode()
        for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "x"):
            headers = ask.headers | {"Content-Type": media}
            expect(world.send(place, call[0], ask.path, data=whole, token=token, headers=headers), 415, "unsupported-media-type")
    expect_unchanged(world, before)


@pytest.mark.requirement(11, 184)
@pytest.mark.parametrize("call", WITH_BODY, ids=" ".join)
def test_a_body_of_two_megabytes(world: World, call: Call) -> None:
    (ask, token), part = right(world, call), PARTS[call]
    before = state(world)
    for place in ("gateway", part):
        expect(world.send(place, call[0], ask.path, data=BIG, token=token, headers=ask.headers), 413, "too-large")
        chunks = iter([BIG[at : at + 65_536] for at in range(0, len(BIG), 65_536)])
        expect(world.send(place, call[0], ask.path, data=chunks, token=token, headers=ask.headers), 413, "too-large")
    expect_unchanged(world, before)


@pytest.mark.requirement(11, 104, 109, 113, 138, 142, 184, 185)
@pytest.mark.parametrize("call", WITH_BODY, ids=" ".join)
def test_a_field_that_is_wrong(world: World, call: Call) -> None:
    (ask, token), part = right(world, call), PARTS[call]
    before = state(world)
    for field, values in BAD[call].items():
        for bad in values:
            value = bad.value if isinstance(bad, But) else bad
            body = {name: each for name, each in ask.body.items() if name != field} | ({} if value is Absent else {field: value})
            headers = ask.headers | ({"Idempotency-Key": world.unique()} if "Idempotency-Key" in ask.headers else {})
            heard = world.send("gateway", call[0], ask.path, data=written(body), token=token, headers=headers)
            ends = time.monotonic() + PATIENCE
            while heard.kind == "checkout/running" and time.monotonic() < ends:  # the one before is still being undone
                time.sleep(0.05)
                heard = world.send("gateway", call[0], ask.path, data=written(body), token=token, headers=headers)
            if isinstance(bad, But):
                expect(heard, bad.status, bad.kind)
            else:
                expect_invalid(heard, part, (field, bad))
    expect_unchanged(world, before)


@pytest.mark.requirement(11, 184)
def test_a_target_that_is_wrong(world: World) -> None:
    filled = {**world.paid, "user_id": world.shopper.user_id, "long": "x" * 65, "import_id": "0" * 64}
    filled["row"] = WIRE.encode(ROW).replace(" ", "")
    before = state(world)
    for table, token in ((TARGETS, world.shopper.token), (OPERATORS_TARGETS, world.operator), (ADMINS_TARGETS, world.admin)):
        for line in table.strip().splitlines():
            status, method, target, *body = line.split()
            for name, value in filled.items():
                target = target.replace(f"{{{name}}}", str(value))
            data = body[0].encode() if body else None
            heard = world.send("gateway", method, target, data=data, token=token, headers={"Idempotency-Key": world.unique()})
            expect(heard, int(status))
    expect_unchanged(world, before)


@pytest.mark.requirement(184)
def test_a_method_that_is_wrong(world: World) -> None:
    allowed: dict[str, set[str]] = {}
    for _, method, path, _ in TABLE:
        allowed.setdefault(path, set()).add(method)
    nobody = Asker("nobody", "", "")
    paths = {RIGHT[min(methods), path](world, nobody, path).path.partition("?")[0]: methods for path, methods in allowed.items()}
    before = state(world)
    for path, methods in paths.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} - methods:
            heard = world.send("gateway", method, path, token=world.operator)
            expect(heard, 405, "method-not-allowed")
            assert set(heard.headers["Allow"].split(", ")) == methods, (method, path)
    expect_unchanged(world, before)


@pytest.mark.requirement(11, 112)
def test_an_idempotency_key_that_is_wrong(world: World) -> None:
    for call in (("POST", "/api/v1/payments/{transaction_id}/refunds"), ("POST", "/api/v1/products"), ("POST", "/payment/charge")):
        ask, token = right(world, call)
        before = state(world)
        for key in ("", " ", "x" * 256, "a\tb", "schlüssel"):
            heard = world.send("gateway", call[0], ask.path, ask.body, token=token, headers={"Idempotency-Key": key.encode()})
            expect_invalid(heard, PARTS[call], key)
        expect_unchanged(world, before)
    ask, token = right(world, ("POST", "/api/v1/payments/{transaction_id}/refunds"))
    expect_invalid(world.send("gateway", "POST", ask.path, ask.body, token=token), "payment")


@pytest.mark.requirement(30)
def test_stock_is_set_only_by_who_has_seen_it(world: World) -> None:
    path, body = f"/api/v1/products/{world.changing}/stock", {"on_hand": 1}
    before = state(world)
    expect(world.send("gateway", "PUT", path, body, token=world.operator), 428, "precondition-required")
    for tag in ('"0"', "garbage", '"', "*x", "", '"90", "91"', "W/"):
        heard = world.send("gateway", "PUT", path, body, token=world.operator, headers={"If-Match": tag})
        assert heard.status in {400, 412, 428}, (tag, heard.body)
        expect(heard, heard.status)
    expect_unchanged(world, before)
