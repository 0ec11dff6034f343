"""Shoppers and operators at the gateway, as a test needs them."""

import itertools
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

SHOPPER = {"email": "shopper@mall.test", "password": "shopper-demo-1"}
OPERATOR = {"email": "operator@mall.test", "password": "operator-demo-1"}
ADMIN = {"email": "admin@mall.test", "password": "admin-demo-1"}
GOOD, DECLINED, SLOW, LOST = "4242424242424242", "4000000000000002", "4000000000000341", "4000000000000259"
ADDRESS = {"street_address": "1 Infinite Loop", "city": "Cupertino", "state": "CA", "country": "US", "zip_code": "95014"}
STRIPE_SECRET = "whsec-of-the-journeys"
BY_STRIPE = "by_stripe"
TWO_PROVIDERS: dict[str, Any] = {
    "MALL_PAYMENT_PROVIDERS": f"credit_card=bank,{BY_STRIPE}=stripe",
    "MALL_PAYMENT_STRIPE_KEY": "sk-of-the-journeys-1",
    "MALL_BANK_STRIPE_KEY": "sk-of-the-journeys-1",
    "MALL_PAYMENT_STRIPE_WEBHOOK_SECRET": STRIPE_SECRET,
    "MALL_BANK_STRIPE_WEBHOOK_SECRET": STRIPE_SECRET,
    "MALL_PAYMENT_RETURN_URL": "https://shop.example/back",
}
"""Settings of a mall whose second payment method goes to the sandbox bank in Stripe's words."""
_numbers = itertools.count()


def card(number: str = GOOD, cvv: str = "123") -> dict[str, Any]:
    """A card that is still good in 2031."""
    return {
        "credit_card_number": number,
        "credit_card_cvv": cvv,
        "credit_card_expiration_year": 2031,
        "credit_card_expiration_month": 12,
    }


def order_form(number: str = GOOD, **more: Any) -> dict[str, Any]:
    """The body of a checkout."""
    return {"firstname": "Ann", "lastname": "Other", "email": "ann@example.org", "address": ADDRESS, "credit_card": card(number)} | more


@dataclass
class Told:
    """An answer, read to its end."""

    status: int
    json: Any
    headers: Any
    body: bytes

    @property
    def kind(self) -> str:
        """The problem's slug, or nothing."""
        return str(self.json.get("type", "")).removeprefix("/problems/") if isinstance(self.json, dict) else ""


@dataclass
class Person:
    """Somebody with a token, or nobody."""

    session: aiohttp.ClientSession
    gateway: str
    token: str = ""
    user_id: str = ""
    refresh_token: str = ""

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Told:
        """One request to the gateway; `key`, `headers`, `data` (raw bytes instead of JSON)."""
        headers = dict(more.get("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if more.get("key"):
            headers["Idempotency-Key"] = more["key"]
        sent: dict[str, Any] = {"data": more["data"]} if "data" in more else {"json": body} if body is not None else {}
        async with self.session.request(method, self.gateway + path, headers=headers, **sent) as response:
            content = await response.read()
            parsed = await response.json(content_type=None) if response.content_type.endswith("json") and content else None
            return Told(response.status, parsed, response.headers, content)

    async def add(self, product_id: str, quantity: int = 1) -> Told:
        """Puts something into the cart."""
        return await self.call("POST", "/api/v1/cart/items", {"product_id": product_id, "quantity": quantity})

    async def check_out(self, number: str = GOOD, *, key: str = "", **more: Any) -> Told:
        """Buys the cart."""
        return await self.call("POST", "/api/v1/checkout", order_form(number, **more), key=key)

    async def bought(self, product_id: str, quantity: int = 1) -> dict[str, Any]:
        """A paid order's checkout answer."""
        told = await self.add(product_id, quantity)
        assert told.status == 200, told.body
        told = await self.check_out()
        assert told.status == 200, told.body
        return dict(told.json)

    async def order(self, order_id: str) -> dict[str, Any]:
        """One order."""
        told = await self.call("GET", f"/api/v1/orders/{order_id}")
        assert told.status == 200, told.body
        return dict(told.json)


class People:
    """Everybody a test needs."""

    def __init__(self, session: aiohttp.ClientSession, gateway: str) -> None:
        self.session = session
        self.gateway = gateway
        self._operator: Person | None = None

    def nobody(self) -> Person:
        """Without a token."""
        return Person(self.session, self.gateway)

    async def signed_in(self, account: dict[str, str]) -> Person:
        """Somebody who has an account."""
        told = await self.nobody().call("POST", "/api/v1/auth/login", account)
        assert told.status == 200, told.body
        return Person(self.session, self.gateway, told.json["access_token"], told.json["user_id"], told.json["refresh_token"])

    async def operator(self) -> Person:
        """The demo operator."""
        if self._operator is None:
            self._operator = await self.signed_in(OPERATOR)
        return self._operator

    async def shopper(self) -> Person:
        """A new customer with an empty cart."""
        account = {"email": f"p{next(_numbers)}-{time.time_ns()}@example.org", "password": "a-long-password"}
        told = await self.nobody().call("POST", "/api/v1/auth/register", {**account, "name": "Ann"})
        assert told.status == 201, told.body
        return await self.signed_in(account)

    async def product(self, stock: int, price: float = 19.99, **more: Any) -> str:
        """The id of a new product."""
        form = {"name": "A Thing", "price": price, "stock": stock, "category": "test"} | more
        told = await (await self.operator()).call("POST", "/api/v1/products", form)
        assert told.status == 201, told.body
        return str(told.json["product_id"])

    async def stock(self, product_id: str) -> dict[str, Any]:
        """On hand, available, reserved."""
        told = await (await self.operator()).call("GET", f"/api/v1/products/{product_id}/stock")
        assert told.status == 200, told.body
        return dict(told.json)
