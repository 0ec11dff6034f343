"""The running mall as tests without an event loop see it: people, products, orders, payments, each made when it is first needed."""

import http.client
import itertools
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlsplit

from redis import Redis

from contracts.bank import signature
from mall.running import Mall
from mallkit.redis_bus import FIELD, stream_of
from mallkit.sources import dotenv
from tests.journeys.people import ADDRESS, ADMIN, GOOD, OPERATOR, card, order_form

SERVICE = "checkout"
"""The service in whose name an unpaid order is placed: by the public interface alone every order is paid or cancelled at once."""
PATIENCE = 20.0
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'
Json = Any


@dataclass(frozen=True)
class Heard:
    """An answer, read to its end."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Json:
        """The body as JSON, or nothing."""
        return json.loads(self.body) if self.body and self.headers.get("Content-Type", "").endswith("json") else None

    @property
    def kind(self) -> str:
        """The problem's slug, or nothing."""
        told = self.json
        return str(told.get("type", "")).removeprefix("/problems/") if isinstance(told, dict) else ""


@dataclass(frozen=True)
class Customer:
    """Somebody who is signed in, with what the account was made with."""

    email: str
    password: str
    token: str
    user_id: str
    refresh_token: str


@dataclass
class World:
    """`urls` tells where each part is; `secret` is that of SERVICE, `webhook_secret` what bank and payment share."""

    urls: dict[str, str]
    secret: str
    webhook_secret: str
    redis_password: str
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @classmethod
    def of(cls, mall: Mall) -> Self:
        """The mall that a test runs."""
        secrets = dotenv(mall.folder / "dev-secrets.env")
        urls = {name: mall.url(name) for name in mall.ports}
        return cls(
            urls, secrets[f"MALL_{SERVICE.upper()}_CLIENT_SECRET"], secrets["MALL_BANK_WEBHOOK_SECRET"], secrets["MALL_REDIS_PASSWORD"]
        )

    @classmethod
    def here(cls) -> Self:
        """As the test that started this process told it."""
        return cls(**json.loads(os.environ["MALL_WORLD"]))

    def told(self) -> str:
        """For `here` in another process."""
        secrets = {name: getattr(self, name) for name in ("secret", "webhook_secret", "redis_password")}
        return json.dumps({"urls": self.urls, **secrets})

    def send(self, part: str, method: str, path: str, body: Json = None, **more: Any) -> Heard:
        """One request; `token`, `headers`, and `data` (bytes, or an iterable of them for a chunked body) instead of JSON."""
        headers = dict(more.get("headers", {}))
        if more.get("token"):
            headers.setdefault("Authorization", f"Bearer {more['token']}")
        data: bytes | Iterable[bytes] | None = more.get("data")
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(urlsplit(self.urls[part]).netloc, timeout=30)
        try:
            connection.request(method, path, data, headers, encode_chunked=not isinstance(data, bytes | None))
            answer = connection.getresponse()
            return Heard(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: Json = None, token: str = "", **headers: str) -> Json:
        """The JSON of a request at the gateway that must not fail."""
        heard = self.send("gateway", method, path, body, token=token, headers=headers)
        if not 200 <= heard.status < 300:
            message = f"{method} {path}: {heard.status} {heard.body!r}"
            raise RuntimeError(message)
        return heard.json

    def unique(self) -> str:
        """A name that nothing else has."""
        return f"w{next(self._numbers)}-{time.time_ns()}"

    @cached_property
    def operator(self) -> str:
        """The token of the demo operator."""
        return self.new_operator()

    @cached_property
    def admin(self) -> str:
        """The token of the demo admin."""
        return self.new_admin()

    def new_admin(self) -> str:
        """A session of the demo admin that may be ended."""
        return str(self.ask("POST", "/api/v1/auth/login", ADMIN)["access_token"])

    def new_operator(self) -> str:
        """A session of the demo operator that may be ended."""
        return str(self.ask("POST", "/api/v1/auth/login", OPERATOR)["access_token"])

    @cached_property
    def shopper(self) -> Customer:
        """Who owns checkouts, orders and payments, and in whose cart is only what `fill_cart` puts there."""
        return self.customer()

    @cached_property
    def browser(self) -> Customer:
        """Another customer, who owns nothing of the shopper's."""
        return self.customer()

    @cached_property
    def service_token(self) -> str:
        """Of the service in whose name orders are placed."""
        heard = self.send("auth", "POST", "/internal/service-token", {"service": SERVICE, "secret": self.secret})
        return str(heard.json["access_token"])

    def customer(self) -> Customer:
        """Somebody new."""
        account = {"email": f"{self.unique()}@example.org", "password": "a-long-password"}
        self.ask("POST", "/api/v1/auth/register", {**account, "name": "Ann"})
        return self._signed_in(account)

    def newcomer(self, role: str) -> Customer:
        """Somebody new whom an admin gave the role."""
        new = self.customer()
        self.ask("PUT", f"/api/v1/auth/accounts/{new.user_id}/role", {"role": role}, self.admin)
        return self._signed_in({"email": new.email, "password": new.password})

    def _signed_in(self, account: dict[str, str]) -> Customer:
        told = self.ask("POST", "/api/v1/auth/login", account)
        return Customer(**account, token=told["access_token"], user_id=told["user_id"], refresh_token=told["refresh_token"])

    def session(self, token: str = "") -> str:
        """The id of the shopper's newest session, or of whose token it is: not the one that asks, if there is another."""
        items = self.ask("GET", "/api/v1/auth/sessions", None, token or self.shopper.token)["items"]
        return str(next((item for item in items if not item["current"]), items[0])["session_id"])

    def spare_session(self) -> str:
        """A session of the shopper's that may be ended."""
        self.ask("POST", "/api/v1/auth/login", {"email": self.shopper.email, "password": self.shopper.password})
        return self.session()

    def new_address(self, token: str = "") -> str:
        return str(self.ask("POST", "/api/v1/users/me/addresses", ADDRESS, token or self.shopper.token)["address_id"])

    @cached_property
    def address(self) -> str:
        return self.new_address()

    def new_product(self) -> str:
        """With a picture, and stock for ever."""
        key, import_id = self.unique(), self.new_import_id()
        row = {"import_key": key, "name": key, "price": 1.25, "stock": 1_000_000, "category": "world", "picture_svg": SVG}
        self.ask("PUT", f"/api/v1/catalogue/imports/{import_id}/parts/0", {"products": [row]}, self.operator)
        self.ask("POST", f"/api/v1/catalogue/imports/{import_id}", {"parts": 1}, self.operator)
        return str(self.ask("GET", f"/api/v1/products?q={key}")["items"][0]["product_id"])

    @cached_property
    def product(self) -> str:
        """That is sold, and stays as it is."""
        return self.new_product()

    @cached_property
    def changing(self) -> str:
        """That operators change: its texts, its price, its stock."""
        return self.new_product()

    def new_category(self) -> str:
        """In which nothing is, and below which nothing hangs."""
        name = self.unique()
        self.ask("PUT", f"/api/v1/categories/{name}", {"title": name}, self.operator)
        return name

    @cached_property
    def category(self) -> str:
        """That operators rename."""
        return self.new_category()

    @cached_property
    def cursors(self) -> dict[str, str]:
        """Where a list of products, and one of orders, goes on."""
        products = self.ask("GET", "/api/v1/products?limit=1")["next"]
        for _ in range(2):
            self.bought()
        orders = self.ask("GET", f"/api/v1/users/{self.shopper.user_id}/orders?limit=1", None, self.shopper.token)["next"]
        return {"products": str(products), "orders": str(orders)}

    def stock_version(self, product_id: str) -> str:
        """What If-Match must say now."""
        return f'"{self.ask("GET", f"/api/v1/products/{product_id}/stock", None, self.operator)["version"]}"'

    def new_import_id(self) -> str:
        """Of an import that has no part yet."""
        return f"{time.time_ns():064x}"

    def staged_import(self) -> str:
        """An import whose one part has arrived."""
        import_id = self.new_import_id()
        row = {"import_key": import_id, "name": "Staged", "price": 1, "stock": 1, "category": "world"}
        self.ask("PUT", f"/api/v1/catalogue/imports/{import_id}/parts/0", {"products": [row]}, self.operator)
        return import_id

    def fill_cart(self, token: str = "") -> None:
        """One piece for the shopper, or whose token it is, and nothing else."""
        self.ask("DELETE", "/api/v1/cart", None, token or self.shopper.token)
        self.ask("PUT", f"/api/v1/cart/items/{self.product}", {"quantity": 1}, token or self.shopper.token)

    def guest(self) -> str:
        """The token of a guest cart with one piece in it."""
        token = str(self.ask("POST", "/api/v1/guest-carts")["cart_token"])
        self.ask("PUT", f"/api/v1/guest-cart/items/{self.product}", {"quantity": 1}, **{"Cart-Token": token})
        return token

    def bought(self) -> Json:
        """A paid order of the shopper: checkout_id, order_id, transaction_id, receipt."""
        self.fill_cart()
        return self.ask("POST", "/api/v1/checkout", order_form(), self.shopper.token)

    @cached_property
    def paid(self) -> Json:
        """That nobody cancels."""
        return self.bought()

    def shipped(self) -> str:
        """The id of an order of the shopper that has left the house."""
        order_id = str(self.bought()["order_id"])
        self.ask("PUT", f"/api/v1/orders/{order_id}/status", {"status": "shipped"}, self.operator)
        return order_id

    def pending(self) -> str:
        """The id of an order of the shopper over 1.25 that waits to be paid."""
        order_id = self.unique()
        buyer = {"firstname": "Ann", "lastname": "Other", "email": "ann@example.org", "address": ADDRESS}
        lines = [{"product_id": self.product, "name": "Thing", "quantity": 1, "unit_minor": 125}]
        place: dict[str, Any] = {"user_id": self.shopper.user_id, "hold_id": order_id, "lines": lines, "receipt": [], "buyer": buyer}
        place |= {"total_minor": 125, "currency": "USD"}
        heard = self.send("order", "PUT", f"/internal/orders/{order_id}", place, token=self.service_token)
        if heard.status != 200:
            raise RuntimeError(heard.body)
        return order_id

    @cached_property
    def failure_id(self) -> str:
        """Of a message at order's desk that nobody will ever take."""
        message = f"no event: {self.unique()}"
        with Redis.from_url(self.urls["redis"].replace("http:", "redis:"), password=self.redis_password) as redis:
            redis.xadd(stream_of("payment"), {FIELD: message})
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            listed = self.ask("GET", "/api/v1/failures?service=order&status=failed", None, self.operator)["items"]
            if found := [item["failure_id"] for item in listed if item["message_data"] == message]:
                return str(found[0])
            time.sleep(0.02)
        raise TimeoutError(message)

    def signed(self, body: bytes, secret: str = "") -> str:
        """The header of a webhook of the bank, or of whose secret it is."""
        at = int(time.time())
        return f"t={at},v1={signature(secret or self.webhook_secret, at, body)}"

    def charge(self) -> Json:
        """A charge that goes through."""
        return {"amount": 1.25, "credit_card": card(GOOD), "order_id": self.pending(), "user_id": self.shopper.user_id}
