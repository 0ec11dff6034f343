"""What each test card does, that the documentation tells the same, and what is judged before the table is asked."""

import re
from pathlib import Path

import pytest

from contracts.bank import OperationKind
from sandbox_bank.domain.card import GOOD, TRICKS, Embossed, Reason, brand_of, has_check_digit, read_card

DOCS = Path(__file__).resolve().parents[2] / "docs" / "sandbox-bank.md"
TODAY = (2026, 11)


def card(number: str = GOOD[0], cvv: str = "123", year: int = 2031, month: int = 12) -> Embossed:
    return Embossed(number, cvv, year, month)


def test_the_documented_cards_are_those_of_the_table() -> None:
    documented = re.findall(r"^\| `(\d{12,19})` \|", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(documented) == sorted([*GOOD, *TRICKS])


@pytest.mark.parametrize("number", [*GOOD, *TRICKS])
def test_every_test_card_has_a_right_check_digit(number: str) -> None:
    assert has_check_digit(number)
    wrong = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"
    assert not has_check_digit(wrong)
    assert read_card(card(wrong), TODAY).refuses is Reason.DECLINED


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4242424242424242", "visa"), ("4000056655665556", "visa"), ("5555555555554444", "mastercard"), ("2223003122003222", "mastercard"),
        ("378282246310005", "amex"), ("6011111111111117", "discover"), ("3566002020360505", "jcb"), ("3056930009020004", "diners"),
        ("6200000000000005", "unionpay"), ("9999999999999995", "card"),
    ],
)  # fmt: skip
def test_a_good_card_of_each_brand_is_approved(number: str, brand: str) -> None:
    seen = read_card(card(number, "1234" if brand == "amex" else "123"), TODAY)
    assert (seen.brand, seen.last4, seen.refuses) == (brand, number[-4:], Reason.NONE)
    assert brand_of(number) == brand


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("4000000000000002", "declined"), ("4000000000009995", "insufficient_funds"), ("4000000000000069", "expired_card"),
        ("4000000000000127", "wrong_cvv"), ("4000000000000259", ""), ("4000000000000267", ""), ("4000000000000341", ""),
        ("4000000000000374", ""), ("4000000000000382", ""), ("4000000000000275", ""),
    ],
)  # fmt: skip
def test_the_authorization_of_a_test_card(number: str, reason: str) -> None:
    assert read_card(card(number), TODAY).refuses == reason


@pytest.mark.parametrize(
    ("year", "month", "reason"), [(2026, 11, ""), (2026, 10, "expired_card"), (2025, 12, "expired_card"), (2027, 1, "")]
)
def test_a_card_is_good_to_the_end_of_the_month_on_it(year: int, month: int, reason: str) -> None:
    assert read_card(card(year=year, month=month), TODAY).refuses == reason


@pytest.mark.parametrize(
    ("number", "cvv", "reason"),
    [("4242424242424242", "1234", "wrong_cvv"), ("378282246310005", "123", "wrong_cvv"), ("378282246310005", "0123", "")],
)
def test_only_american_express_prints_four_digits(number: str, cvv: str, reason: str) -> None:
    assert read_card(card(number, cvv), TODAY).refuses == reason


def test_a_card_never_shows_itself() -> None:
    presented = card()
    assert "4242" not in repr(presented)
    assert "4242424242" not in repr(read_card(presented, TODAY))


def test_tricks_stand_on_one_kind_of_operation_each() -> None:
    faulty = {number[-4:]: trick.on for number, trick in TRICKS.items() if trick.fault is not None}
    assert faulty == {
        "0267": OperationKind.AUTHORIZE, "0259": OperationKind.CAPTURE, "0275": OperationKind.REFUND, "0341": OperationKind.AUTHORIZE,
    }  # fmt: skip
