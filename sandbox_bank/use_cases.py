"""The bank's four operations: each is written under the caller's key once, and answered from what is written."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass, replace

import msgspec

from contracts import bank, bank_drill
from contracts.bank import OperationKind
from mallkit.errors import Unauthenticated
from mallkit.ids import new_id
from mallkit.steps import Call, Write
from mallkit.times import rfc3339
from sandbox_bank.domain import authorization as rules
from sandbox_bank.domain.authorization import Ask, Entry, Rule
from sandbox_bank.domain.card import Embossed, Fault, Plastic, read_card
from sandbox_bank.ports import Ports

AUTHORIZED, CAPTURED, VOIDED, REFUNDED = Write("bank.authorized"), Write("bank.captured"), Write("bank.voided"), Write("bank.refunded")
CHALLENGED = Write("bank.challenged")
ANSWER = Call("bank.answer")


def admit(api_key: object, ports: Ports) -> None:
    """Raises Unauthenticated unless this is the key that both sides know."""
    _expect(api_key, ports.api_key, "X-Api-Key")


def admit_drill(drill_key: object, ports: Ports) -> None:
    """Raises Unauthenticated unless this is the key of the drills."""
    _expect(drill_key, ports.drill_key, "X-Drill-Key")


def _expect(shown: object, expected: str, header: str) -> None:
    given = shown if isinstance(shown, str) else ""
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode()):
        message = f"{header} is absent or wrong"
        raise Unauthenticated(message)


@dataclass(frozen=True)
class Wanted:
    """An authorization as it was asked for, but for the card."""

    key: str
    amount: int
    currency: str
    reference: str = ""
    return_url: str = ""


async def authorize(wish: bank.Authorize, ports: Ports) -> Entry:
    """Reserves an amount on a card."""
    now = ports.clock()
    card = Embossed(wish.card.number, wish.card.cvv, wish.card.year, wish.card.month)
    plastic = read_card(card, (now.year, now.month))
    wanted = Wanted(wish.key, wish.amount, wish.currency, wish.reference, wish.return_url)
    # The CVV is no part of the fingerprint: it may be kept nowhere, not even as a digest.
    return await reserve(wanted, plastic, (card.number, card.year, card.month), ports)


async def reserve(wanted: Wanted, plastic: Plastic, told: tuple[object, ...], ports: Ports) -> Entry:
    """Reserves it on a card that was judged already; `told` is what tells the card from others."""
    key = wanted.key
    ask = _ask(key, OperationKind.AUTHORIZE, (wanted.amount, wanted.currency, wanted.reference, *told), ports)
    ask = replace(ask, reference=wanted.reference, challenge=_challenge(key, ports))
    rule = rules.authorize(ask, wanted.amount, wanted.currency, plastic)
    return await _done(AUTHORIZED, ask, key, rule, ports, wanted.return_url if plastic.is_challenged else None)


async def capture(wish: bank.Capture, ports: Ports) -> Entry:
    """Takes what was authorized."""
    ask = _ask(wish.key, OperationKind.CAPTURE, (wish.authorization,), ports)
    return await _done(CAPTURED, ask, wish.authorization, rules.capture(ask), ports)


async def void(wish: bank.Void, ports: Ports) -> Entry:
    """Ends an authorization, made or still to come."""
    ask = _ask(wish.key, OperationKind.VOID, (wish.authorization,), ports)
    return await _done(VOIDED, ask, wish.authorization, rules.void(ask), ports)


async def refund(wish: bank.RefundOf, ports: Ports) -> Entry:
    """Gives money back."""
    ask = _ask(wish.key, OperationKind.REFUND, (wish.authorization, wish.amount), ports)
    return await _done(REFUNDED, ask, wish.authorization, rules.refund(ask, wish.amount), ports)


async def answer(challenge_id: str, ports: Ports, *, approve: bool) -> tuple[Entry, str]:
    """The buyer's word on a challenge, the first one; and where the buyer goes now. Raises Missing."""
    asked, return_url = await ports.books.challenge(challenge_id)
    if asked.action:
        operation = new_id()
        rule = rules.answer(approve=approve, request=operation, at=rfc3339(ports.clock().timestamp()))
        with CHALLENGED.writing():
            asked = await ports.books.answer(asked, operation, rule)
    return asked, return_url if return_url in ports.return_urls else ""


def set_harm(wish: bank_drill.SetFaults, ports: Ports) -> None:
    """What a drill wants from now on."""
    ports.harm.lose, ports.harm.delay_seconds, ports.harm.delay_share = wish.lose, wish.delay_seconds, wish.delay_share


def _ask(key: str, kind: OperationKind, told: tuple[object, ...], ports: Ports) -> Ask:
    digest = hmac.new(ports.fingerprint_key.encode(), msgspec.json.encode((kind, *told)), hashlib.sha256).hexdigest()
    return Ask(key=key, kind=kind, fingerprint=digest, request=new_id(), at=rfc3339(ports.clock().timestamp()))


def _challenge(key: str, ports: Ports) -> str:
    """The same for the same authorization, and guessed by nobody."""
    return hmac.new(ports.fingerprint_key.encode(), b"challenge\n" + key.encode(), hashlib.sha256).hexdigest()


async def _done(  # noqa: PLR0913, PLR0917 - the step, and what is written in it
    step: Write, ask: Ask, authorization: str, rule: Rule, ports: Ports, return_url: str | None = None
) -> Entry:
    with step.writing():
        entry = await ports.books.write(ask, authorization, rule, return_url)
    return await ANSWER.taking(_answered(entry, ask, ports))


async def _answered(entry: Entry, ask: Ask, ports: Ports) -> Entry:
    """The call that did the operation suffers the card's fault, any call that of a drill; else it is answered at once."""
    harm = ports.harm
    if harm.delay_share and ports.chance() < harm.delay_share:
        await asyncio.sleep(harm.delay_seconds)
    if harm.lose and ports.chance() < harm.lose:
        ports.hang_up()
    if entry.request == ask.request and entry.fault is Fault.LOSE:
        ports.hang_up()
    if entry.request == ask.request and entry.fault is Fault.DELAY:
        await asyncio.sleep(ports.slow_seconds)
    return entry
