"""Synchronous answers, lost or late ones, webhooks in any order and number, the job's rounds and the saga's undo have one result.

The bank and the order are their own rules in memory; payment is the real one on a real store.
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts import order
from contracts.bank import BankKeyReused, OperationKind, OperationStatus, signature
from contracts.order import Status
from contracts.order_words import Cause
from contracts.payment import Charge, PaymentStatus, Refund
from mallkit.calls import Neighbour, NeighbourAway, NoAnswer
from mallkit.endpoint import Caller, Role
from mallkit.errors import ShopError
from mallkit.lasting import Lasting
from mallkit.money import Money
from mallkit.sqlite import open_store
from mallkit.times import NEVER
from sandbox_bank.domain import authorization as bank_rules
from sandbox_bank.domain.authorization import Ask, Authorization
from sandbox_bank.domain.card import Plastic, Reason, Trick
from svc_order.domain import paying as order_rules
from svc_order.domain.order import Order
from svc_order.domain.timeline import Origin
from svc_payment.domain.account import BANK
from svc_payment.domain.card import Card, Token
from svc_payment.ports import Answer, Intent
from svc_payment.repository import ACCOUNTS, POINTERS
from svc_payment.use_cases import charge as charging
from svc_payment.use_cases import hear, settle
from svc_payment.use_cases import refund as refunding
from tests.journeys.people import card
from tests.svc_payment.test_refund_rest import BANK_SECRET, ports_of

T = TypeVar("T")
GOOD, CUT, ASKED = (
    Plastic("visa", "4242"),
    Plastic("visa", "0374", trick=Trick(OperationKind.CAPTURE, refuses=Reason.DECLINED)),
    Plastic("visa", "3184", trick=Trick(OperationKind.AUTHORIZE, challenge=True)),
)
TOTAL = 1999
LATE = 8
"""Steps before the saga may take the order back, after which nothing can be paid any more."""
WHY = Origin(0.0, Cause.PAYMENT)


class Faults:
    """What happens to the next calls, in turn; then nothing does."""

    def __init__(self) -> None:
        self.coming: list[str] = []

    async def strike(self) -> bool:
        """Whether the answer will be lost. Raises NeighbourAway before anything is done."""
        await asyncio.sleep(0)
        fault = self.coming.pop(0) if self.coming else ""
        if fault == "away":
            raise NeighbourAway
        return fault == "lost"


class Till:
    """The bank: idempotent by key, and everything that it does becomes an event."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.books: dict[str, Authorization] = {}
        self.events: list[dict[str, Any]] = []
        self.plastic = GOOD

    takes_tokens = False

    async def authorize(self, intent: Intent, _: Card | Token) -> Answer:
        ask = self._ask(intent.key, OperationKind.AUTHORIZE, intent.order_id)
        return await self._do(intent.key, ask, bank_rules.authorize(ask, intent.amount.minor, intent.amount.currency, self.plastic))

    async def look(self, intent: Intent) -> Answer:
        return await self._do(intent.key, self._ask(intent.key, OperationKind.AUTHORIZE), lambda now: now)

    async def capture(self, intent: Intent) -> Answer:
        ask = self._ask(f"{intent.key}-capture", OperationKind.CAPTURE)
        return await self._do(intent.key, ask, bank_rules.capture(ask))

    async def void(self, intent: Intent) -> Answer:
        ask = self._ask(f"{intent.key}-void", OperationKind.VOID)
        return await self._do(intent.key, ask, bank_rules.void(ask))

    async def refund(self, intent: Intent, refund_key: str, minor: int) -> Answer:
        ask = self._ask(f"{refund_key}-refund", OperationKind.REFUND)
        return await self._do(intent.key, ask, bank_rules.refund(ask, minor))

    def challenged(self, *, approve: bool) -> None:
        """Buyers answer every challenge that is open."""
        says = bank_rules.answer(approve=approve, request="r", at="now")
        for key, before in self.books.items():
            self._keep(key, before, says(before))

    def _ask(self, key: str, kind: OperationKind, reference: str = "") -> Ask:
        return Ask(key=key, kind=kind, fingerprint=f"{kind}", request="r", at="now", reference=reference, challenge="c")

    async def _do(self, authorization: str, ask: Ask, wished: bank_rules.Rule) -> Answer:
        lost = await self.faults.strike()
        before = self.books.get(authorization, Authorization(authorization))
        after = wished(before)
        self._keep(authorization, before, after)
        await asyncio.sleep(0)
        if lost:
            raise NoAnswer
        entry = after.under(ask.key)
        if entry is None:
            raise BankKeyReused
        return Answer(entry.status is OperationStatus.APPROVED, entry.reason.value, entry.action)

    def _keep(self, authorization: str, before: Authorization, after: Authorization) -> None:
        self.books[authorization] = after
        for told in map(bank_rules.answered, bank_rules.told_of(before, after)):
            self.events.append({"id": str(len(self.events)), "type": told.type, "created": "now", "data": msgspec.to_builtins(told)})

    def sum_of(self, kind: OperationKind) -> int:
        """Approved, over all authorizations."""
        return sum(each.sum_of(kind) for each in self.books.values())

    @property
    def still_reserved(self) -> list[str]:
        """Authorizations that hold the buyer's money for nothing."""
        kinds = OperationKind.AUTHORIZE, OperationKind.CAPTURE
        open_ones = [each for each in self.books.values() if each.sum_of(kinds[0]) and not each.sum_of(kinds[1]) and not each.voided]
        return [each.id for each in open_ones]


class Shop:
    """The order service: the order's own rules."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.order = Order("o1", "ann", Status.PENDING, TOTAL, "USD", 0, 0, hold_id="h1")
        self.paid = 0

    async def __call__(self, endpoint: Any, wish: Any, *, key: str = "", seconds: float = 5.0) -> Any:
        """One of the three calls that payment makes."""
        assert (key, seconds > 0) == ("", True)
        lost = await self.faults.strike()
        done = self._do(endpoint, wish)
        self.order, events = (done[0], done[1:]) if isinstance(done, tuple) else (done, ())
        self.paid += len(events)
        if lost:
            raise NoAnswer
        if endpoint is order.begin_payment:
            return order.Begun(order_id="o1", user_id="ann", total_minor=TOTAL, currency="USD")
        return order.State(order_id="o1", status=self.order.status)

    def _do(self, endpoint: Any, wish: Any) -> Any:
        if endpoint is order.begin_payment:
            return order_rules.begin_payment(self.order, wish.attempt, wish.user_id, Money(TOTAL, "USD"), WHY)
        if endpoint is order.end_payment:
            return order_rules.end_payment(self.order, wish.attempt, WHY)
        assert endpoint is order.mark_paid
        return order_rules.mark_paid(self.order, wish.attempt, wish.transaction_id, WHY)


KEYS, FAULTS = st.sampled_from(["k1", "k2", "k3"]), st.lists(st.sampled_from(["", "lost", "away"]), max_size=6)
PICKS = st.lists(st.integers(0, 30), max_size=6)
DOINGS = st.one_of(
    st.tuples(st.just("charge"), st.tuples(KEYS, st.sampled_from([GOOD, CUT, ASKED, ASKED]))),
    st.tuples(st.just("act"), st.booleans()),
    st.tuples(st.just("tell"), PICKS),
    st.tuples(st.just("settle"), st.sampled_from([0, 1, 10, 40, 700])),
    st.tuples(st.just("refund"), st.sampled_from([("r1", 500), ("r2", 700), ("r3", 900)])),
)
UNDO = ("undo", "")


class Paying(RuleBasedStateMachine):
    """One order, three clients' keys, and everything that can happen to them, one after the other and at once."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.mkdtemp()
        self.stack = AsyncExitStack()
        self.now = 1_000.0
        self.steps = 0
        self.faults = Faults()
        self.bank, self.shop = Till(self.faults), Shop(self.faults)
        self.run(self.open())

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(doing)

    async def open(self) -> None:
        store = await self.stack.enter_async_context(open_store(Path(self.folder) / "payment.db", (ACCOUNTS, POINTERS)))
        self.lasting = Lasting()
        self.ports = ports_of(store, self.bank, cast("Neighbour", self.shop), self.lasting, lambda: self.now)

    @rule(doing=DOINGS, faults=FAULTS)
    def one(self, doing: tuple[str, Any], faults: list[str]) -> None:
        self.faults.coming = list(faults)
        self.run(self.do(*doing))

    @rule(doings=st.lists(DOINGS, min_size=2, max_size=4), faults=FAULTS)
    def at_once(self, doings: list[tuple[str, Any]], faults: list[str]) -> None:
        self.faults.coming = list(faults)
        self.run(self.all_of(doings))

    @precondition(lambda self: self.steps > LATE)
    @rule(doings=st.lists(DOINGS, max_size=2), faults=FAULTS)
    def undo(self, doings: list[tuple[str, Any]], faults: list[str]) -> None:
        self.faults.coming = list(faults)
        self.run(self.all_of([*doings, UNDO]))

    async def all_of(self, doings: list[tuple[str, Any]]) -> None:
        await asyncio.gather(*(self.do(*doing) for doing in doings))

    async def do(self, what: str, how: Any) -> None:
        """A refusal, or no answer, is an answer here: what counts is what became of the money."""
        self.steps += 1
        with suppress(ShopError):
            if what == "charge":
                key, self.bank.plastic = how
                form = {"amount": TOTAL / 100, "credit_card": card(), "order_id": "o1", "user_id": "ann"}
                wish = msgspec.json.decode(msgspec.json.encode(form), type=Charge)
                await charging.charge(wish, Caller("checkout", Role.SERVICE, command=key), self.ports)
            elif what == "tell":
                await self.tell([self.bank.events[at % len(self.bank.events)] for at in how] if self.bank.events else [])
            elif what == "act":
                self.bank.challenged(approve=how)
            elif what == "settle":
                self.now += how
                await settle.settle_all(self.ports)
            elif what == "undo":
                await settle.void("o1", self.ports)
            else:
                await self.give_back(*how)

    async def give_back(self, refund_id: str, minor: int) -> None:
        took = (await self.ports.accounts.get("o1")).captured
        if took is not None:
            wish = Refund(transaction_id=took.transaction_id, reason="x", amount=Money(minor, "USD").amount)
            await refunding.refund(wish, Caller("ann", Role.OPERATOR, command=refund_id), self.ports)

    async def tell(self, events: list[dict[str, Any]]) -> None:
        body = json.dumps({"events": events}).encode()
        at = int(self.now)
        await hear.hear("bank", f"t={at},v1={signature(BANK_SECRET, at, body)}", body, self.ports)

    @invariant()
    def money_is_taken_once_and_never_given_back_twice(self) -> None:
        account = self.run(self.ports.accounts.get("o1"))
        assert self.bank.sum_of(OperationKind.CAPTURE) in {0, TOTAL}
        assert self.bank.sum_of(OperationKind.REFUND) <= self.bank.sum_of(OperationKind.CAPTURE)
        assert self.shop.paid <= 1
        assert len({each.id for each in account.ledger}) == len(account.ledger)
        assert sum(each.debit == BANK for each in account.ledger) <= 1
        assert sum(each.status is PaymentStatus.CAPTURED for each in account.attempts) <= 1

    def teardown(self) -> None:
        try:
            self.run(self.comes_to_its_end())
        finally:
            self.run(self.lasting.rest(5))
            self.run(self.stack.aclose())
            self.runner.close()
            shutil.rmtree(self.folder)

    async def comes_to_its_end(self) -> None:
        self.faults.coming = []
        for _ in range(4):
            await self.tell(self.bank.events[::-1])
            self.now += 610
            await settle.settle_all(self.ports)
        account = await self.ports.accounts.get("o1")
        assert account.due == NEVER
        taken, back = self.bank.sum_of(OperationKind.CAPTURE), self.bank.sum_of(OperationKind.REFUND)
        assert sum(each.minor * ((each.debit == BANK) - (each.credit == BANK)) for each in account.ledger) == taken - back
        assert (account.captured is not None, self.shop.paid) == (taken > 0, taken // TOTAL)
        assert self.shop.order.status is (Status.PAID if taken else Status.PENDING)
        assert self.bank.still_reserved == []
        seen = replace(account)
        await self.tell(self.bank.events * 2)
        assert await self.ports.accounts.get("o1") == seen


TestPaying = Paying.TestCase
TestPaying.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
