"""Two tiny services on one bus, of the kit's own parts: a market that publishes, and counters that consume."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mallkit import background
from mallkit.eventing import KINDS, Eventing, Listening, eventing
from mallkit.metrics import ServerMetrics
from mallkit.settings import Common
from mallkit.sqlite import open_store
from mallkit.store import Absent, Kind, Store
from tests.buses import counting, market
from tests.buses.brokers import PASSWORD, RedisBroker
from tests.buses.counting import SUM, TALLIES, Ports, Tally
from tests.buses.market import Sold


@dataclass(frozen=True)
class Sale:
    """What the market keeps."""

    id: str


SALES: Kind[Sale] = Kind(name="sales", type=Sale)


@dataclass
class Market:
    """Sells, and publishes what it sold."""

    store: Store
    events: Eventing

    async def sell(self, *sales: str) -> None:
        """Three pieces each."""
        for sale in sales:
            await self.store[SALES].add(Sale(sale), Sold(sale_id=sale, pieces=3))


@dataclass
class Counter:
    """Counts what was sold."""

    store: Store
    events: Eventing
    ports: Ports

    async def total(self) -> Tally:
        """Of all sales."""
        try:
            return await self.store[TALLIES].get(SUM)
        except Absent:
            return Tally(SUM)

    async def has(self, sales: int) -> bool:
        """Whether so many, at least, were counted."""
        return (await self.total()).times >= sales


class Village:
    """Opens services in one folder; `open` services of one name and another copy share a store."""

    def __init__(self, folder: Path, broker: RedisBroker) -> None:
        self._folder = folder
        self._broker = broker

    @asynccontextmanager
    async def market(self, copy: str = "1") -> AsyncIterator[Market]:
        """Publishes as "market"."""
        listening = Listening(service="market", contract=market, sources={}, consumers=())
        async with self._open(listening, SALES, copy) as (store, events), background.running(*events.jobs):
            yield Market(store, events)

    @asynccontextmanager
    async def counter(self, name: str = "counter", copy: str = "1") -> AsyncIterator[Counter]:
        """Consumes as the group `name`."""
        listening = Listening(service=name, contract=counting, sources={"market": market}, consumers=(counting,))
        async with self._open(listening, TALLIES, copy) as (store, events):
            events.inbox.ports = Ports(store[TALLIES])
            async with background.running(*events.jobs):
                yield Counter(store, events, events.inbox.ports)

    @asynccontextmanager
    async def _open(self, listening: Listening, kind: Kind[Sale] | Kind[Tally], copy: str) -> AsyncIterator[tuple[Store, Eventing]]:
        settings = Common(
            env="test",
            port=0,
            client_secret="of the village only",
            fingerprint_key="of the village only",
            redis_url=self._broker.environ["BUS_URL"],
            redis_password=PASSWORD,
            copy=copy,
        )
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(open_store(self._folder / f"{listening.service}.db", (kind, *KINDS)))
            yield store, await stack.enter_async_context(eventing(listening, settings, store, ServerMetrics()))
