"""The state of the whole mall: every part is asked whether it is ready, at most four times a second however often clients ask."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mallkit.http1 import BrokenError, Client, NotSentError, address_of

ASK_SECONDS: Final = 1.0
KEPT_SECONDS: Final = 0.25
OK: Final = "ok"
_READY: Final = 200


class Health:
    """Asks the parts, all at once. A part is well when one of its copies is ready."""

    def __init__(self, client: Client, urls: Mapping[str, Sequence[str]], missing: Callable[[], list[str]]) -> None:
        self._client = client
        self._urls = urls
        self._missing = missing
        self._asking: asyncio.Task[dict[str, str]] | None = None
        self._answered = 0.0

    async def parts(self) -> dict[str, str]:
        """Part → `ok`, or what is wrong with it. The answer may be a quarter of a second old."""
        asking = self._asking
        if asking is None or (asking.done() and time.monotonic() - self._answered > KEPT_SECONDS):
            asking = self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(asking)

    async def close(self) -> None:
        """Ends the questions that are still open."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _ask(self) -> dict[str, str]:
        names = list(self._urls)
        told = await asyncio.gather(*(self._part(self._urls[name]) for name in names))
        missing = self._missing()
        self._answered = time.monotonic()
        return {"gateway": f"not ready: {', '.join(missing)}" if missing else OK, **dict(zip(names, told, strict=True))}

    async def _part(self, urls: Sequence[str]) -> str:
        if not urls:
            return "no address is set"
        told = await asyncio.gather(*map(self._copy, urls))
        return OK if OK in told else told[0]

    async def _copy(self, url: str) -> str:
        address = address_of(url)
        request = f"GET /ready HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n\r\n".encode()
        try:
            reply = await self._client.request(address, request, ASK_SECONDS)
        except NotSentError:
            return "away"
        except BrokenError:
            return "no answer"
        return OK if reply.status == _READY else "not ready"
