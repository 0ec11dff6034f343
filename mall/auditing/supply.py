"""Whether counters and movements of a counted supply agree: stock, and the uses of coupons."""

from collections.abc import Iterable, Iterator, Mapping

from contracts import audit
from mall.auditing.invariants import Tell
from mall.auditing.shelves import M, Moves
from mallkit.allotment_rules import Balance, balance, complete, follow
from mallkit.allotment_words import Counter, Entry, Movement, State


def balances(counters: Mapping[str, audit.Counter], movements: Moves[M], tell: Tell) -> int:
    """For each thing: received = available + reserved + sold - returned."""
    uncounted = [thing for thing in movements.things() if thing not in counters]
    for thing in uncounted:
        tell(thing, f"{sum(1 for _ in movements.of_thing(thing))} movements of something that is not counted")
    for thing, row in counters.items():
        counter, reckoned, strays = _reckon(row, movements.of_thing(thing))
        if strays:
            tell(thing, f"the counter waits for movements that there are not: {', '.join(strays)}", row)
        elif not reckoned.agrees(counter):
            tell(
                thing,
                f"received {reckoned.received} + returned {reckoned.returned} - sold {reckoned.sold} - reserved {reckoned.reserved} "
                f"= {reckoned.available}, but {counter.available} are available and {counter.reserved} reserved",
                row,
            )
    return len(counters) + len(uncounted)


def _reckon(row: audit.Counter, lines: Iterable[audit.Movement]) -> tuple[Counter, Balance, list[str]]:
    """Counter and balance as they are once what is on its way has ended; and the ids of movements that cannot be found."""
    entries = {key: Entry(entry.quantity, State(entry.state), entry.token, entry.until) for key, entry in row.open.items()}
    counter = Counter(id=row.id, available=row.available, reserved=row.reserved, open=entries)
    strays = set(entries)

    def ended() -> Iterator[Movement]:
        nonlocal counter
        for line in lines:
            movement = _movement(line)
            if line.id in entries:
                movement = complete(movement, entries[line.id])
                counter = follow(counter, movement)
                strays.discard(line.id)
            yield movement

    reckoned = balance(ended())
    return counter, reckoned, sorted(strays)


def _movement(line: audit.Movement) -> Movement:
    return Movement(
        id=line.id,
        key=line.key,
        thing=line.thing,
        quantity=line.quantity,
        state=State(line.state),
        created_at=0.0,
        bound=line.bound,
        expires_at=line.expires_at,
        returned=line.returned,
        token=line.token,
    )
