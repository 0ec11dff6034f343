"""Names and texts of products as a shop has them: words by Zipf's law, Chinese names, and words whose share is known."""

import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, product

COMMON, OTHER_COMMON, ALSO_COMMON = "organic", "limited", "cotton"
"""In one product of ten each: the first two never together, the first and the third in one of a hundred."""
MIDDLE = "harbour"
"""In one product of two hundred; the first common word is always beside it."""
RARE = "zyzzyva"
RARE_PRODUCTS = 5
"""However many products there are."""
CHINESE = "龙井"
"""In one product of a hundred."""
CATEGORIES = tuple(f"category-{number:03}" for number in range(200))
VOCABULARY = 20_000
IN_A_NAME, IN_A_TEXT = 3, 12
_STARTS = ("b", "br", "c", "ch", "d", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr", "v", "w")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "oo")
_ENDS = ("n", "r", "s", "t", "l", "m", "nd", "st", "ck", "")


def share_words(number: int, size: int) -> list[str]:
    """The words of known share in product `number` of `size`."""
    found = []
    if number % 10 == 3:  # noqa: PLR2004 - any remainder will do
        found.append(COMMON)
    if number % 10 == 7:  # noqa: PLR2004 - another one
        found.append(OTHER_COMMON)
    if number // 10 % 10 == 4:  # noqa: PLR2004 - of the tens: beside the others
        found.append(ALSO_COMMON)
    if number % 200 == 13:  # noqa: PLR2004 - a common one too
        found.append(MIDDLE)
    if number % (size // RARE_PRODUCTS) == size // RARE_PRODUCTS // 2:
        found.append(RARE)
    return found


@dataclass(frozen=True)
class Words:
    """A vocabulary, most frequent words first, with their summed frequencies."""

    words: Sequence[str]
    sums: Sequence[float]
    signs: Sequence[str]

    @classmethod
    def made(cls, chance: random.Random) -> "Words":
        """The same words for the same chance."""
        syllables = ["".join(parts) for parts in product(_STARTS, _VOWELS, _ENDS)]
        found: dict[str, None] = {}
        while len(found) < VOCABULARY:
            found["".join(chance.choices(syllables, k=chance.choice((1, 2, 2, 3))))] = None
        sums = list(accumulate(1 / (rank + 10) for rank in range(VOCABULARY)))
        signs = [chr(0x4E00 + place) for place in chance.sample(range(3000), 600)]
        return cls(list(found), sums, signs)

    def some(self, chance: random.Random, count: int) -> list[str]:
        """Frequent ones more often."""
        whole = self.sums[-1]
        return [self.words[bisect(self.sums, chance.random() * whole, hi=VOCABULARY - 1)] for _ in range(count)]

    def chinese(self, chance: random.Random, number: int) -> str:
        """A name of three or four characters."""
        signs = self.signs
        made = [signs[int(len(signs) * chance.random() ** 2)] for _ in range(chance.choice((3, 4)))]
        return CHINESE + made[0] if number % 100 == 5 else "".join(made)  # noqa: PLR2004 - any remainder will do
