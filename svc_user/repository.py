"""Profiles and tombstones in the user service's store."""

from collections.abc import Callable

from mallkit.store import Absent, Kind, Store, Taken
from svc_user import domain
from svc_user.domain import Profile

PROFILES: Kind[Profile] = Kind(name="profiles", type=Profile, fields={"closing": bool}, indexes=(("closing",),))
AT_ONCE = 50


class StoredProfiles:
    """`ports.Profiles` in the store."""

    def __init__(self, store: Store) -> None:
        self._profiles = store[PROFILES]

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

    async def bury(self, user_id: str) -> Profile:
        """In one write, so that nobody makes a profile between."""
        return await self._profiles.change(user_id, domain.bury, absent=Profile(user_id))

    async def confirm(self, user_id: str) -> None:
        """Ends the closing."""
        await self._profiles.change(user_id, domain.closed)

    async def closing(self) -> list[Profile]:
        """A page of them."""
        return (await self._profiles.find({"closing": True}, limit=AT_ONCE)).items
