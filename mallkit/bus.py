"""The port to the bus: messages of a source, published durably, delivered at least once to every group.

Types only; `mallkit.redis_bus` is the driver that is there by default. Order is not promised.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mallkit.errors import Unavailable


class BusUnavailable(Unavailable):
    """The bus cannot be reached or does not take anything for now; of a publication it is not known whether it happened."""

    slug = "bus-unavailable"
    title = "The bus is not available"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as one group got it; `receipt` is the driver's own word for acknowledging it.

    `times`: how often the group has been given it, this time included, as far as the broker tells.
    """

    receipt: tuple[str, ...]
    body: bytes
    times: int = 1


class Subscription(Protocol):
    """What one group gets, as one of its consumers."""

    async def next(self) -> Sequence[Delivery]:
        """Waits until there is something. Unacknowledged messages of a consumer that is gone come here too, after a time.

        Raises BusUnavailable; the subscription can go on afterwards.
        """
        ...

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """These are done and come to this group no more. Raises BusUnavailable: then they may come again."""
        ...


class Bus(Protocol):
    """A broker. Everything may raise BusUnavailable."""

    async def publish(self, source: str, messages: Sequence[bytes], position: int) -> None:
        """Durable once it returns. `position` is the source's own number of the last of these messages."""
        ...

    async def position(self, source: str) -> int:
        """The last position that the bus remembers of this source, written together with its message; 0 for none."""
        ...

    def subscribe(self, sources: Sequence[str], group: str, consumer: str) -> Subscription:
        """All messages of these sources, from the oldest that the bus still holds. A group and its consumers are made on first use."""
        ...

    async def trim(self, source: str, keep_seconds: float) -> int:
        """Forgets what every group has acknowledged and is older than `keep_seconds`; how many. 0 where the broker does it itself."""
        ...

    async def ping(self) -> None:
        """Whether the bus answers and takes messages."""
        ...
