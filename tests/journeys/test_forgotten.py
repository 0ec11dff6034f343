"""A person comes, does everything that can be done here, and leaves: then nothing is left but ids and sums, and the books still fit."""

import asyncio
import itertools
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from mall.running import ROOT, Mall
from tests.journeys import remains
from tests.journeys.people import DECLINED, People, Person, card

ME = "/api/v1/users/me"
PATIENCE = 40.0
LAST_FOUR = "0091"
CARD = "4539620659920091"
"""Whose last four digits nobody else here has."""
_numbers = itertools.count()


@dataclass(frozen=True)
class Quill:
    """Words that stand nowhere else, with the mark of one person."""

    mark: str

    @property
    def account(self) -> dict[str, str]:
        return {"email": f"zebedee.{self.mark}@example.org", "password": "a-long-password", "name": f"Zebedee Quillfeather {self.mark}"}

    @property
    def address(self) -> dict[str, Any]:
        return {
            "street_address": f"77 Quillfeather Mews {self.mark}", "city": f"Quillbury {self.mark}", "state": f"Quillshire {self.mark}",
            "country": "US", "zip_code": f"Q{self.mark}",
        }  # fmt: skip

    @property
    def phone(self) -> str:
        return f"+44 7700 {self.mark}"

    def words(self) -> list[str]:
        """All of it."""
        told = [*self.account.values(), *self.address.values(), self.phone, *(f"{kind}-{self.mark}" for kind in KINDS)]
        return [word for word in told if word not in ("US", "a-long-password")]


KINDS = ("label", "first", "last", "cancel", "buyer-first", "buyer-last", "refund")


@pytest.fixture
async def quill(people: People) -> tuple[Quill, Person]:
    words = Quill(f"{next(_numbers)}{7700900000 + id(people) % 99999}")
    told = await people.nobody().call("POST", "/api/v1/auth/register", words.account)
    assert told.status == 201, told.body
    return words, await people.signed_in({name: words.account[name] for name in ("email", "password")})


async def check_out(words: Quill, person: Person, product_id: str, number: str = CARD, *, key: str = "", **more: Any) -> Any:
    """To the default address, or the one that is sent; not before a refused one is undone."""
    await person.add(product_id)
    form = {
        "firstname": f"buyer-first-{words.mark}",
        "lastname": f"buyer-last-{words.mark}",
        "email": words.account["email"],
        "credit_card": card(number),
    }
    async with asyncio.timeout(PATIENCE):
        while (told := await person.call("POST", "/api/v1/checkout", form | more, key=key)).kind == "checkout/running":
            await asyncio.sleep(0.05)
    return told


async def live(words: Quill, person: Person, people: People) -> list[str]:
    """Profile, addresses, quote, purchases with keys, refusals, refund, cancelling, and a cart left full. The orders, all of them over."""
    product_id = await people.product(stock=50)
    operator = await people.operator()
    profile = await person.call("PATCH", ME, {"phone": words.phone, "locale": "en-GB"})
    named = {"label": f"label-{words.mark}", "firstname": f"first-{words.mark}", "lastname": f"last-{words.mark}"}
    address = [await person.call("POST", f"{ME}/addresses", words.address | named, key=f"address-{words.mark}") for _ in range(2)]
    await person.add(product_id)
    quote = await person.call("POST", "/api/v1/checkout/quote", {})
    bought = [await check_out(words, person, product_id, key=f"buy-{words.mark}") for _ in range(2)]
    refused = await check_out(words, person, product_id, DECLINED)
    wrong = await check_out(words, person, product_id, address=words.address | {"country": "Quillistan"})
    other = await check_out(words, person, product_id, address=words.address)
    refund = {"amount": 1, "reason": f"refund-{words.mark}"}
    refunded = await operator.call("POST", f"/api/v1/payments/{other.json['transaction_id']}/refunds", refund, key=f"refund-{words.mark}")
    statuses = [told.status for told in (profile, *address, quote, *bought, refused, wrong, other, refunded)]
    assert statuses == [200, 201, 201, 200, 200, 200, 402, 422, 200, 201]
    orders = [str(told.json["order_id"]) for told in (bought[0], other)]
    for order_id in orders:
        cancelled = await person.call("PUT", f"/api/v1/orders/{order_id}/cancel", {"reason": f"cancel-{words.mark}"})
        assert cancelled.status == 200
    await person.add(product_id)
    return orders


async def kept(user_id: str, people: People) -> dict[str, Any]:
    """By service, as operators are told."""
    told = await (await people.operator()).call("GET", f"/api/v1/users/{user_id}/export")
    assert told.status == 200, told.body
    return dict(told.json["services"])


async def forgotten(user_id: str, people: People) -> None:
    """Once nobody has to be asked any more."""
    operator = await people.operator()
    async with asyncio.timeout(PATIENCE):
        while (told := await operator.call("GET", f"/api/v1/users/{user_id}")).json["waiting_for"]:
            await asyncio.sleep(0.1)
    assert told.json["closed"]


@pytest.mark.requirement(14, 16, 17)
async def test_all_of_it_is_told_and_then_nothing_is_left(mall: Mall, people: People, quill: tuple[Quill, Person]) -> None:
    words, person = quill
    orders = await live(words, person, people)
    told = await person.call("GET", f"{ME}/export")
    assert told.status == 200
    assert [word for word in words.words() if word not in told.body.decode()] == []
    assert LAST_FOUR in str(told.json["services"]["payment"])
    assert all(told.json["services"].values())
    held = remains.found(mall, words.words())
    assert all(held.values()), "the search finds everything"
    places = {place.partition(" ")[0] for where in held.values() for place in where}
    assert places == {"auth.db", "user.db", "checkout.db", "order.db", "payment.db"}, "and nothing in a log, or on the bus"

    assert (await person.call("DELETE", ME)).status == 204
    await forgotten(person.user_id, people)

    assert {word: where for word, where in remains.found(mall, words.words()).items() if where} == {}
    left = await kept(person.user_id, people)
    assert LAST_FOUR not in str(left["payment"])
    assert {order["id"] for order in left["order"]["orders"]} >= set(orders)
    assert {order["buyer"]["country"] for order in left["order"]["orders"]} == {"US"}
    assert left["cart"]["cart"]["lines"] == []


@pytest.mark.requirement(17, 36, 37)
async def test_nothing_breaks_without_the_person(mall: Mall, people: People, quill: tuple[Quill, Person]) -> None:
    words, person = quill
    orders, operator = await live(words, person, people), await people.operator()
    product_id = await people.product(stock=5)
    delivered = (await check_out(words, person, product_id)).json
    for status in ("shipped", "completed"):
        moved = await operator.call("PUT", f"/api/v1/orders/{delivered['order_id']}/status", {"status": status})
        assert moved.status == 200, moved.body
    assert (await person.call("DELETE", ME)).status == 204
    await forgotten(person.user_id, people)
    late = f"Zebedee {words.mark} says that it came broken"
    wish = {"amount": 1, "reason": late}
    path = f"/api/v1/payments/{delivered['transaction_id']}/refunds"
    refunds = [await operator.call("POST", path, wish, key=f"late-{words.mark}") for _ in range(2)]
    assert [told.status for told in refunds] == [201, 201], "money goes back without the person, and once for its key"
    assert refunds[0].json["refund_id"] == refunds[1].json["refund_id"]
    back = {"reason": late, "lines": [{"product_id": product_id, "quantity": 1}]}
    returned = await operator.call("POST", f"/api/v1/orders/{delivered['order_id']}/returns", back, key=f"back-{words.mark}")
    assert returned.status == 201, returned.body
    assert not remains.found(mall, [late])[late], "what is written later is forgotten at once"
    listed = await operator.call("GET", f"/api/v1/users/{person.user_id}/orders")
    shown = {order["order_id"]: order for order in listed.json["items"]}
    assert len(shown) == 4, "the one that the bank declined as well"
    assert {(order_id, shown[order_id]["refunded"] == shown[order_id]["total"]) for order_id in orders} == {(each, True) for each in orders}
    assert (await operator.call("PUT", f"/api/v1/orders/{orders[0]}/cancel", {})).status == 200, "again, it changes nothing"
    again = await people.nobody().call("POST", "/api/v1/auth/register", words.account)
    assert again.status == 201, "the address is free"
    new = await people.signed_in({name: words.account[name] for name in ("email", "password")})
    assert (await new.call("GET", f"{ME}/addresses")).json["items"] == []
    command = [sys.executable, "-m", "mall", "audit", "--grace", "20"]
    audited = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=mall.environ, capture_output=True, text=True, check=False)
    assert "\naudit: " in audited.stdout, audited.stderr
    ids = [person.user_id, *orders, *(found["id"] for found in (await kept(person.user_id, people))["checkout"]["checkouts"])]
    assert [known for known in ids if known in audited.stdout] == [], "what other tests left half done may be violated, nothing of this"


@pytest.mark.requirement(17)
async def test_an_order_on_its_way_keeps_its_buyer_until_it_is_over(mall: Mall, people: People, quill: tuple[Quill, Person]) -> None:
    words, person = quill
    operator = await people.operator()
    product_id = await people.product(stock=5)
    bought = await check_out(words, person, product_id, address=words.address)
    assert (await person.call("DELETE", ME)).status == 204
    async with asyncio.timeout(PATIENCE):
        while (told := await operator.call("GET", f"/api/v1/users/{person.user_id}")).json["waiting_for"][0] != "order":
            await asyncio.sleep(0.1)
    assert (told.json["closed"], told.json["email"], told.json["addresses"]) == (True, "", [])
    login = await people.nobody().call("POST", "/api/v1/auth/login", {name: words.account[name] for name in ("email", "password")})
    assert login.status == 401, "the account is closed at once"
    held = remains.found(mall, [words.address["street_address"]])
    assert held == {words.address["street_address"]: {"order.db orders"}}
    cancelled = await operator.call("PUT", f"/api/v1/orders/{bought.json['order_id']}/cancel", {"reason": f"cancel-{words.mark}"})
    assert cancelled.status == 200
    await forgotten(person.user_id, people)
    assert {word: where for word, where in remains.found(mall, words.words()).items() if where} == {}
