"""Hooks of the schemathesis run: the right token, ids that exist, cards that work; and a count of what came of it.

Schemathesis invents the values; where a request is meant to be right, three of four get the words that only this mall knows.
A request that is meant to be wrong is left as it is, but for its token.
"""

import atexit
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.auths import AuthContext

from contracts.bank import SIGNATURE
from contracts.payment import STRIPE_SIGNATURE
from tests.journeys.openapi_fills import body, both, path, without
from tests.journeys.people import STRIPE_SECRET, card
from tests.journeys.world import SVG, World

Json = Any
LEFT_ALONE = 4
"""Of so many right requests one keeps what was invented."""
OPERATORS = {"operator", "admin"}
ITS_OWN_PERSON = {"auth.logout", "auth.change_password", "auth.end_sessions", "auth.sessions", "user.delete_me"}
"""Operations that end their caller's session, or tell of it to those that do."""
NOT_INVENTED = ("currency", "picture_svg", "picture_image")
GOOD_CARD = card()
RUN = f"st-{time.time_ns()}"
"""What is made in this run only."""

world = World.here()
answers: Counter[tuple[str, str, int]] = Counter()
_turn: Counter[str] = Counter()
_fresh = itertools.count()


def name_of(case: Case[Any]) -> str:
    """The operation's id: service and call."""
    return str(case.operation.definition.raw["operationId"])


def meant(case: Case[Any]) -> str:
    """positive, negative, or none for a probe of the HTTP shape."""
    return str(case.meta.generation.mode.value) if case.meta else "none"


@schemathesis.auth(refresh_interval=None)
class Token:
    """One of the role that the operation is for."""

    def get(self, case: Case[Any], _: AuthContext) -> str:
        if name_of(case) in ITS_OWN_PERSON:
            return world.customer().token
        roles = set(case.operation.definition.raw["x-roles"])
        if roles == {"admin"}:
            return world.admin
        if roles <= OPERATORS | {"service"}:
            return world.operator
        return (world.browser if name_of(case).startswith(("cart.", "user.")) else world.shopper).token

    def set(self, case: Case[Any], data: str, _: AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(_: HookContext, case: Case[Any], __: dict[str, Any]) -> None:
    """Puts the mall's own words into a request that is meant to be right."""
    if meant(case) != "positive":
        return
    name = name_of(case)
    ALWAYS.get(name, _nothing)(case)
    _turn[name] += 1
    if _turn[name] % LEFT_ALONE:
        WORDS.get(name, _nothing)(case)


@schemathesis.hook
def after_call(_: HookContext, case: Case[Any], response: Response) -> None:
    """Counts."""
    answers[name_of(case), meant(case), response.status_code] += 1


def _report() -> None:
    Path(os.environ["OPENAPI_REPORT"]).write_text(json.dumps([[*key, count] for key, count in sorted(answers.items())]))


atexit.register(_report)


def _nothing(_: Case[Any]) -> None:
    """The invented values do."""


def _key(case: Case[Any]) -> None:
    case.headers["Idempotency-Key"] = f"{RUN}-{next(_fresh)}"


def _register(case: Case[Any]) -> None:
    number = next(_fresh)
    body(email=lambda: f"{RUN}-{number}@example.org")(case)


def _version(case: Case[Any]) -> None:
    case.headers["If-Match"] = world.stock_version(world.changing)


def _in_cart(_: Case[Any]) -> None:
    world.ask("PUT", f"/api/v1/cart/items/{world.product}", {"quantity": 1}, world.browser.token)


def _saved(case: Case[Any]) -> None:
    _in_cart(case)
    world.ask("POST", f"/api/v1/cart/items/{world.product}/save", None, world.browser.token)


def _own_currency(case: Case[Any]) -> None:
    """Of all others the mall has no rate."""
    if "currency" in case.query:
        case.query = {**case.query, "currency": "USD"}


def _guest(case: Case[Any]) -> None:
    case.headers["Cart-Token"] = world.guest()


def _address(case: Case[Any]) -> None:
    world.fill_cart()
    if isinstance(case.body, dict) and isinstance(case.body.get("address"), dict):
        case.body = {**case.body, "address": {"street_address": "1 Loop", "city": "C", "state": "CA", "country": "US", "zip_code": 95014}}


def _products_query(case: Case[Any]) -> None:
    if "after" in case.query:
        case.query = {"sort": "newest", "after": world.cursors["products"]}


def _orders_query(case: Case[Any]) -> None:
    if "after" in case.query:
        case.path_parameters = {"user_id": world.shopper.user_id}
        case.query = {"after": world.cursors["orders"]}


def _of_paid(case: Case[Any]) -> None:
    case.query = {**case.query, "order_id": world.paid["order_id"]}


def _own_keys(case: Case[Any]) -> None:
    if isinstance(case.body, dict):
        sent: Json = case.body["products"]
        rows: Json = [{**row, "import_key": f"{row['import_key'][:200]}-{number}"} for number, row in enumerate(sent)]
        for row in rows:
            row.pop("currency", None)  # of the mall's own there is one, and invented are all
        case.body = {**case.body, "products": rows}


def _plain_rows(case: Case[Any]) -> None:
    """A currency that is invented is another than the mall's, a picture that is invented is none."""
    if isinstance(case.body, dict):
        sent: Json = case.body["products"]
        rows: Json = [{name: value for name, value in row.items() if name not in NOT_INVENTED} for row in sent]
        case.body = {**case.body, "products": rows}


def _card_or_token(case: Case[Any]) -> None:
    if isinstance(case.body, dict) and ("credit_card" in case.body) == ("payment_token" in case.body):
        case.body = {name: value for name, value in case.body.items() if name != "payment_token"} | {"credit_card": GOOD_CARD}


def _charge(case: Case[Any]) -> None:
    case.body = world.charge()


def _news(header: str, body: Json, secret: str = "") -> Callable[[Case[Any]], None]:
    """Signed is the very text that is sent."""

    def sign(case: Case[Any]) -> None:
        case.body = body
        case.headers[header] = world.signed(json.dumps(body).encode(), secret)

    return sign


def _desk(case: Case[Any]) -> None:
    """A service that there is; who tries all again at once is not to be in the way of who tries one."""
    if "service" in case.query:
        case.query = {**case.query, "service": "order"}
    if isinstance(case.body, dict):
        case.body = {"service": "payment"}


def _spare_person(case: Case[Any]) -> None:
    """The run finds those people in answers in whose name everything else here is asked, and would end their sessions."""
    if case.path_parameters.get("user_id") in {world.shopper.user_id, world.browser.user_id, "demo-operator", "demo-admin"}:
        case.path_parameters = {"user_id": world.customer().user_id}


def _own_cursor(case: Case[Any]) -> None:
    case.query = {name: value for name, value in case.query.items() if name != "after"}


def _picture(case: Case[Any]) -> None:
    case.body = {"svg": SVG}


def _spare(case: Case[Any]) -> None:
    """The run finds the products that everything else here is bought with in lists, and would change them."""
    if case.path_parameters.get("product_id") in {world.product, world.changing}:
        case.path_parameters = {"product_id": world.new_product()}


_plain_purchase = without("user_id", "expected_total", "coupon", "currency")
_product = path(product_id=lambda: world.product)
_changing = path(product_id=lambda: world.changing)
ALWAYS: dict[str, Callable[[Case[Any]], None]] = {
    "auth.sessions": _own_cursor,
    "auth.give_role": _spare_person,
    "product.products": _products_query,
    "product.import_part": both(_own_keys, _plain_rows),
    "product.picture": _product,
    "product.patch": _spare,
    "product.delete": _spare,
    "product.set_stock": _spare,
    "product.adjust_stock": _spare,
    "product.set_picture": both(_spare, _picture),
    "product.delete_picture": _spare,
    "product.stock_log": _own_cursor,
    "product.low_stock": _own_cursor,
    "product.export": _own_cursor,
    "order.orders_of": _orders_query,
    "payment.charge": _card_or_token,
    "payment.bank_webhook": _news(SIGNATURE, {"events": []}),
    "payment.stripe_webhook": _news(STRIPE_SIGNATURE, {"type": "new", "data": {"object": {}}}, STRIPE_SECRET),
    "payment.payments_of": _own_cursor,
    "actions.actions": _desk,
    "failures.failures": _desk,
    "failures.retry_failures": _desk,
}
"""Operation → what a JSON Schema cannot say: a cursor is what a list gave, `page` and `after` exclude each other, an import key comes
once in a part, a product that was made without a picture has none, services have names, a webhook is signed, and a card or a token pays."""
WORDS: dict[str, Callable[[Case[Any]], None]] = {
    "auth.register": _register,
    "auth.login": body(email=lambda: world.browser.email, password=lambda: world.browser.password),
    "auth.refresh": body(refresh_token=lambda: world.customer().refresh_token),
    "auth.change_password": body(old_password=lambda: "a-long-password"),
    "auth.end_session": path(session_id=world.spare_session),
    "auth.account_of": path(user_id=lambda: world.shopper.user_id),
    "auth.give_role": path(user_id=lambda: world.customer().user_id),
    "product.create": both(_key, without("currency")),
    "product.products": _own_currency,
    "product.product": both(_product, _own_currency),
    "product.patch": _changing,
    "product.delete": path(product_id=world.new_product),
    "product.stock": _product,
    "product.set_stock": both(_changing, _version),
    "product.set_picture": both(_changing, _picture),
    "product.delete_picture": path(product_id=world.new_product),
    "product.prices": _product,
    "product.price_changes": _product,
    "product.adjust_stock": both(_key, _changing, body(delta=lambda: 1)),
    "product.stock_log": _product,
    "product.set_category": without("parent"),
    "product.delete_category": path(category=world.new_category),
    "product.import_part": _plain_rows,
    "product.apply_import": both(path(import_id=world.staged_import), body(parts=lambda: 1), without("categories")),
    "cart.add_item": both(_key, body(product_id=lambda: world.product, quantity=lambda: 1)),
    "cart.set_item": _product,
    "cart.remove_item": both(_product, _in_cart),
    "cart.save": both(_product, _in_cart),
    "cart.restore": both(_product, _saved),
    "cart.remove_saved": both(_product, _saved),
    "cart.merge": body(cart_token=world.guest),
    "cart.cart": _own_currency,
    "cart.guest_cart": both(_guest, _own_currency),
    "cart.guest_clear": _guest,
    "cart.guest_add": both(_guest, _key, body(product_id=lambda: world.product, quantity=lambda: 1)),
    "cart.guest_set": both(_guest, _product),
    "cart.guest_remove": both(_guest, _product),
    "checkout.quote": both(_address, _plain_purchase),
    "checkout.run": both(_key, _address, body(credit_card=lambda: GOOD_CARD), _plain_purchase),
    "checkout.place_order": both(_key, _address, _plain_purchase),
    "checkout.status": path(checkout_id=lambda: str(world.paid["checkout_id"])),
    "order.order": path(order_id=lambda: str(world.paid["order_id"])),
    "order.cancel": path(order_id=lambda: str(world.bought()["order_id"])),
    "failures.retry_failure": path(failure_id=lambda: world.failure_id),
    "order.orders_of": path(user_id=lambda: world.shopper.user_id),
    "payment.charge": both(_key, _charge),
    "payment.payment": path(transaction_id=lambda: str(world.paid["transaction_id"])),
    "payment.payments_of": _of_paid,
    "payment.refund": both(_key, path(transaction_id=lambda: str(world.bought()["transaction_id"])), without("amount")),
}
"""Operation → what its right requests get."""
