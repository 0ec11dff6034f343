"""Who may call what: every call, every role, at the gateway and at the service itself, whose port trusts nobody for being inside.

The table is written by hand: it says what is meant, whatever the contracts say.
"""

from types import ModuleType

import pytest

from contracts import auth, cart, checkout, order, payment, product, user
from mall.running import Mall
from mallkit import action_endpoints, desk_endpoints
from mallkit.endpoint import endpoints_of
from tests.journeys.ask import Asker
from tests.journeys.asking import RIGHT
from tests.journeys.forge import Forge
from tests.journeys.world import World

ROLES = ("nobody", "expired", "owner", "other", "operator", "service", "admin")
"""Without a token; with the owner's that has expired; who owns what is asked for; another customer; the mall's staff; a service; an admin,
who is told what an operator is told unless a row says otherwise."""
CONTRACTS: dict[str, ModuleType] = {
    "auth": auth, "user": user, "product": product, "cart": cart, "checkout": checkout, "order": order, "payment": payment,
}  # fmt: skip
EXPECTED = """
auth      POST    /api/v1/auth/register                                201 201 201 201 201 201
auth      POST    /api/v1/auth/login                                   200 200 200 200 200 200
auth      POST    /api/v1/auth/refresh                                 200 200 200 200 200 200
auth      POST    /api/v1/auth/logout                                  401 401 204 204 204 403
auth      GET     /.well-known/jwks.json                               200 200 200 200 200 200
auth      PUT     /api/v1/auth/password                                401 401 204 204 204 403
auth      GET     /api/v1/auth/sessions                                401 401 200 200 200 403
auth      DELETE  /api/v1/auth/sessions                                401 401 204 204 204 403
auth      DELETE  /api/v1/auth/sessions/{session_id}                   401 401 204 404 404 403
auth      GET     /api/v1/auth/accounts/{user_id}                      401 401 403 403 403 403 200
auth      PUT     /api/v1/auth/accounts/{user_id}/role                 401 401 403 403 403 403 200
user      GET     /api/v1/users/me                                     401 401 200 200 200 403
user      PATCH   /api/v1/users/me                                     401 401 200 200 200 403
user      DELETE  /api/v1/users/me                                     401 401 204 204 204 403
user      GET     /api/v1/users/me/export                              401 401 200 200 200 403
user      GET     /api/v1/users                                        401 401 403 403 200 403
user      GET     /api/v1/users/{user_id}                              401 401 403 403 200 403
user      GET     /api/v1/users/{user_id}/export                       401 401 403 403 200 403
user      GET     /api/v1/users/me/addresses                           401 401 200 200 200 403
user      POST    /api/v1/users/me/addresses                           401 401 201 201 201 403
user      PUT     /api/v1/users/me/addresses/{address_id}              401 401 200 404 404 403
user      DELETE  /api/v1/users/me/addresses/{address_id}              401 401 204 404 404 403
product   GET     /api/v1/products                                     200 200 200 200 200 200
product   POST    /api/v1/products                                     401 401 403 403 201 403
product   GET     /api/v1/products/{product_id}                        200 200 200 200 200 200
product   PATCH   /api/v1/products/{product_id}                        401 401 403 403 200 403
product   DELETE  /api/v1/products/{product_id}                        401 401 403 403 204 403
product   GET     /api/v1/products/{product_id}/picture                200 200 200 200 200 200
product   PUT     /api/v1/products/{product_id}/picture                401 401 403 403 200 403
product   DELETE  /api/v1/products/{product_id}/picture                401 401 403 403 204 403
product   GET     /api/v1/products/{product_id}/prices                 200 200 200 200 200 200
product   GET     /api/v1/products/{product_id}/prices/changes         401 401 403 403 200 403
product   GET     /api/v1/products/{product_id}/stock                  401 401 403 403 200 403
product   PUT     /api/v1/products/{product_id}/stock                  401 401 403 403 200 403
product   POST    /api/v1/products/{product_id}/stock/adjustments      401 401 403 403 201 403
product   GET     /api/v1/products/{product_id}/stock/log              401 401 403 403 200 403
product   GET     /api/v1/stock/low                                    401 401 403 403 200 403
product   GET     /api/v1/categories                                   200 200 200 200 200 200
product   PUT     /api/v1/categories/{category}                        401 401 403 403 200 403
product   DELETE  /api/v1/categories/{category}                        401 401 403 403 204 403
product   PUT     /api/v1/catalogue/imports/{import_id}/parts/{part}   401 401 403 403 200 403
product   POST    /api/v1/catalogue/imports/{import_id}                401 401 403 403 200 403
product   GET     /api/v1/catalogue/export                             401 401 403 403 200 403
cart      GET     /api/v1/cart                                         401 401 200 200 200 403
cart      DELETE  /api/v1/cart                                         401 401 200 200 200 403
cart      POST    /api/v1/cart/items                                   401 401 200 200 200 403
cart      PUT     /api/v1/cart/items/{product_id}                      401 401 200 200 200 403
cart      DELETE  /api/v1/cart/items/{product_id}                      401 401 200 200 200 403
cart      POST    /api/v1/cart/items/{product_id}/save                 401 401 200 200 200 403
cart      POST    /api/v1/cart/saved/{product_id}/restore              401 401 200 200 200 403
cart      DELETE  /api/v1/cart/saved/{product_id}                      401 401 200 200 200 403
cart      POST    /api/v1/cart/merge                                   401 401 200 200 200 403
cart      POST    /api/v1/guest-carts                                  201 201 201 201 201 201
cart      GET     /api/v1/guest-cart                                   200 200 200 200 200 200
cart      DELETE  /api/v1/guest-cart                                   200 200 200 200 200 200
cart      POST    /api/v1/guest-cart/items                             200 200 200 200 200 200
cart      PUT     /api/v1/guest-cart/items/{product_id}                200 200 200 200 200 200
cart      DELETE  /api/v1/guest-cart/items/{product_id}                200 200 200 200 200 200
checkout  POST    /api/v1/checkout/quote                               401 401 200 200 200 403
checkout  POST    /api/v1/checkout                                     401 401 200 200 200 403
checkout  POST    /checkout                                            401 401 200 200 200 403
checkout  GET     /api/v1/checkout/{checkout_id}                       401 401 200 404 200 403
checkout  GET     /api/v1/rates                                        200 200 200 200 200 200
checkout  PUT     /api/v1/rates/{currency}                             401 401 403 403 200 403
checkout  POST    /api/v1/orders                                       401 401 201 201 201 403
checkout  POST    /api/v1/coupons                                      401 401 403 403 201 403
checkout  GET     /api/v1/coupons                                      401 401 403 403 200 403
checkout  GET     /api/v1/coupons/{code}                               401 401 403 403 200 403
checkout  PATCH   /api/v1/coupons/{code}                               401 401 403 403 200 403
checkout  POST    /api/v1/promotions                                   401 401 403 403 201 403
checkout  GET     /api/v1/promotions                                   401 401 403 403 200 403
checkout  PATCH   /api/v1/promotions/{promotion_id}                    401 401 403 403 200 403
checkout  DELETE  /api/v1/promotions/{promotion_id}                    401 401 403 403 204 403
checkout  POST    /api/v1/shipping/quote                               200 200 200 200 200 200
checkout  PUT     /api/v1/shipping/{country}                           401 401 403 403 200 403
checkout  GET     /api/v1/shipping/{country}                           401 401 403 403 200 403
checkout  PUT     /api/v1/taxes/{country}                              401 401 403 403 200 403
checkout  GET     /api/v1/taxes/{country}                              401 401 403 403 200 403
order     GET     /api/v1/orders                                       401 401 403 403 200 403
order     GET     /api/v1/orders/{order_id}                            401 401 200 404 200 200
order     GET     /api/v1/orders/{order_id}/timeline                   401 401 200 404 200 200
order     PUT     /api/v1/orders/{order_id}/cancel                     401 401 200 404 200 403
order     PUT     /api/v1/orders/{order_id}/status                     401 401 403 403 200 200
order     POST    /api/v1/orders/{order_id}/shipments                  401 401 403 403 201 403
order     POST    /api/v1/orders/{order_id}/returns                    401 401 403 403 201 403
order     GET     /api/v1/stats/orders                                 401 401 403 403 200 403
order     POST    /api/v1/stats/orders/rebuild                         401 401 403 403 202 403
order     GET     /api/v1/users/{user_id}/orders                       401 401 200 404 200 403
order     GET     /api/v1/failures                                     401 401 403 403 200 403
order     POST    /api/v1/failures/{failure_id}/retry                  401 401 403 403 200 403
order     POST    /api/v1/failures/retry                               401 401 403 403 200 403
order     GET     /api/v1/actions                                      401 401 403 403 403 403 200
payment   POST    /payment/charge                                      401 401 200 404 404 200
payment   POST    /api/v1/payments/charge                              401 401 200 404 404 200
payment   GET     /api/v1/payments                                     401 401 200 404 200 403
payment   GET     /api/v1/payments/{transaction_id}                    401 401 200 404 200 403
payment   POST    /api/v1/payments/{transaction_id}/refunds            401 401 403 403 201 403
payment   POST    /api/v1/payments/webhooks/bank                       204 204 204 204 204 204
payment   POST    /api/v1/payments/webhooks/stripe                     204 204 204 204 204 204
"""
TABLE = [
    (part, method, path, tuple(map(int, [*told, told[4]][: len(ROLES)])))
    for part, method, path, *told in map(str.split, EXPECTED.strip().splitlines())
]
INTERNAL = """
auth      POST  /internal/service-token
auth      GET   /internal/revocations
auth      GET   /internal/accounts
auth      GET   /internal/accounts/{user_id}
auth      POST  /internal/accounts/{user_id}/close
auth      GET   /internal/persons/{user_id}
auth      POST  /internal/persons/{user_id}/forget
user      GET   /internal/users/{user_id}/default-address
product   POST  /internal/products/look-up
product   POST  /internal/holds/{hold_id}
product   POST  /internal/holds/{hold_id}/bind
product   POST  /internal/holds/{hold_id}/take
product   POST  /internal/holds/{hold_id}/release
product   POST  /internal/holds/{hold_id}/give-back
product   POST  /internal/holds/{hold_id}/return
cart      POST  /internal/carts/{user_id}/seals/{checkout_id}
cart      POST  /internal/carts/{user_id}/seals/{checkout_id}/undo
cart      POST  /internal/carts/{user_id}/seals/{checkout_id}/close
cart      GET   /internal/carts/{user_id}/lines
cart      POST  /internal/carts/{user_id}/merge
cart      GET   /internal/persons/{user_id}
cart      POST  /internal/persons/{user_id}/forget
checkout  GET   /internal/persons/{user_id}
checkout  POST  /internal/persons/{user_id}/forget
order     GET   /internal/persons/{user_id}
order     POST  /internal/persons/{user_id}/forget
payment   GET   /internal/persons/{user_id}
payment   POST  /internal/persons/{user_id}/forget
order     PUT   /internal/orders/{order_id}
order     POST  /internal/orders/{order_id}/attempts/{attempt}
order     POST  /internal/orders/{order_id}/attempts/{attempt}/end
order     POST  /internal/orders/{order_id}/attempts/{attempt}/paid
order     POST  /internal/orders/{order_id}/undo
payment   GET   /internal/payments/{order_id}
payment   POST  /internal/payments/{order_id}/void
payment   POST  /internal/payments/{order_id}/refund-rest
payment   POST  /internal/payments/{order_id}/refunds/{key}
"""
INSIDE = [tuple(line.split()) for line in INTERNAL.strip().splitlines()]
OPEN_INSIDE = "/internal/service-token"
"""Where a service that has no token yet shows its secret."""


@pytest.fixture(scope="module")
def world(mall: Mall) -> World:
    return World.of(mall)


@pytest.fixture(scope="module")
def askers(mall: Mall, world: World) -> dict[str, Asker]:
    forge = Forge(mall.folder)
    owner, other = world.shopper, world.browser
    return {
        "nobody": Asker("nobody", "", owner.user_id),
        "expired": Asker("expired", forge.signed(owner.user_id, iat=1_700_000_000, exp=1_700_000_900), owner.user_id),
        "owner": Asker("owner", owner.token, owner.user_id),
        "other": Asker("other", other.token, other.user_id),
        "operator": Asker("operator", world.operator, "operator"),
        "service": Asker("service", world.service_token, "checkout"),
        "admin": Asker("admin", world.admin, "admin"),
        # Deleting the demo operator would end every other test: this one has a token and no account.
        "passing operator": Asker("operator", forge.signed("somebody", role="operator"), "somebody"),
        "passing admin": Asker("admin", forge.signed("somebody", role="admin"), "somebody"),
    }


def test_the_table_names_every_public_call_and_no_other() -> None:
    declared = [
        (part, call.method.value, path)
        for part, contract in (*CONTRACTS.items(), ("order", desk_endpoints), ("order", action_endpoints))  # one stands for all
        for call in endpoints_of(contract).values()
        if not call.internal
        for path in (call.path, *call.aliases)
    ]
    assert sorted(declared) == sorted(row[:3] for row in TABLE)
    assert {row[1:3] for row in TABLE} == RIGHT.keys()


def test_the_table_names_every_internal_call_and_no_other() -> None:
    declared = [
        (part, call.method.value, call.path)
        for part, contract in CONTRACTS.items()
        for call in endpoints_of(contract).values()
        if call.internal
    ]
    assert sorted(declared) == sorted(INSIDE)


@pytest.mark.requirement(5, 6, 108, 125, 154)
@pytest.mark.parametrize("row", TABLE, ids=[f"{method} {path}" for _, method, path, _ in TABLE])
def test_who_may_what(world: World, askers: dict[str, Asker], row: tuple[str, str, str, tuple[int, ...]]) -> None:
    part, method, path, told = row
    for place in ("gateway", part):
        answers = []
        for role in ROLES:
            passing = role in {"operator", "admin"} and (method, path) == ("DELETE", "/api/v1/users/me")
            who = askers[f"passing {role}" if passing else role]
            ask = RIGHT[method, path](world, who, path)
            heard = world.send(place, method, ask.path, ask.body, token=ask.token or who.token, headers=ask.headers)
            answers.append(heard.status)
            if heard.status >= 400:
                assert heard.headers["Content-Type"] == "application/problem+json"
                assert heard.kind == {401: "auth/token-invalid", 403: "forbidden", 404: "not-found"}[heard.status]
        assert dict(zip(ROLES, answers, strict=True)) == dict(zip(ROLES, told, strict=True)), place


@pytest.mark.requirement(154)
@pytest.mark.parametrize(("part", "method", "path"), INSIDE, ids=[f"{method} {path}" for _, method, path in INSIDE])
def test_what_is_internal_is_for_services_alone(world: World, askers: dict[str, Asker], part: str, method: str, path: str) -> None:
    target = path.format(user_id="nobody", hold_id="h", checkout_id="c", order_id="o", attempt="a", key="k")
    body: dict[str, str] | None = None if method == "GET" else {}
    for role in ROLES:
        token = askers[role].token
        at_the_gateway = world.send("gateway", method, target, body, token=token)
        assert (at_the_gateway.status, at_the_gateway.kind) == (404, "not-found"), role
        if path == OPEN_INSIDE:
            wrong = {"service": "checkout", "secret": "not-the-secret"}
            assert world.send(part, method, target, wrong, token=token).status == 401
            continue
        inside = world.send(part, method, target, body, token=token)
        if role == "service":
            assert inside.status in {200, 204, 400, 404, 409}, (role, inside.body)
        else:
            assert inside.status == (401 if role in {"nobody", "expired"} else 403), role


@pytest.mark.requirement(5, 108, 154)
def test_a_stranger_who_pays_learns_nothing_of_the_order(world: World) -> None:
    other, cancelled = world.browser, world.bought()["order_id"]
    world.ask("PUT", f"/api/v1/orders/{cancelled}/cancel", {}, world.shopper.token)
    for order_id, own in ((world.pending(), 0), (world.paid["order_id"], 409), (cancelled, 409), ("nothing", 404)):
        charge = world.charge() | {"order_id": order_id, "user_id": other.user_id}
        theirs = world.send("gateway", "POST", "/payment/charge", charge, token=other.token)
        assert (theirs.status, theirs.kind, theirs.json["detail"]) == (404, "not-found", "there is no such order"), order_id
        kept = world.send("gateway", "GET", f"/api/v1/payments?order_id={order_id}", token=other.token)
        assert kept.status == 404, kept.body
        if own:
            mine = world.send("gateway", "POST", "/payment/charge", charge | {"user_id": world.shopper.user_id}, token=world.shopper.token)
            assert mine.status == own, mine.body


@pytest.mark.requirement(5, 154)
def test_somebody_elses_thing_is_told_like_one_that_is_not_there(world: World) -> None:
    paid, other = world.paid, world.browser.token
    for path, own, unknown in (
        ("/api/v1/orders/{}", paid["order_id"], "nothing"),
        ("/api/v1/checkout/{}", paid["checkout_id"], "nothing"),
        ("/api/v1/payments/{}", paid["transaction_id"], "nothing"),
        ("/api/v1/payments?order_id={}", paid["order_id"], "nothing"),
        ("/api/v1/users/{}/orders", world.shopper.user_id, "nobody"),
    ):
        theirs, nothing = (world.send("gateway", "GET", path.format(what), token=other).json for what in (own, unknown))
        assert theirs | {"trace_id": ""} == nothing | {"trace_id": ""}, path
        assert theirs["status"] == 404
