"""What schemathesis needs of the running mall, fetched without its knowledge: people, products, orders, payments."""

import itertools
import json
import os
import time
import urllib.request
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.error import HTTPError

from tests.journeys.people import ADDRESS, GOOD, OPERATOR, card, order_form

SERVICE = "checkout"
"""The service in whose name an unpaid order is placed: by the public interface alone every order is paid or cancelled at once."""
Json = Any


@dataclass
class Customer:
    """Somebody who is signed in, with what the account was made with."""

    email: str
    password: str
    token: str
    user_id: str
    refresh_token: str


@dataclass
class World:
    """The mall at `gateway`; `auth` and `order` are asked directly with the secret of a service."""

    gateway: str
    auth: str
    order: str
    secret: str
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @classmethod
    def here(cls) -> "World":
        """As the test that started this process told it."""
        return cls(**json.loads(os.environ["OPENAPI_WORLD"]))

    def send(self, method: str, url: str, body: Json = None, token: str = "", **headers: str) -> tuple[int, Json, Json]:
        """Status, JSON and headers of one request."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        content = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        request = urllib.request.Request(url, content, sent, method=method)  # noqa: S310 - our own http URL
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
                read = answer.read()
                return answer.status, json.loads(read) if read else None, answer.headers
        except HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"null"), refused.headers

    def ask(self, method: str, path: str, body: Json = None, token: str = "", **headers: str) -> Json:
        """The JSON of a request that must not fail."""
        status, told, _ = self.send(method, self.gateway + path, body, token, **headers)
        if not 200 <= status < 300:
            message = f"{method} {path}: {status} {told}"
            raise RuntimeError(message)
        return told

    @cached_property
    def operator(self) -> str:
        """The token of the demo operator."""
        return str(self.ask("POST", "/api/v1/auth/login", OPERATOR)["access_token"])

    @cached_property
    def shopper(self) -> Customer:
        """Who owns checkouts, orders and payments, and in whose cart is only what `fill_cart` puts there."""
        return self.customer()

    @cached_property
    def browser(self) -> Customer:
        """Whose cart and profile the run itself changes."""
        return self.customer()

    @cached_property
    def stranger(self) -> Customer:
        """Whose name and password are tried at the login."""
        return self.customer()

    @cached_property
    def service_token(self) -> str:
        """Of the service in whose name orders are placed."""
        _, told, _ = self.send("POST", f"{self.auth}/internal/service-token", {"service": SERVICE, "secret": self.secret})
        return str(told["access_token"])

    def customer(self) -> Customer:
        """Somebody new."""
        account = {"email": f"st{next(self._numbers)}-{time.time_ns()}@example.org", "password": "a-long-password"}
        self.ask("POST", "/api/v1/auth/register", {**account, "name": "Ann"})
        told = self.ask("POST", "/api/v1/auth/login", account)
        return Customer(**account, token=told["access_token"], user_id=told["user_id"], refresh_token=told["refresh_token"])

    def new_product(self) -> str:
        """With a picture, and stock for ever."""
        number = next(self._numbers)
        import_id, key = f"{time.time_ns():064x}", f"world-{number}-{time.time_ns()}"
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

    def staged_import(self) -> str:
        """An import whose one part has arrived."""
        import_id = f"{time.time_ns():064x}"
        row = {"import_key": import_id, "name": "Staged", "price": 1, "stock": 1, "category": "world"}
        self.ask("PUT", f"/api/v1/catalogue/imports/{import_id}/parts/0", {"products": [row]}, self.operator)
        return import_id

    def fill_cart(self) -> None:
        """One piece for the shopper, and nothing else."""
        self.ask("DELETE", "/api/v1/cart", None, self.shopper.token)
        self.ask("PUT", f"/api/v1/cart/items/{self.product}", {"quantity": 1}, self.shopper.token)

    def bought(self) -> Json:
        """A paid order of the shopper: checkout_id, order_id, transaction_id."""
        self.fill_cart()
        return self.ask("POST", "/api/v1/checkout", order_form(), self.shopper.token)

    @cached_property
    def paid(self) -> Json:
        """That nobody cancels."""
        return self.bought()

    def pending(self) -> str:
        """The id of an order of the shopper over 1.25 that waits to be paid."""
        order_id = f"world-{next(self._numbers)}-{time.time_ns()}"
        line = {"product_id": self.product, "name": "Thing", "quantity": 1, "unit_minor": 125}
        place = {
            "user_id": self.shopper.user_id,
            "hold_id": order_id,
            "lines": [line],
            "receipt": [],
            "total_minor": 125,
            "currency": "USD",
            "buyer": {"firstname": "Ann", "lastname": "Other", "email": "ann@example.org", "address": ADDRESS},
        }
        status, told, _ = self.send("PUT", f"{self.order}/internal/orders/{order_id}", place, self.service_token)
        if status != 200:
            raise RuntimeError(told)
        return order_id

    def charge(self) -> Json:
        """A charge that goes through."""
        return {"amount": 1.25, "credit_card": card(GOOD), "order_id": self.pending(), "user_id": self.shopper.user_id}


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'
