"""A running product service, with the auth service that gives its callers their tokens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.mallhouse import JSON, Answer, House, house

POT: JSON = {"name": "Clay Pot", "price": 19.99, "stock": 20, "category": "garden"}


@dataclass
class Shop:
    """The product service as its callers see it."""

    mall: House
    operator: str
    service: str

    async def get(self, path: str, **query: Any) -> Answer:
        """Without a token."""
        pairs = "&".join(f"{name}={value}" for name, value in query.items())
        return await self.mall.call("product", "GET", f"/api/v1/{path}?{pairs}" if pairs else f"/api/v1/{path}")

    async def do(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """As an operator."""
        return await self.mall.call("product", method, f"/api/v1/{path}", body, **{"token": self.operator, **more})

    async def inside(self, path: str, body: Any = None) -> Answer:
        """As a neighbour."""
        return await self.mall.call("product", "POST", f"/internal/{path}", body, token=self.service)

    async def sells(self, **fields: Any) -> JSON:
        """A new product."""
        answer = await self.do("POST", "products", POT | fields)
        assert answer.status == 201, answer.body
        return dict(answer.json)

    async def hold(self, hold_id: str, *lines: tuple[str, int], seconds: int = 900) -> Answer:
        """Reserves pieces: (product id, quantity)."""
        asked = [{"product_id": product_id, "quantity": quantity} for product_id, quantity in lines]
        return await self.inside(f"holds/{hold_id}", {"lines": asked, "seconds": seconds})

    async def stock(self, product_id: str) -> JSON:
        """As the operators see it."""
        return dict((await self.do("GET", f"products/{product_id}/stock")).json)

    async def names(self, **query: Any) -> list[str]:
        """Of all pages of a list, one after the other."""
        found: list[str] = []
        while True:
            answer = await self.get("products", **query)
            assert answer.status == 200, answer.body
            found += [item["name"] for item in answer.json["items"]]
            if answer.json["next"] is None:
                return found
            query["after"] = answer.json["next"]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """The service on an empty store."""
    async with house(tmp_path, "auth", "product") as mall:
        yield await shop_in(mall)


async def shop_in(mall: House) -> Shop:
    """With an operator's token and that of a neighbour."""
    secret = mall.environ["MALL_CHECKOUT_CLIENT_SECRET"]
    answer = await mall.call("auth", "POST", "/internal/service-token", {"service": "checkout", "secret": secret})
    return Shop(mall, await mall.token("operator"), answer.json["access_token"])
