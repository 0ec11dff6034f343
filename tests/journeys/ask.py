"""What a table of right requests is made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.journeys.world import World

Json = Any


@dataclass(frozen=True)
class Ask:
    """A request; `token` only where it must be another than the caller's own."""

    path: str
    body: Json = None
    headers: dict[str, str] = field(default_factory=dict)
    token: str = ""


@dataclass(frozen=True)
class Asker:
    """Who asks: a name for it, the token, and the user id that goes with it."""

    role: str
    token: str
    user_id: str


Make = Callable[[World, Asker, str], Ask]
"""Builds the request for a path template: it names the shopper's things, whoever asks."""
