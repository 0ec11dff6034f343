"""What another tiny service does with it: it adds the pieces up, and fails as often as its ports say."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mallkit.consumers import Mode, consumes
from mallkit.events import Envelope
from mallkit.store import Collection, Kind, Step
from tests.buses.market import Sold

SUM = "all"


@dataclass(frozen=True)
class Tally:
    """Of one sale, or of all."""

    id: str
    pieces: int = 0
    times: int = 0


TALLIES: Kind[Tally] = Kind(name="tallies", type=Tally)


@dataclass
class Ports:
    """`failures`: how many more times a sale cannot be counted."""

    tallies: Collection[Tally]
    failures: dict[str, int] = field(default_factory=dict)


@consumes(Sold, Mode.EACH)
async def count_pieces(event: Sold, _: Envelope, ports: Ports) -> Sequence[Step]:
    """Not idempotent by itself: what it does twice is seen."""
    if ports.failures.get(event.sale_id, 0):
        ports.failures[event.sale_id] -= 1
        raise ConnectionError

    def add(found: Tally) -> Tally:
        return replace(found, pieces=found.pieces + event.pieces, times=found.times + 1)

    return [ports.tallies.changing(key, add, absent=Tally(key)) for key in (event.sale_id, SUM)]
