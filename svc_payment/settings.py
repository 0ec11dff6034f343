"""Settings of the payment service."""

from typing import Annotated

from msgspec import Meta

from mallkit.settings import Common, Secret


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds: `answer_seconds` until a charge without an outcome is answered with 504, `attempt_seconds` until an attempt
    that took no money is voided, `settle_seconds` between the job's rounds.
    """

    bank_key: Secret
    port: int = 8005
    answer_seconds: float = 13.0
    attempt_seconds: float = 30.0
    settle_seconds: float = 1.0
    webhook_secret: Secret
    """The bank signs with it what it tells."""
    webhook_tolerance_seconds: Annotated[float, Meta(gt=0)] = 300.0
    """How far the time of a webhook may be from ours."""
