"""A small mall for the cart's tests: auth, product and cart, some products on sale, and a checkout service's token."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.mallhouse import Answer, House

ITEMS = "/api/v1/cart/items"
CART = "/api/v1/cart"
GUEST = "/api/v1/guest-cart"


@dataclass
class Shopping:
    """Ann's calls; `products` are ids by name."""

    mall: House
    ann: str
    user_id: str
    operator: str
    checkout: str
    products: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def begin(cls, mall: House) -> "Shopping":
        """Registers Ann and puts a pot and a mug on sale."""
        ann = await mall.token("ann")
        user_id = (await mall.login("ann@example.org", "password-of-ann"))["user_id"]
        shown = {"service": "checkout", "secret": mall.environ["MALL_CHECKOUT_CLIENT_SECRET"]}
        token = (await mall.call("auth", "POST", "/internal/service-token", shown)).json["access_token"]
        shopping = cls(mall, ann, user_id, await mall.token("operator"), token)
        await shopping.sell("pot", 19.99)
        await shopping.sell("mug", 5)
        return shopping

    async def sell(self, name: str, price: float) -> str:
        """Puts a product on sale."""
        body = {"name": name, "price": price, "stock": 20, "category": "garden"}
        answer = await self.mall.call("product", "POST", "/api/v1/products", body, token=self.operator)
        assert answer.status == 201, answer.body
        self.products[name] = answer.json["product_id"]
        return self.products[name]

    async def add(self, name: str, quantity: Any = 1, **more: Any) -> Answer:
        """Puts pieces of a product into Ann's cart."""
        body = {"product_id": self.products.get(name, name), "quantity": quantity}
        return await self.mall.call("cart", "POST", ITEMS, body, **{"token": self.ann, **more})

    async def set(self, name: str, quantity: Any, **more: Any) -> Answer:
        """Sets a line."""
        path = f"{ITEMS}/{self.products.get(name, name)}"
        return await self.mall.call("cart", "PUT", path, {"quantity": quantity}, **{"token": self.ann, **more})

    async def remove(self, name: str) -> Answer:
        """Takes a line out."""
        return await self.mall.call("cart", "DELETE", f"{ITEMS}/{self.products.get(name, name)}", token=self.ann)

    async def move(self, place: str, name: str, verb: str) -> Answer:
        """Saves one of the `items` for later, or restores one of the `saved`."""
        path = f"{CART}/{place}/{self.products.get(name, name)}/{verb}"
        return await self.mall.call("cart", "POST", path, token=self.ann)

    async def cart(self, **more: Any) -> Answer:
        """Ann's cart."""
        return await self.mall.call("cart", "GET", CART, **{"token": self.ann, **more})

    async def step(self, checkout_id: str, end: str = "", **more: Any) -> Answer:
        """Seals Ann's cart for a checkout, or ends that with `/undo` or `/close`."""
        path = f"/internal/carts/{self.user_id}/seals/{checkout_id}{end}"
        return await self.mall.call("cart", "POST", path, **{"token": self.checkout, **more})

    async def begin_guest(self) -> str:
        """The token of a new guest cart."""
        answer = await self.mall.call("cart", "POST", "/api/v1/guest-carts")
        assert answer.status == 201, answer.body
        return str(answer.json["cart_token"])

    async def guest(self, token: str, method: str = "GET", rest: str = "", body: Any = None, **more: Any) -> Answer:
        """A call with a guest's token."""
        return await self.mall.call("cart", method, GUEST + rest, body, headers={"Cart-Token": token}, **more)

    async def guest_adds(self, token: str, name: str, quantity: int = 1, **more: Any) -> Answer:
        """Puts pieces of a product into a guest's cart."""
        return await self.guest(token, "POST", "/items", {"product_id": self.products.get(name, name), "quantity": quantity}, **more)

    async def merge(self, cart_token: str, **more: Any) -> Answer:
        """A guest's cart into Ann's."""
        return await self.mall.call("cart", "POST", f"{CART}/merge", {"cart_token": cart_token}, **{"token": self.ann, **more})

    async def look_ups(self) -> int:
        """How often the product service was asked for faces."""
        answer = await self.mall.call("product", "GET", "/metrics")
        lines: Sequence[str] = answer.body.decode().splitlines()
        counted = [line for line in lines if "_count{" in line and "/internal/products/look-up" in line]
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in counted)


def lines(answer: Answer) -> list[tuple[str, int, float]]:
    """Name, quantity and line total of each line shown."""
    assert answer.status == 200, answer.body
    return [(line["name"], line["quantity"], line["line_total"]) for line in answer.json["items"]]


def age(answer: Answer) -> timedelta:
    """How old the oldest price shown is."""
    return datetime.now(UTC) - datetime.fromisoformat(answer.json["prices_as_of"])
