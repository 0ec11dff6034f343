"""How long the present request may still take; handed on from service to service."""

import time
from contextvars import ContextVar

HEADER = "Mall-Deadline-Ms"
_ends: ContextVar[float] = ContextVar("ends", default=0.0)


def start(header: str | None, most: float) -> None:
    """From the caller's header (milliseconds left), at most `most` seconds."""
    seconds = most
    if header is not None and header.isascii() and header.isdigit() and len(header) <= 9:  # noqa: PLR2004  # nine digits are eleven days
        seconds = min(most, int(header) / 1000)
    _ends.set(time.monotonic() + seconds)


def left(most: float) -> float:
    """Seconds left, at most `most`; outside a request, `most`."""
    ends = _ends.get()
    return min(most, ends - time.monotonic()) if ends else most


def lift() -> None:
    """For work that goes on in the background after the answer."""
    _ends.set(0.0)
