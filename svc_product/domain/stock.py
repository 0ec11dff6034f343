"""What operators say of stock."""

import re

VERSION = re.compile(r'(?:W/)?("?)(?:[0-9]{1,18}\.)?([0-9]{1,18})\1')


def stock_versions(if_match: str) -> frozenset[int] | None:
    """The stock versions that `If-Match` names; None when any will do (`*`).

    The ETag of a product ends in that of its stock: `"3.7"` and `"7"` name the same stock. What is no ETag of ours names nothing.
    """
    if if_match.strip() == "*":
        return None
    found = (VERSION.fullmatch(tag.strip()) for tag in if_match.split(","))
    return frozenset(int(tag[2]) for tag in found if tag)
