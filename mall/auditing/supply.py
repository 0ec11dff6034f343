"""Whether counters and movements of a counted supply agree: stock, and the uses of coupons."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from contracts import audit
from mall.auditing.invariants import Tell
from mallkit.allotment_rules import Balance, balance, complete, follow
from mallkit.allotment_words import Counter, Entry, Movement, State


def balances(counters: Mapping[str, audit.Counter], movements: Mapping[str, Sequence[audit.Movement]], tell: Tell) -> int:
    """For each thing: received = available + reserved + sold - returned. `movements` are by key."""
    by_thing: defaultdict[str, list[audit.Movement]] = defaultdict(list)
    for lines in movements.values():
        for line in lines:
            if line.thing:
                by_thing[line.thing].append(line)
    things = counters.keys() | by_thing.keys()
    for thing in things:
        row = counters.get(thing)
        if row is None:
            tell(thing, f"{len(by_thing[thing])} movements of something that is not counted")
            continue
        counter, reckoned, strays = _reckon(row, by_thing[thing])
        if strays:
            tell(thing, f"the counter waits for movements that there are not: {', '.join(strays)}", row)
        elif not reckoned.agrees(counter):
            tell(
                thing,
                f"received {reckoned.received} + returned {reckoned.returned} - sold {reckoned.sold} - reserved {reckoned.reserved} "
                f"= {reckoned.available}, but {counter.available} are available and {counter.reserved} reserved",
                row,
            )
    return len(things)


def _reckon(row: audit.Counter, lines: Iterable[audit.Movement]) -> tuple[Counter, Balance, list[str]]:
    """Counter and balance as they are once what is on its way has ended; and the ids of movements that cannot be found."""
    entries = {key: Entry(entry.quantity, State(entry.state), entry.token, entry.until) for key, entry in row.open.items()}
    counter = Counter(id=row.id, available=row.available, reserved=row.reserved, open=entries)
    movements = {line.id: _movement(line) for line in lines}
    strays = sorted(entries.keys() - movements.keys())
    for key, entry in entries.items():
        if key in movements:
            movements[key] = complete(movements[key], entry)
            counter = follow(counter, movements[key])
    return counter, balance(movements.values()), strays


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
