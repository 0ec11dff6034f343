"""A capture or a refund that a process died on goes on when its service starts again or the saga asks: nobody waits until it is due."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.payment import PaymentStatus, RefundStatus
from mallkit.errors import Unavailable
from svc_payment.domain import account as rules
from svc_payment.domain.account import Account, Refund
from svc_payment.ports import Answer, Intent
from svc_payment.use_cases import settle
from tests.svc_payment.test_clock import Agrees, books
from tests.svc_payment.test_refund_rest import ATTEMPT, NOW

LATER = NOW + 30
Step = Callable[[Account], Any]


def asked(account: Account) -> Account:
    return rules.ask(account, ATTEMPT)


def capturing(account: Account) -> Account:
    return rules.capturing(account, "a1", NOW, LATER)


def captured(account: Account) -> Any:
    return rules.captured(account, "a1", NOW)


def refunding(account: Account) -> Account:
    return rules.begin_refund(account, Refund("r1", "", 0, "damaged", RefundStatus.REFUNDING, NOW, LATER), 400, NOW)


@pytest.mark.requirement(98, 123)
@pytest.mark.parametrize(
    ("steps", "asks"),
    [
        ((asked, capturing), ["capture a1"]),
        ((asked, capturing, captured, refunding), ["refund a1 r1 400"]),
        ((asked,), []),
        ((asked, capturing, captured), []),
    ],
    ids=["capture", "refund", "perhaps somebody else's", "done"],
)
async def test_what_was_in_the_hands_of_a_dead_process_goes_on_at_the_start(
    tmp_path: Path, steps: tuple[Step, ...], asks: list[str]
) -> None:
    bank = Agrees()
    async with books(tmp_path, bank, *steps) as payment:
        await settle.resume(payment)
        account = await payment.accounts.get("o1")
    assert bank.asked == asks
    assert [each.status for each in account.attempts] == [PaymentStatus.CAPTURED if len(steps) > 1 else PaymentStatus.ASKED]
    assert {each.status for each in account.refunds} <= {RefundStatus.REFUNDED}


class Says(Agrees):
    """A processor with this answer to a capture."""

    def __init__(self, answer: Answer | Exception) -> None:
        super().__init__()
        self.answer = answer

    async def capture(self, intent: Intent) -> Answer:
        self.asked.append(f"capture {intent.key}")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(approved=True), PaymentStatus.CAPTURED),
        (Answer(approved=False, reason="declined"), PaymentStatus.VOIDED),
        (Unavailable(), PaymentStatus.CAPTURING),
    ],
    ids=["took it", "refused it", "away"],
)
async def test_whoever_undoes_a_payment_that_is_being_captured_gets_the_banks_word(
    tmp_path: Path, answer: Answer | Exception, outcome: PaymentStatus
) -> None:
    async with books(tmp_path, Says(answer), asked, capturing) as payment:
        undone = await settle.void("o1", payment)
        account = await payment.accounts.get("o1")
    assert (undone.outcome, undone.transaction_id) == (outcome, "" if outcome is PaymentStatus.VOIDED else "t1")
    assert account.closed
    took_nothing = outcome is PaymentStatus.VOIDED
    assert [(each.status, each.over) for each in account.attempts] == [
        (PaymentStatus.FAILED if took_nothing else outcome, outcome is not PaymentStatus.CAPTURING)
    ]
