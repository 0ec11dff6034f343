"""What svc_user promises: the profile of whoever is signed in."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.auth import Name
from mallkit.endpoint import DELETE, END, GET, PATCH, PEOPLE, Done, Endpoint, Nothing, View, Wish
from mallkit.errors import Missing

Phone = Annotated[str, Meta(max_length=32, pattern=rf"^(\+?[0-9][0-9 ()./-]{{2,30}})?{END}", examples=["+44 20 7946 0000"])]
Locale = Annotated[str, Meta(pattern=rf"^[a-z]{{2}}(-[A-Z]{{2}})?{END}", examples=["en-GB"])]


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


me = Endpoint(method=GET, path="/api/v1/users/me", takes=Nothing, gives=Profile, may=PEOPLE, refuses=(Missing,), summary="My profile")
change_me = Endpoint(
    method=PATCH, path="/api/v1/users/me", takes=Patch, gives=Profile, may=PEOPLE, refuses=(Missing,), summary="Change my profile",
)  # fmt: skip
delete_me = Endpoint(
    method=DELETE, path="/api/v1/users/me", takes=Nothing, gives=Done, may=PEOPLE, status=204, refuses=(Missing,), idempotent=True,
    summary="Close my account",
)  # fmt: skip
