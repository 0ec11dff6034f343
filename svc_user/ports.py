"""What the user service's use cases need from outside, in their own words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mallkit.calls import Neighbour
from svc_user.domain import Profile


class Profiles(Protocol):
    """The profiles and tombstones."""

    async def get(self, user_id: str) -> Profile | None:
        """Tombstones too."""
        ...

    async def make(self, profile: Profile) -> Profile:
        """The one that is there afterwards: of two made at once both get the first."""
        ...

    async def change(self, user_id: str, rule: Callable[[Profile], Profile]) -> Profile:
        """Applies a rule to the newest version."""
        ...

    async def of(self, user_ids: Sequence[str]) -> Mapping[str, Profile]:
        """Those that there are, tombstones too."""
        ...

    async def bury(self, user_id: str, now: float) -> Profile:
        """The tombstone, whether there was a profile or not."""
        ...

    async def due(self, now: float) -> list[Profile]:
        """Some tombstones of people whom not everybody has forgotten, and whose round has come."""
        ...


class Keeper(Protocol):
    """A service that keeps something about persons."""

    async def export(self, user_id: str) -> dict[str, Any]:
        """All of it. Raises Unavailable."""
        ...

    async def forget(self, user_id: str, seconds: float) -> bool:
        """Whether nothing is left; else it is to be asked again. Raises Unavailable and StillRunning."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ports:
    """`clock` tells seconds since 1970; `keepers` are named as in domain.KEEPERS; `straggling` as domain.forgotten."""

    profiles: Profiles
    auth: Neighbour
    keepers: Mapping[str, Keeper]
    straggling: float
    clock: Callable[[], float]
