"""Points in time: seconds since 1970 inside, RFC 3339 in UTC on the wire."""

from datetime import UTC, datetime


def rfc3339(seconds: float) -> str:
    """`2026-11-21T08:04:14.250Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
