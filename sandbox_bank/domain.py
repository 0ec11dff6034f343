"""What a card may do and the life of an authorization. Pure: no clock, no I/O, no card number is kept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from contracts.bank import BankKeyReused, OperationAnswered, OperationKind, OperationStatus


class Reason(StrEnum):
    """Why an operation was declined; NONE when it was approved."""

    NONE = ""
    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    WRONG_CVV = "wrong_cvv"
    VOIDED = "voided"
    CAPTURED = "captured"
    TOO_MUCH = "too_much"
    UNKNOWN = "unknown"


class Fault(StrEnum):
    """How the bank answers an operation that it has just done and stored. Later answers under the same key come at once."""

    LOSE = "lose"
    """The connection is closed without an answer."""
    DELAY = "delay"
    """The answer comes `slow_seconds` later."""


@dataclass(frozen=True)
class Trick:
    """What a test card does at one kind of operation."""

    on: OperationKind
    refuses: Reason = Reason.NONE
    fault: Fault | None = None


GOOD = (
    "4242424242424242", "4000056655665556", "5555555555554444", "2223003122003222", "378282246310005",
    "6011111111111117", "3566002020360505", "3056930009020004", "6200000000000005",
)  # fmt: skip
"""Documented, and as good as any other number whose check digit is right."""

TRICKS: dict[str, Trick] = {
    "4000000000000002": Trick(OperationKind.AUTHORIZE, refuses=Reason.DECLINED),
    "4000000000009995": Trick(OperationKind.AUTHORIZE, refuses=Reason.INSUFFICIENT_FUNDS),
    "4000000000000069": Trick(OperationKind.AUTHORIZE, refuses=Reason.EXPIRED_CARD),
    "4000000000000127": Trick(OperationKind.AUTHORIZE, refuses=Reason.WRONG_CVV),
    "4000000000000374": Trick(OperationKind.CAPTURE, refuses=Reason.DECLINED),
    "4000000000000382": Trick(OperationKind.REFUND, refuses=Reason.DECLINED),
    "4000000000000267": Trick(OperationKind.AUTHORIZE, fault=Fault.LOSE),
    "4000000000000259": Trick(OperationKind.CAPTURE, fault=Fault.LOSE),
    "4000000000000275": Trick(OperationKind.REFUND, fault=Fault.LOSE),
    "4000000000000341": Trick(OperationKind.AUTHORIZE, fault=Fault.DELAY),
}
"""Number → trick; docs/sandbox-bank.md is the same table in words."""

BRANDS: tuple[tuple[int, int, str], ...] = (
    (4, 4, "visa"), (51, 55, "mastercard"), (2221, 2720, "mastercard"), (34, 34, "amex"), (37, 37, "amex"),
    (6011, 6011, "discover"), (644, 649, "discover"), (65, 65, "discover"), (3528, 3589, "jcb"),
    (300, 305, "diners"), (36, 36, "diners"), (38, 39, "diners"), (62, 62, "unionpay"),
)  # fmt: skip
"""First digits from, to, and whose cards they are."""


@dataclass(frozen=True)
class Plastic:
    """What is kept of a card, and what it does."""

    brand: str = ""
    last4: str = ""
    refuses: Reason = Reason.NONE
    trick: Trick | None = None


@dataclass(frozen=True, repr=False)
class Embossed:
    """A card as presented; lives only for the call."""

    number: str
    cvv: str
    year: int
    month: int

    def __repr__(self) -> str:
        return "Embossed(…)"


def read_card(card: Embossed, today: tuple[int, int]) -> Plastic:
    """Judges a card in the month `today` (year, month); a card is good to the end of the month on it."""
    brand, trick = brand_of(card.number), TRICKS.get(card.number)
    refuses = trick.refuses if trick is not None and trick.on is OperationKind.AUTHORIZE else Reason.NONE
    if len(card.cvv) != (4 if brand == "amex" else 3):
        refuses = Reason.WRONG_CVV
    if (card.year, card.month) < today:
        refuses = Reason.EXPIRED_CARD
    if not has_check_digit(card.number):
        refuses = Reason.DECLINED
    return Plastic(brand, card.number[-4:], refuses, trick)


def brand_of(number: str) -> str:
    """The brand by the first digits; "card" for one we do not know."""
    return next((brand for low, high, brand in BRANDS if low <= int(number[: len(str(low))]) <= high), "card")


def has_check_digit(number: str) -> bool:
    """Luhn: what tells a card number from a slip of the finger."""
    return sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(number))) % 10 == 0


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request for an operation. `request` is new for each call, `fingerprint` the same for the same wish."""

    key: str
    kind: OperationKind
    fingerprint: str
    request: str
    at: str
    reference: str = ""
    """What an authorization is for, in the merchant's words."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An operation and its answer, complete, so that nothing that happens later can change it."""

    key: str
    authorization: str
    kind: OperationKind
    fingerprint: str
    request: str
    """The call that did it: only that one may lose its answer. As the operation's own id it grows with time."""
    at: str
    reason: Reason
    amount: int
    currency: str
    brand: str
    last4: str
    reference: str = ""
    fault: Fault | None = None

    @property
    def status(self) -> OperationStatus:
        """Approved unless there is a reason against it."""
        return OperationStatus.DECLINED if self.reason else OperationStatus.APPROVED


@dataclass(frozen=True)
class Authorization:
    """Everything that was asked under one authorization's key, in order; `id` is that key. Amounts in minor units."""

    id: str
    entries: tuple[Entry, ...] = ()
    card: Plastic = Plastic()

    def under(self, key: str) -> Entry | None:
        """The operation with this key."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def sum_of(self, kind: OperationKind) -> int:
        """What was approved of a kind."""
        return sum(entry.amount for entry in self.entries if entry.kind is kind and not entry.reason)

    @property
    def asked(self) -> Entry | None:
        """The authorization itself, once it has arrived."""
        return next((entry for entry in self.entries if entry.kind is OperationKind.AUTHORIZE), None)

    @property
    def voided(self) -> bool:
        """Nothing is authorized or captured any more."""
        return any(entry.kind is OperationKind.VOID and not entry.reason for entry in self.entries)


Rule: TypeAlias = Callable[[Authorization], Authorization]


def authorize(ask: Ask, amount: int, currency: str, card: Plastic) -> Rule:
    """Reserves the amount, unless the card refuses or a void came first."""

    def rule(now: Authorization) -> Authorization:
        reason = Reason.VOIDED if now.voided else card.refuses
        return _with(replace(now, card=card), ask, reason, amount, currency)

    return _once(ask, rule)


def capture(ask: Ask) -> Rule:
    """Takes the whole authorized amount, once."""

    def rule(now: Authorization) -> Authorization:
        asked = now.asked
        if asked is None:
            return _with(now, ask, Reason.VOIDED if now.voided else Reason.UNKNOWN, 0)
        if asked.reason:
            reason = Reason.VOIDED if asked.reason is Reason.VOIDED else Reason.DECLINED
        elif now.voided:
            reason = Reason.VOIDED
        else:
            reason = Reason.CAPTURED if now.sum_of(OperationKind.CAPTURE) else _trick(now, ask)
        return _with(now, ask, reason, asked.amount)

    return _once(ask, rule)


def void(ask: Ask) -> Rule:
    """Ends the authorization, or keeps it from ever being made; too late once captured."""

    def rule(now: Authorization) -> Authorization:
        reason = Reason.CAPTURED if now.sum_of(OperationKind.CAPTURE) else Reason.NONE
        return _with(now, ask, reason, 0 if now.asked is None else now.asked.amount)

    return _once(ask, rule)


def refund(ask: Ask, amount: int) -> Rule:
    """Gives back a part of what was captured, never more than is left."""

    def rule(now: Authorization) -> Authorization:
        left = now.sum_of(OperationKind.CAPTURE) - now.sum_of(OperationKind.REFUND)
        if now.asked is None:
            return _with(now, ask, Reason.UNKNOWN, amount)
        return _with(now, ask, Reason.TOO_MUCH if amount > left else _trick(now, ask), amount)

    return _once(ask, rule)


def answered(entry: Entry) -> OperationAnswered:
    """What is told of an operation; nothing of its card."""
    return OperationAnswered(
        authorization=entry.authorization, key=entry.key, kind=entry.kind, status=entry.status, reason=entry.reason.value,
        amount=entry.amount, currency=entry.currency, reference=entry.reference,
    )  # fmt: skip


def _once(ask: Ask, rule: Rule) -> Rule:
    """The stored answer stands; only a key that was never seen runs the rule."""

    def once(now: Authorization) -> Authorization:
        known = now.under(ask.key)
        if known is None:
            return rule(now)
        if known.fingerprint != ask.fingerprint:
            raise BankKeyReused
        return now

    return once


def _trick(now: Authorization, ask: Ask) -> Reason:
    trick = now.card.trick
    return trick.refuses if trick is not None and trick.on is ask.kind else Reason.NONE


def _with(now: Authorization, ask: Ask, reason: Reason, amount: int, currency: str = "") -> Authorization:
    trick, asked = now.card.trick, now.asked
    entry = Entry(
        key=ask.key, authorization=now.id, kind=ask.kind, fingerprint=ask.fingerprint, request=ask.request, at=ask.at,
        reason=reason, amount=amount,
        currency=currency or ("" if asked is None else asked.currency), brand=now.card.brand, last4=now.card.last4,
        reference=ask.reference or ("" if asked is None else asked.reference),
        fault=trick.fault if trick is not None and trick.on is ask.kind and not reason else None,
    )  # fmt: skip
    return replace(now, entries=(*now.entries, entry))
