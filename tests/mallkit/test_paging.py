"""All that fits is met once, however many pages it takes, and whatever is changed on the way."""

from dataclasses import dataclass, replace
from pathlib import Path

from mallkit.paging import AT_ONCE, each
from mallkit.sqlite import open_store
from mallkit.store import Kind


@dataclass(frozen=True)
class Pot:
    """Of a potter, made at some time."""

    id: str
    potter: str
    made: float
    glazed: bool = False


POTS: Kind[Pot] = Kind(name="pots", type=Pot, fields={"potter": str, "made": float}, indexes=(("potter", "made"),))
MANY = AT_ONCE * 2 + 3


async def test_each_is_met_once_though_it_is_changed_on_the_way(tmp_path: Path) -> None:
    async with open_store(tmp_path / "pots.db", (POTS,)) as store:
        pots = store[POTS]
        made = [Pot(f"{n * 7919 % MANY:04}", "ann", float(n)) for n in range(MANY)]
        await store.together(*(pots.adding(pot) for pot in made), pots.adding(Pot("other", "bob", 1.0)))
        met = []
        async for pot in each(pots, {"potter": "ann"}, order="made"):
            met.append(pot.id)
            await pots.change(pot.id, lambda found: replace(found, glazed=True))
        assert met == [pot.id for pot in made]
        assert [pot.id async for pot in each(pots, {"potter": "ann"})] == sorted(met)
        assert [pot async for pot in each(pots, {"potter": "eve"})] == []
        assert not (await pots.get("other")).glazed
