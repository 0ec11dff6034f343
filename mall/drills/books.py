"""The shoppers' ledger held against the mall's books, through the same public interface that shoppers and operators use."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mall.drills.stage import Stage
from mall.load.ledger import OURS, Ledger, pieces_of

PAGE = 200
SIDE_BY_SIDE = 8
Json = dict[str, Any]


@dataclass
class Compared:
    """What does not agree, one sentence each: none is as it should be."""

    answered: int = 0
    paid: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    oversold: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """All of it."""
        return [*self.lost, *self.doubled, *self.oversold, *self.other]


async def compare(stage: Stage) -> Compared:
    """Every purchase and every order of every shopper. Raises DrillFailed when the mall cannot be asked."""
    ledger = stage.crowd.ledger
    orders = await _orders(stage, ledger.shoppers)
    payments = await _payments(stage, orders)
    found = hold_against(ledger, orders, payments)
    await _pieces(stage, orders, found)
    return found


def hold_against(ledger: Ledger, orders: Mapping[str, Json], payments: Mapping[str, list[Json]]) -> Compared:
    """What shoppers were told against their orders and the payments of each, both by order id, as the mall shows them."""
    found = Compared(answered=len(ledger.bought), paid=sum(order["status"] == "paid" for order in orders.values()))
    _told_twice(ledger, found)
    _answered(ledger, orders, found)
    _unexplained(ledger, orders, found)
    for order_id, order in orders.items():
        _money(order, payments[order_id], found)
    return found


async def _orders(stage: Stage, shoppers: Iterable[str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def of(user_id: str) -> None:
        page = 1
        async with gate:
            while True:
                told = await stage.operator("GET", f"/api/v1/users/{user_id}/orders?pageSize={PAGE}&page={page}")
                found.update({order["order_id"]: order for order in told["items"]})
                page += 1
                if len(told["items"]) < PAGE:
                    return

    await asyncio.gather(*map(of, shoppers))
    return found


async def _payments(stage: Stage, orders: Iterable[str]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def of(order_id: str) -> None:
        async with gate:
            found[order_id] = (await stage.operator("GET", f"/api/v1/payments?order_id={order_id}"))["items"]

    await asyncio.gather(*map(of, orders))
    return found


def _told_twice(ledger: Ledger, found: Compared) -> None:
    """One key has one answer, one order one key, and one cart is bought once."""
    keys, visits = defaultdict[str, set[str]](set), Counter[tuple[str, int]]()
    for purchase in ledger.purchases:
        answers = {(told.json or {}).get("order_id", told.slug) if told.ok else told.slug for told in purchase.answers}
        if len(answers) > 1:
            found.doubled.append(f"the key {purchase.key} was answered in {len(answers)} ways: {sorted(answers)}")
        if purchase.bought:
            keys[purchase.bought["order_id"]].add(purchase.key)
            visits[purchase.shopper, purchase.visit] += 1
        found.other += [f"{purchase.key} was told {told.slug}" for told in purchase.answers if told.slug in OURS]
    found.doubled += [f"the order {order_id} answers {len(those)} keys" for order_id, those in keys.items() if len(those) > 1]
    found.doubled += [f"shopper {who} bought one cart {times} times" for (who, _), times in visits.items() if times > 1]


def _answered(ledger: Ledger, orders: Mapping[str, Json], found: Compared) -> None:
    """An answered purchase is a paid order of that buyer, with those pieces at that price; one that was cancelled is cancelled."""
    for purchase in ledger.bought:
        told = purchase.bought or {}
        order = orders.get(told["order_id"])
        if order is None or order["user_id"] != purchase.shopper:
            found.lost.append(f"the answered order {told['order_id']} is gone")
            continue
        allowed = (
            {"cancelled"} if purchase.cancelled and purchase.cancelled.ok else {"cancelled", "paid"} if purchase.cancelled else {"paid"}
        )
        if order["status"] not in allowed:
            found.lost.append(f"the answered order {told['order_id']} is {order['status']}, not {' or '.join(sorted(allowed))}")
        if (_pieces_in(order), order["total"], order["transaction_id"]) != (
            pieces_of(told["receipt"]), told["receipt"]["total"], told["transaction_id"],
        ):  # fmt: skip
            found.other.append(f"the order {told['order_id']} is another one than its buyer was told")
    found.other += [f"{purchase.key} was never answered, though its shopper asked on" for purchase in ledger.open]


def _unexplained(ledger: Ledger, orders: Mapping[str, Json], found: Compared) -> None:
    """A paid order that nobody was told of is one that a shopper left in the middle of; no refused purchase is paid.

    What was in the cart tells nothing: a request whose sender has gone may seal the cart only when that shopper is filling it again.
    """
    told = {(purchase.bought or {})["order_id"] for purchase in ledger.bought}
    left = Counter(purchase.shopper for purchase in ledger.purchases if not purchase.answers)
    for order_id, order in orders.items():
        if order["status"] == "paid" and order_id not in told:
            left[order["user_id"]] -= 1
            if left[order["user_id"]] < 0:
                found.doubled.append(f"the order {order_id} is paid, and nobody who was not refused had bought it")


def _money(order: Json, payments: list[Json], found: Compared) -> None:
    """A paid order was captured once and in full; of any other nothing is kept."""
    kept = [(each["amount"], each["refunded"]) for each in payments if each["status"] in {"captured", "partly_refunded", "refunded"}]
    if len(kept) > 1:
        found.doubled.append(f"the order {order['order_id']} was charged {len(kept)} times")
    if order["status"] == "paid" and kept != [(order["total"], 0)]:
        found.lost.append(f"the order {order['order_id']} over {order['total']} is paid, captured and refunded is {kept}")
    elif order["status"] == "cancelled" and any(amount != refunded for amount, refunded in kept):
        found.other.append(f"the order {order['order_id']} is cancelled, captured and refunded is {kept}")
    elif order["status"] not in {"paid", "cancelled"}:
        found.other.append(f"the order {order['order_id']} is still {order['status']}")


async def _pieces(stage: Stage, orders: Mapping[str, Json], found: Compared) -> None:
    """Of each product are there as many as were, less those sold."""
    sold: Counter[str] = Counter()
    for order in orders.values():
        if order["status"] == "paid":
            sold.update(_pieces_in(order))
    for product_id, pieces in stage.stock.items():
        now = await stage.operator("GET", f"/api/v1/products/{product_id}/stock")
        if sold[product_id] > pieces or now["available"] < 0:
            found.oversold.append(f"of {pieces} pieces of {product_id} were sold {sold[product_id]}")
        if now["on_hand"] != pieces - sold[product_id] or now["reserved"]:
            found.other.append(f"{product_id}: {pieces} less {sold[product_id]} sold, but there are {now}")


def _pieces_in(order: Json) -> dict[str, int]:
    return {line["product_id"]: line["quantity"] for line in order["items"]}
