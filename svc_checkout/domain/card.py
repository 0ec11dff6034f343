"""Which cards no bank can accept: told before anything is begun. The payment service, which knows the brands, looks closer. Pure."""

from contracts.checkout_types import CreditCard
from contracts.payment import CardInvalid

SHORTEST, LONGEST = 12, 19
DECEMBER = 12
CVV_DIGITS = frozenset({3, 4})


def check(card: CreditCard, today: tuple[int, int]) -> None:
    """`today` is (year, month). Raises CardInvalid, naming the field but never its value."""
    digits = card.credit_card_number.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and SHORTEST <= len(digits) <= LONGEST and _has_check_digit(digits)):
        raise CardInvalid("the card number is not valid", field="credit_card_number")
    cvv = card.credit_card_cvv
    code = f"{cvv:03}" if isinstance(cvv, int) else cvv  # a number has lost its leading zeros
    if not (code.isascii() and code.isdigit() and len(code) in CVV_DIGITS):
        raise CardInvalid("the CVV of a card has 3 or 4 digits", field="credit_card_cvv")
    if not 1 <= card.credit_card_expiration_month <= DECEMBER:
        raise CardInvalid("the expiry month is 1 to 12", field="credit_card_expiration_month")
    if (card.credit_card_expiration_year, card.credit_card_expiration_month) < today:
        raise CardInvalid("the card has expired", field="credit_card_expiration_year")


def _has_check_digit(digits: str) -> bool:
    """ISO/IEC 7812-1."""
    return sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(digits))) % 10 == 0
