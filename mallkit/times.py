"""Points in time: seconds since 1970 inside, RFC 3339 in UTC on the wire."""

from datetime import UTC, datetime

NEVER = 32503680000.0
"""The year 3000: a time that does not come."""
APART = 5.0
"""Seconds by which the clocks of two copies may differ."""


def has_come(moment: float, now: float, longest: float) -> bool:
    """Whether a time that was set at most `longest` seconds ahead is over. NEVER does not come.

    One that lies further ahead was set by a clock that was wrong: waiting for it could take an hour, so it counts as over.
    """
    return moment <= now or now + longest + APART < moment < NEVER


def rfc3339(seconds: float) -> str:
    """`2026-11-21T08:04:14.250Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(moment: datetime) -> float:
    """Seconds since 1970, for a moment from the wire; one before 1970 or after the year 3000 counts as that."""
    return min(max(moment.timestamp(), 0.0), NEVER)
