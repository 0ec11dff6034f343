"""The documents of the product service: products with words of known share, and stock that agrees with what was sold."""

import random
from collections.abc import Iterator
from typing import Any, TypeAlias

from bench.growth.draw import Draw, made_id, moment, scattered
from bench.growth.words import CATEGORIES, IN_A_NAME, IN_A_TEXT, Words, share_words
from mallkit.allotment import Counter, Movement, State, movement_id
from mallkit.money import Money
from mallkit.store import Kind
from svc_product.domain.product import Product, Sheet
from svc_product.repository.catalogue import PRODUCTS
from svc_product.repository.stock import COUNTERS, FIRST, MOVEMENTS

Documents: TypeAlias = Iterator[tuple[Kind[Any], Any]]
CURRENCY = "USD"
WORDS_SEED = 7


def product_id(number: int, size: int) -> str:
    """Of the product `number`."""
    return made_id("product", number, size)


def price(number: int) -> int:
    """Minor units, from one to two thousand, low ones more often: the same whenever it is asked for."""
    spread = scattered(number)
    return int(10 ** (spread % 3301 / 1000)) * 100 + (99, 99, 50, 0)[spread // 4096 % 4]


def name(number: int, size: int) -> str:
    """What it is called in receipts."""
    return f"Product {number} of {size}"


def documents(draw: Draw) -> Documents:
    """Products in the order of their ids, each with its counter and its first movement; then what every order took."""
    words, chance = Words.made(random.Random(WORDS_SEED)), random.Random(draw.size)  # noqa: S311 - the same mall for the same size
    for number in range(draw.size):
        yield PRODUCTS, _product(number, draw.size, words, chance)
        yield from _stock(number, draw)
    for number in range(draw.size):
        key, order = made_id("checkout", number, draw.size), made_id("order", number, draw.size)
        for thing in draw.lines(number):
            taken = product_id(thing, draw.size)
            yield (
                MOVEMENTS,
                Movement(
                    id=movement_id(key, taken), key=key, thing=taken, quantity=1, state=State.TAKEN,
                    created_at=moment(number, draw.size), bound=order,
                ),
            )  # fmt: skip


def _product(number: int, size: int, words: Words, chance: random.Random) -> Product:
    told = [*share_words(number, size), *words.some(chance, IN_A_TEXT)]
    made = moment(number, size)
    sheet = Sheet(
        name=" ".join(words.some(chance, IN_A_NAME)).title(),
        price=Money(price(number), CURRENCY),
        category=CATEGORIES[int(len(CATEGORIES) * chance.random() ** 2)],
        name_zh=words.chinese(chance, number),
        description=f"{' '.join(told).capitalize()}.",
        sku=f"SKU-{number}",
    )
    return Product(id=product_id(number, size), import_key=f"growth:{number}", sheet=sheet, created_at=made, updated_at=made)


def _stock(number: int, draw: Draw) -> Documents:
    thing, left, sold = product_id(number, draw.size), draw.left(number), draw.sold[number]
    yield COUNTERS, Counter(id=thing, available=left, version=1 + sold)
    opened = moment(number, draw.size)
    yield (
        MOVEMENTS,
        Movement(
            id=movement_id(FIRST, thing), key=FIRST, thing=thing, quantity=left + sold, state=State.RECEIVED,
            created_at=opened, reason="opened",
        ),
    )  # fmt: skip
