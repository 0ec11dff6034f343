"""What the gateway is told besides what every service is told; times in seconds."""

from mallkit.settings import Common


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The services' addresses are `neighbours`: a service without one is answered for with 503."""

    port: int = 8080
    answer_seconds: float = 20.0
    """How long a service may take; sent on to it as its deadline."""
    body_seconds: float = 20.0
    """How long a client may take to send its body."""
    retry_seconds: float = 1.0
    """How long a service that is away is tried again, so that its restart is hardly seen."""
