"""Settings of the order service."""

from mallkit.settings import Common


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`settle_seconds`: how often the job looks for refunds and stock that cancelled orders still owe."""

    port: int = 8004
    settle_seconds: float = 1.0
