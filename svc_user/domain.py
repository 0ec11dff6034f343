"""The life of a profile with its addresses: made on the first look, changed by its owner, and at the end a tombstone. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from contracts.user import MOST_ADDRESSES, TooManyAddresses
from mallkit.errors import Missing
from mallkit.times import NEVER

KEEPERS = ("auth", "checkout", "cart", "order", "payment", "user")
"""Who keeps something about persons. A checkout seals the cart and places the order, which is then paid: what one of them has forgotten,
whoever stands before it may give it anew. So one has forgotten for good only if all before it had when it was asked."""
LONGEST_WAIT = 3600.0
"""Seconds between two rounds: an order may take weeks until nobody needs its buyer any more."""
REMEMBERED = 50
"""Addresses that were removed, the newest ones: the request that added one may come again."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where things may go; its id is the command that added it. Times are RFC 3339 in UTC."""

    id: str
    label: str
    firstname: str
    lastname: str
    street_address: str
    city: str
    state: str
    country: str
    zip_code: str
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as the mall knows them; its id is the user id. Times are RFC 3339 in UTC.

    `default_address` is the id of one of the addresses while there is any: of two that ask to be the default, the later one is.

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
    """Not everybody has forgotten the person yet."""
    owes: tuple[str, ...] = ()
    """Who has not, in the order of KEEPERS."""
    buried: float = 0.0
    """When its owner left, in seconds since 1970, as the two that follow."""
    closed: float = 0.0
    """When auth had closed the account."""
    due: float = 0.0
    """When the keepers are asked the next time."""
    addresses: tuple[Address, ...] = ()
    default_address: str = ""
    removed: tuple[str, ...] = ()

    def address(self, address_id: str) -> Address:
        """By its id. Raises Missing."""
        for address in present(self).addresses:
            if address.id == address_id:
                return address
        raise Missing("there is no such address")


def present(profile: Profile) -> Profile:
    """The profile itself. Raises Missing for a tombstone."""
    if profile.gone:
        raise Missing
    return profile


def change(profile: Profile, wanted: dict[str, Any], now: str) -> Profile:
    """With the wanted fields; the very same profile if they say nothing new. Raises Missing for a tombstone."""
    news = {name: value for name, value in wanted.items() if getattr(present(profile), name) != value}
    return replace(profile, **news, updated_at=now) if news else present(profile)


def add_address(profile: Profile, address: Address, *, default: bool) -> Profile:
    """With the address; the same id again changes nothing, and the first one is the default.

    Raises TooManyAddresses, and Missing for a tombstone or an id whose address was removed since.
    """
    if any(kept.id == address.id for kept in present(profile).addresses):
        return profile
    if address.id in profile.removed:
        raise Missing("this address was removed")
    if len(profile.addresses) >= MOST_ADDRESSES:
        raise TooManyAddresses(most=MOST_ADDRESSES)
    chosen = address.id if default or not profile.addresses else profile.default_address
    return replace(profile, addresses=(*profile.addresses, address), default_address=chosen)


def change_address(profile: Profile, address: Address, *, default: bool) -> Profile:
    """With the address in the place of the one that has its id. Raises Missing."""
    before = profile.address(address.id)
    chosen = address.id if default else profile.default_address
    if replace(address, created_at=before.created_at, updated_at=before.updated_at) == before:
        return profile if chosen == profile.default_address else replace(profile, default_address=chosen)
    after = replace(address, created_at=before.created_at)
    changed = tuple(after if kept is before else kept for kept in profile.addresses)
    return replace(profile, addresses=changed, default_address=chosen)


def remove_address(profile: Profile, address_id: str) -> Profile:
    """Without the address; if it was the default, the newest of the others is it from now on. Raises Missing."""
    gone = profile.address(address_id)
    left = tuple(kept for kept in profile.addresses if kept is not gone)
    chosen = profile.default_address
    if chosen == address_id:
        chosen = left[-1].id if left else ""
    return replace(profile, addresses=left, default_address=chosen, removed=(*profile.removed, address_id)[-REMEMBERED:])


def bury(profile: Profile, now: float) -> Profile:
    """The tombstone, whom everybody still has to forget; one that is there already stays as it is."""
    return profile if profile.gone else Profile(profile.id, gone=True, closing=True, owes=KEEPERS, buried=now, due=now + 1)


def forgotten(tombstone: Profile, by: Collection[str], asked: float, straggling: float) -> Profile:
    """After a round that began at `asked`, in which these had forgotten the person.

    But for auth, that counts only `straggling` seconds after the account was closed: until then a request that was let in before may
    still be writing.
    """
    left, closed = list(tombstone.owes), tombstone.closed
    while left and left[0] in by and (left[0] == "auth" or asked >= closed + straggling):
        if left.pop(0) == "auth":
            closed = asked
    pause = min(max((asked - tombstone.buried) / 2, 1.0), LONGEST_WAIT)
    return replace(tombstone, owes=tuple(left), closing=bool(left), closed=closed, due=asked + pause if left else NEVER)
