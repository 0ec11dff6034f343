"""What a provider tells by itself: a reason to ask it now what became of an attempt or a refund. It decides nothing on its own."""

from collections.abc import Coroutine

from contracts.bank_webhook import WebhookSignature
from contracts.payment import RecordUnreadable
from mallkit.background import side_by_side
from mallkit.errors import ShopError
from mallkit.store import StoreUnavailable
from mallkit.times import NEVER
from svc_payment.domain import webhook
from svc_payment.domain.account import Account
from svc_payment.domain.attempt import TOOK_NOTHING, Attempt
from svc_payment.ports import Hearing, Ports, Word
from svc_payment.use_cases import settle
from svc_payment.use_cases.attempt import intent_of


async def hear(provider: str, signature: str, content: bytes, ports: Ports) -> None:
    """Ends what the events are about, in the way in which the job would end it later; of what has ended already, one read.

    Raises WebhookSignature, WebhookTooOld; Unavailable where it did not come to an end: the provider tells it again. Whatever can
    never come to an end here is taken all the same, and counted: nobody is told the same for ever.
    """
    hearing = ports.hearing.get(provider)
    if hearing is None:
        raise WebhookSignature
    try:
        webhook.check(signature, content, hearing.secret, ports.clock(), hearing.tolerance_seconds)
    except ShopError as refusal:
        hearing.refused(refusal.slug.rpartition("/")[2])
        raise
    by_order: dict[str, list[Word]] = {}
    for word in hearing.read(content):
        if word is None:
            hearing.ignored("type")
        else:
            by_order.setdefault(word.order_id, []).append(word)
    await side_by_side(_end(order_id, provider, words, ports) for order_id, words in by_order.items())


async def _end(order_id: str, provider: str, words: list[Word], ports: Ports) -> None:
    """What these words on one order are a reason for."""
    account = await ports.accounts.get(order_id)
    hearing = ports.hearing[provider]
    works: list[Coroutine[object, object, None]] = []
    known = 0
    for word in words:
        attempt = account.attempt(word.attempt)
        if attempt is None or attempt.provider != provider:
            hearing.ignored("authorization")
            continue
        known += 1
        if word.reserved and attempt.status in TOOK_NOTHING:
            works.append(_void(order_id, attempt, ports))
    if known and account.due != NEVER:
        works.append(_settle(account, hearing, ports))
    await side_by_side(works)


async def _void(order_id: str, attempt: Attempt, ports: Ports) -> None:
    await ports.provider_of(attempt).void(intent_of(order_id, attempt))


async def _settle(account: Account, hearing: Hearing, ports: Ports) -> None:
    try:
        await settle.settle_told(account, ports)
    except (StoreUnavailable, RecordUnreadable):
        raise
    except ShopError as refusal:  # the job goes on with it, and logs it: one account's trouble keeps no other's news waiting
        hearing.ignored(refusal.slug)
