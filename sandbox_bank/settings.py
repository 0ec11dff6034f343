"""What the sandbox bank is told at its start."""

from typing import Annotated

from msgspec import Meta

from mallkit.endpoint import END
from mallkit.settings import DRILLED, Common, Secret


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MALL_BANK_* in the environment."""

    port: int = 8090
    api_key: Secret
    """What callers show as X-Api-Key."""
    slow_seconds: float = 10.0
    """How late the card that answers late is answered."""
    webhook_secret: Secret
    """Signs what is told; the merchant has the same."""
    webhook_url: Annotated[str, Meta(pattern=rf"^(https?://[!-~]+)?{END}")] = ""
    """Where every operation's final word is told; empty: nowhere."""
    public_url: Annotated[str, Meta(pattern=rf"^(https?://[!-~]+)?{END}")] = ""
    """Under which buyers find the bank's challenges; empty: their addresses are paths."""
    return_urls: tuple[str, ...] = ()
    """Where the merchant may have buyers sent after a challenge; to no other address is anybody ever sent."""
    stripe_key: Secret = ""
    """Opens the doors under /stripe, where the bank speaks as Stripe does; empty, and there are none. In dev and test only."""
    stripe_webhook_secret: Secret = ""
    """Signs what is told in Stripe's words."""
    stripe_webhook_url: Annotated[str, Meta(pattern=rf"^(https?://[!-~]+)?{END}")] = ""
    """Where that is told; empty: nowhere."""
    webhook_seconds: Annotated[float, Meta(gt=0)] = 1.0
    """How old an operation is when it is told, and how often the bank looks for such."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stripe_key and self.env not in DRILLED:
            message = f"stripe_key: the bank does not pretend to be Stripe in {self.env}"
            raise ValueError(message)
