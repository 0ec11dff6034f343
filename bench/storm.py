"""A storm of charges at a bank that loses answers, by clients who repeat themselves, then what the bank took compared with what orders say.

`python -m bench.storm [REQUESTS] [SEED]` runs it against a mall of its own and prints what came of it; exit code 1 for a double charge.
"""

import asyncio
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bench.shoppers import ADDRESS, CARD
from mall.running import Mall, machine, running_mall
from mallkit.sources import dotenv

LOSE, DELAY_SHARE, DELAY_SECONDS = 0.3, 0.1, 0.05
CLIENTS: Final = 16
BUYERS: Final = 4
NUMBERS = ("4242424242424242",) * 17 + ("4000000000000002",) * 2 + ("4000000000000374",)
"""Cards as they come: most are good, some are declined, some authorize and refuse the capture."""
OPEN = frozenset({"asked", "capturing"})
PATIENCE = 90.0
Json = Any


@dataclass(frozen=True)
class Where:
    """URLs of auth, order, payment and bank by name, and what opens them."""

    urls: dict[str, str]
    checkout_secret: str
    bank_key: str
    drill_key: str

    @classmethod
    def of(cls, mall: Mall) -> "Where":
        """A running mall that was started with drills."""
        kept = dotenv(mall.folder / "dev-secrets.env")
        urls = {name: mall.url(name) for name in mall.ports}
        return cls(urls, kept["MALL_CHECKOUT_CLIENT_SECRET"], kept["MALL_BANK_API_KEY"], mall.drill_key)


@dataclass
class Storm:
    """What came of it. `captures`: order → approved captures on the bank's statement; `paid`: order → total, 0 where it is not paid."""

    answers: Counter[str] = field(default_factory=Counter)
    captures: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    paid: dict[str, int] = field(default_factory=dict)
    operations: int = 0
    seconds: float = 0.0

    @property
    def requests(self) -> int:
        """How many charges were sent."""
        return self.answers.total()

    @property
    def doubled(self) -> list[str]:
        """Orders that the bank took money for more than once."""
        return [order_id for order_id, taken in self.captures.items() if len(taken) > 1]

    @property
    def disagreeing(self) -> list[str]:
        """Orders that say something else than the bank."""
        return [order_id for order_id, total in self.paid.items() if sum(self.captures.get(order_id, ())) != total]


@dataclass
class Session:
    """The connections, the tokens, and the one source of chance."""

    where: Where
    http: aiohttp.ClientSession
    chance: random.Random
    service: str = ""
    buyers: list[tuple[str, str]] = field(default_factory=list)
    """User id and token."""

    async def call(self, part: str, method: str, path: str, body: Json = None, **headers: str) -> tuple[int, Json]:
        """Status and JSON; `_` in header names stands for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items() if value}
        async with self.http.request(method, self.where.urls[part] + path, json=body, headers=sent) as answer:
            return answer.status, await answer.json(content_type=None)

    async def must(self, part: str, method: str, path: str, body: Json = None, **headers: str) -> Json:
        """As `call`, for what has to work."""
        status, told = await self.call(part, method, path, body, **headers)
        if not 200 <= status < 300:  # noqa: PLR2004 - HTTP's own words for well
            message = f"{method} {path}: {status} {told}"
            raise RuntimeError(message)
        return told

    async def sign_in(self) -> None:
        """The buyers, and the service in whose name orders are placed."""
        shown = {"service": "checkout", "secret": self.where.checkout_secret}
        self.service = f"Bearer {(await self.must('auth', 'POST', '/internal/service-token', shown))['access_token']}"
        for number in range(BUYERS):
            account = {"email": f"storm{number}-{time.time_ns()}@example.org", "password": "a-long-password"}
            await self.must("auth", "POST", "/api/v1/auth/register", {**account, "name": "Ann"})
            told = await self.must("auth", "POST", "/api/v1/auth/login", account)
            self.buyers.append((told["user_id"], f"Bearer {told['access_token']}"))

    async def faults(self, **faults: float) -> None:
        """From now on."""
        await self.must("bank", "PUT", "/v1/faults", faults, X_Drill_Key=self.where.drill_key)

    async def place(self, order_id: str, user_id: str, minor: int) -> None:
        """A pending order."""
        buyer = {"firstname": "Ann", "lastname": "Other", "email": "ann@example.org", "address": ADDRESS}
        lines = [{"product_id": "p", "name": "Thing", "quantity": 1, "unit_minor": minor}]
        body = {
            "user_id": user_id, "hold_id": f"h-{order_id}", "lines": lines, "receipt": [], "total_minor": minor, "currency": "USD",
            "buyer": buyer,
        }  # fmt: skip
        await self.must("order", "PUT", f"/internal/orders/{order_id}", body, Authorization=self.service)


async def charge_storm(where: Where, requests: int, seed: int) -> Storm:
    """At least so many charges, the bank losing a third of its answers; returns when every payment has ended."""
    storm, began = Storm(), time.monotonic()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()) as http:
        session = Session(where, http, random.Random(seed))  # noqa: S311 - the same storm for the same seed
        await session.sign_in()
        await session.faults(lose=LOSE, delay_share=DELAY_SHARE, delay_seconds=DELAY_SECONDS)
        buyer_of: dict[str, str] = {}

        async def client() -> None:
            while storm.requests < requests:
                order_id = f"storm-{seed}-{len(buyer_of)}-{time.time_ns()}"
                user_id, buyer_of[order_id] = session.chance.choice(session.buyers)
                await _pay(session, storm, order_id, (user_id, buyer_of[order_id]))

        try:
            await asyncio.gather(*(client() for _ in range(CLIENTS)))
        finally:
            await session.faults()
        await asyncio.gather(*(_end_of(session, storm, *each) for each in buyer_of.items()))
        await _read_statement(session, storm)
    storm.seconds = time.monotonic() - began
    return storm


async def _pay(session: Session, storm: Storm, order_id: str, buyer: tuple[str, str]) -> None:
    """One order, in the manner of one client."""
    chance, (user_id, token) = session.chance, buyer
    minor = chance.randint(100, 9999)
    await session.place(order_id, user_id, minor)
    card = CARD | {"credit_card_number": chance.choice(NUMBERS)}
    body = {"amount": minor / 100, "credit_card": card, "order_id": order_id, "user_id": user_id}
    times, key = chance.randint(1, 4), f"key-{order_id}"

    async def post(with_key: str, patience: float = 60.0) -> None:
        try:
            async with asyncio.timeout(patience):
                status, _ = await session.call("payment", "POST", "/payment/charge", body, Authorization=token, Idempotency_Key=with_key)
                storm.answers[str(status)] += 1
        except (TimeoutError, aiohttp.ClientError):
            storm.answers["none: the client hung up"] += 1

    await chance.choice(MANNERS)(post, times, key, chance)


Post = Callable[..., Awaitable[None]]
Manner = Callable[[Post, int, str, random.Random], Awaitable[None]]


async def _with_one_key(post: Post, times: int, key: str, _: random.Random) -> None:
    """Repeats itself, whatever it was answered."""
    for _number in range(times):
        await post(key)


async def _without_a_key(post: Post, times: int, _: str, __: random.Random) -> None:
    for _number in range(times):
        await post("")


async def _impatient(post: Post, times: int, key: str, chance: random.Random) -> None:
    """Hangs up and asks again."""
    for _number in range(times):
        await post(key, chance.uniform(0.005, 0.1))
    await post(key)


async def _at_once(post: Post, times: int, key: str, chance: random.Random) -> None:
    """Clicks twice: with one key, with several, with none."""
    keys = chance.choice(([key] * (times + 1), [f"{key}-{number}" for number in range(times + 1)], [""] * (times + 1)))
    await asyncio.gather(*(post(each) for each in keys))


MANNERS: tuple[Manner, ...] = (_with_one_key, _without_a_key, _impatient, _at_once)


async def _end_of(session: Session, storm: Storm, order_id: str, token: str) -> None:
    """Waits until no payment of the order is open any more, and notes what the order says then."""
    async with asyncio.timeout(PATIENCE):
        while True:
            status, page = await session.call("payment", "GET", f"/api/v1/payments?order_id={order_id}", Authorization=token)
            if status == 404 or not any(each["status"] in OPEN for each in page["items"]):  # noqa: PLR2004 - none ever began
                break
            await asyncio.sleep(0.2)
    told = await session.must("order", "GET", f"/api/v1/orders/{order_id}", Authorization=session.service)
    storm.paid[order_id] = round(told["total"] * 100) if told["status"] == "paid" else 0


async def _read_statement(session: Session, storm: Storm) -> None:
    """All that the bank did for these orders."""
    after = ""
    while True:
        page = await session.must("bank", "GET", f"/v1/operations?limit=1000{after}", X_Api_Key=session.where.bank_key)
        for each in page["items"]:
            if each["reference"] in storm.paid:
                storm.operations += 1
                if (each["kind"], each["status"]) == ("capture", "approved"):
                    storm.captures[each["reference"]].append(each["amount"])
        if page["next"] is None:
            return
        after = f"&after={page['next']}"


def main(requests: int = 10_000, seed: int = 1) -> int:
    """Prints what came of it."""
    print(machine())
    with running_mall(drilled=True) as mall:
        before = mall.cpu()
        storm = asyncio.run(charge_storm(Where.of(mall), requests, seed))
        spent = {name: seconds - before[name] for name, seconds in mall.cpu().items() if name in before}
    taken = sum(sum(amounts) for amounts in storm.captures.values())
    print(f"{storm.requests} charge requests on {len(storm.paid)} orders in {storm.seconds:.0f} s, seed {seed}; the bank lost {LOSE:.0%}")
    for answer, count in sorted(storm.answers.items()):
        print(f"    answered {answer:30}{count}")
    print(f"{storm.operations} operations of the bank, {len(storm.captures)} captures over {taken / 100:.2f}")
    print(f"orders paid over {sum(storm.paid.values()) / 100:.2f}")
    print(f"CPU {sum(spent.values()) * 1000 / storm.requests:.1f} ms a request, all processes")
    print(
        f"double charges: {len(storm.doubled)} {storm.doubled[:5]}; orders that say another thing than the bank: {len(storm.disagreeing)}"
    )
    return 1 if storm.doubled or storm.disagreeing else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
