"""A mall of real services inside one test: real apps, real stores in a temporary folder, real HTTP on 127.0.0.1."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from mall.devsecrets import names
from mall.parts import PARTS, PATHS, SAME, Part
from mall.running import free_ports
from mallkit.listening import Runner
from mallkit.settings import load

SHOPPER = ("shopper@mall.test", "shopper-demo-1")
OPERATOR = ("operator@mall.test", "operator-demo-1")
ADMIN = ("admin@mall.test", "admin-demo-1")
BY_NAME = {part.name: part for part in PARTS}
JSON = dict[str, Any]


@dataclass
class Answer:
    """An answer, read to its end."""

    status: int
    headers: Any
    body: bytes
    json: Any

    @property
    def kind(self) -> str:
        """The problem's slug, or nothing."""
        return str(self.json.get("type", "")).removeprefix("/problems/") if isinstance(self.json, dict) else ""


@dataclass
class House:
    """The running services; `ports` tells where."""

    folder: Path
    environ: dict[str, str]
    ports: dict[str, int]
    session: aiohttp.ClientSession
    stack: AsyncExitStack
    tokens: dict[str, str] = field(default_factory=dict)

    def url(self, name: str, path: str = "") -> str:
        """Where a service listens."""
        return f"http://127.0.0.1:{self.ports[name]}{path}"

    async def open(self, name: str, port: int = 0) -> Runner:
        """Starts a service, or another copy of it on a port of its own."""
        part = BY_NAME[name]
        settings_type = importlib.import_module(f"{part.module}.settings").Settings
        environ = self.environ | {f"MALL_{name.upper()}_PORT": str(port or self.ports[name])}
        settings = load(settings_type, name, environ)
        runner = Runner(importlib.import_module(f"{part.module}.app").build_app(settings), access_log=None, shutdown_timeout=2)
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", settings.port).start()
        return runner

    async def call(self, name: str, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """One request; `token`, `key`, `headers`, `data` (raw bytes instead of JSON)."""
        headers = dict(more.get("headers", {}))
        if more.get("token"):
            headers["Authorization"] = f"Bearer {more['token']}"
        if more.get("key"):
            headers["Idempotency-Key"] = more["key"]
        sent = {"data": more["data"]} if "data" in more else {"json": body} if body is not None else {}
        async with self.session.request(method, self.url(name, path), headers=headers, **sent) as response:
            content = await response.read()
            kind = response.content_type
            parsed = await response.json(content_type=None) if content and kind.endswith("json") else None
            return Answer(response.status, response.headers, content, parsed)

    async def login(self, email: str, password: str) -> JSON:
        """The tokens of an account."""
        answer = await self.call("auth", "POST", "/api/v1/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer.body
        return dict(answer.json)

    async def token(self, who: str = "shopper") -> str:
        """The access token of `shopper`, `operator`, `admin`, or a customer of that name, registered on first use."""
        if who not in self.tokens:
            account = {"shopper": SHOPPER, "operator": OPERATOR, "admin": ADMIN}.get(who)
            if account is None:
                account = (f"{who}@example.org", f"password-of-{who}")
                sent = {"email": account[0], "password": account[1], "name": who}
                answer = await self.call("auth", "POST", "/api/v1/auth/register", sent)
                assert answer.status == 201, answer.body
            self.tokens[who] = (await self.login(*account))["access_token"]
        return self.tokens[who]

    async def until_ready(self, *services: str) -> None:
        """Waits until the services have keys and feed."""
        async with asyncio.timeout(20):
            for name in services:
                while (await self.call(name, "GET", "/ready")).status != 200:
                    await asyncio.sleep(0.02)


@asynccontextmanager
async def house(folder: Path, *services: str, env: str = "dev", **settings: str) -> AsyncIterator[House]:
    """Starts the named services (all without names) on free ports; `settings` are further MALL_ variables."""
    parts: list[Part] = [BY_NAME[name] for name in services] if services else list(PARTS)
    ports = dict(zip(BY_NAME, free_ports(len(BY_NAME)), strict=True))
    environ = {"MALL_ENV": env, "MALL_DATA": str(folder)}
    for part in PARTS:
        environ[f"MALL_{part.name.upper()}_URL"] = f"http://127.0.0.1:{ports[part.name]}"
    environ |= {name: f"{name.lower()}-for-tests-only" for name in names(PARTS)}
    environ |= {name: environ[origin] for name, origin in SAME.items()}
    environ["MALL_AUTH_CLIENTS"] = ",".join(f"{part.name}={environ[f'MALL_{part.name.upper()}_CLIENT_SECRET']}" for part in PARTS)
    paths = {variable: (ports[name], path) for variable, (name, path) in PATHS.items() if BY_NAME[name] in parts}
    environ |= {variable: f"http://127.0.0.1:{port}{path}" for variable, (port, path) in paths.items()}
    environ |= settings
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        running = House(folder, environ, ports, session, stack)
        for part in parts:
            await running.open(part.name)
        await running.until_ready(*(part.name for part in parts))
        yield running
