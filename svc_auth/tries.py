"""Limits on tries within a minute, told in this service's words."""

from contracts.auth import TooManyTries
from mallkit import tries


class Window(tries.Window):
    """`ports.Tries` over the last minute."""

    def __init__(self, limit: int, told: str) -> None:
        super().__init__(limit, lambda seconds: TooManyTries(told, retry_after=seconds))
