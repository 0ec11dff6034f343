"""One service as the gateway reaches it: whichever copy is well, short retries while it restarts, and what its failures are called."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Final

from mallkit import problem
from mallkit.copies import Copies
from mallkit.errors import BadGateway, Timeout, Unavailable
from mallkit.http1 import BrokenError, Client, NotSentError, Reply

FIRST_PAUSE: Final = 0.05
FIRST_REFUSAL: Final = 400
EARLY: Final = 0.005
"""How much before its time a timer may ring."""


class Away(Unavailable):
    """No connection could be made: the request was not sent."""

    slug = "unavailable"


class BrokenOff(BadGateway):
    """The connection ended before the whole answer: the request may have taken effect."""

    slug = "bad-gateway"


class Upstream:
    """Sends requests to the copies of one service; times in seconds."""

    def __init__(self, client: Client, service: str, urls: Sequence[str], *, answer: float, retry: float) -> None:
        self._client = client
        self.service = service
        self._copies = Copies(urls)
        self._answer = answer
        self._retry = retry

    async def send(self, start: str, head: str, body: bytes, *, again: bool) -> Reply:
        """The service's answer. `start` is `GET /path`, `head` the header lines. Raises Unavailable, BadGateway or Timeout.

        A request that never left is tried again; one that may have arrived only when `again` says that this does no harm.
        """
        if not self._copies:
            message = f"no address is set for {self.service}"
            raise Unavailable(message)
        ends, pause, tries = time.monotonic() + self._retry, FIRST_PAUSE, 0
        while True:
            try:
                return await self._once(start, head, body)
            except (Away, BrokenOff) as failure:
                if isinstance(failure, BrokenOff) and not again:
                    raise
                tries += 1
                if tries < len(self._copies):  # another copy may be well
                    continue
                wait = pause * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, no secret
                if time.monotonic() + wait >= ends:
                    raise
            await asyncio.sleep(wait)
            pause *= 2

    async def _once(self, start: str, head: str, body: bytes) -> Reply:
        copy = self._copies.take()
        address = copy.address
        request = f"{start} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n{head}\r\n".encode(errors="surrogateescape") + body
        asked = time.monotonic()
        try:
            reply = await self._client.request(address, request, self._answer)
        except NotSentError:
            copy.failed()
            raise Away(f"{self.service} cannot be reached") from None
        except BrokenError:
            copy.failed()
            if time.monotonic() - asked >= self._answer - EARLY:
                raise Timeout(f"{self.service} did not answer in time") from None
            raise BrokenOff(f"{self.service} broke off its answer") from None
        else:
            copy.answered()
        finally:
            copy.under_way -= 1
        if reply.status >= FIRST_REFUSAL and not _is_problem(reply):
            raise BadGateway(f"{self.service} refused without telling why")
        return reply


def _is_problem(reply: Reply) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(problem.MEDIA.encode()) for name, value in reply.headers)
