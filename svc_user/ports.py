"""What the user service's use cases need from outside, in their own words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

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

    async def bury(self, user_id: str) -> Profile:
        """The tombstone, whether there was a profile or not."""
        ...

    async def confirm(self, user_id: str) -> None:
        """Auth has closed the account."""
        ...

    async def closing(self) -> list[Profile]:
        """Some tombstones that auth has not confirmed."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ports:
    """`clock` tells seconds since 1970."""

    profiles: Profiles
    auth: Neighbour
    clock: Callable[[], float]
