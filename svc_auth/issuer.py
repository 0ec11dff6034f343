"""The auth service as its own issuer: it checks tokens as every other service does, without asking itself over HTTP."""

import time

from mallkit.identity import Revoked
from svc_auth.domain import service_bearer
from svc_auth.ports import Keys, Sessions

NAME = "auth"


class OwnIssuer:
    """`mallkit.identity.Issuer` from inside."""

    def __init__(self, sessions: Sessions, keys: Keys, seconds: int) -> None:
        self._sessions = sessions
        self._keys = keys
        self._seconds = seconds

    async def keys(self) -> list[dict[str, str]]:
        """All that still verify."""
        return self._keys.public()

    async def revoked(self, after: int) -> Revoked:
        """A page of the feed, from the store that all copies share."""
        page = await self._sessions.feed(after)
        kids = frozenset(key["kid"] for key in self._keys.public())
        return Revoked({session.id: session.forget_at for session in page}, page[-1].place if page else after, kids)

    async def token(self) -> tuple[str, float]:
        """For this service's own calls."""
        return self._keys.sign(service_bearer(NAME), time.time()), float(self._seconds)
