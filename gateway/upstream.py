"""One service as the gateway reaches it: its copies in turn, short retries while it restarts, and what its failures are called."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final

import aiohttp
from aiohttp import hdrs
from multidict import CIMultiDict
from yarl import URL

from gateway import headers
from gateway.settings import Settings
from mallkit import problem
from mallkit.errors import BadGateway, Timeout, Unavailable

CONNECTIONS: Final = 512
IDLE_SECONDS: Final = 30.0
"""Shorter than the 75 s after which a service closes: an idle connection is not found dead when it is needed."""
FIRST_PAUSE: Final = 0.05
FIRST_REFUSAL: Final = 400
OUR_OWN_WORDS: Final = (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE, hdrs.USER_AGENT)
"""Headers that aiohttp would add where the client sent none: a service must see what the client said."""


class Away(Unavailable):
    """No connection could be made: the request was not sent."""

    slug = "unavailable"


class BrokenOff(BadGateway):
    """The connection ended before the whole answer: the request may have taken effect."""

    slug = "bad-gateway"


@dataclass(frozen=True, slots=True)
class Answer:
    """A service's answer, to be passed on as it is."""

    status: int
    reason: str | None
    headers: CIMultiDict[str]
    body: bytes


def client_session(settings: Settings) -> aiohttp.ClientSession:
    """The pool of connections to the services."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=OUR_OWN_WORDS,
        middlewares=(_send_once,),
        timeout=aiohttp.ClientTimeout(total=settings.answer_seconds, sock_connect=settings.connect_seconds),
    )


async def _send_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Names the failures here, since aiohttp itself would send a PUT or DELETE twice when a pooled connection breaks."""
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise Away from None
    except (aiohttp.ClientError, ConnectionError):
        raise BrokenOff from None


class Upstream:
    """Sends requests to the copies of one service."""

    def __init__(self, session: aiohttp.ClientSession, service: str, urls: Sequence[str], retry_seconds: float) -> None:
        self._session = session
        self.service = service
        self._copies = len(urls)
        self._urls = cycle(urls)
        self._retry_seconds = retry_seconds

    async def send(self, method: str, target: str, sent: CIMultiDict[str], body: bytes, *, again: bool) -> Answer:
        """The service's answer. Raises Unavailable, BadGateway or Timeout.

        A request that never left is tried again; one that may have arrived only when `again` says that this does no harm.
        """
        if not self._copies:
            message = f"no address is set for {self.service}"
            raise Unavailable(message)
        ends, pause, tries = time.monotonic() + self._retry_seconds, FIRST_PAUSE, 0
        while True:
            try:
                return await self._once(method, target, sent, body)
            except (Away, BrokenOff) as failure:
                if isinstance(failure, BrokenOff) and not again:
                    raise
                tries += 1
                if tries < self._copies:  # another copy may be well
                    continue
                wait = pause * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, no secret
                if time.monotonic() + wait >= ends:
                    raise
            await asyncio.sleep(wait)
            pause *= 2

    async def _once(self, method: str, target: str, sent: CIMultiDict[str], body: bytes) -> Answer:
        url = URL(next(self._urls) + target, encoded=True)
        try:
            async with self._session.request(method, url, headers=sent, data=body or None, allow_redirects=False) as response:
                answer = await response.read()
        except Away:
            raise Away(f"{self.service} cannot be reached") from None
        except TimeoutError:
            raise Timeout(f"{self.service} did not answer in time") from None
        except (BrokenOff, aiohttp.ClientError, ConnectionError):
            raise BrokenOff(f"{self.service} broke off its answer") from None
        if response.status >= FIRST_REFUSAL and response.content_type != problem.MEDIA:
            raise BadGateway(f"{self.service} refused without telling why")
        return Answer(response.status, response.reason, headers.back(response.headers), answer)
