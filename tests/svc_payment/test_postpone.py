"""An account that cannot be ended waits longer and longer, and keeps no other waiting."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.order import WrongStatus
from contracts.payment import PaymentStatus, RefundStatus
from mallkit.errors import Unavailable
from mallkit.times import NEVER
from svc_payment.domain import account as rules
from svc_payment.domain.account import Account, Refund
from svc_payment.ports import Answer, Intent
from svc_payment.use_cases import settle
from tests.svc_payment.test_clock import Agrees, books
from tests.svc_payment.test_refund_rest import ATTEMPT, NOW


class IsAway(Agrees):
    """A processor that gives no answer."""

    async def void(self, intent: Intent) -> Answer:
        await super().void(intent)
        raise Unavailable


@given(st.floats(0, 1e6))
def test_the_next_try_comes_within_the_bounds_and_the_later_the_older_it_is(age: float) -> None:
    account = rules.postponed(rules.ask(Account("o1"), ATTEMPT), NOW + age)
    assert NOW + age + 1 <= account.due <= NOW + age + rules.LONGEST_WAIT
    assert account.due >= NOW + age + min(age / 2, rules.LONGEST_WAIT) - 1e-6


def test_an_account_with_nothing_open_is_never_due() -> None:
    refund = Refund("r1", "t1", 400, "damaged", RefundStatus.REFUNDED, NOW, NEVER)
    over = replace(ATTEMPT, status=PaymentStatus.DECLINED, over=True)
    assert rules.postponed(Account("o1", attempts=(over,), refunds=(refund,)), NOW).due == NEVER
    assert Account("o1", later=NOW + 20).due == NEVER


@pytest.mark.requirement(187)
async def test_what_failed_is_not_tried_in_the_next_round(tmp_path: Path) -> None:
    bank = IsAway()
    async with books(tmp_path, bank, lambda account: rules.ask(account, ATTEMPT)) as payment:
        with pytest.raises(Unavailable):
            await settle.settle_all(payment)
        await settle.settle_all(payment)
        assert bank.asked == ["void a1"]
        later = replace(payment, clock=lambda: NOW + 1)
        with pytest.raises(Unavailable):
            await settle.settle_all(later)
    assert bank.asked == ["void a1", "void a1"]


def test_an_order_cannot_be_tried_to_be_paid_for_ever() -> None:
    failed = replace(ATTEMPT, status=PaymentStatus.DECLINED, over=True)
    full = Account("o1", attempts=tuple(replace(failed, id=f"a{number}") for number in range(rules.MOST_ATTEMPTS)))
    with pytest.raises(WrongStatus, match="too many"):
        rules.ask(full, replace(ATTEMPT, id="one more"))
    assert rules.ask(full, replace(ATTEMPT, id="a7")) is full
