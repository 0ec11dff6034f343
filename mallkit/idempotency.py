"""Idempotency-Key: the same key and the same request get the same answer.

The record only caches the answer. What keeps an effect from happening twice is the command's id, which is derived from caller,
endpoint and key, and which the aggregate that it changes remembers in the same write. So trouble with the records decides nothing: the
work is done all the same, and told.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import msgspec
import structlog

from mallkit import deadline
from mallkit.endpoint import Caller, Endpoint, View, Wish
from mallkit.errors import Invalid, KeyReused, StillRunning
from mallkit.ids import new_id
from mallkit.raw import Reply
from mallkit.store import Absent, Collection, Kind, Range, StoreUnavailable, Taken
from mallkit.times import has_come

log = structlog.get_logger()

KEEP_SECONDS = 48 * 3600.0
LEASE_SECONDS = 30.0
POLL_SECONDS = 0.02
KEY_LENGTH = 255
_ENCODE = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


@dataclass(frozen=True)
class Answer:
    """A key's record: claimed by a process until `until`, or answered. Seconds since 1970. `subject` is who asked."""

    id: str
    fingerprint: str
    owner: str
    until: float
    at: float
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A keyed request: the id of its command, the fingerprint of what it asks, and who asks. `retold` as the endpoint's."""

    command: str
    fingerprint: str
    subject: str = ""
    retold: bool = False


ANSWERS: Kind[Answer] = Kind(name="answers", type=Answer, fields={"at": float, "subject": str}, indexes=(("at",), ("subject",)))
REFUSALS = 400
"""Statuses from here on."""
MOST_OF_ONE = 1000
"""Answers of one person that are forgotten at a time."""


def command_id(caller: Caller, endpoint: Endpoint[Wish, View], key: str, holder: object = "") -> str:
    """The same for ever for the same caller, endpoint and key; a new id without a key. `holder`: the value of the endpoint's `whose`."""
    if not key:
        return new_id()
    subject = f"{caller.subject}\n{holder}" if endpoint.whose else caller.subject
    digest = hashlib.sha256(f"{caller.role}\n{subject}\n{endpoint.method}\n{endpoint.path}\n{key}".encode()).hexdigest()
    return f"k-{digest[:40]}"


def read_key(header: str | None, *, required: bool) -> str:
    """The key, or "" where none was sent. Raises Invalid."""
    if header is None:
        if required:
            message = "the header Idempotency-Key is required here"
            raise Invalid(message)
        return ""
    key = header.strip()
    if not key or len(key) > KEY_LENGTH or not key.isascii() or not key.isprintable():
        message = f"Idempotency-Key is 1 to {KEY_LENGTH} printable ASCII characters"
        raise Invalid(message)
    return key


def fingerprint(endpoint: Endpoint[Wish, View], wish: Wish, secret: str) -> str:
    """A keyed digest of the request; of a secret field only what tells two apart, and nothing can be got back from it."""
    seen: dict[str, object] = {}
    for name in wish.__struct_fields__:
        value = getattr(wish, name)
        if name in endpoint.secret:
            seen[name] = value.distinct() if hasattr(value, "distinct") else ""
        elif value is not msgspec.UNSET:
            seen[name] = value
    return hmac.new(secret.encode(), _ENCODE(seen), hashlib.sha256).hexdigest()


def _nobody(_: str) -> None:
    """Whom nobody told to listen."""


class Idempotency:
    """The records of one service, in its own store."""

    def __init__(
        self, answers: Collection[Answer], clock: Callable[[], float] = time.time, troubled: Callable[[str], None] = _nobody
    ) -> None:
        """`troubled` hears of a record that could not be written: `claim`, `keep` or `remove`."""
        self._answers = answers
        self._clock = clock
        self._troubled = troubled
        self._here: dict[str, asyncio.Event] = {}

    async def once(self, asked: Asked, work: Callable[[], Awaitable[Reply]], seconds: float) -> Reply:
        """The stored answer, or that of `work`, done by one request at a time.

        Raises KeyReused for another fingerprint, StillRunning if the first request is not answered within `seconds`.
        """
        ends = time.monotonic() + deadline.left(seconds)
        while True:
            now = self._clock()
            mine = Answer(asked.command, asked.fingerprint, new_id(), now + LEASE_SECONDS, now, subject=asked.subject)
            try:
                record = await self._claim(mine)
            except StoreUnavailable:
                self._tell("claim", mine)
                return await work()
            if record.fingerprint != asked.fingerprint:
                raise KeyReused
            if record.status and asked.retold and record.status < REFUSALS:
                return await work()
            if record.status:
                return Reply(record.status, record.body, record.headers)
            if record.owner == mine.owner:
                return await self._do(record, work, retold=asked.retold)
            if not await self._wait(asked.command, ends):
                raise StillRunning

    async def _claim(self, mine: Answer) -> Answer:
        """The record as it stands: `mine`, or that of the first request."""
        if mine.id in self._here:
            try:
                return await self._answers.get(mine.id)
            except Absent:
                return replace(mine, owner="")
        try:
            return await self._answers.add(mine)
        except Taken:
            pass

        def take_over(record: Answer) -> Answer:
            dead = not record.status and has_come(record.until, mine.at, LEASE_SECONDS)
            return mine if dead and record.fingerprint == mine.fingerprint else record

        return await self._answers.change(mine.id, take_over, absent=mine)

    async def _do(self, record: Answer, work: Callable[[], Awaitable[Reply]], *, retold: bool) -> Reply:
        done = self._here[record.id] = asyncio.Event()
        kept = False
        try:
            reply = await work()
            if reply.final:
                told = Reply(reply.status, b"", {}) if retold and reply.status < REFUSALS else reply
                kept = await self._keep(record, told)
            return reply
        finally:
            try:
                if not kept:
                    await self._answers.remove(record.id)
            except StoreUnavailable:  # the claim lapses by itself
                self._tell("remove", record)
            finally:
                del self._here[record.id]
                done.set()

    async def _keep(self, record: Answer, reply: Reply) -> bool:
        """Whether the answer is kept. What was done is done: its caller is told so even where it is not."""
        answered = replace(record, status=reply.status, body=reply.body, headers=reply.headers)
        try:
            await self._answers.change(record.id, lambda now: answered if now.owner == record.owner else now)
        except StoreUnavailable:
            self._tell("keep", record)
            return False
        return True

    def _tell(self, what: str, record: Answer) -> None:
        log.warning("answer.not-kept", what=what, command=record.id)
        self._troubled(what)

    async def _wait(self, command: str, ends: float) -> bool:
        left = ends - time.monotonic()
        if left <= 0:
            return False
        here = self._here.get(command)
        if here is None:  # another copy works on it
            await asyncio.sleep(min(POLL_SECONDS, left))
            return True
        try:
            async with asyncio.timeout(left):
                await here.wait()
        except TimeoutError:
            return False
        return True

    async def forget(self, subject: str) -> None:
        """Removes the answers that somebody was given. Raises StillRunning while one is being made, or where more are left: ask again."""
        page = await self._answers.find({"subject": subject}, limit=MOST_OF_ONE)
        answered = [answer.id for answer in page.items if answer.status]
        await asyncio.gather(*(self._answers.remove(answer_id) for answer_id in answered))
        now = self._clock()
        if page.next or any(not answer.status and not has_come(answer.until, now, LEASE_SECONDS) for answer in page.items):
            raise StillRunning

    async def purge(self) -> None:
        """Forgets answers that were kept long enough."""
        before = Range(lt=self._clock() - KEEP_SECONDS)
        while old := (await self._answers.find({"at": before}, order="at", limit=200)).items:
            await asyncio.gather(*(self._answers.remove(answer.id) for answer in old))
