"""The product cache: names and prices from the product service, one call for all that are missing, kept for seconds."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial

from contracts import product
from mallkit import deadline
from mallkit.calls import Neighbour
from mallkit.money import Money
from svc_cart.domain.shown import Face

Found = dict[str, Face]
AT_ONCE = 100
"""Products that one call may ask for."""


class ProductFaces:
    """Faces at most `seconds` old, about `most` of them. That a product is not on sale is remembered too."""

    def __init__(self, products: Neighbour, *, seconds: float, most: int, look_up_seconds: float) -> None:
        self._products = products
        self._seconds = seconds
        self._most = most
        self._look_up_seconds = look_up_seconds
        # Two generations: a full one pushes the other out, nothing is ever searched for the oldest.
        self._new: Found = {}
        self._old: Found = {}
        self._asking: dict[str, asyncio.Task[Found]] = {}

    async def of(self, product_ids: Iterable[str], now: float, *, doubted: str = "") -> Mapping[str, Face]:
        """The face of each product; that `doubted` is not on sale is not believed from memory. Raises Unavailable."""
        found: Found = {}
        stale: list[str] = []
        for product_id in product_ids:
            face = self._new.get(product_id) or self._old.get(product_id)
            if face is None or abs(now - face.asked) > self._seconds or (face.unit is None and product_id == doubted):
                stale.append(product_id)
            else:
                found[product_id] = face
        if stale:
            found |= await self._ask(stale, now)
        return found

    async def _ask(self, ids: list[str], now: float) -> Found:
        fresh = [one for one in ids if one not in self._asking]
        for at in range(0, len(fresh), AT_ONCE):
            some = fresh[at : at + AT_ONCE]
            # A task of its own: whoever asked first may go away while others wait for the same answer.
            task = asyncio.create_task(self._look_up(some, now), name="faces.look-up")
            self._asking.update(dict.fromkeys(some, task))
            task.add_done_callback(partial(self._asked, some))
        found: Found = {}
        for task in {self._asking[one] for one in ids}:
            found |= await asyncio.shield(task)
        return {one: found[one] for one in ids}

    def _asked(self, ids: list[str], task: asyncio.Task[Found]) -> None:
        for one in ids:
            del self._asking[one]
        if not task.cancelled():
            task.exception()  # Those who wait are told; if all have gone, nobody needs to be.

    async def _look_up(self, ids: list[str], now: float) -> Found:
        deadline.lift()  # the first one's; others may have longer
        cards = await self._products(product.look_up, product.LookUp(product_ids=ids), seconds=self._look_up_seconds)
        found = {one: Face("", None, now) for one in ids}
        found |= {card.product_id: Face(card.name, Money(card.unit_minor, card.currency), now, card.stock) for card in cards.items}
        if len(self._new) + len(found) > self._most // 2:
            self._old, self._new = self._new, {}
        self._new |= found
        return found
