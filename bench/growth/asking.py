"""Asks a mall one question again and again, and tells what each answer took: time for who asked, and CPU of the mall's processes."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import aiohttp

from bench.growth import documents
from bench.growth.draw import Draw
from bench.growth.questions import ANYBODY, BUSIEST, BUSY, BUYER, OPERATOR, Question, Request, typical
from bench.shoppers import OPERATOR as OPERATORS_LOGIN
from mall.running import Mall

WARM = 5
LOOK_SECONDS = 3.0


@dataclass(frozen=True)
class Cost:
    """Of one request: milliseconds until the answer, half of them faster; and CPU milliseconds of all processes."""

    p50: float
    cpu: float


def cpu_ms(mall: Mall) -> float:
    """Of all processes so far, exact to the microsecond where a kernel's ticks are not."""
    return sum(_spent(pid) for pid in mall.pids.values()) / 1e6


def until_at_rest(mall: Mall, patience: float = 600.0) -> None:
    """Waits until whatever a large store makes a starting mall do is done: it takes less than a tenth of a core. Raises TimeoutError."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        before = cpu_ms(mall)
        time.sleep(LOOK_SECONDS)
        if cpu_ms(mall) - before < LOOK_SECONDS * 100:
            return
    message = "the mall does not come to rest"
    raise TimeoutError(message)


def _spent(pid: int) -> int:
    total = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # a thread may end meanwhile
            total += int(thread.read_text(encoding="ascii").split()[0])
    return total


@dataclass
class Asker:
    """Clients of one mall, signed in."""

    mall: Mall
    draw: Draw
    session: aiohttp.ClientSession
    tokens: dict[str, str] = field(default_factory=dict)

    async def sign_in(self) -> None:
        """The users and the operator in whose names questions are asked."""
        people: Mapping[str, Mapping[str, str]] = {
            BUSY: {"email": documents.email(BUSIEST), "password": documents.PASSWORD},
            BUYER: {"email": documents.email(typical(self.draw)), "password": documents.PASSWORD},
            OPERATOR: OPERATORS_LOGIN,
        }
        for who, account in people.items():
            answer = await self._ask(Request("/api/v1/auth/login", "POST", account))
            self.tokens[who] = f"Bearer {answer['access_token']}"

    async def ask(self, question: Question, count: int) -> Cost:
        """One after the other, once everything is warm. Raises RuntimeError for an answer that is none."""
        requests = question.each(self.draw)
        for request in islice(requests, WARM):
            found = await self._ask(request)
            if len(found.get("items", ())) < question.least:
                message = f"{request.path} found {found}"
                raise RuntimeError(message)
        took, before = [], cpu_ms(self.mall)
        for request in islice(requests, question.fewer or count):
            began = time.perf_counter()
            await self._ask(request)
            took.append((time.perf_counter() - began) * 1000)
        return Cost(sorted(took)[len(took) // 2], (cpu_ms(self.mall) - before) / len(took))

    async def _ask(self, request: Request) -> dict[str, list[object]]:
        headers = {} if request.by == ANYBODY else {"Authorization": self.tokens[request.by]}
        async with self.session.request(request.method, self.mall.gateway + request.path, json=request.body, headers=headers) as answer:
            told: dict[str, list[object]] = await answer.json(content_type=None)
            if answer.status != 200:  # noqa: PLR2004 - HTTP's own word for well
                message = f"{request.path}: {answer.status} {told}"
                raise RuntimeError(message)
            return told
