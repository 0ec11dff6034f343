"""What operators say of stock."""

import re
from dataclasses import dataclass

VERSION = re.compile(r'(?:W/)?("?)(?:[0-9]{1,18}\.)?([0-9]{1,18})(?:-[0-9]{1,18}(?:-[A-Z]{3}[0-9]{1,18})?)?\1')

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


def stock_versions(if_match: str) -> frozenset[int] | None:
    """The stock versions that `If-Match` names; None when any will do (`*`).

    The ETag of a product holds that of its stock: `"3.7-20"` and `"7"` name the same stock. What is no ETag of ours names nothing.
    """
    if if_match.strip() == "*":
        return None
    found = (VERSION.fullmatch(tag.strip()) for tag in if_match.split(","))
    return frozenset(int(tag[2]) for tag in found if tag)
