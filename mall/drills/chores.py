"""What else goes on in a mall besides buying, so that a drill comes to every step: operators, leavers, forgotten holds, stalls."""

import asyncio
import itertools
import secrets
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from mall.drills import leavers, staff
from mall.drills.stage import TROUBLE, DrillFailed, Stage
from mall.journey import SHOPPER
from mall.load.ledger import Ledger, Told
from mall.load.line import Line
from mallkit.redis_bus import FIELD, stream_of
from mallkit.sources import dotenv

POISONED = stream_of("payment")
"""The order service hears it."""
IN_WHOSE_NAME = "checkout"
"""The service for which holds are made that nobody comes back for."""
STALLED_FOR = 12.0
"""Seconds that a store cannot be written: longer than a consumer may take with one event, shorter than twice that."""
STANDS_STILL_FOR = 12.0
"""Seconds that a neighbour stands still: longer than the leases of this drill, and than two calls after one another may take."""
SHARE_DOWN, DOWN_FOR = 0.4, 8.0
"""How often a neighbour is killed whenever it comes back instead, and for how many seconds."""
ORDER = {
    "firstname": "Drill", "lastname": "Operator", "email": "operator@mall.test",
    "address": {"street_address": "1 Main Street", "city": "Springfield", "state": "IL", "country": "US", "zip_code": "62701"},
}  # fmt: skip
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'
ROW = {"import_key": "drill-pot", "name": "Drill Pot", "price": 19.99, "stock": 5, "category": "drill"}


class Chores:
    """Each chore begins again and again, whatever became of the last time: processes die under it all the time."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._numbers = itertools.count()
        self._mark = f"{stage.crowd.run}-{time.monotonic_ns()}"
        self._over = asyncio.Event()

    def stop(self) -> None:
        """Each chore ends what it has begun: nothing that was held stays held."""
        self._over.set()

    async def run(self) -> None:
        """Until stopped."""
        chores = (
            self.keep_the_shop,
            self.come_and_go,
            self.hold_and_forget,
            self.cancel,
            self.come_and_rise,
            self.pay_later,
            self.come_as_a_guest,
            self.ship_and_take_back,
        )
        await asyncio.gather(*(self._again(chore) for chore in chores))

    async def _again(self, chore: Callable[[], Awaitable[None]]) -> None:
        while not self._over.is_set():
            with suppress(DrillFailed, LookupError, TypeError, *TROUBLE):  # an answer that did not come, or said no
                await chore()
            await asyncio.sleep(0.2)

    async def _line(self) -> Line:
        """An operator's."""
        return Line(self._stage.session, self._stage.mall.gateway, Ledger(), await self._stage.token())

    async def keep_the_shop(self) -> None:
        """What an operator writes into the catalogue, on products that nobody buys."""
        line, new = await self._line(), {"name": "Drill Vase", "price": 5, "stock": 3, "category": "drill-chores"}
        here = f"/api/v1/products/{(await line.call('', 'POST', '/api/v1/products', new)).json['product_id']}"
        seen = (await line.call("", "GET", f"{here}/stock")).json
        await line.call("", "PUT", f"{here}/stock", {"on_hand": 7}, version=seen["version"])
        await line.call("", "POST", f"{here}/stock/adjustments", {"delta": -1, "reason": "damaged"}, key=self._unique(24))
        await line.call("", "PATCH", here, {"price": 12})
        await line.call("", "PUT", f"{here}/picture", {"svg": PICTURE})
        await line.call("", "DELETE", here)
        category = f"/api/v1/categories/drill-{self._unique(16)}"
        await line.call("", "PUT", category, {"title": "Drill"})
        await line.call("", "DELETE", category)
        imports = f"/api/v1/catalogue/imports/{self._unique(64)}"
        await line.call("", "PUT", f"{imports}/parts/0", {"products": [ROW | {"price": self._stage.dice.randint(1, 99)}]})
        await line.call("", "POST", imports, {"parts": 1})

    async def come_and_go(self) -> None:
        """An account from its opening to its closing."""
        line = Line(self._stage.session, self._stage.mall.gateway, Ledger())
        account = {"email": f"leaver-{self._mark}-{next(self._numbers)}@example.org", "password": "a-long-password"}
        new = {"name": "Drill Cup", "price": 5, "stock": 3, "category": "drill-chores"}
        product_id = (await (await self._line()).call("", "POST", "/api/v1/products", new)).json["product_id"]
        await leavers.come_and_go(line, account, product_id)
        again = (await line.call("", "POST", "/api/v1/auth/register", {**account, "email": f"x{account['email']}", "name": "Leaver"})).json
        left = (await line.call("", "POST", "/api/v1/auth/login", {**account, "email": f"x{account['email']}"})).json
        line.token = left["access_token"] if again else ""
        await line.call("", "POST", "/api/v1/auth/logout", {})

    async def come_and_rise(self) -> None:
        """Another one, whose password and role change."""
        await staff.come_and_rise(self._stage, f"riser-{self._mark}-{next(self._numbers)}@example.org")

    async def come_as_a_guest(self) -> None:
        """A cart without an account, merged into the demo shopper's, who never buys: by the login, and asked for once more."""
        product_id = self._stage.dice.choice(sorted(self._stage.stock))
        line = Line(self._stage.session, self._stage.mall.gateway, Ledger())
        wish = {"cart_token": (await line.call("", "POST", "/api/v1/guest-carts")).json["cart_token"]}
        body = {"product_id": product_id, "quantity": 1}
        await line.call("", "POST", "/api/v1/guest-cart/items", body, **wish)
        email, password = SHOPPER
        told = await line.call("", "POST", "/api/v1/auth/login", {"email": email, "password": password, **wish})
        line.token = told.json["access_token"]
        await line.call("", "POST", "/api/v1/cart/merge", wish)

    async def hold_and_forget(self) -> None:
        """One hold that its caller binds, and gives back; one that the clock ends."""
        headers = {"Authorization": f"Bearer {await self._service_token()}"}
        new = {"name": "Drill Bowl", "price": 5, "stock": 3, "category": "drill-chores"}
        product_id = (await (await self._line()).call("", "POST", "/api/v1/products", new)).json["product_id"]
        kept, forgotten = (f"/internal/holds/{self._unique(24)}" for _ in range(2))
        line = {"product_id": product_id, "quantity": 1}
        for hold in (kept, forgotten):
            await self._inside("product", hold, {"lines": [line], "seconds": 1}, headers)
        await self._inside("product", f"{kept}/bind", {"order_id": "no-order"}, headers)
        await self._inside("product", f"{kept}/release", {}, headers)

    async def cancel(self) -> None:
        """An order of some while ago, also while its neighbours are away: money and stock are then owed for a time."""
        old = [purchase for purchase in self._stage.crowd.ledger.bought if purchase.cancelled is None]
        if old:
            purchase = self._stage.dice.choice(old)
            purchase.cancelled = Told(0)
            path = f"/api/v1/orders/{(purchase.bought or {})['order_id']}/cancel"
            purchase.cancelled = await (await self._line()).call("", "PUT", path, {"reason": "came too late"})
        await asyncio.sleep(1)

    async def pay_later(self) -> None:
        """Three orders, of which one is paid, one paid and cancelled at once, and one forgotten."""
        line, new = await self._line(), {"name": "Drill Pen", "price": 5, "stock": 9, "category": "drill-chores"}
        product_id = (await line.call("", "POST", "/api/v1/products", new)).json["product_id"]
        for times in ("pay", "pay and cancel", "forget"):
            await line.call("", "PUT", f"/api/v1/cart/items/{product_id}", {"quantity": 1})
            order = (await line.call("", "POST", "/api/v1/orders", ORDER)).json
            if "pay" in times:
                shown = (await line.call("", "GET", f"/api/v1/orders/{order['order_id']}")).json
                facts = {"order_id": shown["order_id"], "amount": shown["total"], "user_id": shown["user_id"]}
                plastic = self._stage.dice.choice(self._stage.crowd.wallet.good).wire()
                await line.call("", "POST", "/payment/charge", {**facts, "credit_card": plastic})
            if "cancel" in times:
                await line.call("", "PUT", f"/api/v1/orders/{order['order_id']}/cancel", {"reason": "thought better of it"})

    async def ship_and_take_back(self) -> None:
        """An order that leaves the house in two parcels, of which pieces come back; one that is given up; and the figures anew."""
        line, new = await self._line(), {"name": "Drill Cup", "price": 5, "stock": 9, "category": "drill-chores"}
        product_id = (await line.call("", "POST", "/api/v1/products", new)).json["product_id"]
        await line.call("", "PUT", f"/api/v1/cart/items/{product_id}", {"quantity": 3})
        plastic = self._stage.dice.choice(self._stage.crowd.wallet.good).wire()
        order_id = (await line.call("", "POST", "/api/v1/checkout", {**ORDER, "credit_card": plastic})).json["order_id"]
        here, some = f"/api/v1/orders/{order_id}", [{"product_id": product_id, "quantity": 2}]
        for lines in ({"lines": some}, {}):
            parcel = {"carrier": "DRILL", "tracking_number": self._unique(24), **lines}
            await line.call("", "POST", f"{here}/shipments", parcel, key=self._unique(24))
        await line.call("", "POST", f"{here}/returns", {"lines": some, "reason": "damaged"}, key=self._unique(24))
        await line.call("", "PUT", f"{here}/status", {"status": "completed"})
        await line.call("", "PUT", f"/api/v1/cart/items/{product_id}", {"quantity": 1})
        given_up = (await line.call("", "POST", "/api/v1/orders", ORDER)).json["order_id"]
        await line.call("", "PUT", f"/api/v1/orders/{given_up}/status", {"status": "failed"})
        await line.call("", "POST", "/api/v1/stats/orders/rebuild", {})

    async def _inside(self, part: str, path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
        """Repeated until it is answered: what was begun must not stay half done."""
        async with asyncio.timeout(30):
            while True:
                with suppress(*TROUBLE):
                    status, _ = await self._stage.ask("POST", self._stage.mall.url(part) + path, body, headers)
                    if status < 500:  # noqa: PLR2004 - HTTP
                        return
                await asyncio.sleep(0.1)

    async def _service_token(self) -> str:
        secret = dotenv(self._stage.mall.folder / "dev-secrets.env")[f"MALL_{IN_WHOSE_NAME.upper()}_CLIENT_SECRET"]
        wish = {"service": IN_WHOSE_NAME, "secret": secret}
        _, told = await self._stage.ask("POST", f"{self._stage.mall.url('auth')}/internal/service-token", wish)
        return str(told["access_token"])

    def _unique(self, digits: int) -> str:
        return f"{time.time_ns() * 1000 + next(self._numbers):0{digits}x}"[-digits:]


async def leave_alone(stage: Stage, but: str) -> None:
    """Neighbours stand still for longer than a lease, or are down: what waits for them is left to jobs. Until cancelled."""
    while True:
        name = stage.dice.choice([each for each in ("order", "payment", "product", "cart", "bank") if each != but])
        if stage.dice.random() < SHARE_DOWN:
            ends = time.monotonic() + DOWN_FOR
            while time.monotonic() < ends:
                stage.hit(name)
                await asyncio.sleep(0.05)
        else:
            stopped = stage.hit(name, signal.SIGSTOP)
            try:
                await asyncio.sleep(STANDS_STILL_FOR)
            finally:
                if stopped:
                    stage.hit(name, signal.SIGCONT)
        await asyncio.sleep(3)


async def stall(stage: Stage, part: str) -> None:
    """The part's store cannot be written for a while: an event in hand runs out of time, and goes to the failure desk. Until cancelled."""
    while True:
        lock = sqlite3.connect(stage.mall.folder / f"{part}.db", timeout=1, isolation_level=None)
        try:
            with suppress(sqlite3.OperationalError):
                lock.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(STALLED_FOR)
        finally:
            lock.close()
        await asyncio.sleep(3)


async def poison(stage: Stage) -> None:
    """Messages that nobody can read, straight onto the bus; and an operator who has them tried again, in vain. Until cancelled."""
    secret = dotenv(stage.mall.folder / "dev-secrets.env")["MALL_REDIS_PASSWORD"]
    bus = Redis(port=stage.mall.ports["redis"], password=secret)
    try:
        while True:
            with suppress(RedisError, DrillFailed):
                await bus.xadd(POISONED, {FIELD: secrets.token_bytes(16)})
                await asyncio.sleep(1)
                await stage.operator("POST", "/api/v1/failures/retry", {})
            await asyncio.sleep(1)
    finally:
        await bus.aclose()
