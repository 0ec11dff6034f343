"""What a card must look like before a bank is asked. Pure: the clock comes in as year and month."""

from dataclasses import dataclass

from contracts.payment import CardInvalid

SHORTEST, LONGEST = 12, 19
TOP_DIGIT = 9
DECEMBER = 12
FARTHEST_YEARS = 50


@dataclass(frozen=True)
class Brand:
    """Which numbers a brand gives out, and how long its CVV is. `prefixes` are ranges of leading digits, both ends included."""

    name: str
    prefixes: tuple[tuple[int, int], ...]
    lengths: frozenset[int]
    cvv: int = 3


BRANDS = (
    Brand("amex", ((34, 34), (37, 37)), frozenset({15}), cvv=4),
    Brand("diners", ((300, 305), (36, 36), (38, 39)), frozenset(range(14, 20))),
    Brand("jcb", ((3528, 3589),), frozenset(range(16, 20))),
    Brand("mastercard", ((51, 55), (2221, 2720)), frozenset({16})),
    Brand("discover", ((6011, 6011), (644, 649), (65, 65)), frozenset(range(16, 20))),
    Brand("unionpay", ((62, 62), (81, 81)), frozenset(range(16, 20))),
    Brand("visa", ((4, 4),), frozenset({13, 16, 19})),
)
OTHER = Brand("other", (), frozenset(range(SHORTEST, LONGEST + 1)))


@dataclass(frozen=True)
class Card:
    """A card that may be shown to a bank. Lives in memory for one call."""

    number: str
    cvv: str
    year: int
    month: int
    brand: str

    @property
    def label(self) -> str:
        """All that is ever kept: brand and last four."""
        return f"{self.brand} {self.number[-4:]}"

    def __repr__(self) -> str:
        """Never the number."""
        return f"Card({self.label})"


@dataclass(frozen=True)
class Token:
    """What a provider made of a card on its own page: of the card itself the mall sees nothing."""

    value: str

    @property
    def label(self) -> str:
        """All that is ever kept."""
        return "token"

    def __repr__(self) -> str:
        """Never the token."""
        return "Token(…)"


def read(number: str, cvv: str | int, expires: tuple[int, int], today: tuple[int, int]) -> Card:
    """`expires` and `today` are (year, month). Raises CardInvalid, naming the field but never its value."""
    digits = number.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and SHORTEST <= len(digits) <= LONGEST and luhn(digits)):
        raise _invalid("credit_card_number", "the card number is not valid")
    brand = brand_of(digits)
    if len(digits) not in brand.lengths:
        raise _invalid("credit_card_number", "the card number is not valid")
    code = str(cvv).zfill(brand.cvv) if isinstance(cvv, int) else cvv
    if not (code.isascii() and code.isdigit() and len(code) == brand.cvv):
        raise _invalid("credit_card_cvv", f"the CVV of this card has {brand.cvv} digits")
    year, month = expires
    if not 1 <= month <= DECEMBER:
        raise _invalid("credit_card_expiration_month", "the expiry month is 1 to 12")
    if (year, month) < today:
        raise _invalid("credit_card_expiration_year", "the card has expired")
    if year > today[0] + FARTHEST_YEARS:
        raise _invalid("credit_card_expiration_year", "the expiry year is too far away")
    return Card(digits, code, year, month, brand.name)


def brand_of(digits: str) -> Brand:
    """By leading digits; a number of no known brand is `other`."""
    for brand in BRANDS:
        for low, high in brand.prefixes:
            if low <= int(digits[: len(str(low))]) <= high:
                return brand
    return OTHER


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: the check digit of card numbers."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        digit = int(char) * (1 + index % 2)
        total += digit - TOP_DIGIT if digit > TOP_DIGIT else digit
    return total % 10 == 0


def _invalid(field: str, detail: str) -> CardInvalid:
    return CardInvalid(detail, field=field)
