"""Who bought what, drawn once for all stores so that they agree: in arrays, for a million orders as objects do not fit."""

import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

MOST_ORDERS = 50
BUSIEST_SHARE = 50
"""The user with many orders has one of so many of all."""
OUT_OF_STOCK = 12
"""One product of so many has nothing left."""
NEWEST = 1_795_000_000_000
"""Milliseconds since 1970 of the last order; the first was placed a year before."""
SPAN = 365 * 86_400_000


def made_id(what: str, number: int, size: int) -> str:
    """A UUIDv7 of the thing `number` of `size`: the same one whenever it is asked for, later ones greater. `what` tells by its length."""
    head = (NEWEST - SPAN + SPAN * number // size) << 12 | number & 0xFFF
    tail = f"{scattered(number):012x}"
    return f"{head >> 28:08x}-{head >> 12 & 0xFFFF:04x}-7{head & 0xFFF:03x}-8{len(what):03x}-{tail}"


def scattered(number: int) -> int:
    """48 bits that look like chance, the same whenever they are asked for, different for different numbers."""
    return (number + 1) * 0x9E3779B97F4A7C15 >> 8 & 0xFFFF_FFFF_FFFF


def moment(number: int, size: int) -> float:
    """When that was, in seconds since 1970."""
    return (NEWEST - SPAN + SPAN * number // size) / 1000


@dataclass(frozen=True)
class Draw:
    """The orders of a mall with `size` orders, products and users. `starts[k]` to `starts[k + 1]` are the lines of order k."""

    size: int
    buyers: "array[int]"
    starts: "array[int]"
    things: "array[int]"
    sold: "array[int]"
    """Pieces by product."""

    @classmethod
    def of(cls, size: int) -> "Draw":
        """The same for the same size."""
        chance = random.Random(size)  # noqa: S311 - the same mall for the same size
        buyers = _buyers(size, chance)
        starts, things, sold = array("I", [0]), array("I"), array("I", bytes(4 * size))
        for _ in range(size):
            chosen = {int(size * chance.random() ** 3) for _ in range(chance.choice((1, 1, 2, 3)))}
            things.extend(sorted(chosen))
            starts.append(len(things))
            for thing in chosen:
                sold[thing] += 1
        return cls(size, buyers, starts, things, sold)

    def lines(self, number: int) -> "array[int]":
        """The products of an order, one piece each."""
        return self.things[self.starts[number] : self.starts[number + 1]]

    def left(self, product: int) -> int:
        """Pieces of a product that are still there."""
        return 0 if product % OUT_OF_STOCK == 1 else 100_000

    def orders_by_user(self) -> Iterator[tuple[int, list[int]]]:
        """Every user who bought, with the numbers of the orders."""
        found: dict[int, list[int]] = {}
        for number, buyer in enumerate(self.buyers):
            found.setdefault(buyer, []).append(number)
        yield from found.items()


def _buyers(size: int, chance: random.Random) -> "array[int]":
    """User 0 has many orders, others 0 to 50, most of them none or one."""
    bought = array("I", [0] * (size // BUSIEST_SHARE))
    users = list(range(1, size))
    chance.shuffle(users)
    for user in users:
        bought.extend([user] * min(MOST_ORDERS, int(chance.expovariate(1) ** 2), size - len(bought)))
        if len(bought) == size:
            break
    bought.extend([1] * (size - len(bought)))
    mixed = list(bought)
    chance.shuffle(mixed)
    return array("I", mixed)
