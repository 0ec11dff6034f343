"""What svc_user promises: profiles and addresses of people, what the mall keeps about them, and that it forgets them."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from contracts.auth import Email, Name
from contracts.auth_sessions import PersonsRole
from contracts.checkout import PersonName
from contracts.checkout_types import Address, AddressInvalid
from mallkit.endpoint import (
    DELETE,
    END,
    GET,
    OPERATORS,
    PATCH,
    PEOPLE,
    POST,
    PUT,
    SERVICE,
    Cursor,
    Done,
    Endpoint,
    Id,
    Keyed,
    Limit,
    Nothing,
    Role,
    View,
    Wish,
)
from mallkit.errors import Missing, Refused

MOST_ADDRESSES = 50
Phone = Annotated[str, Meta(max_length=32, pattern=rf"^(\+?[0-9][0-9 ()./-]{{2,30}})?{END}", examples=["+44 20 7946 0000"])]
Locale = Annotated[str, Meta(pattern=rf"^[a-z]{{2}}(-[A-Z]{{2}})?{END}", examples=["en-GB"])]
Label = Annotated[str, Meta(max_length=50, pattern=rf"^[^\x00-\x1f\x7f-\x9f]*{END}", examples=["Home"])]
"""What its owner calls an address."""


class TooManyAddresses(Refused):
    """`most` is how many a person may keep."""

    slug = "user/too-many-addresses"
    title = "There is no room for another address"
    status = 422
    remedy = "Remove an address that is not needed any more."


class Profile(View, frozen=True):
    """A person as the mall knows them."""

    user_id: str
    email: str
    name: str
    phone: str
    locale: str
    created_at: str
    updated_at: str


class Patch(Wish, frozen=True):
    """Only the fields that are sent change."""

    name: Name | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET


class NewAddress(Address, frozen=True):
    """Another address. The first one is the default, and so is one that asks for it; there is always exactly one default."""

    label: Label = ""
    firstname: PersonName | UnsetType = UNSET
    lastname: PersonName | UnsetType = UNSET
    default: bool = False


class ChangedAddress(NewAddress, frozen=True, kw_only=True):
    """Takes the place of the address; what is not sent is empty. `default` false changes no default: another address takes it over."""

    address_id: Id


class AddressOf(Wish, frozen=True):
    """Names an address."""

    address_id: Id


class AddressView(View, frozen=True):
    """As it stands on a label: `country` is its ISO 3166-1 code. Times are RFC 3339."""

    address_id: str
    label: str
    firstname: str
    lastname: str
    street_address: str
    city: str
    state: str
    country: str
    zip_code: str
    default: bool
    created_at: str
    updated_at: str


class Addresses(View, frozen=True):
    """Oldest first; at most 50."""

    items: list[AddressView]


class UsersOf(Wish, frozen=True):
    """A page of people, narrowed by role, or by the whole e-mail address in any case."""

    after: Cursor | UnsetType = UNSET
    limit: Limit = 50
    email: Email | UnsetType = UNSET
    role: PersonsRole | UnsetType = UNSET


class UserLine(View, frozen=True):
    """Who has an account; phone and locale are empty until their owner says them."""

    user_id: str
    email: str
    name: str
    role: Role
    phone: str
    locale: str
    created_at: str


class UserPage(View, frozen=True):
    """Newest first. A page may be shorter than asked for, and is the last one only without `next`."""

    items: list[UserLine]
    next: str | None


class UserOf(Wish, frozen=True):
    """Names a person."""

    user_id: Id


class UserView(View, frozen=True):
    """A person with addresses. Of a closed account only the id is left; `waiting_for` names the services that have not forgotten yet."""

    user_id: str
    email: str
    name: str
    role: str
    phone: str
    locale: str
    created_at: str
    updated_at: str
    addresses: list[AddressView]
    closed: bool
    waiting_for: list[str]


class Export(View, frozen=True):
    """All that the mall keeps about a person: by service, and as each service keeps it; sums are in minor units of the currency.

    After an account was closed, carts, checkouts, orders and payments keep the user id, which leads to nobody any more.
    """

    user_id: str
    exported_at: str
    services: dict[str, dict[str, Any]]


class DefaultOf(Wish, frozen=True):
    """Whose default address."""

    user_id: Id


class DefaultAddress(View, frozen=True):
    """Where things go when nothing else is said."""

    address: Address


me = Endpoint(method=GET, path="/api/v1/users/me", takes=Nothing, gives=Profile, may=PEOPLE, refuses=(Missing,), summary="My profile")
change_me = Endpoint(
    method=PATCH, path="/api/v1/users/me", takes=Patch, gives=Profile, may=PEOPLE, refuses=(Missing,), summary="Change my profile",
)  # fmt: skip
delete_me = Endpoint(
    method=DELETE, path="/api/v1/users/me", takes=Nothing, gives=Done, may=PEOPLE, status=204, refuses=(Missing,), idempotent=True,
    summary="Close my account, and have everything about me forgotten as soon as nothing needs it any more",
)  # fmt: skip
addresses = Endpoint(
    method=GET, path="/api/v1/users/me/addresses", takes=Nothing, gives=Addresses, may=PEOPLE, refuses=(Missing,), summary="My addresses",
)  # fmt: skip
add_address = Endpoint(
    method=POST, path="/api/v1/users/me/addresses", takes=NewAddress, gives=AddressView, may=PEOPLE, status=201, keyed=Keyed.OPTIONAL,
    refuses=(Missing, AddressInvalid, TooManyAddresses), summary="Keep another address",
)  # fmt: skip
change_address = Endpoint(
    method=PUT, path="/api/v1/users/me/addresses/{address_id}", takes=ChangedAddress, gives=AddressView, may=PEOPLE, idempotent=True,
    refuses=(Missing, AddressInvalid), summary="Change an address",
)  # fmt: skip
remove_address = Endpoint(
    method=DELETE, path="/api/v1/users/me/addresses/{address_id}", takes=AddressOf, gives=Done, may=PEOPLE, status=204, refuses=(Missing,),
    summary="Remove an address; of the others the newest becomes the default if it was the default",
)  # fmt: skip
export_me = Endpoint(
    method=GET, path="/api/v1/users/me/export", takes=Nothing, gives=Export, may=PEOPLE, refuses=(Missing,),
    summary="Everything that is kept about me",
)  # fmt: skip
users = Endpoint(method=GET, path="/api/v1/users", takes=UsersOf, gives=UserPage, may=OPERATORS, summary="Who has an account")
user = Endpoint(
    method=GET, path="/api/v1/users/{user_id}", takes=UserOf, gives=UserView, may=OPERATORS, refuses=(Missing,), summary="One person",
)  # fmt: skip
export_user = Endpoint(
    method=GET, path="/api/v1/users/{user_id}/export", takes=UserOf, gives=Export, may=OPERATORS, refuses=(Missing,),
    summary="Everything that is kept about a person",
)  # fmt: skip
default_address = Endpoint(
    method=GET, path="/internal/users/{user_id}/default-address", takes=DefaultOf, gives=DefaultAddress, may=(SERVICE,), internal=True,
    refuses=(Missing,),
)  # fmt: skip
