"""What the sandbox bank is told at its start."""

from mallkit.settings import Common, Secret


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MALL_BANK_* in the environment."""

    port: int = 8090
    api_key: Secret
    """What callers show as X-Api-Key."""
    slow_seconds: float = 10.0
    """How late the card that answers late is answered."""
