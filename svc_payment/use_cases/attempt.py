"""The steps of one attempt, whoever takes them: what the provider's word makes of it, the capture, the news to the order."""

from collections.abc import Callable
from contextlib import suppress

from contracts import order
from contracts import payment as contract
from contracts.payment import PaymentStatus
from mallkit.endpoint import Event
from mallkit.errors import Missing, Unavailable
from mallkit.money import Money
from mallkit.steps import Call, Write
from svc_payment.domain import account as rules
from svc_payment.domain.account import Account
from svc_payment.domain.attempt import TOOK_NOTHING, VOIDABLE, Action, Attempt
from svc_payment.ports import Answer, Intent, Ports

ON_REQUEST = 8.0
"""Seconds that one call may take while somebody waits for the charge."""

TELL_OVER, VOID_AT_BANK = Call("payment.tell-over"), Call("payment.void-at-bank")
LOOK, CAPTURE, MARK_PAID = Call("payment.look"), Call("payment.capture"), Call("payment.mark-paid")
WAITING, CAPTURING, BOOKED = Write("payment.waiting"), Write("payment.capturing"), Write("payment.booked")
ENDED, OVER = Write("payment.ended"), Write("payment.over")


def intent_of(order_id: str, attempt: Attempt) -> Intent:
    """What its provider is told of an attempt."""
    return Intent(attempt.id, Money(attempt.minor, attempt.currency), order_id, attempt.reference)


async def heard(order_id: str, attempt: Attempt, answer: Answer, ports: Ports) -> Attempt:
    """The attempt after its provider's word on the authorization: waiting for the buyer, or capturing.

    Raises Declined, for an attempt that was ended meanwhile too: what was reserved for that is given up.
    """
    now = ports.clock()
    if answer.action_url:
        action = Action(answer.action_url, now + ports.action_seconds)
        account = await note(WAITING, order_id, lambda found: rules.waiting(found, attempt.id, action, answer.reference, now), ports)
    elif answer.approved:
        account = await note(CAPTURING, order_id, lambda found: _capturing_unless_ended(found, attempt.id, answer.reference, ports), ports)
    else:
        await refused(order_id, attempt.id, PaymentStatus.DECLINED, answer.reason, ports)
        raise contract.Declined(f"the bank declined the payment: {answer.reason}", reason=answer.reason)
    newest = account.attempt(attempt.id)
    if newest is None or newest.status in TOOK_NOTHING:
        await VOID_AT_BANK.taking(ports.provider_of(attempt).void(intent_of(order_id, attempt)), of=attempt.id)
        raise contract.Declined("the payment was ended before the bank answered", reason="voided")
    return newest


def _capturing_unless_ended(account: Account, attempt_id: str, reference: str, ports: Ports) -> Account:
    attempt, now = account.attempt(attempt_id), ports.clock()
    if attempt is None or attempt.status not in VOIDABLE:
        return account
    return rules.capturing(account, attempt_id, now, now + ports.attempt_seconds, reference)


async def look(order_id: str, attempt: Attempt, ports: Ports) -> Attempt:
    """Asks the provider whether the buyer has acted, and goes on from there: captured, or still waiting. Raises Declined, Unavailable."""
    answer = await LOOK.taking(ports.provider_of(attempt).look(intent_of(order_id, attempt)), of=attempt.id)
    newest = await heard(order_id, attempt, answer, ports)
    if newest.status is PaymentStatus.REQUIRES_ACTION:
        return newest
    return await forward(order_id, attempt.id, ports)


async def forward(order_id: str, attempt_id: str, ports: Ports) -> Attempt:
    """From *capturing*: capture with the same key until the bank says its final word, then tell the order, then book it.

    The order is told before the money is booked: a crash between the two repeats both, and one write less is on the way.
    Returns only when the money is booked. Raises Declined where none was taken.
    """
    attempt = (await ports.accounts.get(order_id)).attempt(attempt_id)
    if attempt is not None and attempt.status is PaymentStatus.CAPTURED:
        return attempt  # whoever worked beside us was faster
    if attempt is None or attempt.status is not PaymentStatus.CAPTURING:
        status, reason = ("gone", "") if attempt is None else (attempt.status.value, attempt.reason)
        raise contract.Declined(f"this payment is {status}", reason=reason)
    answer = await CAPTURE.taking(ports.provider_of(attempt).capture(intent_of(order_id, attempt)), of=attempt_id)
    if not answer.approved:
        await refused(order_id, attempt_id, PaymentStatus.FAILED, answer.reason, ports)
        raise contract.Declined(f"the bank refused to pay: {answer.reason}", reason=answer.reason)
    paid = order.MarkPaid(order_id=order_id, attempt=attempt_id, transaction_id=attempt.transaction_id)
    await MARK_PAID.taking(ports.orders(order.mark_paid, paid), of=attempt_id)
    now = ports.clock()
    account = await note(BOOKED, order_id, lambda found: rules.captured(found, attempt_id, now), ports)
    return account.attempt(attempt_id) or attempt


async def tell_over(order_id: str, attempt_id: str, ports: Ports) -> None:
    """Tells the order that the attempt took no money, so that another may begin."""
    telling = ports.orders(order.end_payment, order.AttemptOf(order_id=order_id, attempt=attempt_id), seconds=ON_REQUEST)
    with suppress(Missing):  # there may be no such order to tell
        await TELL_OVER.taking(telling, of=attempt_id)
    await note(OVER, order_id, lambda account: rules.over(account, attempt_id), ports)


async def refused(order_id: str, attempt_id: str, status: PaymentStatus, reason: str, ports: Ports) -> None:
    """Books that no money was taken, and tells the order, which keeps the attempt from ever beginning late."""
    now = ports.clock()
    await note(ENDED, order_id, lambda account: rules.ended(account, attempt_id, status, reason, now), ports)
    with suppress(Unavailable):  # the job tells it; the refusal is true without that
        await tell_over(order_id, attempt_id, ports)


async def note(step: Write, order_id: str, rule: Callable[[Account], Account | tuple[Account, Event]], ports: Ports) -> Account:
    """A step that is a write of the order's account."""
    with step.writing():
        return await ports.accounts.change(order_id, rule)
