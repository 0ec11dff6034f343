"""Values that are wrong wherever they stand, and how a table of bad values is written."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Raw:
    """A number as no JSON library would write it."""

    text: str


@dataclass(frozen=True)
class But:
    """A value that the schema takes and a rule refuses."""

    value: Any
    status: int
    kind: str


class Absent:
    """The field is left out."""


Values = tuple[Any, ...]
NUMBERS: Values = (Raw("1e999999999"), Raw("-1e999999999"), Raw("1e-999999999"), Raw("NaN"), Raw("Infinity"), Raw("9" * 5000))
MONEY: Values = (-0.01, 1.999, 10**15, "1.00", None, True, [], *NUMBERS)
COUNT: Values = (-1, 1.5, 10**30, "2", None, True, *NUMBERS)
TEXT: Values = (5, None, [], {}, True)
IDS: Values = ("", "a b", "x" * 65, "a\0b", "a\n", "../a", 1.5, None, [], {})
TITLES: Values = ("", "x" * 301, "a\0b", "\x1b[31m", *TEXT)
