"""Settings of the user service."""

from typing import Annotated

from msgspec import Meta

from mallkit.settings import Common


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`closing_seconds`: how often the job asks auth again to close the accounts whose profiles were deleted while it was away."""

    port: int = 8001
    closing_seconds: Annotated[float, Meta(gt=0)] = 3.0
