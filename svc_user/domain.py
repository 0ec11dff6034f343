"""The life of a profile: made on the first look, changed by its owner, and at the end a tombstone. Pure: no clock, no I/O, no framework."""

from dataclasses import dataclass, replace
from typing import Any

from mallkit.errors import Missing


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as the mall knows them; its id is the user id. Times are RFC 3339 in UTC.

    A tombstone is `gone` and holds nothing of the person: it stays for ever, so that no late answer of auth brings the profile back.
    """

    id: str
    email: str = ""
    name: str = ""
    phone: str = ""
    locale: str = ""
    created_at: str = ""
    updated_at: str = ""
    gone: bool = False
    closing: bool = False
    """Auth has not confirmed yet that the account is closed."""


def present(profile: Profile) -> Profile:
    """The profile itself. Raises Missing for a tombstone."""
    if profile.gone:
        raise Missing
    return profile


def change(profile: Profile, wanted: dict[str, Any], now: str) -> Profile:
    """With the wanted fields; the very same profile if they say nothing new. Raises Missing for a tombstone."""
    news = {name: value for name, value in wanted.items() if getattr(present(profile), name) != value}
    return replace(profile, **news, updated_at=now) if news else present(profile)


def bury(profile: Profile) -> Profile:
    """The tombstone, still to be told to auth; one that is there already stays as it is."""
    return profile if profile.gone else Profile(profile.id, gone=True, closing=True)


def closed(tombstone: Profile) -> Profile:
    """Auth has confirmed."""
    return replace(tombstone, closing=False) if tombstone.closing else tombstone
