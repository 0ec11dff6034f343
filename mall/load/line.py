"""One shopper's line to the mall: every request is timed and noted, and trouble on the way is an answer like others."""

import asyncio
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypedDict, Unpack

import aiohttp

from mall.load.ledger import Ledger, Told

PATIENCE = 20.0
"""Seconds that a person waits for an answer."""


class How(TypedDict, total=False):
    """`key`: the Idempotency-Key; `cart_token`: of a guest's cart; `version`: for If-Match; `patience`: seconds after which the line is
    dropped on purpose.
    """

    key: str
    cart_token: str
    version: str
    patience: float


@dataclass
class Line:
    """`token` is whose it is; empty for nobody."""

    session: aiohttp.ClientSession
    gateway: str
    ledger: Ledger
    token: str = ""

    async def call(self, action: str, method: str, path: str, body: object = None, **how: Unpack[How]) -> Told:
        """One request, timed and noted under the name `action`."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if how.get("key"):
            headers["Idempotency-Key"] = how["key"]
        if how.get("cart_token"):
            headers["Cart-Token"] = how["cart_token"]
        if how.get("version"):
            headers["If-Match"] = f'"{how["version"]}"'
        began = time.perf_counter()
        try:
            async with asyncio.timeout(how.get("patience", PATIENCE)):
                told = await self._ask(method, path, body, headers)
        except TimeoutError:
            told = Told(0, "hung-up" if "patience" in how else "timed-out")
        except (aiohttp.ClientError, ConnectionError):
            told = Told(0, "no-answer")
        self.ledger.note(action, (time.perf_counter() - began) * 1000, told)
        return told

    async def act(self, action_url: str, answer: str) -> None:
        """What the shopper says to the bank's question, on the bank's page; should it not arrive, the shopper is asked again."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE), self.session.post(action_url, data={"answer": answer}, allow_redirects=False) as response:
                told = Told(response.status)
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            told = Told(0, "no-answer")
        self.ledger.note("challenge", (time.perf_counter() - began) * 1000, told)

    async def _ask(self, method: str, path: str, body: object, headers: dict[str, str]) -> Told:
        async with self.session.request(method, self.gateway + path, json=body, headers=headers) as response:
            content = await response.read()
            told: Any = await response.json(content_type=None) if content and response.content_type.endswith("json") else None
            slug = _slug(told) if response.status >= HTTPStatus.BAD_REQUEST else ""
            later = "Retry-After" in response.headers and response.status != HTTPStatus.TOO_MANY_REQUESTS
            return Told(response.status, slug, told, again=later)


def _slug(problem: object) -> str:
    """The word that names a refusal."""
    return str(problem.get("type", "")).removeprefix("/problems/") if isinstance(problem, dict) else "no-problem-json"
