"""Who is calling: tokens verified with the issuer's keys, and the feed of revoked sessions that every copy follows."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import jwt
import structlog
from jwt import PyJWK
from jwt.exceptions import InvalidKeyError, PyJWTError

from mallkit.endpoint import Caller, Endpoint, Role, View, Wish
from mallkit.errors import Forbidden, ShopError, Unauthenticated, Unavailable
from mallkit.times import APART

log = structlog.get_logger()

ISSUER = "mall"
AUDIENCE = "mall"
TOKEN_TYPE = "at+jwt"  # noqa: S105  # the `typ` of RFC 9068, no secret
ALGORITHM = "EdDSA"
POLL_SECONDS = 0.3
SILENT_SECONDS = 2.0
CACHED = 20_000
KEYS_AT_MOST_EVERY = 1.0
OWN_AT_MOST_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Revoked:
    """A page of the feed: session → when it may be forgotten (seconds since 1970), and the cursor for the next page.

    `kids` names the keys that are published; empty where that is not told.
    """

    sessions: Mapping[str, float]
    next: int
    kids: frozenset[str] = frozenset()


class Issuer(Protocol):
    """Where keys, revocations and this service's own token come from: svc_auth, over HTTP or from inside."""

    async def keys(self) -> list[dict[str, str]]:
        """The public keys as JWKs."""
        ...

    async def revoked(self, after: int) -> Revoked:
        """Revocations after the cursor; the whole living set for 0."""
        ...

    async def token(self) -> tuple[str, float]:
        """This service's own access token, and its life in seconds."""
        ...


class Identity:
    """Verifies tokens for one process. Not ready until it has keys and the whole feed once."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float] = time.time, keys_every: float = KEYS_AT_MOST_EVERY) -> None:
        self._issuer = issuer
        self._keys_every = keys_every
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._keys_asked = 0.0
        self._keys_failed = False
        self._keys_lock = asyncio.Lock()
        self._young: dict[str, Caller] = {}
        self._old: dict[str, Caller] = {}
        self._revoked: dict[str, float] = {}
        self._cursor = 0
        self._heard = 0.0
        self._own = ""
        self._own_began, self._own_ends, self._own_asked = 0.0, 0.0, 0.0
        self._own_lock = asyncio.Lock()

    @property
    def ready(self) -> bool:
        """Keys are known and the feed was read to its end."""
        return bool(self._keys) and self._heard > 0

    @property
    def silent(self) -> bool:
        """The feed has not been heard for so long that a revoked session could go unnoticed."""
        return time.monotonic() - self._heard > SILENT_SECONDS

    async def caller(self, authorization: str | None) -> Caller:
        """Raises Unauthenticated unless the header carries a token of ours that holds at this moment."""
        if authorization is None:
            raise Unauthenticated
        caller = self._young.get(authorization)
        if caller is None:
            caller = self._old.pop(authorization, None) or await self._verify(authorization)
            self._keep(authorization, caller)
        if caller.expires <= self._clock() or caller.session in self._revoked:
            raise Unauthenticated
        return caller

    def _keep(self, authorization: str, caller: Caller) -> None:
        if len(self._young) >= CACHED:  # two generations: evicting one by one costs a scan of dead slots
            self._old, self._young = self._young, {}
        self._young[authorization] = caller

    async def _verify(self, authorization: str) -> Caller:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(header.get("kid"))
            if header.get("typ") != TOKEN_TYPE or header.get("alg") != ALGORITHM:
                raise Unauthenticated
            required = ["exp", "iss", "aud", "sub", "role", "sid"]
            claims = jwt.decode(token, key, algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE, options={"require": required})
            return Caller(str(claims["sub"]), Role(claims["role"]), str(claims["sid"]), float(claims["exp"]))
        except (PyJWTError, ValueError, TypeError, UnicodeError):
            raise Unauthenticated from None

    async def _key(self, kid: object) -> PyJWK:
        if not isinstance(kid, str):
            raise Unauthenticated
        if kid not in self._keys:
            async with self._keys_lock:  # whoever comes while somebody asks waits for that answer
                if time.monotonic() - self._keys_asked > self._keys_every:
                    await self._ask_keys()
        key = self._keys.get(kid)
        if key is None:
            if not self._keys or self._keys_failed:
                message = "the keys for checking tokens are not known yet"
                raise Unavailable(message)
            raise Unauthenticated
        return key

    async def _ask_keys(self) -> None:
        self._keys_asked = time.monotonic()
        try:
            told = {key["kid"]: PyJWK(key) for key in await self._issuer.keys()}
            self._keys_failed = False
        except (ShopError, InvalidKeyError, KeyError) as error:
            self._keys_failed = True
            log.warning("keys.unreachable", reason=type(error).__name__)
            return
        if self._keys.keys() - told.keys():  # what a key verified that is published no more is looked at again
            self._young, self._old = {}, {}
        self._keys = told

    async def follow(self) -> None:
        """The job: reads the feed for ever. A round that fails leaves the feed silent, which is counted and shown."""
        told = False
        while True:
            try:
                if not self._keys:
                    await self._ask_keys()
                await self.read_feed()
                told = False
            except ShopError as error:
                if self.silent and not told:
                    log.warning("revocations.silent", reason=error.slug)
                    told = True
            await asyncio.sleep(POLL_SECONDS)

    async def read_feed(self) -> None:
        """Follows the feed to its present end, and asks for keys when others are published than those that are known."""
        asked = time.monotonic()
        while True:
            page = await self._issuer.revoked(self._cursor)
            self._revoked.update(page.sessions)
            if page.next == self._cursor or not page.sessions:
                break
            self._cursor = page.next
        now = self._clock()
        if any(until < now for until in self._revoked.values()):
            self._revoked = {sid: until for sid, until in self._revoked.items() if until >= now}
        self._heard = asked
        if page.kids and page.kids != self._keys.keys():
            await self._ask_keys()

    async def bearer(self) -> str:
        """The Authorization header of this service's own calls; a new token is fetched before the old one ends.

        Also when the clock has gone back behind the old one's beginning: nobody lets a token in that was made in the future.
        """
        if self._own_holds():
            return self._own
        async with self._own_lock:
            if not self._own_holds():
                token, seconds = await self._issuer.token()
                now, self._own_asked = self._clock(), time.monotonic()
                self._own, self._own_began, self._own_ends = f"Bearer {token}", now, now + seconds * 0.8
        return self._own

    def turned_away(self, bearer: str) -> None:
        """A neighbour has not let this token in, though it seems to hold: auth's clock was another than ours when it was made.

        A new one is asked for, at most once a second.
        """
        if bearer == self._own and time.monotonic() - self._own_asked > OWN_AT_MOST_EVERY:
            self._own = ""

    def _own_holds(self) -> bool:
        return bool(self._own) and self._own_began - APART < self._clock() < self._own_ends

    async def admit(self, endpoint: Endpoint[Wish, View], authorization: str | None) -> Caller:
        """Who calls `endpoint`. Raises Unauthenticated, Forbidden, or Unavailable where revocations must be known and are not."""
        caller = await self.caller(authorization)
        if caller.role not in endpoint.may:
            raise Forbidden
        if self.silent and not caller.is_service and (endpoint.fresh or caller.is_operator):
            message = "revoked sessions cannot be checked at this moment"
            raise Unavailable(message)
        return caller


def with_command(caller: Caller, command: str, address: str) -> Caller:
    """The same caller, for one request."""
    return replace(caller, command=command, address=address)


Admit = Callable[[Endpoint[Wish, View], str | None], Awaitable[Caller]]
