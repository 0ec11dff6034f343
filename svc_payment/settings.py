"""Settings of the payment service."""

from typing import Annotated

import msgspec
from msgspec import Meta

from mallkit.endpoint import END
from mallkit.settings import Common, Secret


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds: `answer_seconds` until a charge without an outcome is answered with 504, `attempt_seconds` until an attempt
    that took no money is voided, `action_seconds` until one that waits for its buyer is, `settle_seconds` between the job's rounds.
    """

    providers: dict[str, str] = msgspec.field(default_factory=lambda: {"credit_card": "bank"})
    """Payment method → its provider: `credit_card=bank` or `credit_card=stripe`."""
    kept: tuple[str, ...] = ()
    """Providers that take no payment any more, and still end and give back what they took."""
    return_url: Annotated[str, Meta(pattern=rf"^(https?://[!-~]+)?{END}")] = ""
    """Where buyers come back to from a challenge; empty: they are not sent anywhere."""
    bank_key: Secret = ""
    """Shown to the bank; needed where it is a provider."""
    port: int = 8005
    answer_seconds: float = 13.0
    attempt_seconds: float = 30.0
    action_seconds: Annotated[float, Meta(gt=0)] = 600.0
    settle_seconds: float = 1.0
    webhook_secret: Secret = ""
    """The bank signs with it what it tells; needed where it is a provider."""
    stripe_key: Secret = ""
    """The account's secret key; needed where Stripe is a provider, as the next one and `return_url` are."""
    stripe_webhook_secret: Secret = ""
    """Stripe signs with it what it tells."""
    stripe_url: Annotated[str, Meta(pattern=rf"^https?://[!-~]+{END}")] = "https://api.stripe.com"
    """Another one in dev and test only, where it need not be https."""
    webhook_tolerance_seconds: Annotated[float, Meta(gt=0)] = 300.0
    """How far the time of a webhook may be from ours."""
