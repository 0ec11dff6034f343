"""What stands around a gateway under test, over real HTTP: an issuer of tokens, a service that tells what reached it, and a raw client."""

import asyncio
import base64
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import jwt
import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from yarl import URL

from gateway.app import CONTRACTS, build_app
from gateway.settings import Settings
from mallkit.listening import Runner
from mallkit.ops import LIFE

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOST = "127.0.0.1"
PATIENCE = 10.0
CLIENT_SECRET = "the-gateway's-own-secret"


async def until(holds: Callable[[], Awaitable[object]], what: str) -> None:
    """Waits for a condition. Fails with its name after the deadline."""
    ends = time.monotonic() + PATIENCE
    while not await holds():
        assert time.monotonic() < ends, what
        await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(app: web.Application, port: int = 0) -> AsyncIterator[str]:
    """The URL of the app while it serves."""
    runner = (Runner if LIFE in app else web.AppRunner)(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class Issuer:
    """Signs tokens as svc_auth does, and tells keys and revocations."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    revoked: list[tuple[str, float]] = field(default_factory=list)
    hears: bool = True
    """Whether it answers for the feed."""
    logins: list[Mapping[str, str]] = field(default_factory=list)

    def pem(self) -> bytes:
        """The private key, as PyJWT takes it."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def public(self) -> bytes:
        """The public key's 32 bytes."""
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def token(self, role: str | None = "customer", *, headers: dict[str, Any] | None = None, **changed: object) -> str:
        """A good access token, or one with changed claims (None: left out) and other header fields."""
        claims = {"iss": "mall", "aud": "mall", "sub": "ann", "sid": "session-1", "role": role, "exp": time.time() + 600} | changed
        kept = {name: claim for name, claim in claims.items() if claim is not None}
        return jwt.encode(kept, self.pem(), "EdDSA", headers or {"typ": "at+jwt", "kid": "k1"})

    def bearer(self, role: str = "customer", session: str = "session-1") -> dict[str, str]:
        """A good token, as a header."""
        return {"Authorization": f"Bearer {self.token(role, sid=session)}"}

    def revoke(self, session: str) -> None:
        """Into the feed."""
        self.revoked.append((session, time.time() + 600))

    def app(self, otherwise: Answering) -> web.Application:
        """What the gateway asks of svc_auth; all other paths are answered by `otherwise`."""

        async def keys(_: web.Request) -> web.Response:
            x = base64.urlsafe_b64encode(self.public()).rstrip(b"=").decode()
            return web.json_response({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k1", "use": "sig", "alg": "EdDSA"}]})

        async def token(request: web.Request) -> web.Response:
            self.logins.append(await request.json())
            return web.json_response({"access_token": self.token("service", sub="gateway"), "expires_in": 600})

        async def feed(request: web.Request) -> web.Response:
            if not self.hears:
                return web.json_response({}, status=500)
            after = int(request.query.get("after", 0))
            items = [{"sid": sid, "until": until} for sid, until in self.revoked[after:]]
            return web.json_response({"items": items, "next": len(self.revoked)})

        app = web.Application()
        app.router.add_get("/.well-known/jwks.json", keys)
        app.router.add_post("/internal/service-token", token)
        app.router.add_get("/internal/revocations", feed)
        app.router.add_get("/ready", ready)
        app.router.add_route("*", "/{path:.*}", otherwise)
        return app


async def ready(_: web.Request) -> web.Response:
    """A part that is well."""
    return web.json_response({"status": "ok"})


@dataclass
class Got:
    """A request as a service received it."""

    method: str
    target: str
    headers: Mapping[str, str]
    pairs: list[tuple[str, str]]
    body: bytes


@dataclass
class Echo:
    """A service that remembers what reached it, and answers what it is told to."""

    got: list[Got] = field(default_factory=list)
    answering: Answering | None = None

    @property
    def last(self) -> Got:
        """The newest request."""
        return self.got[-1]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any method, any path."""
        body = await request.read()
        self.got.append(Got(request.method, request.raw_path, request.headers, list(request.headers.items()), body))
        return await (self.answering or self.tell)(request)

    async def tell(self, _: web.Request) -> web.Response:
        """The plain answer."""
        return web.json_response({"served": len(self.got)})

    def app(self) -> web.Application:
        """All paths."""
        app = web.Application(client_max_size=4_000_000)
        app.router.add_get("/ready", ready)
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app


@dataclass
class Scripted:
    """A server that is no aiohttp: to each request in turn it writes the next line of its script, then closes. The last line stays."""

    script: list[bytes]
    asked: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.script.pop(0) if len(self.script) > 1 else self.script[0])
            await writer.drain()
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Its URL."""
        server = await asyncio.start_server(self.serve, HOST, 0)
        async with server:
            yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}"


@dataclass(frozen=True)
class Told:
    """An answer of the gateway, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, object]:
        """The problem document. Fails unless the answer has the shape that every refusal has."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        told: dict[str, object] = msgspec.json.decode(self.body)
        assert told["status"] == self.status
        assert {"type", "title", "status", "service", "detail", "trace_id"} <= told.keys()
        assert re.fullmatch("[0-9a-f]{32}", str(told["trace_id"]))
        return told

    @property
    def kind(self) -> str:
        """The problem's slug."""
        return str(self.problem["type"]).removeprefix("/problems/")


@dataclass
class Gate:
    """A running gateway and what stands around it."""

    url: str
    issuer: Issuer
    echo: Echo
    client: aiohttp.ClientSession

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    async def ask(self, method: str, path: str, **more: Any) -> Told:
        """One request; the path goes out as it is written."""
        url = URL(self.url + path, encoded=True)
        async with self.client.request(method, url, allow_redirects=False, **more) as response:
            return Told(response.status, response.headers, await response.read())

    async def raw(self, *parts: bytes, until_closed: bool = False) -> bytes:
        """What comes back for bytes written as they are: one answer, or all until the gateway closes."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            async with asyncio.timeout(PATIENCE):
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                if until_closed:
                    return await reader.read()
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
                return head + await reader.readexactly(length)
        finally:
            writer.close()


def settings(**given: object) -> Settings:
    """The gateway's, for tests."""
    return Settings(**{"env": "test", "port": 0, "client_secret": CLIENT_SECRET, "fingerprint_key": "f" * 32, **given})  # type: ignore[arg-type]  # named freely by the tests


@asynccontextmanager
async def gate(neighbours: Mapping[str, str] | None = None, *, wait: bool = True, **given: object) -> AsyncIterator[Gate]:
    """A gateway, ready unless told not to wait; every service but auth is one Echo unless `neighbours` says where else it is."""
    issuer, echo = Issuer(), Echo()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        auth, services = await enter(listening(issuer.app(echo.handle))), await enter(listening(echo.app()))
        where = dict.fromkeys(CONTRACTS, services) | {"auth": auth} | dict(neighbours or {})
        url = await enter(listening(build_app(settings(neighbours=where, **given))))
        client = await enter(aiohttp.ClientSession())

        async def is_ready() -> bool:
            async with client.get(f"{url}/ready") as response:
                return response.status == web.HTTPOk.status_code

        if wait:
            await until(is_ready, "the gateway is ready")
        yield Gate(url, issuer, echo, client)
