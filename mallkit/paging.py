"""All documents of a collection that fit, page by page: for what is done with every one of them, be there ten or a million."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, TypeVar

from mallkit.store import NOTHING, Collection

T = TypeVar("T")
AT_ONCE = 200


async def each(collection: Collection[T], where: Mapping[str, Any] = NOTHING, *, order: str = "id") -> AsyncGenerator[T]:
    """In this order, which needs an index with the fields of `where` before it. What is changed on the way is met once."""
    after: str | None = None
    while True:
        page = await collection.find(where, order=order, after=after, limit=AT_ONCE)
        for found in page.items:
            yield found
        after = page.next
        if after is None:
            return
