"""Profiles and tombstones in the user service's store."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mallkit.dues import Dues
from mallkit.store import Absent, AnyOf, Kind, Store, Taken
from svc_user import domain
from svc_user.domain import LONGEST_WAIT, Profile

AT_ONCE = 20


def _owing(stored: dict[str, Any]) -> dict[str, Any]:
    """Of a release that told only auth: whoever left then is to be forgotten by everybody."""
    return stored | {"closing": True, "owes": list(domain.KEEPERS)} if stored.get("gone") else stored


PROFILES: Kind[Profile] = Kind(
    name="profiles",
    type=Profile,
    fields={"closing": bool, "due": float},
    indexes=(("closing", "due"),),
    version=2,
    upcasters={1: _owing},
)


class StoredProfiles:
    """`ports.Profiles` in the store."""

    def __init__(self, store: Store) -> None:
        self._profiles = store[PROFILES]
        self._dues = Dues(self._profiles, "due", {"closing": True})

    async def get(self, user_id: str) -> Profile | None:
        """By user id."""
        try:
            return await self._profiles.get(user_id)
        except Absent:
            return None

    async def make(self, profile: Profile) -> Profile:
        """The first one wins, be it a tombstone."""
        try:
            return await self._profiles.add(profile)
        except Taken:
            return await self._profiles.get(profile.id)

    async def change(self, user_id: str, rule: Callable[[Profile], Profile]) -> Profile:
        """A profile that was made is never removed, so it is there."""
        return await self._profiles.change(user_id, rule)

    async def of(self, user_ids: Sequence[str]) -> Mapping[str, Profile]:
        """A page of them at most."""
        found = await self._profiles.find({"id": AnyOf(user_ids)}, limit=len(user_ids))
        return {profile.id: profile for profile in found.items}

    async def bury(self, user_id: str, now: float) -> Profile:
        """In one write, so that nobody makes a profile between."""
        return await self._profiles.change(user_id, lambda profile: domain.bury(profile, now), absent=Profile(user_id))

    async def due(self, now: float) -> list[Profile]:
        """Longest waiting first."""
        return await self._dues.come(now, LONGEST_WAIT, AT_ONCE)
