"""What shoppers were told, held against the books: everything that a mall can do wrong is named."""

from collections.abc import Callable
from typing import Any

import pytest

from mall.drills.books import Compared, hold_against
from mall.load.ledger import Ledger, Purchase, Told

RECEIPT = {"lines": [{"kind": "item", "product_id": "tea", "quantity": 2}, {"kind": "tax"}], "total": 21.5, "currency": "USD"}
Json = dict[str, Any]


def bought(order_id: str = "o1", **more: Any) -> Told:
    return Told(200, json={"order_id": order_id, "transaction_id": "t1", "receipt": RECEIPT} | more)


def order(order_id: str = "o1", **more: Any) -> Json:
    items = [{"product_id": "tea", "quantity": 2}]
    return {"order_id": order_id, "user_id": "ann", "status": "paid", "items": items, "total": 21.5, "transaction_id": "t1"} | more


def payment(**more: Any) -> Json:
    return {"status": "captured", "amount": 21.5, "refunded": 0} | more


class Case:
    """One purchase that agrees with its order and its payment."""

    def __init__(self) -> None:
        self.purchase = Purchase("ann", 1, "k1", answers=[bought()])
        self.ledger = Ledger(purchases=[self.purchase])
        self.orders = {"o1": order()}
        self.payments = {"o1": [payment()]}

    def compared(self) -> Compared:
        return hold_against(self.ledger, self.orders, self.payments)

    def again(self, answer: Told, **more: Any) -> Purchase:
        """Another press of the button."""
        self.ledger.purchases.append(Purchase("ann", more.pop("visit", 1), more.pop("key", "k2"), answers=[answer], **more))
        return self.ledger.purchases[-1]

    def unasked(self) -> Json:
        """A second paid order."""
        self.orders["o2"], self.payments["o2"] = order("o2"), [payment()]
        return self.orders["o2"]


def test_a_purchase_that_agrees_is_not_doubted() -> None:
    told = Case().compared()
    assert (told.answered, told.paid, told.wrong) == (1, 1, [])


WRONGS: dict[str, tuple[Callable[[Case], Any], str, str]] = {
    "the order is gone": (lambda case: (case.orders.pop("o1"), case.payments.pop("o1")), "lost", "o1 is gone"),
    "somebody else has it": (lambda case: case.orders["o1"].update(user_id="bob"), "lost", "o1 is gone"),
    "it is cancelled unasked": (lambda case: case.orders["o1"].update(status="cancelled"), "lost", "is cancelled, not paid"),
    "other pieces": (lambda case: case.orders["o1"].update(items=[]), "other", "another one than its buyer was told"),
    "another price": (lambda case: case.orders["o1"].update(total=2.15), "other", "another one than its buyer was told"),
    "not captured": (lambda case: case.payments["o1"].pop(), "lost", "captured and refunded is []"),
    "captured twice": (lambda case: case.payments["o1"].append(payment()), "doubled", "was charged 2 times"),
    "captured too much": (lambda case: case.payments["o1"][0].update(amount=22), "lost", "captured and refunded is [(22, 0)]"),
    "given back unasked": (lambda case: case.payments["o1"][0].update(refunded=1), "lost", "captured and refunded is [(21.5, 1)]"),
    "a key answered in two ways": (lambda case: case.purchase.answers.append(bought("o9")), "doubled", "the key k1 was answered in 2 ways"),
    "one order for two keys": (lambda case: case.again(bought(), visit=2), "doubled", "the order o1 answers 2 keys"),
    "one cart bought twice": (lambda case: (case.unasked(), case.again(bought("o2"))), "doubled", "bought one cart 2 times"),
    "a paid order of nobody": (lambda case: case.unasked(), "doubled", "the order o2 is paid, and nobody who was not refused"),
    "a refused one is paid": (
        lambda case: (case.unasked(), case.again(Told(402, "checkout/payment-failed"))), "doubled", "the order o2 is paid, and nobody",
    ),
    "never answered": (lambda case: case.ledger.purchases.append(Purchase("ann", 3, "k3")), "other", "k3 was never answered"),
    "a fault of ours": (lambda case: case.purchase.answers.append(Told(400, "internal")), "other", "k1 was told internal"),
    "still pending": (lambda case: case.orders["o1"].update(status="pending"), "other", "o1 is still pending"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONGS)
def test_what_does_not_agree_is_named(wrong: str) -> None:
    breaks, kind, sentence = WRONGS[wrong]
    case = Case()
    breaks(case)
    told = getattr(case.compared(), kind)
    assert any(sentence in each for each in told), told


def test_who_left_in_the_middle_may_find_one_paid_order() -> None:
    case = Case()
    case.unasked()
    case.ledger.purchases.append(Purchase("ann", 2, "k2", hung_up=True))
    assert case.compared().wrong == []
    case.orders["o3"], case.payments["o3"] = order("o3"), [payment()]
    assert case.compared().doubled == ["the order o3 is paid, and nobody who was not refused had bought it"]


def test_a_cancelled_order_has_its_money_back() -> None:
    case = Case()
    case.purchase.cancelled = Told(200)
    case.orders["o1"]["status"] = "cancelled"
    assert case.compared().other == ["the order o1 is cancelled, captured and refunded is [(21.5, 0)]"]
    case.payments["o1"][0].update(status="refunded", refunded=21.5)
    assert case.compared().wrong == []
    case.orders["o1"]["status"] = "paid"
    assert any("is paid, not cancelled" in each for each in case.compared().lost)
