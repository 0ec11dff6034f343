"""The life of an authorization: every order of operations keeps the money right and every answer as it was."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.bank import BankKeyReused, OperationKind, OperationStatus
from sandbox_bank.domain import authorization as domain
from sandbox_bank.domain.authorization import Ask, Authorization, Entry
from sandbox_bank.domain.card import Plastic, Reason, Trick

GOOD = Plastic("visa", "4242")
AUTHORIZE, CAPTURE, VOID, REFUND = OperationKind.AUTHORIZE, OperationKind.CAPTURE, OperationKind.VOID, OperationKind.REFUND


def ask(kind: OperationKind, key: str, told: object = "", request: str = "r") -> Ask:
    return Ask(key=key, kind=kind, fingerprint=f"{kind}{told}", request=request, at="2026-11-21T08:00:00.000Z")


def after(*rules: domain.Rule, now: Authorization | None = None) -> Authorization:
    now = now or Authorization("a")
    for each in rules:
        now = each(now)
    return now


def authorize(amount: int = 1000, card: Plastic = GOOD) -> domain.Rule:
    return domain.authorize(ask(AUTHORIZE, "a", amount), amount, "USD", card)


def capture(key: str = "c") -> domain.Rule:
    return domain.capture(ask(CAPTURE, key))


def void(key: str = "v") -> domain.Rule:
    return domain.void(ask(VOID, key))


def refund(amount: int, key: str) -> domain.Rule:
    return domain.refund(ask(REFUND, key, amount), amount)


def reasons(held: Authorization) -> list[str]:
    return [entry.reason.value for entry in held.entries]


def test_a_payment_from_start_to_end() -> None:
    held = after(authorize(), capture(), refund(400, "r1"), refund(600, "r2"), refund(1, "r3"))
    assert reasons(held) == ["", "", "", "", "too_much"]
    assert [entry.amount for entry in held.entries] == [1000, 1000, 400, 600, 1]
    assert {(entry.currency, entry.brand, entry.last4, entry.authorization) for entry in held.entries} == {("USD", "visa", "4242", "a")}


CHALLENGED = Plastic("visa", "3184", trick=Trick(AUTHORIZE, challenge=True))


def challenged() -> domain.Rule:
    return domain.authorize(replace(ask(AUTHORIZE, "a"), challenge="x"), 1000, "USD", CHALLENGED)


def said(*, approve: bool) -> domain.Rule:
    return domain.answer(approve=approve, request="later", at="2026-11-21T08:01:00.000Z")


def test_the_first_answer_to_a_challenge_stands_and_is_told_once() -> None:
    waiting = after(challenged())
    assert domain.told_of(Authorization("a"), waiting) == []
    for first, reason in ((True, ""), (False, "authentication_failed")):
        held = after(said(approve=first), now=waiting)
        assert (reasons(held), held.sum_of(AUTHORIZE)) == ([reason], 1000 * first)
        assert [entry.request for entry in domain.told_of(waiting, held)] == ["later"]
        assert after(said(approve=not first), said(approve=first), challenged(), now=held) is held


def test_an_answer_that_comes_after_the_void_changes_nothing() -> None:
    waiting = after(challenged())
    held = after(void(), now=waiting)
    assert reasons(held) == ["voided", ""]
    assert len(domain.told_of(waiting, held)) == 2
    assert after(said(approve=True), now=held) is held


def test_a_void_before_the_authorization_keeps_it_from_being_made() -> None:
    held = after(void(), authorize(), capture())
    assert reasons(held) == ["", "voided", "voided"]
    assert held.sum_of(AUTHORIZE) == 0


def test_the_answer_to_an_early_void_does_not_change_when_the_authorization_arrives() -> None:
    early = after(void())
    assert after(authorize(), now=early).under("v") == early.under("v")


def test_a_void_after_the_authorization_ends_it_and_may_be_repeated_under_another_key() -> None:
    assert reasons(after(authorize(), void(), void("v2"), capture())) == ["", "", "", "voided"]


def test_after_the_capture_a_void_is_too_late() -> None:
    assert reasons(after(authorize(), capture(), void(), refund(1000, "r"))) == ["", "", "captured", ""]


def test_a_second_capture_under_another_key_is_declined() -> None:
    held = after(authorize(), capture(), capture("c2"))
    assert reasons(held) == ["", "", "captured"]
    assert held.sum_of(CAPTURE) == 1000


def test_what_the_bank_has_never_seen_can_be_neither_captured_nor_refunded() -> None:
    assert reasons(after(capture(), refund(5, "r"))) == ["unknown", "unknown"]


def test_a_declined_authorization_cannot_be_captured_nor_a_mere_authorization_refunded() -> None:
    assert reasons(after(authorize(card=Plastic("visa", "0002", Reason.DECLINED)), capture())) == ["declined", "declined"]
    assert reasons(after(authorize(), refund(1, "r"))) == ["", "too_much"]


def test_cards_whose_capture_or_refund_is_declined() -> None:
    no_capture = Plastic("visa", "0374", trick=Trick(CAPTURE, refuses=Reason.DECLINED))
    assert reasons(after(authorize(card=no_capture), capture(), void())) == ["", "declined", ""]
    no_refund = Plastic("visa", "0382", trick=Trick(REFUND, refuses=Reason.DECLINED))
    assert reasons(after(authorize(card=no_refund), capture(), refund(5, "r"))) == ["", "", "declined"]


class Bank(RuleBasedStateMachine):
    """Operations in any order, under keys that repeat, on one authorization."""

    def __init__(self) -> None:
        super().__init__()
        self.held = Authorization("a")
        self.answers: dict[str, Entry] = {}

    def do(self, asked: Ask, step: domain.Rule) -> Entry | None:
        """Applies a step and checks its answer against the first one under the key."""
        known = self.answers.get(asked.key)
        try:
            self.held = step(self.held)
        except BankKeyReused:
            assert known is not None
            assert known.fingerprint != asked.fingerprint
            return None
        entry = self.held.under(asked.key)
        assert entry is not None
        assert known is None or (entry == known and entry.fingerprint == asked.fingerprint)
        self.answers[asked.key] = entry
        return entry

    @rule(amount=st.sampled_from([700, 1000]), refuses=st.sampled_from([Reason.NONE, Reason.NONE, Reason.INSUFFICIENT_FUNDS]))
    def authorize(self, amount: int, refuses: Reason) -> None:
        """A declined card now and then, and one key for all."""
        asked, voided = ask(AUTHORIZE, "a", amount), self.held.voided
        entry = self.do(asked, domain.authorize(asked, amount, "USD", Plastic("visa", "4242", refuses)))
        if voided and entry is not None and self.held.entries[-1] is entry:
            assert entry.reason is Reason.VOIDED

    @rule(key=st.sampled_from(["k1", "k2", "c1", "a"]))
    def capture(self, key: str) -> None:
        """Under keys that others use too."""
        asked = ask(CAPTURE, key)
        self.do(asked, domain.capture(asked))

    @rule(key=st.sampled_from(["k1", "k3", "v1"]))
    def void(self, key: str) -> None:
        """Before, between and after."""
        asked = ask(VOID, key)
        self.do(asked, domain.void(asked))

    @rule(key=st.sampled_from(["k2", "k3", "r1", "r2", "r3"]), amount=st.sampled_from([1, 300, 700, 1000]))
    def refund(self, key: str, amount: int) -> None:
        """Parts, the whole, too much."""
        asked = ask(REFUND, key, amount)
        self.do(asked, domain.refund(asked, amount))

    @invariant()
    def money_never_comes_from_nowhere(self) -> None:
        """Refunded ≤ captured ≤ authorized, and never both voided and captured."""
        held = self.held
        assert 0 <= held.sum_of(REFUND) <= held.sum_of(CAPTURE) <= held.sum_of(AUTHORIZE)
        assert not (held.voided and held.sum_of(CAPTURE))

    @invariant()
    def answers_are_for_ever(self) -> None:
        """Every answer that was given still stands, once."""
        assert {key: self.held.under(key) for key in self.answers} == self.answers
        assert len(self.held.entries) == len({entry.key for entry in self.held.entries}) == len(self.answers)
        assert all((entry.status is OperationStatus.APPROVED) == (not entry.reason) for entry in self.held.entries)


Bank.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestBank = Bank.TestCase
