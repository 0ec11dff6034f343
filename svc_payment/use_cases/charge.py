"""Paying an order: ask the order, authorize, pass the point of no return, capture, tell the order. Each step is recorded and keyed."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from msgspec import UNSET

from contracts import order
from contracts import payment as contract
from contracts.payment import PaymentStatus
from mallkit.endpoint import Caller, Event
from mallkit.errors import Missing, ShopError, Unavailable
from mallkit.money import DECIMALS, Money
from mallkit.steps import Call, Write
from svc_payment.domain import account as rules
from svc_payment.domain import card as cards
from svc_payment.domain.account import Account, Attempt
from svc_payment.domain.card import Card
from svc_payment.ports import Ports, Provider

ON_REQUEST = 8.0
"""Seconds that one call may take while somebody waits for the charge."""

BEGIN_AT_ORDER, TELL_OVER = Call("payment.begin-at-order", undone_by="payment.tell-over"), Call("payment.tell-over")
AUTHORIZE, VOID_AT_BANK = Call("payment.authorize", undone_by="payment.void-at-bank"), Call("payment.void-at-bank")
CAPTURE, MARK_PAID = Call("payment.capture"), Call("payment.mark-paid")
ASKED, CAPTURING, BOOKED = Write("payment.asked"), Write("payment.capturing"), Write("payment.booked")
ENDED, OVER = Write("payment.ended"), Write("payment.over")


@dataclass(frozen=True)
class Asked:
    """One attempt at one order, with the card that is in memory for its time only."""

    order_id: str
    attempt_id: str
    user_id: str
    amount: Money
    method: str
    card: Card


async def charge(wish: contract.Charge, caller: Caller, ports: Ports) -> str:
    """The transaction id, once the money is taken and the order knows it.

    Raises CardInvalid, Declined, MethodUnknown, what the order refuses, or OutcomeUnknown; the attempt then ends by itself.
    """
    asked = read(wish, caller, ports)
    if not caller.is_service:
        await _only_ones_own(asked, ports)
    attempt = await begin(asked, ports)
    try:
        await ports.lasting.within(ports.answer_seconds, _pay(asked, attempt, ports), "payment.charge")
    except (TimeoutError, Unavailable):
        raise contract.OutcomeUnknown from None
    return attempt.transaction_id


def read(wish: contract.Charge, caller: Caller, ports: Ports) -> Asked:
    """The wish, checked as far as it can be without asking anybody."""
    if not caller.is_service and str(wish.user_id) != caller.subject:
        raise Missing("there is no such order")
    sent = wish.credit_card
    expires = (sent.credit_card_expiration_year, sent.credit_card_expiration_month)
    card = cards.read(sent.credit_card_number, sent.credit_card_cvv, expires, ports.today())
    if wish.payment_method not in ports.providers:
        raise contract.MethodUnknown(methods=sorted(ports.providers))
    currency = ports.currency if wish.currency is UNSET else wish.currency
    if currency not in DECIMALS:
        raise order.AmountWrong(f"{currency} is no currency that the mall knows", currency=ports.currency)
    amount = Money.read(wish.amount, currency, least=1)
    return Asked(str(wish.order_id), caller.command, str(wish.user_id), amount, wish.payment_method, card)


async def _only_ones_own(asked: Asked, ports: Ports) -> None:
    """Before anything is written: another's account must neither grow nor tell how it stands. Raises Missing."""
    found = await ports.orders(order.order, order.OrderOf(order_id=asked.order_id), seconds=ON_REQUEST)
    if found.user_id != asked.user_id:
        raise Missing("there is no such order")


async def begin(asked: Asked, ports: Ports) -> Attempt:
    """Records the attempt; its transaction id follows from its own, so that a repeat after a crash finds the same."""
    now = ports.clock()
    attempt = Attempt(
        id=asked.attempt_id,
        transaction_id=str(uuid5(NAMESPACE_URL, asked.attempt_id)),
        user_id=asked.user_id,
        status=PaymentStatus.ASKED,
        minor=asked.amount.minor,
        currency=asked.amount.currency,
        method=asked.method,
        card=asked.card.label,
        created=now,
        updated=now,
        due=now + ports.attempt_seconds,
    )
    with ASKED.writing():
        account = await ports.accounts.ask(asked.order_id, attempt)
    return account.attempt(attempt.id) or attempt


async def _pay(asked: Asked, attempt: Attempt, ports: Ports) -> None:
    if attempt.status is PaymentStatus.ASKED:
        await _ask_order(asked, ports)
        await _authorize(asked, ports.providers[asked.method], ports)
    await forward(asked.order_id, attempt.id, ports)


async def _ask_order(asked: Asked, ports: Ports) -> None:
    wish = order.BeginPayment(
        order_id=asked.order_id,
        attempt=asked.attempt_id,
        user_id=asked.user_id,
        amount=asked.amount.amount,
        currency=asked.amount.currency,
    )
    try:
        await BEGIN_AT_ORDER.taking(ports.orders(order.begin_payment, wish, seconds=ON_REQUEST), of=asked.attempt_id)
    except Unavailable:
        raise
    except ShopError as refusal:
        await _refused(asked.order_id, asked.attempt_id, PaymentStatus.DECLINED, refusal.slug, ports)
        if isinstance(refusal, order.AttemptEnded):
            raise contract.Declined("this payment has been ended", reason="voided") from None
        raise


async def _authorize(asked: Asked, provider: Provider, ports: Ports) -> None:
    authorizing = provider.authorize(asked.attempt_id, asked.amount, asked.card, asked.order_id)
    answer = await AUTHORIZE.taking(authorizing, of=asked.attempt_id)
    if not answer.approved:
        await _refused(asked.order_id, asked.attempt_id, PaymentStatus.DECLINED, answer.reason, ports)
        raise contract.Declined(f"the bank declined the payment: {answer.reason}", reason=answer.reason)
    now = ports.clock()
    account = await note(CAPTURING, asked.order_id, lambda found: _capturing_unless_ended(found, asked.attempt_id, now, ports), ports)
    attempt = account.attempt(asked.attempt_id)
    if attempt is None or attempt.status in rules.TOOK_NOTHING:
        await VOID_AT_BANK.taking(provider.void(asked.attempt_id), of=asked.attempt_id)
        raise contract.Declined("the payment was ended before the bank answered", reason="voided")


def _capturing_unless_ended(account: Account, attempt_id: str, now: float, ports: Ports) -> Account:
    attempt = account.attempt(attempt_id)
    if attempt is None or attempt.status is not PaymentStatus.ASKED:
        return account
    return rules.capturing(account, attempt_id, now, now + ports.attempt_seconds)


async def forward(order_id: str, attempt_id: str, ports: Ports) -> None:
    """From *capturing*: capture with the same key until the bank says its final word, then tell the order, then book it.

    The order is told before the money is booked: a crash between the two repeats both, and one write less is on the way.
    Returns only when the money is booked. Raises Declined where none was taken.
    """
    account = await ports.accounts.get(order_id)
    attempt = account.attempt(attempt_id)
    if attempt is not None and attempt.status is PaymentStatus.CAPTURED:
        return  # whoever worked beside us was faster
    if attempt is None or attempt.status is not PaymentStatus.CAPTURING:
        status, reason = ("gone", "") if attempt is None else (attempt.status.value, attempt.reason)
        raise contract.Declined(f"this payment is {status}", reason=reason)
    answer = await CAPTURE.taking(ports.providers[attempt.method].capture(attempt_id), of=attempt_id)
    if not answer.approved:
        await _refused(order_id, attempt_id, PaymentStatus.FAILED, answer.reason, ports)
        raise contract.Declined(f"the bank refused to pay: {answer.reason}", reason=answer.reason)
    paid = order.MarkPaid(order_id=order_id, attempt=attempt_id, transaction_id=attempt.transaction_id)
    await MARK_PAID.taking(ports.orders(order.mark_paid, paid), of=attempt_id)
    now = ports.clock()
    await note(BOOKED, order_id, lambda found: rules.captured(found, attempt_id, now), ports)


async def tell_over(order_id: str, attempt_id: str, ports: Ports) -> None:
    """Tells the order that the attempt took no money, so that another may begin."""
    telling = ports.orders(order.end_payment, order.AttemptOf(order_id=order_id, attempt=attempt_id), seconds=ON_REQUEST)
    with suppress(Missing):  # there may be no such order to tell
        await TELL_OVER.taking(telling, of=attempt_id)
    await note(OVER, order_id, lambda account: rules.over(account, attempt_id), ports)


async def note(step: Write, order_id: str, rule: Callable[[Account], Account | tuple[Account, Event]], ports: Ports) -> Account:
    """A step that is a write of the order's account."""
    with step.writing():
        return await ports.accounts.change(order_id, rule)


async def _refused(order_id: str, attempt_id: str, status: PaymentStatus, reason: str, ports: Ports) -> None:
    """Books that no money was taken, and tells the order, which keeps the attempt from ever beginning late."""
    now = ports.clock()
    await note(ENDED, order_id, lambda account: rules.ended(account, attempt_id, status, reason, now), ports)
    with suppress(Unavailable):  # the job tells it; the refusal is true without that
        await tell_over(order_id, attempt_id, ports)
