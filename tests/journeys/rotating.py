"""People who log in and look around without a pause, so that a change of keys would be noticed."""

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import jwt

from tests.journeys.people import SHOPPER

LOGINS, CALLS = 2, 4
"""Loops of each kind."""
PATHS = ("/api/v1/users/me", "/api/v1/cart", "/api/v1/auth/sessions?limit=1")


class Load:
    """At any of the gateways, until it is stopped; what was not 200 is in `refused`."""

    def __init__(self, session: aiohttp.ClientSession, gateways: list[str]) -> None:
        self.statuses: Counter[int] = Counter()
        self.refused: list[str] = []
        self.kids: set[str] = set()
        """Of the keys that signed."""
        self._tokens: list[str] = []
        self._session = session
        self._gateways = gateways
        self._over = False
        self._loops = [asyncio.create_task(self._log_in(n)) for n in range(LOGINS)]
        self._loops += [asyncio.create_task(self._look(n)) for n in range(CALLS)]

    async def stop(self) -> None:
        """Ends with the requests that are under way."""
        self._over = True
        await asyncio.gather(*self._loops)

    async def _log_in(self, number: int) -> None:
        while not self._over:
            told = await self._call("POST", self._gateways[number % len(self._gateways)], "/api/v1/auth/login", json=SHOPPER)
            if told:
                self._tokens.append(str(told["access_token"]))
                self.kids.add(jwt.get_unverified_header(self._tokens[-1])["kid"])
            await asyncio.sleep(0.02)

    async def _look(self, number: int) -> None:
        """With the newest token and with the oldest in turn."""
        turn = number
        while not self._over:
            turn += 1
            if self._tokens:
                headers = {"Authorization": f"Bearer {self._tokens[-1 if turn % 2 else 0]}"}
                await self._call("GET", self._gateways[turn // 2 % len(self._gateways)], PATHS[turn % len(PATHS)], headers=headers)
            await asyncio.sleep(0.005)

    async def _call(self, method: str, gateway: str, path: str, **more: Any) -> dict[str, Any]:
        async with self._session.request(method, gateway + path, **more) as answer:
            self.statuses[answer.status] += 1
            body = await answer.read()
            if answer.status != 200:
                self.refused.append(f"{method} {path}: {answer.status} {body[:200]!r}")
                return {}
            return dict(await answer.json())
