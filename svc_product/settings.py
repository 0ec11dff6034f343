"""What svc_product is told."""

from mallkit.settings import Common


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Its own port by default."""

    port: int = 8003
