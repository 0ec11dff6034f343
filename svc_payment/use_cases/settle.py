"""Ending what was left open: every attempt and every refund reaches a final word, whatever died on the way."""

import asyncio
from contextlib import suppress

from contracts import payment as contract
from contracts.payment import PaymentStatus, RefundStatus
from mallkit.background import side_by_side
from mallkit.errors import ShopError, Unavailable
from mallkit.steps import Write
from mallkit.times import has_come
from svc_payment.domain import account as rules
from svc_payment.domain.account import Account
from svc_payment.domain.attempt import VOIDABLE, Attempt
from svc_payment.ports import Ports
from svc_payment.use_cases import attempt as steps
from svc_payment.use_cases import refund

BATCH = 50
AT_ONCE = 2.0
"""Seconds that whoever undoes waits for the bank's word on a capture before it is told that there is none yet."""
CLOSED, VOIDED_BY_JOB = Write("payment.closed"), Write("payment.voided-by-job")


async def void(order_id: str, ports: Ports) -> contract.Undone:
    """The saga's undo. No attempt may begin any more; *capturing* or *captured* says that it is too late to go back."""
    now = ports.clock()
    account = await steps.note(CLOSED, order_id, lambda found: rules.close(found, now), ports)
    for attempt in account.attempts:
        if attempt.status is PaymentStatus.CAPTURING:  # whoever began it may be dead: the same key asks the bank what became of it
            with suppress(TimeoutError, Unavailable):
                async with asyncio.timeout(AT_ONCE):
                    await _settle_attempt(account, attempt, ports)
            account = await ports.accounts.get(order_id)
    for attempt in account.attempts:
        if attempt.status in {PaymentStatus.CAPTURING, PaymentStatus.CAPTURED}:
            return contract.Undone(order_id=order_id, outcome=attempt.status, transaction_id=attempt.transaction_id)
    for attempt in account.attempts:
        await _end_attempt(account, attempt, ports)
    return contract.Undone(order_id=order_id, outcome=PaymentStatus.VOIDED)


async def settle_all(ports: Ports) -> None:
    """The job's round, side by side: one account's trouble does not keep the others waiting. The first trouble is told."""
    due = await ports.accounts.due(ports.clock(), _longest(ports), BATCH)
    await side_by_side(_settle_or_postpone(account, ports) for account in due)


async def _settle_or_postpone(account: Account, ports: Ports) -> None:
    try:
        await settle(account, ports)
    except ShopError:
        now = ports.clock()
        await ports.accounts.change(account.id, lambda newest: rules.postponed(newest, now))
        raise


async def resume(ports: Ports) -> None:
    """What the process that was here before had in its hands: captures and refunds go on at once, and not only when they are due."""
    await side_by_side(settle_told(account, ports) for account in await ports.accounts.open(BATCH))


async def settle(account: Account, ports: Ports) -> None:
    """Moves everything that is due in one account a step towards its end."""
    now, longest = ports.clock(), _longest(ports)
    for attempt in account.attempts:
        if has_come(attempt.due, now, longest):
            await _settle_attempt(account, attempt, ports)
    for each in account.refunds:
        if each.status is RefundStatus.REFUNDING and has_come(each.due, now, longest):
            await refund.ask_bank(account, each, ports)


def _longest(ports: Ports) -> float:
    """Seconds ahead that anything of an account may be set due."""
    return max(ports.attempt_seconds, refund.RETRY_SECONDS)


async def settle_told(account: Account, ports: Ports) -> None:
    """As `settle`, due or not, once the bank has spoken: all but attempts that may still be on their way to it."""
    for attempt in account.attempts:
        if attempt.status is not PaymentStatus.ASKED:
            await _settle_attempt(account, attempt, ports)
    for each in account.refunds:
        if each.status is RefundStatus.REFUNDING:
            await refund.ask_bank(account, each, ports)


async def _settle_attempt(account: Account, attempt: Attempt, ports: Ports) -> None:
    if attempt.status is PaymentStatus.CAPTURING:
        try:
            await steps.forward(account.id, attempt.id, ports)
        except contract.Declined:
            return  # the bank's final word: it is booked
    elif attempt.status is PaymentStatus.REQUIRES_ACTION:
        await _look(account, attempt, ports)
    elif attempt.status is PaymentStatus.ASKED:
        await _give_up(account, attempt, ports)
    else:
        await _end_attempt(account, attempt, ports)


async def _look(account: Account, attempt: Attempt, ports: Ports) -> None:
    """Whether the buyer has acted. Its time is over: then whatever is not known to be approved is given up."""
    is_over = attempt.action is None or has_come(attempt.action.until, ports.clock(), ports.action_seconds)
    try:
        newest = await steps.look(account.id, attempt, ports)
    except contract.Declined:
        return  # it is booked
    except Unavailable:
        if not is_over:
            raise
        newest = attempt
    if is_over and newest.status is PaymentStatus.REQUIRES_ACTION:
        await _give_up(account, newest, ports)


async def _give_up(account: Account, attempt: Attempt, ports: Ports) -> None:
    now = ports.clock()
    account = await steps.note(VOIDED_BY_JOB, account.id, lambda found: _void_unless_ended(found, attempt.id, now), ports)
    newest = account.attempt(attempt.id)
    if newest is not None and newest.status is PaymentStatus.VOIDED:
        await _end_attempt(account, newest, ports)


def _void_unless_ended(account: Account, attempt_id: str, now: float) -> Account:
    attempt = account.attempt(attempt_id)
    if attempt is None or attempt.status not in VOIDABLE:
        return account
    return rules.ended(account, attempt_id, PaymentStatus.VOIDED, "no answer in time", now)


async def _end_attempt(account: Account, attempt: Attempt, ports: Ports) -> None:
    if attempt.over:
        return
    if attempt.status is PaymentStatus.VOIDED:
        voiding = ports.provider_of(attempt).void(steps.intent_of(account.id, attempt))
        await steps.VOID_AT_BANK.taking(voiding, of=attempt.id)
    await steps.tell_over(account.id, attempt.id, ports)
