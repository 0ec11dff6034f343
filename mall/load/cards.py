"""The cards that shoppers pay with: test numbers all of them, distinct for a seed, so that they can be searched afterwards."""

import random
from dataclasses import dataclass
from typing import Any

from sandbox_bank.domain.card import GOOD, TRICKS, brand_of, has_check_digit

REFUSED = ("4000000000000002", "4000000000009995", "4000000000000069", "4000000000000127", "4000000000000374")
"""What the sandbox bank declines: at the authorization, the last one at the capture."""
LOST = ("4000000000000267", "4000000000000259")
"""Whose answer gets lost after the bank has done it."""
CHALLENGED = ("4000002760003184", "4000008400001629")
"""Whose holder is asked first; the yes of the last one does not help."""
LATE = "4000000000000341"
MADE = 12
"""Numbers made for a seed, besides the documented ones."""
PREFIXES = ("4539", "4716", "5204", "5412", "2221", "3714", "6011")
LENGTHS = {"amex": 15}


@dataclass(frozen=True, repr=False)
class Card:
    """As embossed."""

    number: str
    cvv: str
    year: int = 2031
    month: int = 12

    def __repr__(self) -> str:
        return "Card(…)"

    def wire(self) -> dict[str, Any]:
        """As a checkout takes it."""
        return {
            "credit_card_number": self.number,
            "credit_card_cvv": self.cvv,
            "credit_card_expiration_year": self.year,
            "credit_card_expiration_month": self.month,
        }


class Wallet:
    """Every card of a seed."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(f"wallet:{seed}")
        numbers = [*GOOD, *(_number(dice) for _ in range(MADE))]
        self.good = [_card(number, dice) for number in numbers]
        self.refused = [_card(number, dice) for number in REFUSED]
        self.lost = [_card(number, dice) for number in LOST]
        self.late = _card(LATE, dice)
        self.challenged = [_card(number, dice) for number in CHALLENGED]

    @property
    def cards(self) -> list[Card]:
        """All, those that are refused too."""
        return [*self.good, *self.refused, *self.lost, *self.challenged, self.late]


def _card(number: str, dice: random.Random) -> Card:
    digits = 4 if brand_of(number) == "amex" else 3
    return Card(number, "".join(str(dice.randrange(10)) for _ in range(digits)))


def _number(dice: random.Random) -> str:
    """A number of a known brand whose check digit is right, and that plays no trick."""
    while True:
        start = dice.choice(PREFIXES)
        length = LENGTHS.get(brand_of(start), 16)
        body = start + "".join(str(dice.randrange(10)) for _ in range(length - len(start) - 1))
        number = next(body + str(digit) for digit in range(10) if has_check_digit(body + str(digit)))
        if number not in TRICKS:
            return number
