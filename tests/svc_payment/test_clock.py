"""What a clock that was ahead has put an hour away is due at once: attempts, captures and refunds end as they always do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from contracts import order
from contracts.order import Status
from contracts.payment import PaymentStatus, RefundStatus
from mallkit.calls import Neighbour
from mallkit.endpoint import Event
from mallkit.sqlite import open_store
from mallkit.times import APART, NEVER
from svc_payment.domain import account as rules
from svc_payment.domain.account import Account, Refund
from svc_payment.ports import Answer, Intent, Ports
from svc_payment.repository import ACCOUNTS, POINTERS
from svc_payment.use_cases import settle
from tests.svc_payment.test_refund_rest import ATTEMPT, NOW, GivesBack, ports

HOUR = 3600.0
AHEAD = replace(ATTEMPT, created=NOW + HOUR, updated=NOW + HOUR, due=NOW + HOUR + 30)


class Agrees(GivesBack):
    """A processor that says yes and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def capture(self, intent: Intent) -> Answer:
        self.asked.append(f"capture {intent.key}")
        return Answer(approved=True)

    async def void(self, intent: Intent) -> Answer:
        self.asked.append(f"void {intent.key}")
        return Answer(approved=True)

    async def refund(self, intent: Intent, refund_key: str, minor: int) -> Answer:
        self.asked.append(f"refund {intent.key} {refund_key} {minor}")
        return Answer(approved=True)


async def agrees(endpoint: Any, wish: Any, *, key: str = "", seconds: float = 5.0) -> order.State:
    """An order service that notes it."""
    assert (endpoint in {order.end_payment, order.mark_paid}, key, seconds > 0) == (True, "", True)
    return order.State(order_id=wish.order_id, status=Status.PENDING)


@asynccontextmanager
async def books(folder: Path, bank: Agrees, *steps: Any) -> AsyncIterator[Ports]:
    async with open_store(folder / "payment.db", (ACCOUNTS, POINTERS)) as store:
        payment = replace(ports(store, bank), orders=cast("Neighbour", agrees))

        def all_of(account: Account) -> Account | tuple[Account, Event]:
            for step in steps:
                stepped = step(account)
                account = stepped[0] if isinstance(stepped, tuple) else stepped
            return account

        await payment.accounts.change("o1", all_of)
        yield payment


async def settled(payment: Ports) -> Account:
    await settle.settle_all(payment)
    return await payment.accounts.get("o1")


@pytest.mark.requirement(96, 100)
async def test_an_attempt_that_was_begun_an_hour_ahead_is_voided_now(tmp_path: Path) -> None:
    bank = Agrees()
    async with books(tmp_path, bank, lambda account: rules.ask(account, AHEAD)) as payment:
        account = await settled(payment)
    assert [each.status for each in account.attempts] == [PaymentStatus.VOIDED]
    assert (bank.asked, account.due) == (["void a1"], NEVER)


async def test_a_capture_that_was_begun_an_hour_ahead_goes_on_now(tmp_path: Path) -> None:
    bank, later = Agrees(), NOW + HOUR + 30
    capturing = (lambda account: rules.ask(account, AHEAD), lambda account: rules.capturing(account, "a1", NOW + HOUR, later))
    async with books(tmp_path, bank, *capturing) as payment:
        account = await settled(payment)
    assert [each.status for each in account.attempts] == [PaymentStatus.CAPTURED]
    assert (bank.asked, account.due) == (["capture a1"], NEVER)


@pytest.mark.requirement(98, 123)
async def test_a_refund_that_was_begun_an_hour_ahead_is_asked_for_now(tmp_path: Path) -> None:
    wished, bank = Refund("r1", "", 0, "damaged", RefundStatus.REFUNDING, NOW + HOUR, NOW + HOUR + 5), Agrees()
    steps = (
        lambda account: rules.ask(account, ATTEMPT),
        lambda account: rules.capturing(account, "a1", NOW, NOW),
        lambda account: rules.captured(account, "a1", NOW),
        lambda account: rules.begin_refund(account, wished, 400, NOW + HOUR),
    )
    async with books(tmp_path, bank, *steps) as payment:
        account = await settled(payment)
    assert [each.status for each in account.refunds] == [RefundStatus.REFUNDED]
    assert bank.asked == ["refund a1 r1 400"]


async def test_what_is_due_in_time_is_waited_for(tmp_path: Path) -> None:
    bank = Agrees()
    for number, due in enumerate((NOW + 1, NOW + 30, NOW + 30 + APART)):
        waiting = replace(ATTEMPT, due=due)
        async with books(tmp_path / str(number), bank, lambda account, waiting=waiting: rules.ask(account, waiting)) as payment:
            assert [each.status for each in (await settled(payment)).attempts] == [PaymentStatus.ASKED]
    assert bank.asked == []
