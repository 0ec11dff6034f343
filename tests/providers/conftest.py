"""Stripe's stripe-mock, and a line to it on which every request is seen. Without the binary nothing here is collected."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from mall.running import free_ports

MOCK = os.environ.get("STRIPE_MOCK", "")
collect_ignore_glob = [] if MOCK else ["test_*.py"]
HOP = {"Host", "Content-Length", "Transfer-Encoding", "Connection"}


@dataclass(frozen=True)
class Mock:
    """Where it listens."""

    http: int
    https: int


@dataclass
class Line:
    """Passes every request on to stripe-mock, and its answer back. `says` are members that the answers are to have, by path's end."""

    mock: Mock
    session: aiohttp.ClientSession
    port: int = field(default_factory=lambda: free_ports(1)[0])
    seen: list[tuple[str, str, int]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    says: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """For the adapter."""
        return f"http://127.0.0.1:{self.port}"

    async def pass_on(self, request: web.Request) -> web.Response:
        """One request."""
        headers = {name: value for name, value in request.headers.items() if name not in HOP}
        url = f"http://127.0.0.1:{self.mock.http}{request.raw_path}"
        async with self.session.request(request.method, url, headers=headers, data=await request.read() or None) as reply:
            told = await reply.json(content_type=None)
        path = request.path.removeprefix("/v1/")
        self.seen.append((request.method, path.partition("/")[0] + path[path.rfind("/") :] if "/" in path else path, reply.status))
        self.keys += [request.headers["Idempotency-Key"]] if "Idempotency-Key" in request.headers else []
        for end, members in self.says.items():
            if reply.status == 200 and path.endswith(end):
                told |= members
        return web.Response(status=reply.status, body=json.dumps(told), content_type="application/json")


@pytest.fixture(scope="session")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    """The process."""
    ports = Mock(*free_ports(2))
    words = [MOCK, "-http-port", str(ports.http), "-https-port", str(ports.https)]
    with (tmp_path_factory.mktemp("mock") / "log").open("wb") as log, Popen(words, stdout=log, stderr=log) as process:
        try:
            yield ports
        finally:
            process.terminate()


@pytest.fixture
async def line(mock: Mock) -> AsyncIterator[Line]:
    """To a mock that listens."""
    async with aiohttp.ClientSession() as session:
        await until_it_listens(session, mock.http)
        running = Line(mock, session)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", running.pass_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", running.port).start()
        try:
            yield running
        finally:
            await runner.cleanup()


async def until_it_listens(session: aiohttp.ClientSession, port: int) -> None:
    """Waits for the process."""
    async with asyncio.timeout(60):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


assert not MOCK or Path(MOCK).exists()
