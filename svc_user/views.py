"""From profiles and addresses to what the contract shows."""

from contracts import auth, user
from contracts.checkout_types import Address as Sent
from svc_user.domain import Address, Profile


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


def address(owner: Profile, kept: Address) -> user.AddressView:
    """One of its owner's."""
    return user.AddressView(
        address_id=kept.id,
        label=kept.label,
        firstname=kept.firstname,
        lastname=kept.lastname,
        street_address=kept.street_address,
        city=kept.city,
        state=kept.state,
        country=kept.country,
        zip_code=kept.zip_code,
        default=kept.id == owner.default_address,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
    )


def addresses(owner: Profile) -> user.Addresses:
    """All of them."""
    return user.Addresses(items=[address(owner, kept) for kept in owner.addresses])


def sent(kept: Address) -> Sent:
    """As a checkout would have sent it."""
    return Sent(street_address=kept.street_address, city=kept.city, state=kept.state, country=kept.country, zip_code=kept.zip_code)


def page(people: list[tuple[auth.Account, Profile]], after: str | None) -> user.UserPage:
    """A line for each; the name is the one that its owner gave the profile."""
    lines = [
        user.UserLine(
            user_id=account.user_id,
            email=account.email,
            name=kept.name,
            role=account.role,
            phone=kept.phone,
            locale=kept.locale,
            created_at=account.created_at,
        )
        for account, kept in people
    ]
    return user.UserPage(items=lines, next=after)


def person(role: str, kept: Profile) -> user.UserView:
    """Profile and addresses, or what is left of somebody who has left."""
    return user.UserView(
        user_id=kept.id,
        email=kept.email,
        name=kept.name,
        role=role,
        phone=kept.phone,
        locale=kept.locale,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        addresses=addresses(kept).items,
        closed=kept.gone,
        waiting_for=list(kept.owes),
    )
