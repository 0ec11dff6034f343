"""Sums shared out to the last minor unit. Pure."""

from collections.abc import Sequence

WHOLE = 10_000
"""Basis points (hundredths of a percent)."""


def rounded(over: int, under: int) -> int:
    """A fraction of nothing or more, half up."""
    return (2 * over + under) // (2 * under)


def shared(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """The total in parts that are in proportion to the weights and add up to it: by largest remainder, of equal ones the earlier first.

    A part is nothing where its weight is, and no part is above its weight while the total is not above the sum of the weights.
    """
    whole = sum(weights)
    if not whole:
        return (0,) * len(weights)
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    if left:
        by_remainder = sorted(range(len(weights)), key=lambda at: -(total * weights[at] % whole))
        for at in by_remainder[:left]:
            parts[at] += 1
    return tuple(parts)
