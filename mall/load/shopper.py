"""One shopper who behaves like a person: looks around, fills a cart, changes their mind, buys in one of many ways, comes back."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mall.load.cards import Card
from mall.load.ledger import Purchase, Told
from mall.load.line import PATIENCE, Line

if TYPE_CHECKING:
    from mall.load.crowd import Crowd

ADDRESSES = (
    {"street_address": "1 Main Street", "city": "Springfield", "state": "IL", "country": "US", "zip_code": "62701"},
    {"street_address": "12 Nanjing Road", "city": "Shanghai", "state": "Shanghai", "country": "CN", "zip_code": 200001},
    {"street_address": "5 High Street", "city": "Oxford", "state": "Oxfordshire", "country": "GB", "zip_code": "OX1 4AB"},
)
HABITS = {
    "plainly": 40, "double_click": 10, "two_tabs": 8, "declined": 8, "hasty": 10, "hang_up": 6, "lost": 5, "late": 3, "pay_later": 6,
    "challenged": 4,
}  # fmt: skip
"""How a checkout is done → how often, of a hundred."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two repetitions: doubled each time."""
CLICKS = 4
"""Of an impatient finger, at most."""
TAKES_AWAY = frozenset({"checkout/out-of-stock", "checkout/not-on-sale"})


class Shopper:
    """Lives one visit after the other. All randomness comes from the crowd's seed and the shopper's number."""

    def __init__(self, number: int, crowd: "Crowd") -> None:
        self.user_id = ""
        self._crowd = crowd
        self._dice = random.Random(f"{crowd.terms.seed}:{number}")
        self._line = Line(crowd.session, crowd.terms.gateway, crowd.ledger)
        self._number = number
        self._account = self._new_account(number)
        self._address = self._dice.choice(ADDRESSES)
        self._visit = 0
        self._tills: list[Purchase] = []
        self._says = "approve"
        self._ways: dict[str, Callable[[], Awaitable[None]]] = {
            "plainly": self._plainly, "double_click": self._double_click, "two_tabs": self._two_tabs, "declined": self._declined,
            "hasty": self._hasty, "hang_up": self._hang_up, "lost": self._lost, "late": self._late,
            "pay_later": self._pay_later, "challenged": self._challenged,
        }  # fmt: skip

    async def live(self) -> None:
        """Until the crowd goes home."""
        while await self._crowd.next_visit():
            self._visit += 1
            self._tills = []
            guest = "" if self._line.token or not self._feels_like(0.3) else await self._come_as_a_guest()
            if not self._line.token or self._feels_like(0.03):  # now and then one logs in again
                await self._log_in(guest)
            if guest and self._line.token:
                await self._insist("merge", "POST", "/api/v1/cart/merge", {"cart_token": guest}, key="")
            chosen = await self._browse()
            if self._line.token and await self._fill(chosen):
                way = self._dice.choices([*self._crowd.terms.habits], [*self._crowd.terms.habits.values()])[0]
                await self._ways[way]()
                await self._look_back()

    async def _come_as_a_guest(self) -> str:
        """The token of a cart that was filled before the shopper had an account, or logged in."""
        begun = await self._line.call("guest", "POST", "/api/v1/guest-carts")
        token = str(begun.json["cart_token"]) if begun.final and not begun.slug else ""
        for product_id in await self._browse() if token else ():
            line = {"product_id": product_id, "quantity": self._dice.randint(1, 3)}
            await self._line.call("guest add", "POST", "/api/v1/guest-cart/items", line, cart_token=token)
        return token

    async def _log_in(self, guest: str = "") -> None:
        self._line.token = ""
        if not self.user_id:
            await self._line.call("register", "POST", "/api/v1/auth/register", {**self._account, "name": "Ann Load"})
        account = self._account | ({"cart_token": guest} if guest else {})
        told = await self._line.call("login", "POST", "/api/v1/auth/login", account)
        if told.ok:
            if not self.user_id:
                self._crowd.ledger.shoppers.append(told.json["user_id"])
            self._line.token, self.user_id = told.json["access_token"], told.json["user_id"]

    async def _browse(self) -> list[str]:
        """What the shopper takes a fancy to: at most three products."""
        sort = self._dice.choice(("name", "-price", "price", "newest"))
        told = await self._line.call("browse", "GET", f"/api/v1/products?limit=20&in_stock=true&sort={sort}")
        if not told.status:
            await asyncio.sleep(self._dice.uniform(0.2, LONGEST_PAUSE))  # nobody stares at a page that does not load
        shown = told.json["items"] if told.ok else []
        if shown and self._feels_like(0.4):  # a share of people
            word = self._dice.choice(self._dice.choice(shown)["name"].split())
            await self._line.call("search", "GET", f"/api/v1/products?limit=10&q={quote(word)}")
        for product in self._dice.sample(shown, min(len(shown), self._dice.randint(0, 2))):
            await self._line.call("look", "GET", f"/api/v1/products/{product['product_id']}")
            if product["picture"].startswith("/"):
                await self._line.call("picture", "GET", product["picture"])
        wanted = list(self._crowd.products) or [product["product_id"] for product in shown]
        return self._dice.sample(wanted, min(len(wanted), self._dice.randint(1, 3)))

    async def _fill(self, chosen: list[str]) -> bool:
        """Whether there is something in the cart that the shopper goes to the till with."""
        for product_id in chosen:
            line = {"product_id": product_id, "quantity": self._dice.randint(1, 3)}
            await self._insist("add", "POST", "/api/v1/cart/items", line, key=self._key("add", product_id))
        if chosen and self._feels_like(0.15):  # changes their mind
            line = {"quantity": self._dice.randint(1, 2)}
            await self._line.call("change", "PUT", f"/api/v1/cart/items/{self._dice.choice(chosen)}", line)
        if len(chosen) > 1 and self._feels_like(0.1):  # as before
            await self._line.call("remove", "DELETE", f"/api/v1/cart/items/{chosen[0]}")
        if self._feels_like(0.2):  # asks what it costs
            await self._line.call("quote", "POST", "/api/v1/checkout/quote", {"address": self._address})
        return self._feels_like(0.95)  # the others leave their carts behind

    async def _plainly(self) -> None:
        await self._press(await self._at_the_till(), self._good())

    async def _double_click(self) -> None:
        purchase, card = await self._at_the_till(), self._good()
        await asyncio.gather(*(self._press(purchase, card) for _ in range(self._dice.randint(2, CLICKS))))

    async def _two_tabs(self) -> None:
        one, other = await self._at_the_till(), await self._at_the_till("b")
        await asyncio.gather(self._press(one, self._good()), self._press(other, self._good()))

    async def _declined(self) -> None:
        await self._press(await self._at_the_till(), self._dice.choice(self._crowd.wallet.refused))
        if self._feels_like(0.6):  # has another card
            await self._press(await self._at_the_till("b"), self._good())

    async def _hasty(self) -> None:
        """Does not wait, and presses again."""
        purchase, card = await self._at_the_till(), self._good()
        await self._send(purchase, card, patience=self._dice.uniform(0.005, 0.2))
        await self._press(purchase, card)

    async def _hang_up(self) -> None:
        """Leaves in the middle and never asks again."""
        purchase = await self._at_the_till()
        told = await self._send(purchase, self._good(), patience=self._dice.uniform(0.005, 0.1))
        purchase.hung_up = not told.final

    async def _lost(self) -> None:
        await self._press(await self._at_the_till(), self._dice.choice(self._crowd.wallet.lost))

    async def _late(self) -> None:
        await self._press(await self._at_the_till(), self._crowd.wallet.late)

    async def _pay_later(self) -> None:
        """Orders now, and pays after a moment, or never: then the order is cancelled when its time is over."""
        purchase = await self._at_the_till()
        purchase.sent += 1
        placed = await self._insist("order now", "POST", "/api/v1/orders", self._form(None, purchase), key=purchase.key)
        if placed.status != HTTPStatus.CREATED:
            purchase.answers += [placed] if placed.final else []
            return
        if not self._feels_like(0.7):  # a share of people
            purchase.hung_up = True
            return
        await asyncio.sleep(self._dice.uniform(0, LONGEST_PAUSE))
        order = placed.json
        facts = {"order_id": order["order_id"], "amount": order["receipt"]["total"], "user_id": self.user_id}
        charge = {**facts, "credit_card": self._good().wire()}
        paid = await self._insist("pay", "POST", "/payment/charge", charge, key=f"{purchase.key}-pay")
        if paid.final:
            purchase.answers.append(Told(paid.status, json={**order, **paid.json}) if paid.ok else paid)

    async def _challenged(self) -> None:
        """Is asked by the bank first: most say yes, some say no, some leave and never come back under that name."""
        purchase, card = await self._at_the_till(), self._dice.choices(self._crowd.wallet.challenged, (70, 30))[0]
        self._says = self._dice.choices(("approve", "decline", ""), (70, 15, 15))[0]
        if self._says:
            await self._press(purchase, card)
        else:
            purchase.hung_up = not (await self._send(purchase, card, patience=PATIENCE)).final
            self._line.token, self.user_id = "", ""
            self._account = self._new_account(f"{self._number}-{self._visit}")
        self._says = "approve"

    def _new_account(self, name: object) -> dict[str, str]:
        return {"email": f"load-{self._crowd.run}-{name}@example.org", "password": f"a-password-{self._crowd.run}-{name}"}

    def _feels_like(self, chance: float) -> bool:
        return self._dice.random() < chance

    def _good(self) -> Card:
        return self._dice.choice(self._crowd.wallet.good)

    def _key(self, *words: str) -> str:
        return "-".join((self._crowd.run, self.user_id[-8:], str(self._visit), *words))

    async def _at_the_till(self, tab: str = "a") -> Purchase:
        """Looks at the cart a last time; a press of the button that nobody has sent yet."""
        await self._line.call("cart", "GET", "/api/v1/cart")
        coupon = self._dice.choice(self._crowd.coupons) if self._crowd.coupons and self._feels_like(0.3) else ""
        purchase = Purchase(self.user_id, self._visit, self._key("buy", tab), coupon)
        self._tills.append(purchase)
        self._crowd.ledger.purchases.append(purchase)
        return purchase

    async def _press(self, purchase: Purchase, card: Card) -> None:
        """Until the mall has told the outcome, or the crowd's patience is at its end."""
        purchase.sent += 1
        told = await self._insist("checkout", "POST", "/api/v1/checkout", self._form(card, purchase), key=purchase.key)
        if told.final:
            purchase.answers.append(told)
        if told.slug in TAKES_AWAY and "product_id" in told.json:
            await self._line.call("remove", "DELETE", f"/api/v1/cart/items/{told.json['product_id']}")

    async def _send(self, purchase: Purchase, card: Card, patience: float) -> Told:
        purchase.sent += 1
        told = await self._line.call(
            "checkout", "POST", "/api/v1/checkout", self._form(card, purchase), key=purchase.key, patience=patience
        )
        if told.final:
            purchase.answers.append(told)
        return told

    def _form(self, card: Card | None, purchase: Purchase) -> dict[str, Any]:
        who = {"firstname": "Ann", "lastname": "Load", "email": self._account["email"]}
        coupon = {"coupon": purchase.coupon} if purchase.coupon else {}
        plastic = {"credit_card": card.wire()} if card else {}
        return {**who, "address": self._address, **plastic, **coupon}

    async def _insist(self, action: str, method: str, path: str, body: object, key: str) -> Told:
        """Repeats one request, with its key, until the answer is final or the crowd's patience is at its end."""
        pause = FIRST_PAUSE
        while True:
            told = await self._line.call(action, method, path, body, key=key)
            if told.slug == "auth/token-invalid":
                await self._log_in()
            elif told.final:
                return told
            if time.monotonic() > self._crowd.insists_until:
                return Told(0, "timed-out") if told.final else told
            if told.accepted:
                seen = await self._line.call("status", "GET", told.json["status_url"])
                if seen.ok and seen.json.get("action_url"):
                    await self._line.act(seen.json["action_url"], self._says)
            await asyncio.sleep(pause * self._dice.uniform(0.5, 1))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _look_back(self) -> None:
        """At the order, at all orders; now and then a buyer thinks better of it."""
        last = next((each for each in self._tills if each.bought), None)
        if last is None or last.bought is None:
            return
        order_id = last.bought["order_id"]
        if self._feels_like(0.4):  # a share of people
            await self._line.call("order", "GET", f"/api/v1/orders/{order_id}")
        if self._feels_like(0.1):  # as before
            await self._line.call("orders", "GET", f"/api/v1/users/{self.user_id}/orders?limit=5")
        if self._feels_like(self._crowd.terms.regrets):
            last.cancelled = await self._insist("cancel", "PUT", f"/api/v1/orders/{order_id}/cancel", {"reason": "ordered twice"}, key="")
