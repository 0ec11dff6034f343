"""Where a drill takes place: a mall of its own, people in it, and the hands that do it harm."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from mall.journey import OPERATOR
from mall.load.crowd import Crowd
from mall.running import Mall

UP_AGAIN = 60.0
"""Seconds in which a mall must be ready, and sell, after harm that did not touch its data."""
TROUBLE = (aiohttp.ClientError, ConnectionError, TimeoutError)
PATIENCE = aiohttp.ClientTimeout(total=20)
Json = Any


class DrillFailed(Exception):
    """The mall did not do what every drill relies on: started, sold, came back."""


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line; `seconds` and `times` 0: as the drill itself has it."""

    seed: int = 1
    seconds: float = 0.0
    times: int = 0
    at: tuple[str, ...] = ()
    """Crash points, where not all are meant."""
    keep: bool = False


@dataclass
class Stage:
    """`notes` is a folder beside the mall's own; `stock` what was put on sale for the crowd, product → pieces."""

    mall: Mall
    crowd: Crowd
    session: aiohttp.ClientSession
    wish: Wish
    notes: Path
    stock: dict[str, int]
    tell: Callable[[str], None]
    names: list[str] = field(default_factory=list)
    """Every process but the supervisor, as they stood at the start."""
    figures: Counter[str] = field(default_factory=Counter)
    """What was done, for the report: kills, pauses …"""
    faults: list[str] = field(default_factory=list)
    """What a drill itself found wrong."""
    poisoned: bool = False
    """Whether the drill itself sent messages that must end as failures."""
    _token: str = ""

    def __post_init__(self) -> None:
        self.dice = random.Random(f"drill:{self.wish.seed}")
        self.names = sorted(self.mall.pids.keys() - {"mall up"})

    def copies_of(self, part: str) -> list[str]:
        """The names of a part's processes."""
        return [name for name in self.names if name.partition("-")[0] == part]

    def hit(self, name: str, number: signal.Signals = signal.SIGKILL) -> bool:
        """Sends a signal to a process of this mall; False while it is down."""
        pid = self.mall.pid(name)
        with suppress(ProcessLookupError):
            if pid:
                os.kill(pid, number)
                return True
        return False

    async def kill(self, name: str) -> None:
        """With -9, as soon as it is there: it may be down at this moment."""
        async with self.within(UP_AGAIN, f"{name} to be there, so that it can be killed"):
            while not self.hit(name):
                await asyncio.sleep(0.01)
        self.figures["kills"] += 1

    @asynccontextmanager
    async def within(self, seconds: float, what: str) -> AsyncIterator[None]:
        """Raises DrillFailed when it takes longer."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise DrillFailed(f"waited {seconds:.0f} s for {what}") from None

    async def whole(self) -> None:
        """Until every part is ready. Raises DrillFailed."""
        async with self.within(UP_AGAIN, "every part to be ready"):
            while not await self.healthy():
                await asyncio.sleep(0.05)

    async def healthy(self) -> bool:
        """Whether every process, copies too, says that it is ready."""
        urls = [f"{self.mall.gateway}/health", *(f"{self.mall.url(name)}/ready" for name in self.names if name != "redis")]
        answers = await asyncio.gather(*(self._status(url) for url in urls))
        return set(answers) == {200} and all(map(self.mall.pid, self.names))

    async def _status(self, url: str) -> int:
        try:
            async with self.session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as told:
                return told.status
        except TROUBLE:
            return 0

    async def sold(self, more: int = 1) -> None:
        """Until so many further purchases were answered: people can buy in every round. Raises DrillFailed."""
        wanted = len(self.crowd.ledger.bought) + more
        async with self.within(UP_AGAIN, f"{more} further purchases"):
            while len(self.crowd.ledger.bought) < wanted:
                await asyncio.sleep(0.02)

    async def spend(self, default: float) -> AsyncIterator[float]:
        """Moments, one after each turn of the caller's, until the drill's seconds are over: what is left of them."""
        ends = time.monotonic() + (self.wish.seconds or default)
        while (left := ends - time.monotonic()) > 0:
            yield left

    async def sleep(self, least: float, most: float) -> None:
        """For a random time."""
        await asyncio.sleep(self.dice.uniform(least, most))

    async def ask(self, method: str, url: str, body: Json = None, headers: Mapping[str, str] | None = None) -> tuple[int, Json]:
        """One request to any part, without a token. Raises what aiohttp raises."""
        async with self.session.request(method, url, json=body, headers=headers, timeout=PATIENCE) as response:
            return response.status, await response.json(content_type=None)

    async def door(self, name: str, path: str, method: str = "GET", body: Json = None) -> Json:
        """Through a door for drills; 200 or DrillFailed, trouble as aiohttp raises it."""
        status, told = await self.ask(method, self.mall.url(name) + path, body, {"X-Drill-Key": self.mall.drill_key})
        if status != 200:  # noqa: PLR2004 - HTTP's own word for well
            raise DrillFailed(f"{method} {path} of {name}: {status} {told}")
        return told

    async def operator(self, method: str, path: str, body: Json = None) -> Json:
        """What an operator is told at the gateway, repeated while a part is away; 404 is told as no items. Raises DrillFailed."""
        told: object = "nothing"
        async with self.within(UP_AGAIN, f"{method} {path}"):
            while True:
                with suppress(*TROUBLE):
                    status, told = await self.ask(method, self.mall.gateway + path, body, {"Authorization": f"Bearer {await self.token()}"})
                    if status < 300:  # noqa: PLR2004 - HTTP
                        return told
                    if status == 401:  # noqa: PLR2004 - as above
                        self._token = ""
                    elif status == 404 and method == "GET":  # noqa: PLR2004 - as above
                        return {"items": []}
                    elif status < 500:  # noqa: PLR2004 - as above
                        raise DrillFailed(f"{method} {path}: {status} {told}")
                await asyncio.sleep(0.1)

    async def token(self) -> str:
        """The demo operator's."""
        if not self._token:
            email, password = OPERATOR
            _, told = await self.ask("POST", f"{self.mall.gateway}/api/v1/auth/login", {"email": email, "password": password})
            self._token = str(told.get("access_token", ""))
        return self._token
