"""What other currencies are worth: the mall's dated rates, from the checkout service, kept for some seconds."""

import asyncio
import time

from contracts import pricing
from mallkit import deadline
from mallkit.calls import Neighbour
from mallkit.endpoint import Nothing
from mallkit.errors import Unavailable
from svc_cart.domain.shown import Rate

LOOK_UP_SECONDS = 2.0


class MallRates:
    """`ports.Rates`, at most `seconds` old. All who ask at the same time share one call; without `checkout` there are none."""

    def __init__(self, checkout: Neighbour | None, own: str, seconds: float) -> None:
        self._checkout = checkout
        self._own = own
        self._seconds = seconds
        self._kept: dict[str, Rate] = {}
        self._until = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def of(self, currency: str) -> Rate | None:
        """The mall's own needs no rate, and no call."""
        if currency == self._own:
            return None
        if time.monotonic() >= self._until:
            await self._ask()
        if currency not in self._kept:
            message = f"the mall has no rate for {currency}"
            raise pricing.CurrencyUnknown(message, currencies=[self._own, *sorted(self._kept.keys() - {self._own})])
        return self._kept[currency]

    async def _ask(self) -> None:
        if self._checkout is None:
            message = "there is nobody to ask for rates"
            raise Unavailable(message)
        if self._asking is None or self._asking.done():
            # A task of its own: whoever asked first may go away while others wait for the same answer.
            self._asking = asyncio.create_task(self._look_up(self._checkout), name="rates.look-up")
            self._asking.add_done_callback(_heard)
        await asyncio.shield(self._asking)

    async def _look_up(self, checkout: Neighbour) -> None:
        deadline.lift()  # the first one's; others may have longer
        told = await checkout(pricing.rates, Nothing(), seconds=LOOK_UP_SECONDS)
        self._kept = {each.currency: Rate(each.currency, each.per_unit, each.as_of) for each in told.items}
        self._until = time.monotonic() + self._seconds


def _heard(task: "asyncio.Task[None]") -> None:
    if not task.cancelled():
        task.exception()  # Those who wait are told; if all have gone, nobody needs to be.
