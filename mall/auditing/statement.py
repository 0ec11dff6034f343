"""The invariants of the bank: its statement agrees with the accounts, and nobody is charged twice."""

from collections import Counter

from contracts import audit
from contracts.payment import PaymentStatus, RefundStatus
from mall.auditing.books import Authorized, Books, Statement
from mall.auditing.invariants import Invariant, Patience, Tell
from mall.auditing.money import captured, refunded

TAKING = frozenset({PaymentStatus.CAPTURED, PaymentStatus.CAPTURING})
ENDED = frozenset({PaymentStatus.DECLINED, PaymentStatus.VOIDED})
NOTHING = Authorized()


def bank_charges(books: Books, tell: Tell) -> int:
    """What the bank captured is what one attempt captured, the same amount, once."""
    if books.statement is None:
        return 0
    charged: Counter[str] = Counter()
    for key, under in books.statement.items():
        charged[under.reference] += len(under.captures)
        account, attempt = _attempt(books, key, under)
        if under.captures and (attempt is None or attempt.status not in TAKING):
            tell(key, f"the bank captured {under.captures[0]}, the attempt is {attempt.status.value if attempt else 'not there'}", account)
        elif under.captures and attempt is not None and (under.captures, under.currency) != ([attempt.minor], attempt.currency):
            took = ", ".join(map(str, under.captures))
            tell(key, f"the bank captured {took} {under.currency}, the attempt is over {attempt.minor} {attempt.currency}", account)
    for order_id, times in charged.items():
        if order_id and times > 1:
            tell(order_id, f"the bank captured {times} times for one order", books.accounts.get(order_id))
    for account in books.accounts.values():
        for attempt in captured(account):
            if _is_banks(attempt, books.statement) and not books.statement.get(attempt.id, NOTHING).captures:
                tell(attempt.transaction_id, f"captured {attempt.minor} by our books, and not by the bank's", account)
    return sum(charged.values())


def bank_refunds(books: Books, tell: Tell) -> int:
    """What the bank gave back is what the accounts say, neither more nor less."""
    if books.statement is None:
        return 0
    given_back = {key: sum(under.refunds) for key, under in books.statement.items() if under.refunds}
    for account in books.accounts.values():
        if not all(_is_banks(each, books.statement) for each in captured(account)):
            continue
        done = refunded(account, RefundStatus.REFUNDED)
        most = done + refunded(account, RefundStatus.REFUNDING)
        told = sum(given_back.pop(each.id, 0) for each in account.attempts)
        if not done <= told <= most:
            tell(account.id, f"the bank gave back {told}, our books say {done}, and {most - done} on its way", account)
    for key, minor in given_back.items():
        if minor:
            tell(key, f"the bank gave back {minor} of a payment that is in no account")
    return sum(len(under.refunds) for under in books.statement.values())


def bank_authorizations(books: Books, tell: Tell) -> int:
    """What was authorized and not captured is voided: no buyer's money stays reserved."""
    if books.statement is None:
        return 0
    for key, under in books.statement.items():
        if under.amount is None or under.captures or under.voided:
            continue
        account, attempt = _attempt(books, key, under)
        if attempt is None or (attempt.over and attempt.status in ENDED):
            tell(
                key,
                f"{under.amount} {under.currency} are reserved for an attempt that is {attempt.status if attempt else 'not there'}",
                account,
            )
    return sum(under.amount is not None for under in books.statement.values())


def _is_banks(attempt: audit.Attempt, statement: Statement) -> bool:
    """Whether the statement must tell of it: another provider has its own, but the bank may also have been spoken to in its words."""
    return attempt.provider == "bank" or attempt.id in statement


def _attempt(books: Books, key: str, under: Authorized) -> tuple[audit.Account | None, audit.Attempt | None]:
    """The attempt of that id, which belongs to the order that the bank was told."""
    account = books.accounts.get(under.reference)
    attempt = next((each for each in account.attempts if each.id == key), None) if account else None
    return (account, attempt) if attempt else (None, None)


INVARIANTS = (
    Invariant("bank-charges", Patience.GRACE, bank_charges),
    Invariant("bank-refunds", Patience.GRACE, bank_refunds),
    Invariant("bank-authorizations", Patience.GRACE, bank_authorizations),
)
