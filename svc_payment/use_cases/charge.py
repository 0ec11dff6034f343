"""Paying an order: ask the order, authorize, pass the point of no return, capture, tell the order. Each step is recorded and keyed.

Where the buyer has to act first (3-D Secure), the attempt waits between the second and the third.
"""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from msgspec import UNSET

from contracts import order
from contracts import payment as contract
from contracts.payment import PaymentStatus
from mallkit.endpoint import Caller
from mallkit.errors import Invalid, Missing, ShopError, Unavailable
from mallkit.money import DECIMALS, Money
from mallkit.steps import Call, Write
from svc_payment.domain import card as cards
from svc_payment.domain.attempt import Attempt
from svc_payment.domain.card import Card, Token
from svc_payment.ports import Intent, Ports
from svc_payment.use_cases.attempt import ON_REQUEST, forward, heard, look, refused

BEGIN_AT_ORDER = Call("payment.begin-at-order", undone_by="payment.tell-over")
AUTHORIZE = Call("payment.authorize", undone_by="payment.void-at-bank")
ASKED = Write("payment.asked")


@dataclass(frozen=True)
class Asked:
    """One attempt at one order, with the card or token that is in memory for its time only."""

    order_id: str
    attempt_id: str
    user_id: str
    amount: Money
    method: str
    means: Card | Token


async def charge(wish: contract.Charge, caller: Caller, ports: Ports) -> Attempt:
    """The attempt: captured, and the order knows it; or waiting for the buyer to act.

    Raises CardInvalid, Declined, MethodUnknown, what the order refuses, or OutcomeUnknown; the attempt then ends by itself.
    """
    asked = read(wish, caller, ports)
    if not caller.is_service:
        await _only_ones_own(asked, ports)
    attempt = await begin(asked, ports)
    try:
        return await ports.lasting.within(ports.answer_seconds, _pay(asked, attempt, ports), "payment.charge")
    except (TimeoutError, Unavailable):
        raise contract.OutcomeUnknown from None


def read(wish: contract.Charge, caller: Caller, ports: Ports) -> Asked:
    """The wish, checked as far as it can be without asking anybody."""
    if not caller.is_service and str(wish.user_id) != caller.subject:
        raise Missing("there is no such order")
    means = _means(wish, ports)
    if wish.payment_method not in ports.methods:
        raise contract.MethodUnknown(methods=sorted(ports.methods))
    if isinstance(means, Token) and not ports.providers[ports.methods[wish.payment_method]].takes_tokens:
        raise contract.CardInvalid("this payment method takes no token: send the card", field="payment_token")
    currency = ports.currency if wish.currency is UNSET else wish.currency
    if currency not in DECIMALS:
        raise order.AmountWrong(f"{currency} is no currency that the mall knows", currency=ports.currency)
    amount = Money.read(wish.amount, currency, least=1)
    return Asked(str(wish.order_id), caller.command, str(wish.user_id), amount, wish.payment_method, means)


def _means(wish: contract.Charge, ports: Ports) -> Card | Token:
    """Raises Invalid unless exactly one is sent, CardInvalid."""
    sent, token = wish.credit_card, wish.payment_token
    if sent is not UNSET and token is UNSET:
        expires = (sent.credit_card_expiration_year, sent.credit_card_expiration_month)
        return cards.read(sent.credit_card_number, sent.credit_card_cvv, expires, ports.today())
    if sent is UNSET and token is not UNSET:
        return Token(token)
    raise Invalid("send credit_card, or a payment_token in its place", field="credit_card")


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
        card=asked.means.label,
        created=now,
        updated=now,
        due=now + ports.attempt_seconds,
        provider=ports.methods[asked.method],
    )
    with ASKED.writing():
        account = await ports.accounts.ask(asked.order_id, attempt)
    return account.attempt(attempt.id) or attempt


async def _pay(asked: Asked, attempt: Attempt, ports: Ports) -> Attempt:
    if attempt.status is PaymentStatus.REQUIRES_ACTION:  # the same key asks how it stands
        return await look(asked.order_id, attempt, ports)
    if attempt.status is PaymentStatus.ASKED:
        await _ask_order(asked, ports)
        attempt = await _authorize(asked, attempt, ports)
        if attempt.status is PaymentStatus.REQUIRES_ACTION:
            return attempt
    return await forward(asked.order_id, attempt.id, ports)


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
        await refused(asked.order_id, asked.attempt_id, PaymentStatus.DECLINED, refusal.slug, ports)
        if isinstance(refusal, order.AttemptEnded):
            raise contract.Declined("this payment has been ended", reason="voided") from None
        raise


async def _authorize(asked: Asked, attempt: Attempt, ports: Ports) -> Attempt:
    intent = Intent(asked.attempt_id, asked.amount, asked.order_id)
    authorizing = ports.provider_of(attempt).authorize(intent, asked.means)
    answer = await AUTHORIZE.taking(authorizing, of=asked.attempt_id)
    return await heard(asked.order_id, attempt, answer, ports)
