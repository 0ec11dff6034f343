"""The services that keep something about persons, this one among them, as the use cases ask them."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from contracts import persons
from mallkit.calls import Neighbour
from svc_user.ports import Profiles

EXPORT_SECONDS = 10.0


class Elsewhere:
    """`ports.Keeper`: another service."""

    def __init__(self, service: Neighbour) -> None:
        self._service = service

    async def export(self, user_id: str) -> dict[str, Any]:
        """As it tells it."""
        return (await self._service(persons.export, persons.PersonOf(user_id=user_id), seconds=EXPORT_SECONDS)).data

    async def forget(self, user_id: str, seconds: float) -> bool:
        """As it says."""
        return (await self._service(persons.forget, persons.PersonOf(user_id=user_id), seconds=seconds)).done


class Here:
    """`ports.Keeper`: the user service itself."""

    def __init__(self, profiles: Profiles, forget_answers: Callable[[str], Awaitable[None]]) -> None:
        self._profiles = profiles
        self._forget_answers = forget_answers

    async def export(self, user_id: str) -> dict[str, Any]:
        """The profile with its addresses, as it is kept."""
        found = await self._profiles.get(user_id)
        return {"profile": {} if found is None else msgspec.to_builtins(found)}

    async def forget(self, user_id: str, seconds: float) -> bool:  # noqa: ARG002 - it takes none
        """The tombstone holds nothing; answers of keyed requests may."""
        await self._forget_answers(user_id)
        return True
