"""What a card may do: the documented test cards, and what is judged of any other. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.bank import OperationKind


class Reason(StrEnum):
    """Why an operation was declined; NONE when it was approved."""

    NONE = ""
    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    WRONG_CVV = "wrong_cvv"
    AUTHENTICATION_FAILED = "authentication_failed"
    REQUIRES_ACTION = "requires_action"
    VOIDED = "voided"
    CAPTURED = "captured"
    TOO_MUCH = "too_much"
    UNKNOWN = "unknown"


class Fault(StrEnum):
    """How the bank answers an operation that it has just done and stored. Later answers under the same key come at once."""

    LOSE = "lose"
    """The connection is closed without an answer."""
    DELAY = "delay"
    """The answer comes `slow_seconds` later."""


@dataclass(frozen=True)
class Trick:
    """What a test card does at one kind of operation. `challenge`: the buyer is asked first, and `refuses` is what comes of a yes."""

    on: OperationKind
    refuses: Reason = Reason.NONE
    fault: Fault | None = None
    challenge: bool = False


GOOD = (
    "4242424242424242", "4000056655665556", "5555555555554444", "2223003122003222", "378282246310005",
    "6011111111111117", "3566002020360505", "3056930009020004", "6200000000000005",
)  # fmt: skip
"""Documented, and as good as any other number whose check digit is right."""

TRICKS: dict[str, Trick] = {
    "4000000000000002": Trick(OperationKind.AUTHORIZE, refuses=Reason.DECLINED),
    "4000000000009995": Trick(OperationKind.AUTHORIZE, refuses=Reason.INSUFFICIENT_FUNDS),
    "4000000000000069": Trick(OperationKind.AUTHORIZE, refuses=Reason.EXPIRED_CARD),
    "4000000000000127": Trick(OperationKind.AUTHORIZE, refuses=Reason.WRONG_CVV),
    "4000000000000374": Trick(OperationKind.CAPTURE, refuses=Reason.DECLINED),
    "4000000000000382": Trick(OperationKind.REFUND, refuses=Reason.DECLINED),
    "4000000000000267": Trick(OperationKind.AUTHORIZE, fault=Fault.LOSE),
    "4000000000000259": Trick(OperationKind.CAPTURE, fault=Fault.LOSE),
    "4000000000000275": Trick(OperationKind.REFUND, fault=Fault.LOSE),
    "4000000000000341": Trick(OperationKind.AUTHORIZE, fault=Fault.DELAY),
    "4000002760003184": Trick(OperationKind.AUTHORIZE, challenge=True),
    "4000008400001629": Trick(OperationKind.AUTHORIZE, refuses=Reason.AUTHENTICATION_FAILED, challenge=True),
}
"""Number → trick; docs/sandbox-bank.md is the same table in words."""

BRANDS: tuple[tuple[int, int, str], ...] = (
    (4, 4, "visa"), (51, 55, "mastercard"), (2221, 2720, "mastercard"), (34, 34, "amex"), (37, 37, "amex"),
    (6011, 6011, "discover"), (644, 649, "discover"), (65, 65, "discover"), (3528, 3589, "jcb"),
    (300, 305, "diners"), (36, 36, "diners"), (38, 39, "diners"), (62, 62, "unionpay"),
)  # fmt: skip
"""First digits from, to, and whose cards they are."""


@dataclass(frozen=True)
class Plastic:
    """What is kept of a card, and what it does."""

    brand: str = ""
    last4: str = ""
    refuses: Reason = Reason.NONE
    trick: Trick | None = None

    @property
    def is_challenged(self) -> bool:
        """Whether its holder is asked before anything is reserved."""
        return self.trick is not None and self.trick.challenge


UNSEEN = Plastic()
"""Of an authorization whose card has not been shown yet."""


@dataclass(frozen=True, repr=False)
class Embossed:
    """A card as presented; lives only for the call."""

    number: str
    cvv: str
    year: int
    month: int

    def __repr__(self) -> str:
        return "Embossed(…)"


def read_card(card: Embossed, today: tuple[int, int]) -> Plastic:
    """Judges a card in the month `today` (year, month); a card is good to the end of the month on it."""
    brand, trick = brand_of(card.number), TRICKS.get(card.number)
    refuses = trick.refuses if trick is not None and trick.on is OperationKind.AUTHORIZE and not trick.challenge else Reason.NONE
    if len(card.cvv) != (4 if brand == "amex" else 3):
        refuses = Reason.WRONG_CVV
    if (card.year, card.month) < today:
        refuses = Reason.EXPIRED_CARD
    if not has_check_digit(card.number):
        refuses = Reason.DECLINED
    return Plastic(brand, card.number[-4:], refuses, trick)


def brand_of(number: str) -> str:
    """The brand by the first digits; "card" for one we do not know."""
    return next((brand for low, high, brand in BRANDS if low <= int(number[: len(str(low))]) <= high), "card")


def has_check_digit(number: str) -> bool:
    """Luhn: what tells a card number from a slip of the finger."""
    return sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(number))) % 10 == 0
