"""Cards and accounts: what no mixture of attempts, voids and refunds may ever do to the money."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.order import AlreadyPaid, WrongStatus
from contracts.payment import CardInvalid, NothingPaid, PaymentStatus, RefundStatus, RefundTooLarge
from mallkit.times import NEVER
from svc_payment.domain import account as rules
from svc_payment.domain import card as cards
from svc_payment.domain.account import BANK, RETURNS, SALES, Account, Refund
from svc_payment.domain.attempt import NEXT, UNFINISHED, Attempt

NOW = 1_000.0
TODAY = (2026, 11)
LATER = (2031, 12)


@pytest.mark.requirement(113)
@pytest.mark.parametrize(
    ("number", "cvv", "brand"),
    [
        ("4242424242424242", "123", "visa"),
        ("4242 4242 4242 4242", 123, "visa"),
        ("4242-4242-4242-4242", "012", "visa"),
        ("4242424242424242", 12, "visa"),
        ("5555555555554444", "123", "mastercard"),
        ("2223003122003222", "123", "mastercard"),
        ("378282246310005", "1234", "amex"),
        ("378282246310005", 12, "amex"),
        ("6011111111111117", "123", "discover"),
        ("3566002020360505", "123", "jcb"),
        ("30569309025904", "123", "diners"),
        ("6200000000000005", "123", "unionpay"),
    ],
)
def test_good_cards(number: str, cvv: str | int, brand: str) -> None:
    card = cards.read(number, cvv, LATER, TODAY)
    assert card.brand == brand
    assert len(card.cvv) == (4 if brand == "amex" else 3)
    assert card.number not in repr(card)


@pytest.mark.requirement(109, 113)
@pytest.mark.parametrize(
    ("number", "cvv", "expires", "field"),
    [
        ("4242424242424241", "123", LATER, "credit_card_number"),
        ("", "123", LATER, "credit_card_number"),
        ("424242424242424", "123", LATER, "credit_card_number"),
        ("4242x24242424242", "123", LATER, "credit_card_number"),
        ("４２４２４２４２４２４２４２４２", "123", LATER, "credit_card_number"),
        ("4242424242424242", "12", LATER, "credit_card_cvv"),
        ("4242424242424242", "1234", LATER, "credit_card_cvv"),
        ("4242424242424242", 1234, LATER, "credit_card_cvv"),
        ("378282246310005", "123", LATER, "credit_card_cvv"),
        ("4242424242424242", "", LATER, "credit_card_cvv"),
        ("4242424242424242", "12a", LATER, "credit_card_cvv"),
        ("4242424242424242", -1, LATER, "credit_card_cvv"),
        ("4242424242424242", "123", (2031, -1), "credit_card_expiration_month"),
        ("4242424242424242", "123", (-1, 12), "credit_card_expiration_year"),
        ("4" * 33, "123", LATER, "credit_card_number"),
        ("4242424242424242", "123", (2031, 0), "credit_card_expiration_month"),
        ("4242424242424242", "123", (2031, 13), "credit_card_expiration_month"),
        ("4242424242424242", "123", (2026, 10), "credit_card_expiration_year"),
        ("4242424242424242", "123", (2025, 12), "credit_card_expiration_year"),
        ("4242424242424242", "123", (31, 12), "credit_card_expiration_year"),
        ("4242424242424242", "123", (9999, 12), "credit_card_expiration_year"),
    ],
)
def test_cards_that_cannot_be(number: str, cvv: str | int, expires: tuple[int, int], field: str) -> None:
    with pytest.raises(CardInvalid) as refusal:
        cards.read(number, cvv, expires, TODAY)
    assert refusal.value.facts["field"] == field
    assert number == "" or number not in refusal.value.detail


def test_a_card_is_good_until_the_end_of_its_month() -> None:
    assert cards.read("4242424242424242", "123", TODAY, TODAY).month == 11


@given(st.text(max_size=24), st.one_of(st.text(max_size=5), st.integers()), st.integers(), st.integers())
def test_whatever_is_sent_is_a_card_or_a_named_refusal(number: str, cvv: str | int, year: int, month: int) -> None:
    try:
        cards.read(number, cvv, (year, month), TODAY)
    except CardInvalid as refusal:
        assert refusal.facts["field"]


@given(st.text("0123456789", min_size=11, max_size=18))
def test_one_wrong_digit_is_seen(digits: str) -> None:
    check = next(digit for digit in "0123456789" if cards.luhn(digits + digit))
    assert sum(cards.luhn(digits + digit) for digit in "0123456789") == 1
    for place in range(len(digits)):
        wrong = digits[:place] + str((int(digits[place]) + 1) % 10) + digits[place + 1 :]
        assert not cards.luhn(wrong + check)


@pytest.mark.parametrize("before", NEXT)
@pytest.mark.parametrize("after", NEXT)
def test_every_step_of_an_attempt_is_in_the_table_or_refused(before: PaymentStatus, after: PaymentStatus) -> None:
    attempt = replace(_attempt("a1"), status=before)
    if after in NEXT[before]:
        assert attempt.to(after, NOW).status is after
    else:
        with pytest.raises(WrongStatus):
            attempt.to(after, NOW)


def _attempt(name: str) -> Attempt:
    return Attempt(name, f"t-{name}", "ann", PaymentStatus.ASKED, 1999, "USD", "credit_card", "visa 4242", NOW, NOW, NOW + 30)


def _account(outcome: Account | tuple[Account, object]) -> Account:
    return outcome[0] if isinstance(outcome, tuple) else outcome


NAMES = st.sampled_from(["a1", "a2", "a3"])
REFUNDS = st.sampled_from(["r1", "r2", "r3", "r4"])


class Books(RuleBasedStateMachine):
    """Attempts, closings and refunds in any order. The order lets one attempt at a time capture, as the real one does."""

    def __init__(self) -> None:
        super().__init__()
        self.account = Account("o1")
        self.refund_asked: dict[str, int] = {}

    @rule(name=NAMES)
    def ask(self, name: str) -> None:
        try:
            self.account = rules.ask(self.account, _attempt(name))
        except AlreadyPaid:
            assert self.account.captured
        except WrongStatus:
            assert self.account.closed

    @rule(name=NAMES)
    def capturing(self, name: str) -> None:
        if any(each.status is PaymentStatus.CAPTURING or each.status is PaymentStatus.CAPTURED for each in self.account.attempts):
            return  # the order belongs to that attempt
        try:
            self.account = rules.capturing(self.account, name, NOW, NOW + 30)
        except WrongStatus:
            attempt = self.account.attempt(name)
            assert attempt is None or attempt.status is not PaymentStatus.ASKED

    @rule(name=NAMES)
    def captured(self, name: str) -> None:
        attempt = self.account.attempt(name)
        if attempt is not None and attempt.status in {PaymentStatus.CAPTURING, PaymentStatus.CAPTURED}:
            self.account = _account(rules.captured(self.account, name, NOW))

    @rule(name=NAMES, status=st.sampled_from([PaymentStatus.DECLINED, PaymentStatus.VOIDED, PaymentStatus.FAILED]))
    def ended(self, name: str, status: PaymentStatus) -> None:
        try:
            self.account = rules.ended(self.account, name, status, "", NOW)
        except WrongStatus:
            attempt = self.account.attempt(name)
            assert attempt is None or status not in NEXT[attempt.status]

    @rule()
    def close(self) -> None:
        before = [each for each in self.account.attempts if each.status in {PaymentStatus.CAPTURING, PaymentStatus.CAPTURED}]
        self.account = rules.close(self.account, NOW)
        assert [each for each in self.account.attempts if each.status in {PaymentStatus.CAPTURING, PaymentStatus.CAPTURED}] == before
        assert all(each.status is not PaymentStatus.ASKED for each in self.account.attempts)

    @rule(name=REFUNDS, wanted=st.one_of(st.none(), st.integers(-1, 2500)))
    def begin_refund(self, name: str, wanted: int | None) -> None:
        left = self.account.refundable
        wished = Refund(name, "", 0, "test", RefundStatus.REFUNDING, NOW, NOW)
        try:
            self.account = rules.begin_refund(self.account, wished, wanted, NOW)
        except NothingPaid:
            assert self.account.captured is None
        except RefundTooLarge:
            assert left == 0 or (wanted is not None and not 0 < wanted <= left)

    @rule(name=REFUNDS, status=st.sampled_from([RefundStatus.REFUNDED, RefundStatus.REFUSED]))
    def end_refund(self, name: str, status: RefundStatus) -> None:
        before = self.account.refund(name)
        self.account = _account(rules.end_refund(self.account, name, status, NOW))
        if before is not None and before.status is not RefundStatus.REFUNDING:
            assert self.account.refund(name) == before

    @invariant()
    def captured_once_at_most(self) -> None:
        assert sum(each.status is PaymentStatus.CAPTURED for each in self.account.attempts) <= 1

    @invariant()
    def never_more_back_than_taken(self) -> None:
        took = self.account.captured.minor if self.account.captured else 0
        assert 0 <= self.account.refunded(RefundStatus.REFUNDED, RefundStatus.REFUNDING) <= took

    @invariant()
    def the_ledger_says_the_same(self) -> None:
        sums = dict.fromkeys((BANK, SALES, RETURNS), 0)
        for entry in self.account.ledger:
            sums[entry.debit] += entry.minor
            sums[entry.credit] -= entry.minor
        took = self.account.captured.minor if self.account.captured else 0
        back = self.account.refunded(RefundStatus.REFUNDED)
        assert sums == {BANK: took - back, SALES: -took, RETURNS: back}

    @invariant()
    def what_is_open_is_due(self) -> None:
        open_ones = [each for each in self.account.attempts if each.status in UNFINISHED]
        if open_ones or self.account.refunded(RefundStatus.REFUNDING):
            assert self.account.due < NEVER


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
