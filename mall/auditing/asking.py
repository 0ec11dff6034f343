"""Asks every service for its rows, all at once so that their moments lie close together, and the bank for its statement."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

import msgspec
from msgspec import UNSET

from contracts import auth, bank
from mall.auditing.books import AnyLine, Authorized, Books, Statement, statement_of
from mall.auditing.settings import Settings
from mall.auditing.shelves import Archive, Shelf
from mallkit.audit import AUDITOR, LONGEST_SECONDS, ROWS, STALLED_SECONDS, Ended
from mallkit.calls import Calls, Neighbour
from mallkit.errors import ShopError, Unavailable
from mallkit.http1 import OK, Address, BrokenError, Client, NotSentError, address_of
from mallkit.identity import Identity
from mallkit.issuer import HttpIssuer, IssuerEndpoints

TOKENS = IssuerEndpoints(jwks=auth.jwks, revocations=auth.revocations, service_token=auth.service_token)
READ_SECONDS = LONGEST_SECONDS
"""How long one service may take to tell everything."""
AGAIN_SECONDS = 0.3
TOO_MANY = 429
OPERATIONS_AT_ONCE = 500
PAGE_SECONDS = 5.0
"""How long the bank may take for one page, at least."""
PAUSE_SECONDS = 0.02
"""Between two pages of the bank's statement."""
LARGEST_LINE = 16 * 2**20
_LINES = msgspec.json.Decoder(AnyLine)


class NotAsked(Unavailable):
    """A service did not tell its rows: without all of them nothing can be proved."""

    slug = "audit/not-asked"
    title = "A service could not be asked"


class _Busy(NotAsked):
    """Somebody else reads there at this moment."""


@asynccontextmanager
async def asking(settings: Settings, services: Sequence[str]) -> AsyncIterator["Asking"]:
    """Connections for as long as the context lasts. Raises SettingsError without the URL of auth."""
    client = Client()
    urls = {name: listed.split(",") for name, listed in settings.neighbours.items()}
    issuer = HttpIssuer(TOKENS, AUDITOR, settings.client_secret)
    identity = Identity(issuer)
    calls = Calls(client, urls, identity.bearer, identity.turned_away)
    issuer.reach(calls.to("auth", anonymous=True), calls.to("auth"))
    at_bank = calls.to("bank", anonymous=True) if settings.bank_key and "bank" in urls else None
    try:
        yield Asking(settings, {name: urls.get(name, []) for name in services}, Readers(client, identity.bearer), at_bank)
    finally:
        client.close()


class Readers:
    """How one service's rows are read, from one of its copies."""

    def __init__(self, client: Client, bearer: Callable[[], Awaitable[str]], stalled: float = STALLED_SECONDS) -> None:
        self._client = client
        self._bearer = bearer
        self._stalled = stalled

    async def read(self, service: str, url: str) -> Books:
        """Raises NotAsked with what went wrong."""
        address, part, now = address_of(url), Reading(service), asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(self._stalled) as patience:

                def take(piece: bytes) -> None:
                    patience.reschedule(now() + self._stalled)
                    part.take(piece)

                reply = await self._client.request(address, self._request(address, await self._bearer()), READ_SECONDS, take)
        except NotSentError:
            raise NotAsked(f"{service} cannot be reached at {url}") from None
        except TimeoutError:
            raise NotAsked(f"{service} stopped telling after {part.books.rows} rows") from None
        except BrokenError:
            raise NotAsked(part.trouble or f"{service} broke off after {part.books.rows} rows") from None
        except ShopError as error:
            raise NotAsked(f"no token for {service}: {error.detail}") from None
        if reply.status == TOO_MANY:
            raise _Busy(f"{service} is being read by somebody else")
        if reply.status != OK:
            raise NotAsked(f"{service} answers {reply.status}: {_detail(reply.body)}")
        return part.whole()

    @staticmethod
    def _request(address: Address, bearer: str) -> bytes:
        return f"GET {ROWS.path} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\nAuthorization: {bearer}\r\n\r\n".encode("latin-1")


class Reading:
    """One service's answer on its way in: bytes become lines, lines become rows."""

    def __init__(self, service: str, books: Books | None = None) -> None:
        self.books = books or Books.shelved(Archive())
        self.trouble = ""
        self._service = service
        self._rest = b""
        self._told = -1

    def take(self, piece: bytes) -> None:
        """The next bytes. Raises msgspec.MsgspecError for what is no row, sqlite3.Error without room; the connection ends."""
        lines, newline, rest = (self._rest + piece).rpartition(b"\n")
        self._rest = rest
        if len(rest) > LARGEST_LINE:
            self.trouble = f"{self._service} tells a row without an end"
            raise ValueError(self.trouble)
        if not newline:
            return
        try:
            rows: list[AnyLine] = _LINES.decode_lines(lines)
        except msgspec.MsgspecError as error:
            self.trouble = f"{self._service} tells a row that is none: {error}"
            raise
        try:
            for row in rows:
                self._put(row)
        except sqlite3.Error as error:
            self.trouble = f"no room for the rows of {self._service}: {error}"
            raise

    def _put(self, row: AnyLine) -> None:
        if isinstance(row, Ended):
            self._told = row.rows
            self.books.on_bus |= {self._service} if row.on_bus else set()
        else:
            self.books.add(self._service, row)

    def whole(self) -> Books:
        """Raises NotAsked where rows are missing."""
        if self._told != self.books.rows - 1:
            raise NotAsked(f"{self._service} told only a part: {self.books.rows} rows")
        return self.books


class Asking:
    """Reads the whole mall, again and again."""

    def __init__(self, settings: Settings, urls: Mapping[str, Sequence[str]], readers: Readers, at_bank: Neighbour | None) -> None:
        self._settings = settings
        self._urls = urls
        self._readers = readers
        self._bank = at_bank
        self._bank_seconds = max(settings.wait_seconds, PAGE_SECONDS)

    async def read(self) -> Books:
        """Everything, as of now. Raises NotAsked, naming every service that did not answer in time."""
        asked = [self._service(name, urls) for name, urls in self._urls.items()]
        *parts, statement = await asyncio.gather(*asked, self._statement(), return_exceptions=True)
        refusals = [part for part in (*parts, statement) if isinstance(part, ShopError)]
        if refusals:
            raise NotAsked("; ".join(sorted(refusal.detail for refusal in refusals)))
        for part in (*parts, statement):
            if isinstance(part, BaseException):
                raise part
        books = Books()
        for part in parts:
            if isinstance(part, Books):
                books.take_in(part)
        books.statement = statement if isinstance(statement, Shelf) else None
        return books

    async def _service(self, name: str, urls: Sequence[str]) -> Books:
        """Its rows, from whichever copy gives them; asked again until the time is over. Another reader may read to the end."""
        started, refusal = time.monotonic(), NotAsked(f"no URL is set for {name}: set MALL_{name.upper()}_URL")
        while True:
            for url in urls:
                try:
                    return await self._readers.read(name, url)
                except NotAsked as told:
                    refusal = told
            patience = READ_SECONDS if isinstance(refusal, _Busy) else self._settings.wait_seconds
            if not urls or time.monotonic() - started >= patience:
                raise refusal
            await asyncio.sleep(AGAIN_SECONDS)

    async def _statement(self) -> Statement | None:
        if self._bank is None:
            return None
        known = Shelf(Archive(), Authorized)
        ask = partial(bank.StatementOf, limit=OPERATIONS_AT_ONCE, api_key=self._settings.bank_key)
        after: str | None = None
        while True:
            try:
                page = await self._bank(bank.operations, ask(after=UNSET if after is None else after), seconds=self._bank_seconds)
            except ShopError as error:
                raise NotAsked(f"the bank does not show its statement: {error.detail}") from None
            statement_of(page.items, known)
            if page.next is None:
                return known
            after = page.next
            await asyncio.sleep(PAUSE_SECONDS)


def _detail(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body).get("detail", ""))
    except (msgspec.DecodeError, AttributeError):
        return body[:100].decode(errors="replace")
