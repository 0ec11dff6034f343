"""The issuer of tokens, as every service but auth reaches it: over HTTP, through three endpoints that the app names."""

from dataclasses import dataclass
from typing import Protocol, cast

import msgspec

from mallkit.calls import Neighbour
from mallkit.endpoint import Endpoint, Nothing, View, Wish
from mallkit.identity import Revoked


class _Revocation(Protocol):
    sid: str
    until: float


class _Revocations(Protocol):
    items: list[_Revocation]
    next: int
    kids: list[str]


class _ServiceToken(Protocol):
    access_token: str
    expires_in: int


class _KeySet(Protocol):
    keys: list[View]


@dataclass(frozen=True, kw_only=True)
class IssuerEndpoints:
    """Which endpoints of the auth service give keys, revocations and service tokens. The kit knows no contract, so the app says."""

    jwks: Endpoint[Wish, View]
    revocations: Endpoint[Wish, View]
    service_token: Endpoint[Wish, View]


class HttpIssuer:
    """Asks svc_auth. `open` carries no token (keys, service token), `signed` carries ours (the feed)."""

    def __init__(self, endpoints: IssuerEndpoints, service: str, secret: str) -> None:
        self._endpoints = endpoints
        self._service = service
        self._secret = secret
        self._open: Neighbour
        self._signed: Neighbour

    def reach(self, anonymous: Neighbour, signed: Neighbour) -> None:
        """The two clients; given afterwards because the signed one needs the identity that needs this."""
        self._open, self._signed = anonymous, signed

    async def keys(self) -> list[dict[str, str]]:
        """The public keys as JWKs."""
        answer = cast("_KeySet", await self._open(self._endpoints.jwks, Nothing(), seconds=2))
        return [msgspec.to_builtins(key) for key in answer.keys]

    async def revoked(self, after: int) -> Revoked:
        """A page of the feed."""
        wish = msgspec.convert({"after": after}, self._endpoints.revocations.takes)
        answer = cast("_Revocations", await self._signed(self._endpoints.revocations, wish, seconds=1))
        return Revoked({item.sid: item.until for item in answer.items}, answer.next, frozenset(answer.kids))

    async def token(self) -> tuple[str, float]:
        """Our own token."""
        wish = msgspec.convert({"service": self._service, "secret": self._secret}, self._endpoints.service_token.takes)
        answer = cast("_ServiceToken", await self._open(self._endpoints.service_token, wish, seconds=2))
        return answer.access_token, float(answer.expires_in)
