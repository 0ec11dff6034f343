"""A toy service on the real kit: one collection, a few endpoints, no mall. For tests of the edge."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import aiohttp
from aiohttp import web
from msgspec import UNSET, Meta, UnsetType
from msgspec import field as named

from mallkit.endpoint import (
    ANYONE,
    DELETE,
    GET,
    POST,
    PUT,
    Accepted,
    Caller,
    Done,
    Endpoint,
    Id,
    Keyed,
    View,
    Wish,
)
from mallkit.errors import Internal, Missing, Refused
from mallkit.listening import Runner
from mallkit.money import Amount, Money
from mallkit.service import Service, Shell, Wired, application
from mallkit.settings import Common
from mallkit.store import Kind, Store
from mallkit.web import serves


class Full(Refused):
    """No place left."""

    slug = "toy/full"
    title = "Full"
    code = 4999001


class Broken(Internal):
    """A fault with a number."""

    slug = "toy/broken"
    title = "Broken"
    code = 5999001


class Put(Wish, frozen=True):
    """A thing and its price."""

    thing_id: Id
    price: Amount
    count: Annotated[int, Meta(ge=1, le=9)] = 1
    if_match: str | UnsetType = UNSET


class Ask(Wish, frozen=True):
    """A question with every kind of field that a query has."""

    thing_id: Id
    page_size: Annotated[int, Meta(ge=1, le=5)] = named(name="pageSize", default=2)
    open_only: bool = False


class Slow(Wish, frozen=True):
    """`mark` tells two apart, `secret` is never kept."""

    mark: str
    secret: str = ""


class Shown(View, frozen=True):
    """What came in."""

    thing_id: str
    price: Amount
    note: str


class Counted(View, frozen=True):
    """How often the handler ran, and the command it ran for."""

    runs: int
    command: str


class Later(Accepted, frozen=True):
    """Not yet."""

    command: str


put = Endpoint(
    method=PUT, path="/things/{thing_id}", takes=Put, gives=Shown, may=(ANYONE,), refuses=(Missing, Full, Broken),
    headers={"if_match": "If-Match"}, etag="note",
)  # fmt: skip
ask = Endpoint(method=GET, path="/things/{thing_id}", takes=Ask, gives=Shown, may=(ANYONE,), refuses=(Missing,))
drop = Endpoint(method=DELETE, path="/things/{thing_id}", takes=Ask, gives=Done, may=(ANYONE,), status=204)
slow = Endpoint(
    method=POST, path="/slow", aliases=("/slower",), takes=Slow, gives=Counted, accepted=Later, may=(ANYONE,), keyed=Keyed.OPTIONAL,
    secret=("secret",), refuses=(Full,),
)  # fmt: skip
strict = Endpoint(method=POST, path="/strict", takes=Slow, gives=Counted, may=(ANYONE,), keyed=Keyed.REQUIRED)


@dataclass
class Ports:
    """What the toy's handlers share: how often the slow one ran, and the gate it waits at."""

    runs: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)


@serves(put)
async def handle_put(wish: Put, _: Caller, __: Ports) -> Shown:
    """Shows what came in; some ids misbehave."""
    if wish.thing_id == "full":
        raise Full("no place", place=7)
    if wish.thing_id == "bug":
        return Shown(thing_id=str(1 // (wish.count - wish.count)), price=wish.price, note="")
    note = "" if wish.if_match is UNSET else wish.if_match
    return Shown(thing_id=wish.thing_id, price=Money.read(wish.price, "USD").amount, note=note)


@serves(ask)
async def handle_ask(wish: Ask, _: Caller, __: Ports) -> Shown:
    """Shows what came in."""
    return Shown(thing_id=wish.thing_id, price=Money(100, "USD").amount, note=f"{wish.page_size} {wish.open_only}")


@serves(drop)
async def handle_drop(_: Ask, __: Caller, ___: Ports) -> Done:
    """Nothing to show."""
    return Done()


def _pending(caller: Caller) -> Later:
    return Later(command=caller.command)


@serves(slow, pending=_pending)
async def handle_slow(wish: Slow, caller: Caller, ports: Ports) -> Counted:
    """Counts its runs; waits at the gate when asked to."""
    ports.runs += 1
    ports.waiting.set()
    if wish.mark == "wait":
        await ports.gate.wait()
    if wish.mark == "full":
        raise Full
    return Counted(runs=ports.runs, command=caller.command)


@serves(strict)
async def handle_strict(_: Slow, caller: Caller, ports: Ports) -> Counted:
    """Needs a key."""
    ports.runs += 1
    return Counted(runs=ports.runs, command=caller.command)


@dataclass(frozen=True)
class Thing:
    """Something to keep."""

    id: str


THINGS: Kind[Thing] = Kind(name="things", type=Thing)


@dataclass
class Toy:
    """The running toy."""

    url: str
    ports: Ports
    session: aiohttp.ClientSession
    store: Store

    async def call(self, method: str, path: str, **sent: Any) -> tuple[int, Any, Any]:
        """Status, JSON or None, headers."""
        async with self.session.request(method, self.url + path, **sent) as response:
            body = await response.read()
            return response.status, await response.json(content_type=None) if body else None, response.headers


def settings_of(folder: Path, **more: Any) -> Common:
    """Settings for tests."""
    return Common(env="test", port=0, data=str(folder), client_secret="c" * 32, fingerprint_key="f" * 32, **more)


@asynccontextmanager
async def toy(folder: Path, ports: Ports | None = None, **settings: Any) -> AsyncIterator[Toy]:
    """Starts the toy on a free port."""
    shared = ports or Ports()
    stores: list[Store] = []

    @asynccontextmanager
    async def wire(shell: Shell) -> AsyncIterator[Wired]:
        stores.append(shell.store)
        yield Wired(ports=shared)

    contract = ModuleType("toy_contract")
    vars(contract).update(put=put, ask=ask, drop=drop, slow=slow, strict=strict)
    handlers = ModuleType("toy_handlers")
    vars(handlers).update({name: value for name, value in globals().items() if name.startswith("handle_")})
    service = Service(name="toy", title="Toy", contract=contract, handlers=(handlers,), kinds=(THINGS,), wire=wire)
    runner = Runner(application(settings_of(folder, **settings), service), access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Toy(f"http://127.0.0.1:{runner.addresses[0][1]}", shared, session, stores[0])
    finally:
        shared.gate.set()
        await runner.cleanup()
