"""The life of an authorization: everything that is asked under its key, each once, and its answers. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from contracts.bank import BankKeyReused, OperationAnswered, OperationKind, OperationStatus
from sandbox_bank.domain.card import UNSEEN, Fault, Plastic, Reason


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
    challenge: str = ""
    """The id under which the buyer is asked, should the card want it."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An operation and its answer, complete, so that nothing that happens later can change it: only a challenge is still answered."""

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
    action: str = ""
    """The challenge that it waits for."""

    @property
    def status(self) -> OperationStatus:
        """Approved unless there is a reason against it, or the buyer has yet to say so."""
        if self.action:
            return OperationStatus.REQUIRES_ACTION
        return OperationStatus.DECLINED if self.reason else OperationStatus.APPROVED


@dataclass(frozen=True)
class Authorization:
    """Everything that was asked under one authorization's key, in order; `id` is that key. Amounts in minor units."""

    id: str
    entries: tuple[Entry, ...] = ()
    card: Plastic = UNSEEN

    def under(self, key: str) -> Entry | None:
        """The operation with this key."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def sum_of(self, kind: OperationKind) -> int:
        """What was approved of a kind."""
        return sum(entry.amount for entry in self.entries if entry.kind is kind and entry.status is OperationStatus.APPROVED)

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
    """Reserves the amount, unless the card refuses or a void came first; a challenged card reserves nothing before its holder agrees."""

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
        elif now.voided or asked.action:
            reason = Reason.VOIDED if now.voided else Reason.REQUIRES_ACTION
        else:
            reason = Reason.CAPTURED if now.sum_of(OperationKind.CAPTURE) else _trick(now, ask)
        return _with(now, ask, reason, asked.amount)

    return _once(ask, rule)


def void(ask: Ask) -> Rule:
    """Ends the authorization, or keeps it from ever being made; too late once captured. Nobody need answer its challenge any more."""

    def rule(now: Authorization) -> Authorization:
        reason = Reason.CAPTURED if now.sum_of(OperationKind.CAPTURE) else Reason.NONE
        ended = _with(now, ask, reason, 0 if now.asked is None else now.asked.amount)
        return _answered(ended, Reason.VOIDED)

    return _once(ask, rule)


def refund(ask: Ask, amount: int) -> Rule:
    """Gives back a part of what was captured, never more than is left."""

    def rule(now: Authorization) -> Authorization:
        left = now.sum_of(OperationKind.CAPTURE) - now.sum_of(OperationKind.REFUND)
        if now.asked is None:
            return _with(now, ask, Reason.UNKNOWN, amount)
        return _with(now, ask, Reason.TOO_MUCH if amount > left else _trick(now, ask), amount)

    return _once(ask, rule)


def answer(*, approve: bool, request: str, at: str) -> Rule:
    """The buyer's word on the challenge, the first one; `request` is the operation's new place in the statement."""

    def rule(now: Authorization) -> Authorization:
        fails = now.card.trick.refuses if now.card.trick is not None else Reason.NONE
        return _answered(now, fails if approve else Reason.AUTHENTICATION_FAILED, request, at)

    return rule


def told_of(before: Authorization, after: Authorization) -> list[Entry]:
    """The operations that have got their final word between the two."""
    return [entry for entry in after.entries if not entry.action and entry not in before.entries]


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


def _answered(now: Authorization, reason: Reason, request: str = "", at: str = "") -> Authorization:
    """With the final word on the challenge that it waits for, if it does."""
    asked = now.asked
    if asked is None or not asked.action:
        return now
    said = replace(asked, action="", reason=reason, request=request or asked.request, at=at or asked.at)
    return replace(now, entries=tuple(said if entry is asked else entry for entry in now.entries))


def _with(now: Authorization, ask: Ask, reason: Reason, amount: int, currency: str = "") -> Authorization:
    trick, asked = now.card.trick, now.asked
    entry = Entry(
        key=ask.key, authorization=now.id, kind=ask.kind, fingerprint=ask.fingerprint, request=ask.request, at=ask.at,
        reason=reason, amount=amount,
        currency=currency or ("" if asked is None else asked.currency), brand=now.card.brand, last4=now.card.last4,
        reference=ask.reference or ("" if asked is None else asked.reference),
        fault=trick.fault if trick is not None and trick.on is ask.kind and not reason else None,
        action=ask.challenge if ask.kind is OperationKind.AUTHORIZE and now.card.is_challenged and not reason else "",
    )  # fmt: skip
    return replace(now, entries=(*now.entries, entry))
