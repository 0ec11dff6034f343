"""Logs: one JSON line an event on stdout, with service and trace id; whatever looks like a secret or a card is taken out on the way."""

import logging
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from mallkit import tracing

REDACTED: Final = "[redacted]"
STDOUT: Final = 1
"""Lines go straight to the file descriptor: nothing is left in a buffer when the process is killed."""

SECRET_WORDS: Final = frozenset({
    "authorization", "card", "cookie", "cvc", "cvv", "email", "pan", "passwd", "password", "secret", "token", "tokens",
})  # fmt: skip
"""A field one of whose words is here loses its value: `credit_card_number`, `accessToken`, `Set-Cookie`."""

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_DIGITS = re.compile(r"(?<!\d)(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5})(?!\d)")
"""Runs as long as card numbers, plain or in the groups that cards show."""
_CARD_INTEGERS = range(2 * 10**12, 10**19)
"""Below are counters, sizes and times in milliseconds."""
_SHORTEST = 13
_DEEPEST = 6
_PLAIN = (float, Decimal, datetime, timedelta, UUID, type(None))

_is_secret: dict[str, bool] = {}
_encoder = msgspec.json.Encoder(decimal_format="number")


def configure(service: str, level: str) -> None:
    """Logs of this process from `level` (debug, info, warning, error) up; libraries' own logs from warning up, in the same form.

    Raises ValueError for a level that is none.
    """
    threshold = logging.getLevelNamesMapping().get(level.upper())
    if threshold is None:
        message = f"{level!r} is not a log level"
        raise ValueError(message)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, redact, _stamp(service), _to_line],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=_Lines,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.setLevel(max(threshold, logging.WARNING))
    if not any(isinstance(handler, _Libraries) for handler in root.handlers):
        root.addHandler(_Libraries())


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The last line of defence: nobody should log such values in the first place."""
    return {key: REDACTED if _secret(key) else _clean(value, _DEEPEST) for key, value in event.items()}


def _secret(key: str) -> bool:
    known = _is_secret.get(key)
    if known is None:
        known = any(word.lower() in SECRET_WORDS for word in _WORDS.findall(key))
        if len(_is_secret) < 10_000:  # noqa: PLR2004 (keys come from our own code; this only bounds a mistake)
            _is_secret[key] = known
    return known


def _clean(value: object, depth: int) -> object:
    """Plain values without card numbers; of an object, whose fields could be anything, only the type's name."""
    if isinstance(value, str):
        return value if len(value) < _SHORTEST else _DIGITS.sub(_unless_card, value)
    if isinstance(value, int):
        return REDACTED if abs(value) in _CARD_INTEGERS and _is_card(str(abs(value))) else value
    if isinstance(value, Mapping) and depth:
        return {str(key): REDACTED if _secret(str(key)) else _clean(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)) and depth:
        return [_clean(inner, depth - 1) for inner in value]
    return value if isinstance(value, _PLAIN) else f"<{type(value).__qualname__}>"


def _unless_card(found: re.Match[str]) -> str:
    return REDACTED if _is_card(re.sub("[ -]", "", found[0])) else found[0]


def _is_card(digits: str) -> bool:
    """By Luhn's check digit."""
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(digit), 10)) for digit in even)) % 10 == 0


def _stamp(service: str) -> Processor:
    def stamp(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Written after the redaction, which must not touch them, and first in the line."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = {"time": now, "level": method, "event": event.pop("event", ""), "service": service}
        trace_id = tracing.current_trace_id()
        if trace_id:
            head["trace_id"] = trace_id
        return {**event, **head} if event.keys() & head.keys() else {**head, **event}

    return stamp


def _to_line(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    try:
        return _encoder.encode(event)
    except (UnicodeEncodeError, OverflowError):
        # A lone surrogate from a client's bytes, or an integer of hundreds of digits, must not fail the request.
        return _encoder.encode({key: repr(value).encode("ascii", "backslashreplace").decode() for key, value in event.items()})


class _Lines:
    """Writes finished lines; a reader that went away is no reason to fail a request."""

    def __init__(self, *_: object) -> None:
        pass

    def msg(self, line: bytes) -> None:
        rest = memoryview(line + b"\n")
        try:
            while rest:
                rest = rest[os.write(STDOUT, rest) :]
        except OSError:
            return

    debug = info = warning = warn = error = critical = fatal = exception = log = msg


class _Libraries(logging.Handler):
    """What libraries say through the standard library's logging."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "critical" if record.levelno >= logging.CRITICAL else "error" if record.levelno >= logging.ERROR else "warning"
        facts: dict[str, object] = {"logger": record.name, "message": _message_of(record)}
        if record.exc_info and record.exc_info[0] is not None:
            facts["exc_info"] = record.exc_info
        getattr(structlog.get_logger(), level)("library.warned", **facts)


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)  # its arguments do not fit its text, and that must not fail who logs it
