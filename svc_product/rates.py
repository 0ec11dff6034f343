"""The rates that prices are shown at in other currencies: asked of the checkout service when somebody wants one, kept for seconds."""

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal

from contracts import pricing
from contracts.pricing import CurrencyUnknown
from mallkit import deadline
from mallkit.calls import Neighbour
from mallkit.endpoint import Nothing
from mallkit.errors import Unavailable

Known = Mapping[str, Decimal]
ASKED_SECONDS = 2.0
"""How long the checkout service may take."""


class KeptRates:
    """Rates at most `seconds` old, or the last that were known while nobody can be asked. `monotonic` gives seconds since whenever."""

    def __init__(self, checkout: Neighbour, *, seconds: float, monotonic: Callable[[], float]) -> None:
        self._checkout = checkout
        self._seconds = seconds
        self._monotonic = monotonic
        self._known: Known = {}
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def per_unit(self, currency: str) -> Decimal:
        """So many units of it for one of the mall's own. Raises CurrencyUnknown, Unavailable."""
        if self._monotonic() - self._asked_at > self._seconds:
            await self._ask()
        rate = self._known.get(currency)
        if rate is None:
            raise CurrencyUnknown(f"the mall has no rate for {currency}", currencies=sorted(self._known))
        return rate

    async def _ask(self) -> None:
        """Once for all who wait. Whoever has known rates goes on with them when there is no answer, and asks again in a while."""
        if self._asking is None:
            # A task of its own: whoever asked first may go away while others wait for the same answer.
            self._asking = asyncio.create_task(self._fetch(), name="rates.ask")
            self._asking.add_done_callback(self._ended)
        try:
            await asyncio.shield(self._asking)
        except Unavailable:
            if not self._known:
                raise

    async def _fetch(self) -> None:
        deadline.lift()  # the first one's; others may have longer
        try:
            told = await self._checkout(pricing.rates, Nothing(), seconds=ASKED_SECONDS)
            self._known = {item.currency: item.per_unit for item in told.items}
        finally:
            if self._known:
                self._asked_at = self._monotonic()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._asking = None
        if not task.cancelled():
            task.exception()  # those who wait are told; if all have gone, nobody needs to be
