"""A return's part of the payment: once for its key, never more than is left, and made good by hand where the bank refuses for good."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.payment import NothingPaid, PaymentStatus, RefundPart, RefundStatus
from mallkit.sqlite import open_store
from mallkit.times import NEVER
from svc_payment.domain import account as rules
from svc_payment.domain import part
from svc_payment.domain.account import Account, Refund
from svc_payment.domain.attempt import Attempt
from svc_payment.ports import Answer, Intent
from svc_payment.repository import ACCOUNTS, POINTERS
from svc_payment.use_cases.refund import refund_part
from tests.svc_payment.test_refund_rest import ATTEMPT, NOW, GivesBack, ports

TOOK: Attempt = replace(ATTEMPT, status=PaymentStatus.CAPTURED, due=NEVER, over=True)
PAID = Account("o1", attempts=(TOOK,))
RETURN = RefundPart(order_id="o1", key="return-r1", minor=700, reason="pieces returned")


def refund(refund_id: str, minor: int, status: RefundStatus = RefundStatus.REFUNDED, created: float = NOW, **more: bool) -> Refund:
    return Refund(refund_id, "t1", minor, "", status, created, NOW, **more)


def begun(account: Account, minor: int, refund_id: str = "return-r1") -> Account:
    return part.begin_part(account, refund(refund_id, minor, RefundStatus.REFUNDING))


class Bank(GivesBack):
    """Says yes or no to any refund, once for its key."""

    def __init__(self, *, approves: bool = True) -> None:
        super().__init__()
        self.approves = approves
        self.keys: set[str] = set()

    async def refund(self, intent: Intent, refund_key: str, minor: int) -> Answer:
        assert intent.key == ATTEMPT.id
        if refund_key not in self.keys and self.approves:
            self.given.append(minor)
        self.keys.add(refund_key)
        return Answer(approved=self.approves)


@pytest.mark.requirement(99)
async def test_a_part_is_paid_back_once_for_its_key(tmp_path: Path) -> None:
    bank = Bank()
    async with open_store(tmp_path / "payment.db", (ACCOUNTS, POINTERS)) as store:
        payment = ports(store, bank)
        await store[ACCOUNTS].add(PAID)
        for _ in range(3):
            settled = await refund_part(RETURN, payment)
            assert (settled.done, settled.refunded_minor, bank.given) == (True, 700, [700])
        rest = await refund_part(RefundPart(order_id="o1", key="return-r2", minor=1500, reason="x"), payment)
        assert (rest.done, rest.refunded_minor, bank.given) == (True, 1999, [700, 1299])
        nothing_left = await refund_part(RefundPart(order_id="o1", key="return-r3", minor=1, reason="x"), payment)
        assert (nothing_left.done, bank.given) == (True, [700, 1299])


async def test_what_the_bank_refuses_for_good_is_not_done(tmp_path: Path) -> None:
    async with open_store(tmp_path / "payment.db", (ACCOUNTS, POINTERS)) as store:
        payment = ports(store, Bank(approves=False))
        await store[ACCOUNTS].add(PAID)
        for _ in range(2):
            assert (await refund_part(RETURN, payment)).done is False
        account = await payment.accounts.get("o1")
        assert [(each.status, each.minor) for each in account.refunds] == [(RefundStatus.REFUSED, 700)]
        assert account.refundable == 1999


def test_where_nothing_was_paid_nothing_is_paid_back() -> None:
    with pytest.raises(NothingPaid):
        begun(Account("o1"), 700)


def test_while_money_is_on_its_way_too_little_is_not_taken_for_all() -> None:
    moving = replace(PAID, refunds=(refund("by-hand", 1500, RefundStatus.REFUNDING),))
    assert begun(moving, 700) is moving
    assert not part.part_is_back(moving, "return-r1")
    freed = replace(PAID, refunds=(refund("by-hand", 1500, RefundStatus.REFUSED),))
    assert begun(freed, 700).refunds[-1].minor == 700
    gone = replace(PAID, refunds=(refund("by-hand", 1500),))
    assert begun(gone, 700).refunds[-1].minor == 499
    assert begun(moving, 400).refunds[-1].minor == 400, "there is enough beside it"


def test_a_refused_part_is_made_good_by_hand_from_then_on() -> None:
    before, later = refund("sorry", 700, created=NOW - 1), refund("by-hand", 300, created=NOW + 1)
    refused = replace(PAID, refunds=(before, refund("return-r1", 700, RefundStatus.REFUSED, returned=True)))
    assert not part.part_is_back(refused, "return-r1")
    some = replace(refused, refunds=(*refused.refunds, later))
    assert not part.part_is_back(some, "return-r1")
    assert part.part_is_back(replace(some, refunds=(*some.refunds, replace(later, id="rest", minor=400))), "return-r1")


@given(st.lists(st.tuples(st.integers(1, 2500), st.booleans(), st.sampled_from(RefundStatus)), max_size=8))
def test_never_more_than_was_paid_is_on_its_way(steps: list[tuple[int, bool, RefundStatus]]) -> None:
    account = PAID
    for number, (minor, by_hand, ends) in enumerate(steps):
        refund_id = f"{'hand' if by_hand else 'return'}-{number}"
        if by_hand and minor <= account.refundable:
            account = rules.begin_refund(account, refund(refund_id, 0, RefundStatus.REFUNDING), minor, NOW)
        elif not by_hand:
            account = begun(account, minor, refund_id)
        if account.refund(refund_id) is not None and ends is not RefundStatus.REFUNDING:
            ended = rules.end_refund(account, refund_id, ends, NOW)
            account = ended[0] if isinstance(ended, tuple) else ended
        assert 0 <= account.refundable <= TOOK.minor
        assert account.refunded(RefundStatus.REFUNDED, RefundStatus.REFUNDING) <= TOOK.minor
