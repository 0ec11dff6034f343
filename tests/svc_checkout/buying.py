"""A small mall for the tests of the purchase: people with carts, an operator, and a token as the checkout service has it."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.journeys.people import ADDRESS, card, order_form
from tests.mallhouse import Answer, House, house

PARTS = ("auth", "product", "cart", "order", "payment", "checkout", "bank")
PATIENCE = 20.0
CARD_CUT = "4000000000000374"
"""Authorizes, and refuses the capture."""
CHALLENGED, CHALLENGE_FAILS = "4000002760003184", "4000008400001629"
"""Whose holder is asked first; the second one's yes does not help."""
_numbers = itertools.count()


def new_id(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind}-{next(_numbers)}-{time.time_ns()}"


@dataclass
class Buyer:
    """A customer."""

    name: str
    token: str
    user_id: str


@dataclass
class Buying:
    """The mall's calls; `service` is the checkout service's token."""

    mall: House
    operator: str
    service: str
    names: "itertools.count[int]" = field(default_factory=itertools.count)

    async def call(self, part: str, method: str, path: str, body: Any = None, *, by: Buyer | None = None, **more: Any) -> Answer:
        """One request, by a buyer or with a token."""
        return await self.mall.call(part, method, path, body, **({"token": by.token} if by else {}), **more)

    async def buyer(self) -> Buyer:
        """Somebody new with an empty cart."""
        name = f"buyer{next(self.names)}"
        token = await self.mall.token(name)
        user_id = (await self.mall.login(f"{name}@example.org", f"password-of-{name}"))["user_id"]
        return Buyer(name, token, user_id)

    async def product(self, price: float = 10, stock: int = 20, **more: Any) -> str:
        """The id of a new product."""
        body = {"name": "A Thing", "price": price, "stock": stock, "category": "test"} | more
        answer = await self.call("product", "POST", "/api/v1/products", body, token=self.operator)
        assert answer.status == 201, answer.body
        return str(answer.json["product_id"])

    async def add(self, buyer: Buyer, product_id: str, quantity: int = 1) -> None:
        """Into the cart."""
        body = {"product_id": product_id, "quantity": quantity}
        answer = await self.call("cart", "POST", "/api/v1/cart/items", body, by=buyer)
        assert answer.status == 200, answer.body

    async def with_cart(self, product_id: str, quantity: int = 1) -> Buyer:
        """Somebody new with this in the cart."""
        buyer = await self.buyer()
        await self.add(buyer, product_id, quantity)
        return buyer

    async def come_as_guest(self, buyer: Buyer, product_id: str, quantity: int = 1) -> str:
        """The id of a guest's cart that was filled and then merged into the buyer's."""
        token = (await self.call("cart", "POST", "/api/v1/guest-carts")).json["cart_token"]
        body = {"product_id": product_id, "quantity": quantity}
        assert (await self.call("cart", "POST", "/api/v1/guest-cart/items", body, headers={"Cart-Token": token})).status == 200
        account = {"email": f"{buyer.name}@example.org", "password": f"password-of-{buyer.name}", "cart_token": token}
        assert (await self.call("auth", "POST", "/api/v1/auth/login", account)).status == 200
        merged = await self.call("cart", "POST", "/api/v1/cart/merge", {"cart_token": token}, by=buyer)
        assert merged.status == 200, merged.body
        return sha256(token.encode()).hexdigest()[:48]

    async def check_out(self, buyer: Buyer, *form: Any, key: str = "", **more: Any) -> Answer:
        """Buys the cart; the form as tests.journeys.people.order_form takes it."""
        return await self.call("checkout", "POST", "/api/v1/checkout", order_form(*form, **more), by=buyer, key=key)

    async def place_order(self, buyer: Buyer, *, key: str = "", **more: Any) -> Answer:
        """Orders the cart, to be paid later."""
        form = {name: value for name, value in order_form(**more).items() if name != "credit_card"}
        return await self.call("checkout", "POST", "/api/v1/orders", form, by=buyer, key=key)

    async def pay(self, buyer: Buyer, order: Any, *numbers: str, key: str = "", **more: Any) -> Answer:
        """Pays an order, as it was answered when it was placed, with a card of this number."""
        body = {"amount": order["receipt"]["total"], "credit_card": card(*numbers), "order_id": order["order_id"], "user_id": buyer.user_id}
        return await self.call("payment", "POST", "/payment/charge", body | more, by=buyer, key=key)

    async def lines(self, buyer: Buyer) -> dict[str, int]:
        """What is in the open cart."""
        answer = await self.call("cart", "GET", "/api/v1/cart", by=buyer)
        return {line["product_id"]: line["quantity"] for line in answer.json["items"]}

    async def orders(self, buyer: Buyer) -> list[dict[str, Any]]:
        """Newest first."""
        return list((await self.call("order", "GET", f"/api/v1/users/{buyer.user_id}/orders", by=buyer)).json["items"])

    async def order_status(self, order_id: str) -> str:
        """As operators see it."""
        return str((await self.call("order", "GET", f"/api/v1/orders/{order_id}", token=self.operator)).json["status"])

    async def payments(self, order_id: str) -> list[dict[str, Any]]:
        """The attempts at an order."""
        answer = await self.call("payment", "GET", f"/api/v1/payments?order_id={order_id}", token=self.operator)
        return list(answer.json.get("items", []))

    async def stock(self, product_id: str) -> tuple[int, int]:
        """Available and reserved."""
        answer = await self.call("product", "GET", f"/api/v1/products/{product_id}/stock", token=self.operator)
        return answer.json["available"], answer.json["reserved"]

    async def seen(self, checkout_id: str) -> dict[str, Any]:
        """A checkout as operators see it."""
        return dict((await self.call("checkout", "GET", f"/api/v1/checkout/{checkout_id}", token=self.operator)).json)

    async def ended(self, checkout_id: str) -> dict[str, Any]:
        """The checkout, once it is done or refused."""
        await until(lambda: self._is_final(checkout_id))
        return await self.seen(checkout_id)

    async def _is_final(self, checkout_id: str) -> bool:
        return (await self.seen(checkout_id)).get("status") in {"done", "refused"}

    async def inside(self, part: str, path: str, body: Any = None, *, method: str = "POST", key: str = "") -> Answer:
        """A call that only services may make."""
        return await self.call(part, method, path, {} if body is None else body, token=self.service, key=key)

    async def place(self, buyer: Buyer, order_id: str, hold_id: str, product_id: str, minor: int = 1000, **more: Any) -> Answer:
        """A pending order of one piece."""
        body = {
            "user_id": buyer.user_id,
            "hold_id": hold_id,
            "lines": [{"product_id": product_id, "name": "A Thing", "quantity": 1, "unit_minor": minor}],
            "receipt": [{"kind": "item", "text": "A Thing", "amount": minor / 100, "product_id": product_id, "quantity": 1}],
            "total_minor": minor,
            "currency": "USD",
            "buyer": {"firstname": "Ann", "lastname": "Other", "email": "ann@example.org", "address": ADDRESS},
        }
        return await self.inside("order", f"/internal/orders/{order_id}", body | more, method="PUT")

    async def hold(self, hold_id: str, order_id: str, product_id: str, quantity: int = 1) -> Answer:
        """Pieces for an order."""
        body = {"order_id": order_id, "lines": [{"product_id": product_id, "quantity": quantity}]}
        return await self.inside("product", f"/internal/holds/{hold_id}", body)

    async def pending(self, buyer: Buyer, product_id: str, minor: int = 1000) -> str:
        """The id of an order whose piece is held and that waits to be paid."""
        order_id = new_id("o")
        assert (await self.hold(f"h-{order_id}", order_id, product_id)).status == 200
        assert (await self.place(buyer, order_id, f"h-{order_id}", product_id, minor)).status == 200
        return order_id

    async def act(self, action_url: str, answer: str) -> Answer:
        """What the buyer answers to a challenge: approve or decline."""
        async with self.mall.session.post(action_url, data={"answer": answer}, allow_redirects=False) as told:
            return Answer(told.status, told.headers, await told.read(), None)

    async def bank(self, path: str, body: Any) -> Answer:
        """As the payment service asks it."""
        return await self.call("bank", "POST", path, body, headers={"X-Api-Key": self.mall.environ["MALL_BANK_API_KEY"]})


@asynccontextmanager
async def buying(folder: Path, *parts: str, **settings: str) -> AsyncIterator[Buying]:
    """The parts of a purchase, all by default."""
    async with house(folder, *(parts or PARTS), **settings) as mall:
        shown = {"service": "checkout", "secret": mall.environ["MALL_CHECKOUT_CLIENT_SECRET"]}
        service = (await mall.call("auth", "POST", "/internal/service-token", shown)).json["access_token"]
        yield Buying(mall, await mall.token("operator"), service)


async def until(holds: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    """Waits for a condition."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():
            await asyncio.sleep(0.02)
