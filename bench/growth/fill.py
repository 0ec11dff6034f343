"""Fills the stores of a mall that does not run: the kinds, the encoders and the unit of work of the real ones, in large transactions."""

import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from bench.growth import documents, goods
from bench.growth.draw import Draw
from bench.growth.goods import Documents
from mallkit.sqlite_schema import open_prepared
from mallkit.sqlite_table import Table
from mallkit.sqlite_unit import Unit
from mallkit.store import Adding, Kind
from sandbox_bank.repository import AUTHORIZATIONS
from sandbox_bank.repository import POINTERS as OPERATIONS
from svc_auth.repository import ACCOUNTS as LOGINS
from svc_cart.repository import CARTS
from svc_checkout.repository import CHECKOUTS
from svc_order.repository.orders import ORDERS
from svc_payment.repository import ACCOUNTS, POINTERS
from svc_product.repository.catalogue import PRODUCTS
from svc_product.repository.stock import COUNTERS, MOVEMENTS
from svc_user.repository import PROFILES

AT_ONCE = 5_000
FAST = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000")
"""Nobody else has the file, and what does not get finished is thrown away."""
Store = tuple[Sequence[Kind[Any]], Callable[[Draw], Documents]]
STORES: Mapping[str, Store] = {
    "auth": ((LOGINS,), documents.logins),
    "user": ((PROFILES,), documents.profiles),
    "cart": ((CARTS,), documents.carts),
    "product": ((PRODUCTS, COUNTERS, MOVEMENTS), goods.documents),
    "order": ((ORDERS,), documents.orders),
    "payment": ((ACCOUNTS, POINTERS), documents.payments),
    "checkout": ((CHECKOUTS,), documents.checkouts),
    "bank": ((AUTHORIZATIONS, OPERATIONS), documents.banked),
}
"""Name → what is filled; a service adds its other collections when it starts."""


def fill(folder: Path, draw: Draw) -> int:
    """All stores, the catalogue beside the others. The bytes they take. Raises RuntimeError when a filler died."""
    rest = [name for name in STORES if name != "product"]
    fillers = [multiprocessing.Process(target=_fill_some, args=(folder, draw, names)) for names in (["product"], rest)]
    for filler in fillers:
        filler.start()
    for filler in fillers:
        filler.join()
    if any(filler.exitcode for filler in fillers):
        message = "a store could not be filled"
        raise RuntimeError(message)
    return sum(path.stat().st_size for path in folder.glob("*.db"))


def enough_room(folder: Path, size: int) -> bool:
    """Whether the disk can take a mall of this size."""
    return shutil.disk_usage(folder).free > size * BYTES_EACH


BYTES_EACH = 16_000
"""Of all stores together, for each order with a user and a product, and some to spare."""


def _fill_some(folder: Path, draw: Draw, names: Sequence[str]) -> None:
    for name in names:
        kinds, made = STORES[name]
        fill_store(folder / f"{name}.db", kinds, made(draw))


def fill_store(path: Path, kinds: Sequence[Kind[Any]], made: Documents) -> None:
    """One file, as an open store would have written it; then it is in the mode in which services use it."""
    tables = {kind: Table(kind) for kind in kinds}
    connection = open_prepared(path, list(tables.values()))
    try:
        for pragma in FAST:
            connection.execute(f"PRAGMA {pragma}")
        for some in _batches(made):
            cursor = connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            Unit(cursor, tables, "").run(some)
            cursor.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _batches(made: Documents) -> Iterator[tuple[Adding[Any], ...]]:
    steps = (Adding(kind, doc) for kind, doc in made)
    while some := tuple(islice(steps, AT_ONCE)):
        yield some
