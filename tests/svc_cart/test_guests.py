"""Guests' carts over HTTP: made without an account, kept under a token, merged into a user's cart once."""

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.cart import GuestCartUnknown
from mallkit.sqlite import open_store
from svc_cart.domain.cart import Cart, Line
from svc_cart.domain.guest import GuestCart, GuestState, Ticket
from svc_cart.repository import CARTS, GUESTS, KINDS, StoredCarts, StoredGuests
from tests.mallhouse import house
from tests.svc_cart.shopping import GUEST, Shopping, lines

UNKNOWN = (404, "cart/guest-cart-unknown")
MONTH = 30 * 86_400.0


def documents(folder: Path, collection: str) -> list[Any]:
    """What the cart service has stored."""
    with closing(sqlite3.connect(folder / "cart.db", timeout=5)) as store:
        return [json.loads(text) for (text,) in store.execute(f'SELECT _doc FROM "{collection}"')]  # noqa: S608 - our own names


@pytest.mark.requirement(19, 20, 21, 22, 23)
async def test_a_guest_fills_a_cart_without_an_account(shopping: Shopping) -> None:
    token = await shopping.begin_guest()
    assert lines(await shopping.guest(token)) == []
    assert documents(shopping.mall.folder, "guests") == [], "nothing is stored before the first write"
    assert lines(await shopping.guest_adds(token, "pot", 2)) == [("pot", 2, 39.98)]
    assert lines(await shopping.guest_adds(token, "mug")) == [("pot", 2, 39.98), ("mug", 1, 5.0)]
    mug, pot = (f"/items/{shopping.products[name]}" for name in ("mug", "pot"))
    assert lines(await shopping.guest(token, "PUT", mug, {"quantity": 3})) == [("pot", 2, 39.98), ("mug", 3, 15.0)]
    assert lines(await shopping.guest(token, "DELETE", pot)) == lines(await shopping.guest(token)) == [("mug", 3, 15.0)]
    assert (await shopping.guest(token, "DELETE", pot)).kind == "not-found"
    assert lines(await shopping.guest(token, "DELETE")) == []
    assert (await shopping.guest_adds(token, "nothing")).kind == "not-found"
    assert (await shopping.guest(token, "PUT", mug, {"quantity": 1000})).status == 400
    assert (await shopping.guest(token, "PUT", mug, {"quantity": 999})).status == 200
    assert (await shopping.guest_adds(token, "mug")).kind == "cart/full"


async def test_the_token_itself_is_kept_nowhere(shopping: Shopping) -> None:
    token = await shopping.begin_guest()
    await shopping.guest_adds(token, "pot", 2, key="press-1")
    await shopping.merge(token)
    kept = b"".join(path.read_bytes() for path in shopping.mall.folder.glob("cart.db*"))
    assert token.encode() not in kept
    assert token.partition(".")[0].encode() not in kept


async def test_a_token_that_is_not_ours_opens_nothing(shopping: Shopping) -> None:
    token = await shopping.begin_guest()
    for wrong in ("x", "a.b.c", f"{token}x", token[:-1], "0" * 43):
        for answer in (await shopping.guest(wrong), await shopping.guest_adds(wrong, "pot"), await shopping.merge(wrong)):
            assert (answer.status, answer.kind) == UNKNOWN, wrong
    without = await shopping.mall.call("cart", "GET", GUEST, token=shopping.ann)
    assert (without.status, without.kind) == UNKNOWN
    for wrong in ("", "ä", "a b", "x" * 201):
        assert (await shopping.guest(wrong)).status == 400
    assert (await shopping.mall.call("cart", "GET", f"{GUEST}?cart_token={token}")).status == 400, "never in a URL"
    assert documents(shopping.mall.folder, "guests") == []


async def test_two_guests_with_the_same_idempotency_key_are_two(shopping: Shopping) -> None:
    one, other = await shopping.begin_guest(), await shopping.begin_guest()
    answers = await asyncio.gather(*(shopping.guest_adds(one, "pot", 2, key="press-1") for _ in range(10)))
    assert {answer.body for answer in answers} == {answers[0].body}
    assert lines(await shopping.guest_adds(other, "mug", key="press-1")) == [("mug", 1, 5.0)]
    assert lines(await shopping.guest(one)) == [("pot", 2, 39.98)]
    assert (await shopping.guest_adds(one, "pot", 3, key="press-1")).kind == "idempotency-key-reused"


async def test_a_guests_cart_is_merged_into_the_users_and_again_gives_the_same_answer(shopping: Shopping) -> None:
    await shopping.add("mug", 4)
    token = await shopping.begin_guest()
    await shopping.guest_adds(token, "pot", 2)
    await shopping.guest_adds(token, "mug", 1)
    first = await shopping.merge(token)
    assert first.status == 200, first.body
    assert [(line["name"], line["quantity"]) for line in first.json["cart"]["items"]] == [("mug", 4), ("pot", 2)]
    assert first.json["left_out"] == []
    assert (await shopping.merge(token)).json == first.json
    await shopping.remove("pot")
    assert [line["name"] for line in (await shopping.merge(token)).json["cart"]["items"]] == ["mug"]
    bob = await shopping.mall.token("bob")
    for answer in (await shopping.merge(token, token=bob), await shopping.guest(token), await shopping.guest_adds(token, "pot")):
        assert (answer.status, answer.kind) == UNKNOWN
    assert lines(await shopping.cart(token=bob)) == []


async def test_what_does_not_fit_is_told_each_time(shopping: Shopping) -> None:
    await shopping.set("pot", 998)
    await shopping.step("c1")
    token = await shopping.begin_guest()
    await shopping.guest_adds(token, "pot", 5)
    expected = [{"product_id": shopping.products["pot"], "name": "pot", "quantity": 4}]
    answers = [await shopping.merge(token) for _ in range(2)]
    assert [answer.json["left_out"] for answer in answers] == [expected, expected]
    assert lines(await shopping.cart()) == [("pot", 1, 19.99)]


async def test_fifty_merges_at_once_merge_once(shopping: Shopping) -> None:
    people = {name: await shopping.mall.token(name) for name in ("bob", "cleo", "dan")} | {"ann": shopping.ann}
    token = await shopping.begin_guest()
    await shopping.guest_adds(token, "pot", 2)
    names = [[*people][n % len(people)] for n in range(50)]
    answers = await asyncio.gather(*(shopping.merge(token, token=people[name]) for name in names))
    winners = {name for name, answer in zip(names, answers, strict=True) if answer.status == 200}
    assert len(winners) == 1
    assert {(answer.status, answer.kind) for answer in answers if answer.status != 200} == {UNKNOWN}
    carts = {name: lines(await shopping.cart(token=token)) for name, token in people.items()}
    assert carts == {name: [("pot", 2, 39.98)] if name in winners else [] for name in people}


async def test_what_a_guest_adds_while_the_cart_is_merged_is_merged_or_refused(shopping: Shopping) -> None:
    token = await shopping.begin_guest()
    await shopping.guest_adds(token, "mug")

    adding = [asyncio.ensure_future(shopping.guest_adds(token, "pot")) for _ in range(30)]
    await adding[4]
    assert (await shopping.merge(token)).status == 200
    added = await asyncio.gather(*adding)
    assert {answer.status for answer in added} <= {200, 404}
    taken = sum(answer.status == 200 for answer in added)
    pots = {name: quantity for name, quantity, _ in lines(await shopping.cart())}.get("pot", 0)
    assert pots == taken


async def test_an_empty_guest_cart_is_closed_by_merging_too(shopping: Shopping) -> None:
    token = await shopping.begin_guest()
    assert (await shopping.merge(token)).json["cart"]["items"] == []
    assert (await shopping.guest_adds(token, "pot")).kind == "cart/guest-cart-unknown"
    assert (await shopping.merge(token)).status == 200


async def test_an_address_begins_so_many_guest_carts_a_minute(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "cart", MALL_CART_GUESTS_PER_ADDRESS="3") as mall:
        answers = [await mall.call("cart", "POST", "/api/v1/guest-carts", headers={"X-Forwarded-For": "192.0.2.1"}) for _ in range(4)]
        assert [answer.status for answer in answers] == [201, 201, 201, 429]
        assert answers[-1].kind == "too-many-requests"
        assert 50 <= int(answers[-1].headers["Retry-After"]) <= 60
        other = await mall.call("cart", "POST", "/api/v1/guest-carts", headers={"X-Forwarded-For": "192.0.2.2"})
        assert other.status == 201
        assert len({answer.json["cart_token"] for answer in (*answers[:3], other)}) == 4


async def test_services_merge_for_a_user_and_nobody_else_does(shopping: Shopping) -> None:
    token = await shopping.begin_guest()
    await shopping.guest_adds(token, "pot", 2)
    path, body = f"/internal/carts/{shopping.user_id}/merge", {"cart_token": token}
    assert (await shopping.mall.call("cart", "POST", path, body, token=shopping.ann)).status == 403
    assert (await shopping.mall.call("cart", "POST", path, body)).status == 401
    for _ in range(2):
        assert (await shopping.mall.call("cart", "POST", path, body, token=shopping.checkout)).status == 204
    assert lines(await shopping.cart()) == [("pot", 2, 39.98)]


def rules_of(*products: str) -> Any:
    """Puts these in."""
    return lambda cart: replace(cart, lines=tuple(Line(product, 1) for product in products))


async def test_a_merge_that_stopped_between_is_finished_by_whoever_comes_next(tmp_path: Path) -> None:
    """As a store without transactions leaves it: closed, and the lines not in the user's cart yet, or there already."""
    async with open_store(tmp_path / "cart.db", KINDS) as store:
        guests, carts = StoredGuests(store, MONTH), StoredCarts(store)
        for name in ("repeated", "found"):
            closed = GuestCart(name, Cart(name, (Line("pot", 2),)), 1e9, GuestState.CLOSED, into=name)
            await store[GUESTS].add(closed)
        ticket = Ticket("repeated", 0.0)
        assert await guests.merge(ticket, "repeated", 1e9) == await guests.merge(ticket, "repeated", 1e9) == ()
        await guests.tidy(1e9)
        for name in ("repeated", "found"):
            assert (await carts.of(name).seen()).lines == (Line("pot", 2),)
            assert (await store[GUESTS].get(name)).state is GuestState.SETTLED
        half = GuestCart("half", Cart("half", (Line("pot", 2),)), 1e9, GuestState.CLOSED, into="found")
        await store[GUESTS].add(half)
        await store[CARTS].change("found", lambda cart: replace(cart, lines=(), merged={"half": next(iter(cart.merged.values()))}))
        await guests.tidy(1e9)
        assert (await carts.of("found").seen()).lines == ()


async def test_what_nobody_uses_is_forgotten_and_never_begins_again(tmp_path: Path) -> None:
    async with open_store(tmp_path / "cart.db", KINDS) as store:
        guests, now = StoredGuests(store, MONTH), time.time()
        kept, left, merged = (Ticket(name, now + MONTH) for name in ("kept", "left", "merged"))
        for ticket in (kept, left, merged):
            await guests.of(ticket, now).change(rules_of("pot"))
        await guests.merge(merged, "ann", now)
        await guests.tidy(now + MONTH - 1)
        assert await store[GUESTS].count() == 3
        assert (await guests.of(kept, now + MONTH - 1).seen()).lines == (Line("pot", 1),), "looking at it is using it"
        await guests.tidy(now + MONTH + 1)
        assert [found.id for found in (await store[GUESTS].find()).items] == ["kept"]
        for ticket in (left, merged):
            with pytest.raises(GuestCartUnknown):
                await guests.of(ticket, now + MONTH + 1).seen()
            with pytest.raises(GuestCartUnknown):
                await guests.of(ticket, now + MONTH + 1).change(rules_of("pot"))
            with pytest.raises(GuestCartUnknown):
                await guests.merge(ticket, "ann", now + MONTH + 1)
        assert (await StoredCarts(store).of("ann").seen()).lines == (Line("pot", 1),)
