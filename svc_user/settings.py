"""Settings of the user service."""

from typing import Annotated

from msgspec import Meta

from mallkit.settings import Common


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`closing_seconds`: how often the job looks for people who left and whom not everybody has forgotten yet.

    `straggling_seconds`: after the account was closed, a request that was let in before may still be writing for so long. A feed of revoked
    sessions may be silent for 2 s before purchases are refused, and a request may take 15 s.
    """

    port: int = 8001
    closing_seconds: Annotated[float, Meta(gt=0)] = 3.0
    straggling_seconds: Annotated[float, Meta(ge=0)] = 20.0
