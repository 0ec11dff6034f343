"""What is asked of both malls: the lists, reads and searches that a shop's pages are made of, and what changes something."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from bench.growth import documents, goods
from bench.growth.draw import BUSIEST_SHARE, Draw, made_id
from bench.growth.words import ALSO_COMMON, CATEGORIES, CHINESE, COMMON, MIDDLE, OTHER_COMMON, RARE
from mallkit.sqlite_query import Order, Place, cursor

ANYBODY, BUSY, BUYER, OPERATOR = "anybody", "the busiest user", "a user", "an operator"
BUSIEST, TYPICAL = 0, 12
"""The user with most orders; and how many another one has whose orders are listed."""
PAGE = "/api/v1/products?limit=20"
TEN, FIVE, ONE = (f"/api/v1/products?limit={limit}" for limit in (10, 5, 1))
"""As many as a mall of a thousand has of what is asked for, so that both malls answer with as much."""
LOGINS = 20
"""Of one question: each takes 20 ms of a core."""


@dataclass(frozen=True)
class Request:
    """One call of the gateway."""

    path: str
    method: str = "GET"
    body: Any = None
    by: str = ANYBODY


@dataclass(frozen=True)
class Question:
    """The same question to a mall of any size. `fewer` requests a round than others take."""

    name: str
    requests: Callable[[Draw], Sequence[Request]]
    fewer: int = 0
    least: int = field(default=1)
    """Items that each answer must have, so that nothing is measured that finds nothing."""

    def each(self, draw: Draw) -> Iterator[Request]:
        """Its requests, again and again."""
        return cycle(self.requests(draw))


def _same(name: str, path: str, by: str = ANYBODY, least: int = 1) -> Question:
    return Question(name, lambda _: [Request(path, by=by)], least=least)


def spread(draw: Draw, count: int = 200) -> list[int]:
    """Numbers from all over the mall."""
    return [draw.size * place // count for place in range(count)]


def typical(draw: Draw) -> int:
    """A user who has bought a dozen times, or nearly."""
    bought = {user: len(orders) for user, orders in draw.orders_by_user() if user != BUSIEST}
    return min(bought, key=lambda user: (abs(bought[user] - TYPICAL), user))


def _deep(order: str, place: Place) -> Request:
    return Request(f"{PAGE}&sort={order}&after={cursor(Order(*CURSORS[order]), place)}")


CURSORS = {"newest": ("-id", "id", True), "price": ("price_minor", "price_minor", False)}


def _deep_newest(draw: Draw) -> list[Request]:
    ids = [goods.product_id(number, draw.size) for number in spread(draw)[20:]]
    return [_deep("newest", (product_id, product_id)) for product_id in ids]


def _deep_price(draw: Draw) -> list[Request]:
    numbers = spread(draw)[20:]
    return [_deep("price", (min(goods.price(number), 50_000), goods.product_id(number, draw.size))) for number in numbers]


def _in_categories(extra: str) -> Callable[[Draw], list[Request]]:
    page = ONE if extra.startswith("&q") else TEN
    return lambda _: [Request(f"{page}&category={category}{extra}") for category in CATEGORIES[:40]]


def _orders_of(user: Callable[[Draw], int], by: str, rest: str = "") -> Callable[[Draw], list[Request]]:
    return lambda draw: [Request(f"/api/v1/users/{documents.user_id(user(draw), draw.size)}/orders?{rest}", by=by)]


def _deep_page(draw: Draw) -> str:
    """The page in the middle of the busiest user's orders."""
    return f"pageSize=20&page={max(draw.size // BUSIEST_SHARE // 40, 1)}"


def _one_order(draw: Draw) -> list[Request]:
    return [Request(f"/api/v1/orders/{made_id('order', number, draw.size)}", by=OPERATOR) for number in spread(draw)]


def _payments(draw: Draw) -> list[Request]:
    return [Request(f"/api/v1/payments?order_id={made_id('order', number, draw.size)}", by=OPERATOR) for number in spread(draw)]


def _one_product(draw: Draw) -> list[Request]:
    return [Request(f"/api/v1/products/{goods.product_id(number, draw.size)}") for number in spread(draw)]


def _logins(draw: Draw) -> list[Request]:
    accounts = [{"email": documents.email(number), "password": documents.PASSWORD} for number in spread(draw)]
    return [Request("/api/v1/auth/login", "POST", account) for account in accounts]


def _busiest(_: Draw) -> int:
    return BUSIEST


QUESTIONS: Sequence[Question] = (
    _same("catalogue, newest", PAGE),
    _same("catalogue, by price", f"{PAGE}&sort=price"),
    Question("a category, newest", _in_categories("")),
    Question("a category, by price", _in_categories("&sort=price")),
    Question("deep in the catalogue, newest", _deep_newest),
    Question("deep in the catalogue, by price", _deep_price),
    _same("what is in stock, newest", f"{PAGE}&in_stock=true"),
    _same("search: a rare word (5 products)", f"{FIVE}&q={RARE}"),
    _same("search: a common word (10 %)", f"{PAGE}&q={COMMON}"),
    _same("search: a common word, by price", f"{PAGE}&q={COMMON}&sort=price"),
    _same("search: a common word, by name", f"{PAGE}&q={COMMON}&sort=name"),
    _same("search: a word of the middle (0.5 %)", f"{FIVE}&q={MIDDLE}"),
    _same("search: a word of the middle, by price", f"{FIVE}&q={MIDDLE}&sort=price"),
    _same("search: a word of the middle, by name", f"{FIVE}&q={MIDDLE}&sort=name"),
    _same("search: two words (1 % have both)", f"{TEN}&q={COMMON}+{ALSO_COMMON}"),
    _same("search: common and of the middle (0.5 %)", f"{FIVE}&q={MIDDLE}+{COMMON}"),
    _same("search: two common words that never meet", f"{FIVE}&q={COMMON}+{OTHER_COMMON}", least=0),
    _same("search: Chinese (1 %)", f"{TEN}&q={CHINESE}"),
    _same("search: four letters of a word", f"{FIVE}&q={MIDDLE[:4]}"),
    _same("search: two letters", f"{PAGE}&q=st"),
    _same("search: one letter", f"{PAGE}&q=s"),
    Question("search: a common word in a category", _in_categories(f"&q={COMMON}"), least=0),
    _same("search: a common word, in stock", f"{PAGE}&q={COMMON}&in_stock=true"),
    Question("one product", _one_product, least=0),
    _same("categories, with their numbers", "/api/v1/categories"),
    Question("a user's orders", _orders_of(typical, BUYER)),
    Question("the busiest user's orders, first page", _orders_of(_busiest, BUSY)),
    Question("the busiest user's orders, middle page", lambda draw: _orders_of(_busiest, BUSY, _deep_page(draw))(draw)),
    Question("one order", _one_order, least=0),
    Question("payments of an order", _payments),
    _same("failures, for operators", "/api/v1/failures", OPERATOR, least=0),
    Question("log in", _logins, fewer=LOGINS, least=0),
)
