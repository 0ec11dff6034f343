"""What the bank tells by itself: a reason to ask it now what became of an attempt or a refund. It decides nothing on its own."""

from collections.abc import Coroutine

import msgspec
from msgspec import UNSET

from contracts.bank import OperationAnswered, OperationKind, OperationStatus
from contracts.bank_webhook import BankEvent, BankNews
from mallkit.background import side_by_side
from mallkit.errors import ShopError
from mallkit.store import StoreUnavailable
from mallkit.times import NEVER
from svc_payment.domain import account as rules
from svc_payment.domain import webhook
from svc_payment.domain.account import Account, Attempt
from svc_payment.ports import Ports
from svc_payment.use_cases import settle


async def hear(news: BankNews, ports: Ports) -> None:
    """Ends what the events are about, in the way in which the job would end it later; of what has ended already, one read.

    Raises WebhookSignature, WebhookTooOld; Unavailable where it did not come to an end: the bank tells it again. Whatever can never
    come to an end here is taken all the same, and counted: nobody is told the same for ever.
    """
    hearing = ports.hearing
    header = "" if news.signature is UNSET else news.signature
    try:
        webhook.check(header, news.content, hearing.secret, ports.clock(), hearing.tolerance_seconds)
    except ShopError as refusal:
        hearing.refused(refusal.slug.rpartition("/")[2])
        raise
    by_order: dict[str, list[OperationAnswered]] = {}
    for event in news.events:
        answer = _read(event)
        if answer is None:
            hearing.ignored("type")
        else:
            by_order.setdefault(answer.reference, []).append(answer)
    await side_by_side(_end(order_id, answers, ports) for order_id, answers in by_order.items())


def _read(event: BankEvent) -> OperationAnswered | None:
    """None for what we do not understand."""
    if event.type != OperationAnswered.type:
        return None
    try:
        return msgspec.json.decode(event.data, type=OperationAnswered)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


async def _end(order_id: str, answers: list[OperationAnswered], ports: Ports) -> None:
    """What these answers on one order are a reason for."""
    account = await ports.accounts.get(order_id)
    works: list[Coroutine[object, object, None]] = []
    known = 0
    for answer in answers:
        attempt = account.attempt(answer.authorization)
        if attempt is None:
            ports.hearing.ignored("authorization")
            continue
        known += 1
        if _has_reserved(answer) and attempt.status in rules.TOOK_NOTHING:
            works.append(_void(attempt, ports))
    if known and account.due != NEVER:
        works.append(_settle(account, ports))
    await side_by_side(works)


def _has_reserved(answer: OperationAnswered) -> bool:
    return answer.kind is OperationKind.AUTHORIZE and answer.status is OperationStatus.APPROVED


async def _void(attempt: Attempt, ports: Ports) -> None:
    await ports.providers[attempt.method].void(attempt.id)


async def _settle(account: Account, ports: Ports) -> None:
    try:
        await settle.settle_told(account, ports)
    except StoreUnavailable:
        raise
    except ShopError as refusal:  # the job goes on with it, and logs it: one account's trouble keeps no other's news waiting
        ports.hearing.ignored(refusal.slug)
