"""From profiles to what the contract shows."""

from contracts import user
from svc_user.domain import Profile


def profile(kept: Profile) -> user.Profile:
    """Everything that its owner may see: all of it."""
    return user.Profile(
        user_id=kept.id,
        email=kept.email,
        name=kept.name,
        phone=kept.phone,
        locale=kept.locale,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
    )
