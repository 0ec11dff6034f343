"""One right request for every public call of the mall: what the tables of roles and of bad input start from."""

import json
from collections.abc import Callable

from contracts.bank import SIGNATURE
from contracts.payment import STRIPE_SIGNATURE
from tests.journeys import asking_carts, asking_orders, asking_persons, asking_prices
from tests.journeys.ask import Ask, Asker, Json, Make
from tests.journeys.asking_carts import fill_cart
from tests.journeys.people import STRIPE_SECRET, order_form
from tests.journeys.world import SVG, Customer, World


def _plain(_: World, __: Asker, path: str) -> Ask:
    return Ask(path)


def _fresh(world: World, who: Asker) -> Customer | None:
    """Somebody in the caller's place whose session may end."""
    return world.customer() if who.role in {"owner", "other"} else None


def _staff(world: World, who: Asker) -> str:
    """Another session of an operator or admin, which may end."""
    return {"operator": world.new_operator, "admin": world.new_admin}.get(who.role, str)()


def _register(world: World, _: Asker, path: str) -> Ask:
    return Ask(path, {"email": f"{world.unique()}@example.org", "password": "a-long-password", "name": "Ann"})


def _login(world: World, _: Asker, path: str) -> Ask:
    return Ask(path, {"email": world.shopper.email, "password": world.shopper.password})


def _refresh(world: World, _: Asker, path: str) -> Ask:
    return Ask(path, {"refresh_token": world.customer().refresh_token})


def _logout(world: World, who: Asker, path: str) -> Ask:
    if staff := _staff(world, who):
        return Ask(path, {}, token=staff)
    fresh = _fresh(world, who)
    return Ask(path, {"refresh_token": fresh.refresh_token}, token=fresh.token) if fresh else Ask(path, {})


def _passing(world: World, who: Asker) -> str:
    """The token of somebody in the caller's place all of whose sessions may end."""
    if who.role in {"operator", "admin"}:
        return world.newcomer(who.role).token
    fresh = _fresh(world, who)
    return fresh.token if fresh else ""


def _change_password(world: World, who: Asker, path: str) -> Ask:
    return Ask(path, {"old_password": "a-long-password", "new_password": "a-longer-password"}, token=_passing(world, who))


def _end_session(world: World, who: Asker, path: str) -> Ask:
    return Ask(path.replace("{session_id}", world.spare_session()), token=world.shopper.token if who.role == "owner" else "")


def _end_sessions(world: World, who: Asker, path: str) -> Ask:
    return Ask(path, token=_passing(world, who))


def _account(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{user_id}", world.shopper.user_id))


def _give_role(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{user_id}", world.browser.user_id), {"role": "customer"})


def _close_account(world: World, who: Asker, path: str) -> Ask:
    fresh = _fresh(world, who)
    return Ask(path, token=fresh.token if fresh else "")


def _profile(_: World, __: Asker, path: str) -> Ask:
    return Ask(path, {"name": "Ann", "phone": "+44 20 7946 0000"})


def _product(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{product_id}", world.product))


def _new_product(_: World, __: Asker, path: str) -> Ask:
    return Ask(path, {"name": "A Thing", "price": 19.99, "stock": 3, "category": "test"})


def _patch_product(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{product_id}", world.changing), {"name": "Another Name", "price": 2.5})


def _delete_product(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{product_id}", world.new_product()))


def _set_stock(world: World, _: Asker, path: str) -> Ask:
    told = {"If-Match": world.stock_version(world.changing)}
    return Ask(path.replace("{product_id}", world.changing), {"on_hand": 77, "reason": "count"}, told)


def _adjust_stock(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{product_id}", world.changing), {"delta": 1, "reason": "found"}, {"Idempotency-Key": world.unique()})


def _set_picture(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{product_id}", world.changing), {"svg": SVG})


def _set_category(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{category}", world.category), {"title": "A Category"})


def _delete_category(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{category}", world.new_category()))


def _import_part(world: World, _: Asker, path: str) -> Ask:
    row = {"import_key": world.unique(), "name": "Thing", "price": 1.25, "stock": 1, "category": "test"}
    return Ask(path.replace("{import_id}", world.new_import_id()).replace("{part}", "0"), {"products": [row]})


def _apply_import(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{import_id}", world.staged_import()), {"parts": 1})


def _add_item(world: World, who: Asker, path: str) -> Ask:
    fill_cart(world, who)
    return Ask(path, {"product_id": world.product, "quantity": 1})


def _set_item(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{product_id}", world.product), {"quantity": 2})


def _remove_item(world: World, who: Asker, path: str) -> Ask:
    fill_cart(world, who)
    return Ask(path.replace("{product_id}", world.product))


def _quote(world: World, who: Asker, path: str) -> Ask:
    fill_cart(world, who)
    return Ask(path, {"address": order_form()["address"]})


def _checkout(world: World, who: Asker, path: str) -> Ask:
    fill_cart(world, who)
    return Ask(path, order_form(expected_total=6.35), {"Idempotency-Key": world.unique()})


def _place_order(world: World, who: Asker, path: str) -> Ask:
    fill_cart(world, who)
    form = order_form(expected_total=6.35)
    del form["credit_card"]
    return Ask(path, form, {"Idempotency-Key": world.unique()})


def _of_paid(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.format(**world.paid, user_id=world.shopper.user_id))


def _cancel(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.format(order_id=world.bought()["order_id"]), {"reason": "changed my mind"})


def _charge(world: World, who: Asker, path: str) -> Ask:
    mine = {} if who.role == "service" else {"user_id": who.user_id}
    return Ask(path, world.charge() | mine, {"Idempotency-Key": world.unique()})


def _payments_of(world: World, _: Asker, path: str) -> Ask:
    return Ask(f"{path}?order_id={world.paid['order_id']}")


def _refund(world: World, _: Asker, path: str) -> Ask:
    body = {"amount": 0.01, "reason": "damaged"}
    return Ask(path.format(transaction_id=world.paid["transaction_id"]), body, {"Idempotency-Key": world.unique()})


def _failure(world: World, _: Asker, path: str) -> Ask:
    return Ask(path.replace("{failure_id}", world.failure_id), {})


def _failures(_: World, __: Asker, path: str) -> Ask:
    return Ask(path, {"service": "payment"})


def _webhook(world: World, _: Asker, path: str) -> Ask:
    body = {"events": [{"id": world.unique(), "type": "of.another-kind", "created": "2026-11-21T08:00:00.000Z", "data": {"more": 1}}]}
    return Ask(path, body, {SIGNATURE: world.signed(json.dumps(body).encode())})


def _price(make: Callable[[World, str], tuple[str, Json]]) -> Make:
    return lambda world, _, path: Ask(*make(world, path))


def _keyed(make: Callable[[World, str], tuple[str, Json]]) -> Make:
    return lambda world, _, path: Ask(*make(world, path), {"Idempotency-Key": world.unique()})


def _stripe_webhook(world: World, _: Asker, path: str) -> Ask:
    body = {"id": world.unique(), "type": "of.another-kind", "data": {"object": {}}}
    return Ask(path, body, {STRIPE_SIGNATURE: world.signed(json.dumps(body).encode(), STRIPE_SECRET)})


RIGHT: dict[tuple[str, str], Make] = {
    **asking_carts.RIGHT,
    **asking_persons.RIGHT,
    **{call: _price(make) for call, make in asking_prices.RIGHT.items()},
    **{call: _keyed(make) for call, make in asking_orders.RIGHT.items()},
    ("POST", "/api/v1/auth/register"): _register,
    ("POST", "/api/v1/auth/login"): _login,
    ("POST", "/api/v1/auth/refresh"): _refresh,
    ("POST", "/api/v1/auth/logout"): _logout,
    ("PUT", "/api/v1/auth/password"): _change_password,
    ("GET", "/api/v1/auth/sessions"): _plain,
    ("DELETE", "/api/v1/auth/sessions"): _end_sessions,
    ("DELETE", "/api/v1/auth/sessions/{session_id}"): _end_session,
    ("GET", "/api/v1/auth/accounts/{user_id}"): _account,
    ("PUT", "/api/v1/auth/accounts/{user_id}/role"): _give_role,
    ("GET", "/.well-known/jwks.json"): _plain,
    ("GET", "/api/v1/users/me"): _plain,
    ("PATCH", "/api/v1/users/me"): _profile,
    ("DELETE", "/api/v1/users/me"): _close_account,
    ("GET", "/api/v1/products"): _plain,
    ("POST", "/api/v1/products"): _new_product,
    ("GET", "/api/v1/products/{product_id}"): _product,
    ("PATCH", "/api/v1/products/{product_id}"): _patch_product,
    ("DELETE", "/api/v1/products/{product_id}"): _delete_product,
    ("GET", "/api/v1/products/{product_id}/picture"): _product,
    ("GET", "/api/v1/products/{product_id}/stock"): _product,
    ("PUT", "/api/v1/products/{product_id}/stock"): _set_stock,
    ("PUT", "/api/v1/products/{product_id}/picture"): _set_picture,
    ("DELETE", "/api/v1/products/{product_id}/picture"): _delete_product,
    ("GET", "/api/v1/products/{product_id}/prices"): _product,
    ("GET", "/api/v1/products/{product_id}/prices/changes"): _product,
    ("POST", "/api/v1/products/{product_id}/stock/adjustments"): _adjust_stock,
    ("GET", "/api/v1/products/{product_id}/stock/log"): _product,
    ("GET", "/api/v1/stock/low"): _plain,
    ("GET", "/api/v1/categories"): _plain,
    ("PUT", "/api/v1/categories/{category}"): _set_category,
    ("DELETE", "/api/v1/categories/{category}"): _delete_category,
    ("PUT", "/api/v1/catalogue/imports/{import_id}/parts/{part}"): _import_part,
    ("POST", "/api/v1/catalogue/imports/{import_id}"): _apply_import,
    ("GET", "/api/v1/catalogue/export"): _plain,
    ("GET", "/api/v1/cart"): _plain,
    ("DELETE", "/api/v1/cart"): _plain,
    ("POST", "/api/v1/cart/items"): _add_item,
    ("PUT", "/api/v1/cart/items/{product_id}"): _set_item,
    ("DELETE", "/api/v1/cart/items/{product_id}"): _remove_item,
    ("POST", "/api/v1/checkout/quote"): _quote,
    ("POST", "/api/v1/checkout"): _checkout,
    ("POST", "/checkout"): _checkout,
    ("GET", "/api/v1/checkout/{checkout_id}"): _of_paid,
    ("POST", "/api/v1/orders"): _place_order,
    ("GET", "/api/v1/orders"): _plain,
    ("GET", "/api/v1/orders/{order_id}"): _of_paid,
    ("GET", "/api/v1/orders/{order_id}/timeline"): _of_paid,
    ("PUT", "/api/v1/orders/{order_id}/cancel"): _cancel,
    ("GET", "/api/v1/users/{user_id}/orders"): _of_paid,
    ("GET", "/api/v1/actions"): _plain,
    ("GET", "/api/v1/failures"): _plain,
    ("POST", "/api/v1/failures/{failure_id}/retry"): _failure,
    ("POST", "/api/v1/failures/retry"): _failures,
    ("POST", "/payment/charge"): _charge,
    ("POST", "/api/v1/payments/charge"): _charge,
    ("GET", "/api/v1/payments"): _payments_of,
    ("GET", "/api/v1/payments/{transaction_id}"): _of_paid,
    ("POST", "/api/v1/payments/{transaction_id}/refunds"): _refund,
    ("POST", "/api/v1/payments/webhooks/bank"): _webhook,
    ("POST", "/api/v1/payments/webhooks/stripe"): _stripe_webhook,
}
"""Method and path template → the request."""
