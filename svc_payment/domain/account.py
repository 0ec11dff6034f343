"""The account of one order: attempts to pay it, refunds, and a ledger that always balances. Pure.

One capture per order, ever. From *capturing* there is only forward; before it, an attempt may be voided.
"""

from dataclasses import dataclass, replace

from contracts.order import AlreadyPaid, WrongStatus
from contracts.payment import (
    NothingPaid,
    PaymentCaptured,
    PaymentRefunded,
    PaymentStatus,
    RefundStatus,
    RefundTooLarge,
)
from mallkit.money import Money
from mallkit.times import NEVER, has_come
from svc_payment.domain.attempt import TOOK_NOTHING, UNFINISHED, VOIDABLE, Action, Attempt

MOST_ATTEMPTS = 100
"""At one order: each is kept, here and in the order, so whoever tries out cards must not make them grow for ever."""
LONGEST_WAIT = 20.0
"""Seconds between two tries of the job at one account."""
FIRST_LOOK, LONGEST_LOOK = 1.0, 5.0
"""Seconds between two questions of the job to the provider whether the buyer has acted: mostly the provider tells it first."""

BANK, SALES, RETURNS = "bank", "sales", "returns"
"""The ledger's accounts: money at the bank, what buyers paid, what was paid back."""


@dataclass(frozen=True)
class Movement:
    """One booking: `minor` goes from `credit` to `debit`. One entry with two sides cannot be out of balance."""

    id: str
    at: float
    debit: str
    credit: str
    minor: int


@dataclass(frozen=True)
class Refund:
    """Money on its way back: reserved as *refunding* before the bank is asked."""

    id: str
    transaction_id: str
    minor: int
    reason: str
    status: RefundStatus
    created: float
    due: float
    returned: bool = False
    """Asked for by the order, for pieces that came back."""


@dataclass(frozen=True)
class Account:
    """The account of the order `id`. `closed`: no further attempt may begin."""

    id: str
    attempts: tuple[Attempt, ...] = ()
    refunds: tuple[Refund, ...] = ()
    ledger: tuple[Movement, ...] = ()
    closed: bool = False
    later: float = 0.0
    """The job does not look at it before: what was tried has failed."""
    forgotten: bool = False
    """Nobody's words are kept any more."""

    @property
    def due(self) -> float:
        """When the job must look at this account; NEVER where nothing is open."""
        dues = [each.due for each in self.attempts if each.status in UNFINISHED or not each.over]
        dues += [each.due for each in self.refunds if each.status is RefundStatus.REFUNDING]
        first = min(dues, default=NEVER)
        return first if first == NEVER else max(first, self.later)

    @property
    def user_id(self) -> str:
        """Whose order it is; empty before the first attempt."""
        return self.attempts[0].user_id if self.attempts else ""

    @property
    def captured(self) -> Attempt | None:
        """The one attempt that took the money."""
        return next((each for each in self.attempts if each.status is PaymentStatus.CAPTURED), None)

    def attempt(self, attempt_id: str) -> Attempt | None:
        """By its id."""
        return next((each for each in self.attempts if each.id == attempt_id), None)

    def refund(self, refund_id: str) -> Refund | None:
        """By its id."""
        return next((each for each in self.refunds if each.id == refund_id), None)

    def refunded(self, *statuses: RefundStatus) -> int:
        """Minor units of the refunds in these statuses."""
        return sum(each.minor for each in self.refunds if each.status in statuses)

    @property
    def refundable(self) -> int:
        """What is left of the captured money: neither back nor on its way."""
        took = self.captured
        return 0 if took is None else took.minor - self.refunded(RefundStatus.REFUNDING, RefundStatus.REFUNDED)

    @property
    def moving(self) -> bool:
        """Whether money is on its way, in or out: what is left of it is not known yet."""
        return any(each.status is PaymentStatus.CAPTURING for each in self.attempts) or self.refunded(RefundStatus.REFUNDING) > 0

    def with_attempt(self, changed: Attempt) -> "Account":
        """The account with this attempt instead of the one of its id."""
        return replace(self, attempts=tuple(changed if each.id == changed.id else each for each in self.attempts))

    def with_refund(self, changed: Refund) -> "Account":
        """The account with this refund instead of the one of its id."""
        return replace(self, refunds=tuple(changed if each.id == changed.id else each for each in self.refunds))


def ask(account: Account, attempt: Attempt) -> Account:
    """Begins an attempt; the same again changes nothing. Raises AlreadyPaid, or WrongStatus once the account is closed or full."""
    if account.attempt(attempt.id) is not None:
        return account
    if account.captured is not None:
        raise AlreadyPaid(order_id=account.id)
    if account.closed:
        message = "the order can no longer be paid"
        raise WrongStatus(message, order_id=account.id)
    if len(account.attempts) >= MOST_ATTEMPTS:
        message = "too many payments of this order have failed"
        raise WrongStatus(message, order_id=account.id)
    return replace(account, attempts=(*account.attempts, attempt))


def capturing(account: Account, attempt_id: str, now: float, due: float, reference: str = "") -> Account:
    """The point of no return. `reference` is the provider's name for it. Raises WrongStatus if the attempt was voided meanwhile."""
    attempt = _of(account, attempt_id)
    if attempt.status is PaymentStatus.CAPTURING:
        return account
    taking = attempt.to(PaymentStatus.CAPTURING, now)
    return account.with_attempt(replace(taking, due=due, action=None, reference=reference or attempt.reference))


def waiting(account: Account, attempt_id: str, action: Action, reference: str, now: float) -> Account:
    """The buyer is to act first; nobody else may pay meanwhile. Looked at again, it is looked at later and later, until its time is over.

    What has ended, or goes on, stays as it is.
    """
    attempt = _of(account, attempt_id)
    if attempt.status is PaymentStatus.ASKED:
        asked = replace(attempt.to(PaymentStatus.REQUIRES_ACTION, now), action=action, reference=reference)
        return account.with_attempt(replace(asked, due=now + FIRST_LOOK))
    if attempt.action is None or not has_come(attempt.due, now, LONGEST_LOOK):
        return account
    pause = min(max((now - attempt.updated) / 4, FIRST_LOOK), LONGEST_LOOK)
    return account.with_attempt(replace(attempt, due=min(now + pause, max(attempt.action.until, now + FIRST_LOOK))))


def captured(account: Account, attempt_id: str, now: float) -> Account | tuple[Account, PaymentCaptured]:
    """The money is there and the order knows it: books it."""
    attempt = _of(account, attempt_id)
    if attempt.status is PaymentStatus.CAPTURED:
        return account
    took = replace(attempt.to(PaymentStatus.CAPTURED, now), due=NEVER, over=True)
    booked = (*account.ledger, Movement(attempt.transaction_id, now, BANK, SALES, attempt.minor))
    event = PaymentCaptured(
        order_id=account.id,
        user_id=attempt.user_id,
        transaction_id=attempt.transaction_id,
        amount_minor=attempt.minor,
        currency=attempt.currency,
    )
    return replace(account.with_attempt(took), ledger=booked), event


def ended(account: Account, attempt_id: str, status: PaymentStatus, reason: str, now: float) -> Account:
    """Declined, voided or failed: no money was taken. The first word is final; the order has yet to be told."""
    attempt = _of(account, attempt_id)
    if attempt.status in TOOK_NOTHING:
        return account
    return account.with_attempt(replace(attempt.to(status, now, reason), due=now, action=None))


def over(account: Account, attempt_id: str) -> Account:
    """The order has been told."""
    attempt = _of(account, attempt_id)
    return account if attempt.over else account.with_attempt(replace(attempt, over=True, due=NEVER))


def close(account: Account, now: float) -> Account:
    """The order is being undone: open attempts are voided, no new one may begin. What is capturing goes on."""
    attempts = tuple(
        replace(each.to(PaymentStatus.VOIDED, now, "undone"), due=now, action=None) if each.status in VOIDABLE else each
        for each in account.attempts
    )
    return replace(account, attempts=attempts, closed=True) if not account.closed or attempts != account.attempts else account


def begin_refund(account: Account, wished: Refund, wanted: int | None, now: float) -> Account:
    """Reserves `wanted` minor units, or all that is left; the same id again changes nothing.

    Raises NothingPaid, RefundTooLarge.
    """
    if account.refund(wished.id) is not None:
        return account
    took = account.captured
    if took is None:
        raise NothingPaid(order_id=account.id)
    minor = account.refundable if wanted is None else wanted
    if minor <= 0 or minor > account.refundable:
        raise RefundTooLarge(refundable=Money(account.refundable, took.currency).amount)
    reason = "" if account.forgotten else wished.reason
    asked = replace(wished, transaction_id=took.transaction_id, minor=minor, created=now, reason=reason)
    return replace(account, refunds=(*account.refunds, asked))


def end_refund(account: Account, refund_id: str, status: RefundStatus, now: float) -> Account | tuple[Account, PaymentRefunded]:
    """The bank has paid it back, or refused for good and the amount is free again."""
    refund = account.refund(refund_id)
    if refund is None or refund.status is not RefundStatus.REFUNDING:
        return account
    done = account.with_refund(replace(refund, status=status))
    if status is not RefundStatus.REFUNDED:
        return done
    booked = (*account.ledger, Movement(refund.id, now, RETURNS, BANK, refund.minor))
    took = account.captured
    event = PaymentRefunded(
        order_id=account.id,
        transaction_id=refund.transaction_id,
        refund_id=refund.id,
        amount_minor=refund.minor,
        currency=took.currency if took is not None else "",
    )
    return replace(done, ledger=booked), event


def postponed(account: Account, now: float) -> Account:
    """What is open could not be ended: tried again, the longer it has been open the later, so that it keeps no other waiting."""
    since = [each.updated for each in account.attempts if each.status in UNFINISHED or not each.over]
    since += [each.created for each in account.refunds if each.status is RefundStatus.REFUNDING]
    return replace(account, later=now + min(max((now - min(since)) / 2, 1.0), LONGEST_WAIT)) if since else account


def forget(account: Account) -> Account:
    """Without the cards' labels and anybody's words; sums, states and ids stay, for the books. Not while money is on its way."""
    if account.due != NEVER:
        return account
    attempts = tuple(each if not each.card else replace(each, card="") for each in account.attempts)
    refunds = tuple(each if not each.reason else replace(each, reason="") for each in account.refunds)
    kept = account.forgotten and attempts == account.attempts and refunds == account.refunds
    return account if kept else replace(account, attempts=attempts, refunds=refunds, forgotten=True)


def _of(account: Account, attempt_id: str) -> Attempt:
    attempt = account.attempt(attempt_id)
    if attempt is None:
        message = "there is no such payment"
        raise WrongStatus(message, order_id=account.id)
    return attempt
