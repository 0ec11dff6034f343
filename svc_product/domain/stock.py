"""What operators say of stock."""

import re
from dataclasses import dataclass

from mallkit.allotment_rules import Level
from mallkit.allotment_words import Counter
from mallkit.errors import Invalid

VERSION = re.compile(r'(?:W/)?("?)(?:[0-9]{1,18}\.)?([0-9]{1,18})(?:-[0-9]{1,18}(?:-[A-Z]{3}[0-9]{1,18})?)?\1')

MOST = 1_000_000_000
"""Pieces of a product that an operator may have; a file of the catalogue can say no more."""
SET = "set"
"""The reason of an entry that says how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockEntry:
    """What an operator did to a product's stock, under the key of the movement that did it. `at` in seconds since 1970."""

    id: str
    product_id: str
    at: float
    by: str
    reason: str
    note: str
    delta: int = 0
    on_hand: int = 0
    """Afterwards."""


def within_bounds(level: Level) -> Level:
    """The same level. Raises Invalid where it is more than an operator may have."""

    def bounded(counter: Counter) -> int:
        on_hand = level(counter)
        if on_hand > MOST:
            message = f"there may be {MOST:,} pieces of a product at most"
            raise Invalid(message)
        return on_hand

    return bounded


def stock_versions(if_match: str) -> frozenset[int] | None:
    """The stock versions that `If-Match` names; None when any will do (`*`).

    The ETag of a product holds that of its stock: `"3.7-20"` and `"7"` name the same stock. What is no ETag of ours names nothing.
    """
    if if_match.strip() == "*":
        return None
    found = (VERSION.fullmatch(tag.strip()) for tag in if_match.split(","))
    return frozenset(int(tag[2]) for tag in found if tag)
