"""One attempt in the hands of two: the job, a repeat under the same key, a late answer of the bank."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from contracts import order
from contracts.order import Status
from contracts.payment import Charge, Declined, PaymentStatus
from mallkit.calls import Neighbour
from mallkit.endpoint import Caller, Role
from mallkit.sqlite import open_store
from svc_payment.domain import account as rules
from svc_payment.domain.account import Account
from svc_payment.domain.attempt import TOOK_NOTHING, Attempt
from svc_payment.domain.card import Card, Token
from svc_payment.ports import Answer, Intent
from svc_payment.repository import ACCOUNTS, POINTERS, Accounts
from svc_payment.use_cases import attempt as steps
from svc_payment.use_cases import charge as charging
from tests.journeys.people import card
from tests.svc_payment.test_refund_rest import GivesBack, ports


@pytest.mark.parametrize("status", sorted(TOOK_NOTHING))
async def test_nobody_is_told_of_a_payment_that_took_nothing(tmp_path: Path, status: PaymentStatus) -> None:
    asked = Attempt("a1", "t1", "ann", PaymentStatus.ASKED, 1999, "USD", "credit_card", "visa 4242", 0, 0, 0)
    async with open_store(tmp_path / "payment.db", (ACCOUNTS, POINTERS)) as store:
        payment = ports(store, GivesBack())
        await payment.accounts.ask("o1", asked)
        if status is PaymentStatus.FAILED:
            await payment.accounts.change("o1", lambda account: rules.capturing(account, "a1", 0, 0))
        await payment.accounts.change("o1", lambda account: rules.ended(account, "a1", status, "why", 0))
        with pytest.raises(Declined) as refusal:
            await steps.forward("o1", "a1", payment)
        assert refusal.value.facts == {"reason": "why"}
        before = await payment.accounts.get("o1")
        await payment.accounts.change("o1", lambda account: rules.ended(account, "a1", PaymentStatus.DECLINED, "later", 9))
        assert await payment.accounts.get("o1") == before, "the first word is final"


async def test_a_payment_that_somebody_else_has_booked_is_a_payment(tmp_path: Path) -> None:
    asked = Attempt("a1", "t1", "ann", PaymentStatus.ASKED, 1999, "USD", "credit_card", "visa 4242", 0, 0, 0)
    async with open_store(tmp_path / "payment.db", (ACCOUNTS, POINTERS)) as store:
        payment = ports(store, GivesBack())
        await payment.accounts.ask("o1", asked)
        await payment.accounts.change("o1", lambda account: rules.capturing(account, "a1", 0, 0))
        await payment.accounts.change("o1", lambda account: rules.captured(account, "a1", 0))
        await steps.forward("o1", "a1", payment)


class Beaten(GivesBack):
    """A processor that answers just after somebody else has carried the same attempt to its end."""

    def __init__(self, *rest: Callable[[Account], Any]) -> None:
        super().__init__()
        self.rest = rest
        self.accounts: Accounts | None = None
        self.voided = 0

    async def authorize(self, intent: Intent, means: Card | Token) -> Answer:
        assert (intent.amount.minor, isinstance(means, Card) and means.brand) == (1999, "visa")
        for step in self.rest if self.accounts else ():
            assert self.accounts
            await self.accounts.change(intent.order_id, step)
        assert intent.key == "a1"
        return Answer(approved=True)

    async def void(self, intent: Intent) -> Answer:
        assert intent.key == "a1"
        self.voided += 1
        return Answer(approved=True)


async def knows(endpoint: Any, _: Any, *, key: str = "", seconds: float = 5.0) -> Any:
    """An order service that agrees."""
    assert (key, seconds > 0) == ("", True)
    if endpoint is order.begin_payment:
        return order.Begun(order_id="o1", user_id="ann", total_minor=1999, currency="USD")
    return order.State(order_id="o1", status=Status.PAID)


@pytest.mark.parametrize("ended", [False, True])
async def test_two_that_carry_out_one_attempt_tell_the_same(tmp_path: Path, ended: bool) -> None:  # noqa: FBT001
    def capturing(account: Account) -> Account:
        return rules.capturing(account, "a1", 0, 0)

    def captured(account: Account) -> Any:
        return rules.captured(account, "a1", 0)

    def voided(account: Account) -> Account:
        return rules.close(account, 0)

    bank = Beaten(voided) if ended else Beaten(capturing, captured)
    form = {"amount": 19.99, "credit_card": card(), "order_id": "o1", "user_id": "ann"}
    wish = msgspec.json.decode(msgspec.json.encode(form), type=Charge)
    async with open_store(tmp_path / "payment.db", (ACCOUNTS, POINTERS)) as store:
        payment = replace(ports(store, bank), orders=cast("Neighbour", knows))
        bank.accounts = Accounts(store)
        charging_it = charging.charge(wish, Caller("checkout", Role.SERVICE, command="a1"), payment)
        if ended:
            with pytest.raises(Declined):
                await charging_it
        else:
            transaction_id = (await charging_it).transaction_id
            booked = (await payment.accounts.get("o1")).captured
            assert booked is not None
            assert booked.transaction_id == transaction_id
        assert bank.voided == (1 if ended else 0)
