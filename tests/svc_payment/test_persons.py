"""An account whose payer is forgotten keeps its sums, and can still be refunded."""

from dataclasses import replace

import pytest

from contracts.payment import PaymentStatus, RefundStatus
from mallkit.times import NEVER
from svc_payment.domain import account as rules
from svc_payment.domain.account import Account, Refund
from svc_payment.domain.attempt import Attempt

NOW = 1_000.0
TRIED = Attempt("a1", "t1", "ann", PaymentStatus.DECLINED, 1000, "USD", "credit_card", "visa 0002", NOW, NOW, NEVER, over=True)
TOOK = replace(TRIED, id="a2", transaction_id="t2", status=PaymentStatus.CAPTURED, card="visa 4242")
BACK = Refund("r1", "t2", 300, "Ann did not like it", RefundStatus.REFUNDED, NOW, NEVER)
ACCOUNT = Account("o1", (TRIED, TOOK), (BACK,))


@pytest.mark.requirement(17)
def test_cards_and_words_go_and_sums_stay() -> None:
    forgotten = rules.forget(ACCOUNT)
    attempts = (replace(TRIED, card=""), replace(TOOK, card=""))
    assert forgotten == replace(ACCOUNT, attempts=attempts, refunds=(replace(BACK, reason=""),), forgotten=True)
    assert rules.forget(forgotten) is forgotten
    assert (forgotten.user_id, forgotten.refundable) == ("ann", 700)
    again = rules.begin_refund(forgotten, replace(BACK, id="r2", status=RefundStatus.REFUNDING, due=NOW), None, NOW)
    assert again.refundable == 0
    late = rules.begin_refund(forgotten, replace(BACK, id="r3", reason="Ann called"), 1, NOW).refund("r3")
    assert late is not None
    assert late.reason == "", "nobody comes again to forget it"


@pytest.mark.requirement(17)
@pytest.mark.parametrize(
    "moving",
    [
        replace(ACCOUNT, attempts=(replace(TOOK, status=PaymentStatus.CAPTURING, due=NOW),)),
        replace(ACCOUNT, attempts=(replace(TRIED, over=False, due=NOW),)),
        replace(ACCOUNT, refunds=(replace(BACK, status=RefundStatus.REFUNDING, due=NOW),)),
    ],
)
def test_not_while_money_is_on_its_way(moving: Account) -> None:
    assert rules.forget(moving) is moving
