"""Whoever leaves is forgotten by every service, in an order that lets nothing come back, however long it takes."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit.calls import Neighbour, NeighbourAway
from mallkit.errors import StillRunning
from mallkit.sqlite import open_store
from mallkit.times import NEVER
from svc_user import domain
from svc_user.domain import KEEPERS, LONGEST_WAIT, Profile
from svc_user.ports import Ports
from svc_user.repository import PROFILES, StoredProfiles
from svc_user.use_cases import leaving

NOON = 1_800_000_000.0
LEFT = domain.bury(Profile("ann", name="Ann"), NOON)
STRAGGLING = 20.0


def after(tombstone: Profile, done: Collection[str], seconds: float) -> Profile:
    return domain.forgotten(tombstone, done, NOON + seconds, STRAGGLING)


@pytest.mark.requirement(17)
def test_nobody_has_forgotten_for_good_before_the_last_straggler_is_through() -> None:
    closed = after(LEFT, KEEPERS, 1)
    assert (closed.owes, closed.closed) == (KEEPERS[1:], NOON + 1)
    assert after(closed, KEEPERS, 20).owes == KEEPERS[1:]
    gone = after(closed, KEEPERS, 21)
    assert (gone.owes, gone.closing, gone.due) == ((), False, NEVER)


@pytest.mark.requirement(17)
def test_who_comes_later_has_forgotten_only_if_all_before_had() -> None:
    closed = after(LEFT, ["auth"], 0)
    assert after(closed, ["cart", "order", "payment", "user"], 30).owes == KEEPERS[1:]
    waiting = after(closed, ["checkout", "cart", "payment", "user"], 30)
    assert waiting.owes == ("order", "payment", "user")
    assert after(waiting, KEEPERS, 40).owes == ()


@given(rounds=st.lists(st.tuples(st.sets(st.sampled_from(KEEPERS)), st.floats(0, 1e6))))
def test_what_was_forgotten_for_good_is_never_owed_again_and_the_next_round_is_never_far(rounds: list[tuple[set[str], float]]) -> None:
    tombstone = LEFT
    for done, seconds in sorted(rounds, key=lambda each: each[1]):
        before, tombstone = tombstone, after(tombstone, done, seconds)
        assert before.owes[len(before.owes) - len(tombstone.owes) :] == tombstone.owes
        assert tombstone.closing == bool(tombstone.owes)
        if tombstone.owes:
            assert 1 <= tombstone.due - (NOON + seconds) <= LONGEST_WAIT


@dataclass
class Keeping:
    """A service that is away, or still needs somebody, or forgets."""

    says: bool | Exception
    asked: int = 0

    async def export(self, user_id: str) -> dict[str, Any]:
        return {"of": user_id}

    async def forget(self, user_id: str, seconds: float) -> bool:
        assert user_id == "ann"
        assert seconds > 0
        self.asked += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@dataclass
class House:
    """The keepers and the clock."""

    keepers: dict[str, Keeping] = field(default_factory=lambda: {name: Keeping(says=True) for name in KEEPERS})
    now: float = NOON


@pytest.mark.requirement(17)
async def test_whoever_is_away_or_still_busy_is_asked_again(tmp_path: Path) -> None:
    world = House()
    async with open_store(tmp_path / "user.db", (PROFILES,)) as store:
        nobody = cast("Neighbour", None)
        ports = Ports(profiles=StoredProfiles(store), auth=nobody, keepers=world.keepers, straggling=STRAGGLING, clock=lambda: world.now)
        world.keepers["order"].says, world.keepers["checkout"].says = False, StillRunning()
        world.keepers["auth"].says = NeighbourAway()
        await leaving.leave("ann", ports)
        await leaving.leave("ann", ports)
        assert (await store[PROFILES].get("ann")).owes == KEEPERS
        world.keepers["auth"].says = True
        world.now += 2
        await leaving.forget_all(ports)
        assert (await store[PROFILES].get("ann")).owes == KEEPERS[1:]
        assert {name: keeper.asked for name, keeper in world.keepers.items()} == dict.fromkeys(KEEPERS, 1) | {"auth": 3}
        await leaving.forget_all(ports)
        assert world.keepers["cart"].asked == 1, "not before its time"
        world.now += STRAGGLING + 60
        world.keepers["checkout"].says = True
        await leaving.forget_all(ports)
        assert (await store[PROFILES].get("ann")).owes == ("order", "payment", "user")
        world.keepers["order"].says = True
        world.now += LONGEST_WAIT
        await asyncio.gather(leaving.forget_all(ports), leaving.forget_all(ports))
        assert not (await store[PROFILES].get("ann")).closing
        world.now += 10 * LONGEST_WAIT
        asked = world.keepers["order"].asked
        await leaving.forget_all(ports)
        assert world.keepers["order"].asked == asked
