"""New ids: UUIDv7 texts that sort by the time they were made."""

import os
import threading
import time

_lock = threading.Lock()
_last = 0
"""Milliseconds and a 12-bit counter of the newest id."""


def new_id() -> str:
    """36 characters, greater than every id this process made before, from any thread."""
    global _last  # noqa: PLW0603 - the one thing that makes ids monotonic
    now = time.time_ns() // 1_000_000 << 12
    with _lock:
        _last = head = max(now, _last + 1)
    tail = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    text = f"{head >> 12:012x}7{head & 0xFFF:03x}{tail:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
