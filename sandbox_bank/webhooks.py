"""Tells merchants what became of every operation: signed posts, again and again until they are taken."""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
import structlog

from contracts.bank import signature
from contracts.bank_webhook import BankEvent
from mallkit.background import Job, every
from mallkit.http1 import BrokenError, Client, NotSentError, address_of
from mallkit.metrics import ServerMetrics
from mallkit.steps import Call, Write
from mallkit.store import OutboxEntry
from mallkit.times import rfc3339

log = structlog.get_logger()

POST_SECONDS = 20.0
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
KEPT_SECONDS = 48 * 3600.0
FORGET_SECONDS = 600.0
WEBHOOK, TOLD = Call("bank.webhook"), Write("bank.told")


class News(Protocol):
    """The outbox, and how far it has been told to a merchant."""

    async def next(self, merchant: str, before: datetime, limit: int) -> list[OutboxEntry]:
        """The oldest events that were saved by then and are not told."""
        ...

    async def told(self, merchant: str, seq: int) -> None:
        """Everything up to this one."""
        ...

    async def forget(self, merchants: Sequence[str], before: float) -> None:
        """Events older than `before` that all of them were told."""
        ...


Body = Callable[[Sequence[OutboxEntry]], Awaitable[bytes | None]]
"""Events as a merchant is told them; None where they are none of its business."""


@dataclass(frozen=True)
class Merchant:
    """Who is told, where, in which words. `header` carries the signature, `most` is how many events go into one post."""

    name: str
    url: str
    secret: str
    header: str
    most: int
    body: Body


class Webhooks:
    """One merchant's webhooks. Were there two copies of the bank, each would tell what it finds untold: some of it twice."""

    def __init__(self, merchant: Merchant, seconds: float, news: News, client: Client, metrics: ServerMetrics) -> None:
        self._merchant, self._seconds = merchant, seconds
        self._news = news
        self._client = client
        self._failures = 0
        self._not_before = 0.0
        self._posts = metrics.counter("mall_bank_webhooks", "Webhooks that were sent.", ("outcome",))

    def job(self) -> Job:
        """What runs beside the bank."""
        return every(self._seconds, self.tell, f"{self._merchant.name}.tell")

    async def tell(self) -> None:
        """Tells everything that is old enough: by then the answer itself has nearly always done its work, and the webhook costs a look.

        What grows old enough meanwhile waits for the next round, and travels in company.
        """
        if time.monotonic() < self._not_before:
            return
        before = datetime.now(UTC) - timedelta(seconds=self._seconds)
        while entries := await self._news.next(self._merchant.name, before, self._merchant.most):
            body = await self._merchant.body(entries)
            if body is not None and not await WEBHOOK.taking(self._post(body, len(entries))):
                self._failures += 1
                longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures - 1, 10))
                self._not_before = time.monotonic() + longest * random.uniform(0.5, 1)  # noqa: S311  # jitter, no secret
                return
            self._failures = 0
            with TOLD.writing():
                await self._news.told(self._merchant.name, entries[-1].seq)

    async def _post(self, body: bytes, events: int) -> bool:
        """Whether it was taken."""
        try:
            reply = await self._client.request(address_of(self._merchant.url), self._request(body), POST_SECONDS)
            taken = 200 <= reply.status < 300  # noqa: PLR2004  # HTTP's own words for taken
            outcome: int | str = reply.status
        except (NotSentError, BrokenError) as error:
            taken, outcome = False, "away" if isinstance(error, NotSentError) else "no answer"
        self._posts.labels("taken" if taken else str(outcome)).inc()
        if not taken and self._failures == 0:
            log.warning("webhook.not-taken", outcome=outcome, events=events, merchant=self._merchant.name)
        return taken

    def _request(self, body: bytes) -> bytes:
        """Signed at this moment."""
        parts, at = urlsplit(self._merchant.url), int(time.time())
        head = (
            f"POST {parts.path or '/'}{'?' * bool(parts.query)}{parts.query} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\n"
            f"{self._merchant.header}: t={at},v1={signature(self._merchant.secret, at, body)}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode("latin-1") + body


async def in_the_banks_words(entries: Sequence[OutboxEntry]) -> bytes:
    """As contracts/bank_webhook.py has it."""
    events = [
        BankEvent(id=entry.id, type=entry.type, created=rfc3339(entry.at.timestamp()), data=msgspec.Raw(entry.data)) for entry in entries
    ]
    return msgspec.json.encode({"events": events})


def forgetting(merchants: Sequence[str], news: News) -> Job:
    """Forgets what everybody was told long ago."""

    async def forget() -> None:
        await news.forget(merchants, time.time() - KEPT_SECONDS)

    return every(FORGET_SECONDS, forget, "webhooks.forget")
