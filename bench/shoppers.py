"""The load, in a process of its own so that its cost is not the mall's: shoppers who buy, and readers of the catalogue.

`python -m bench.shoppers GATEWAY KIND CLIENTS COUNT` prints one JSON line: seconds, done, refused, milliseconds of each round.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import uvloop

Reply = tuple[int, Any]
CARD = {
    "credit_card_number": "4242424242424242",
    "credit_card_cvv": "123",
    "credit_card_expiration_year": 2031,
    "credit_card_expiration_month": 12,
}
ADDRESS = {"street_address": "1 Infinite Loop", "city": "Cupertino", "state": "CA", "country": "US", "zip_code": "95014"}
BUYER = {"firstname": "Ann", "lastname": "Other", "email": "ann@example.org", "address": ADDRESS, "credit_card": CARD}
PRICED = {**BUYER, "address": {**ADDRESS, "country": "DE"}, "coupon": "BENCH-10"}
OPERATOR = {"email": "operator@mall.test", "password": "operator-demo-1"}
STOCK = 1_000_000


class Client:
    """One person's connection to the gateway."""

    def __init__(self, session: aiohttp.ClientSession, gateway: str) -> None:
        self._session = session
        self._gateway = gateway
        self._headers: dict[str, str] = {}

    async def call(self, method: str, path: str, body: object = None) -> Reply:
        """Status and JSON."""
        async with self._session.request(method, self._gateway + path, json=body, headers=self._headers) as response:
            return response.status, await response.json(content_type=None)

    async def sign_in(self, account: dict[str, str]) -> None:
        """Further calls carry this account's token."""
        status, tokens = await self.call("POST", "/api/v1/auth/login", account)
        if status != 200:  # noqa: PLR2004 - HTTP's own word for well
            raise RuntimeError(tokens)
        self._headers = {"Authorization": f"Bearer {tokens['access_token']}"}


async def products(session: aiohttp.ClientSession, gateway: str) -> list[str]:
    """Two products that do not run out."""
    operator = Client(session, gateway)
    await operator.sign_in(OPERATOR)
    made = []
    for name in ("Bench Teapot", "Bench Cup"):
        _, product = await operator.call("POST", "/api/v1/products", {"name": name, "price": 19.99, "stock": STOCK, "category": "bench"})
        made.append(product["product_id"])
    return made


async def price_book(session: aiohttp.ClientSession, gateway: str) -> None:
    """A coupon, a tariff and taxes, in a country of their own: those who buy elsewhere pay as before."""
    operator = Client(session, gateway)
    await operator.sign_in(OPERATOR)
    coupon = {"code": PRICED["coupon"], "kind": "percent", "basis_points": 1000, "limit": STOCK, "limit_per_user": STOCK}
    await operator.call("POST", "/api/v1/coupons", coupon)
    await operator.call(
        "PUT", "/api/v1/shipping/DE", {"steps": [{"up_to_grams": 2000, "price": 4.9}, {"up_to_grams": 31500, "price": 9.9}]}
    )
    await operator.call("PUT", "/api/v1/taxes/DE", {"rates": {"standard": 1900, "reduced": 700}, "shipping": "standard"})


async def buyers(session: aiohttp.ClientSession, gateway: str, count: int) -> list[Client]:
    """Registered and signed in, before the clock starts."""
    people = []
    for number in range(count):
        account = {"email": f"bench-{time.time_ns()}-{number}@example.org", "password": "bench-password-1"}
        client = Client(session, gateway)
        await client.call("POST", "/api/v1/auth/register", {**account, "name": "Bench"})
        await client.sign_in(account)
        people.append(client)
    return people


async def purchase(buyer: Client, chosen: list[str], form: object = BUYER) -> bool:
    """Two products into the cart, a look at it, and checkout: four requests."""
    for product_id in chosen:
        await buyer.call("POST", "/api/v1/cart/items", {"product_id": product_id, "quantity": 1})
    await buyer.call("GET", "/api/v1/cart")
    status, _ = await buyer.call("POST", "/api/v1/checkout", form)
    return status == 200  # noqa: PLR2004 - HTTP's own word for well


async def read(reader: Client) -> bool:
    """A page of the catalogue."""
    status, _ = await reader.call("GET", "/api/v1/products?limit=20")
    return status == 200  # noqa: PLR2004 - HTTP's own word for well


async def load(rounds: Callable[[Client], Awaitable[bool]], clients: list[Client], count: int) -> dict[str, Any]:
    """Every client does the next round until `count` have been begun."""
    left = iter(range(count))
    took: list[float] = []
    refused = 0

    async def work(client: Client) -> None:
        nonlocal refused
        for _ in left:
            began = time.perf_counter()
            refused += not await rounds(client)
            took.append((time.perf_counter() - began) * 1000)

    started = time.perf_counter()
    await asyncio.gather(*(work(client) for client in clients))
    return {"seconds": time.perf_counter() - started, "done": len(took), "refused": refused, "ms": took}


async def main(gateway: str, kind: str, clients: int, count: int) -> None:
    """Prepares, says `ready`, waits for a line, loads, prints."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()) as session:
        if kind in {"purchase", "priced"}:
            if kind == "priced":
                await price_book(session, gateway)
            people, chosen = await buyers(session, gateway, clients), await products(session, gateway)

            async def rounds(client: Client) -> bool:
                return await purchase(client, chosen, PRICED if kind == "priced" else BUYER)

        else:
            people = [Client(session, gateway) for _ in range(clients)]

            async def rounds(client: Client) -> bool:
                return await read(client)

        await asyncio.gather(*(rounds(client) for client in people))  # warm: connections, caches
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(json.dumps(await load(rounds, people, count)), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
