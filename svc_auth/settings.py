"""Settings of the auth service."""

from typing import Annotated

from msgspec import Meta

from mallkit.settings import Common, Secret

MAKES_ITS_KEY = ("dev", "test")
Seconds = Annotated[int, Meta(ge=1, le=366 * 86_400)]
Tries = Annotated[int, Meta(ge=1, le=100_000)]


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`refresh_key` and `clients` are needed everywhere, `signing_key` outside dev and test, which make their own under the data folder."""

    port: int = 8000
    refresh_key: Secret
    """HMAC key that refresh tokens are computed with: changing it ends every session."""
    clients: Annotated[dict[str, str], Meta(extra={"secret": True})]
    """Service → its client secret, as `cart=...,order=...`."""
    signing_key: Secret = ""
    """The Ed25519 key that signs: PEM, or the seed's 32 bytes in base64."""
    verifying_keys: list[str] = []
    """Public keys that are published and do not sign, PEM or 32 bytes in base64: the former key until its last token has ended."""
    first_admin_email: str = ""
    """Whose account is opened as an admin's at the start, if there is no admin."""
    first_admin_password: Secret = ""
    """Of that account, until its owner changes it."""
    access_seconds: Seconds = 900
    """Life of an access token, of a service's as well."""
    refresh_seconds: Seconds = 30 * 86_400
    """A session that is not refreshed for so long has ended."""
    grace_seconds: Annotated[float, Meta(ge=0, le=60)] = 10.0
    """How long the last used refresh token may be repeated, for a client that lost the answer."""
    wrong_passwords: Tries = 10
    """A minute, for each account: from all addresses together that it was never entered from, and from each other one."""
    tries_per_address: Tries = 60
    """Registrations, logins, refreshes and changes of a password a minute, for each address."""
    waiting_passwords: Annotated[int, Meta(ge=1, le=10_000)] = 64
    """Passwords that may wait to be hashed; one more is answered 503."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.signing_key and self.env not in MAKES_ITS_KEY:
            message = "MALL_AUTH_SIGNING_KEY is missing: it is a secret that has no default outside dev and test"
            raise ValueError(message)
        if bool(self.first_admin_email) != bool(self.first_admin_password):
            message = "MALL_AUTH_FIRST_ADMIN_EMAIL and MALL_AUTH_FIRST_ADMIN_PASSWORD: give both or neither"
            raise ValueError(message)
