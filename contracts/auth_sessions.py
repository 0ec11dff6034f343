"""What svc_auth promises to whoever is signed in: changing the password, seeing and ending sessions; and to admins: giving roles."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from mallkit.endpoint import Cursor, Id, Limit, View, Wish
from mallkit.errors import Refused

NewPassword = Annotated[str, Meta(min_length=8, max_length=128, examples=["another-horse-battery"])]
OldPassword = Annotated[str, Meta(min_length=1, max_length=128, examples=["correct-horse-battery"])]
PersonsRole = Literal["customer", "operator", "admin"]


class LastAdmin(Refused):
    """Somebody must be left who can give roles."""

    slug = "auth/last-admin"
    title = "The last admin cannot give up this role"
    remedy = "Make somebody else an admin first."


class ChangePassword(Wish, frozen=True):
    """All other sessions of the account end; the one that asks lives on."""

    old_password: OldPassword
    new_password: NewPassword


class SessionsOf(Wish, frozen=True):
    """A page of the caller's living sessions."""

    after: Cursor | UnsetType = UNSET
    limit: Limit = 50


class SessionOf(Wish, frozen=True):
    """Names a session of the caller's."""

    session_id: Id


class EndSessions(Wish, frozen=True):
    """All of the caller's sessions; with `others` the one that asks lives on."""

    others: bool = False


class SessionView(View, frozen=True):
    """`network`: the first half or so of the address that it began from, `203.0.113.0/24`; empty where that is not known.

    `last_used_at`: when its tokens were last refreshed; that is once in the life of an access token while somebody is there.
    Both times are null for a session that is older than their being kept.
    """

    session_id: str
    created_at: str | None
    last_used_at: str | None
    network: str
    current: bool


class SessionPage(View, frozen=True):
    """Newest first."""

    items: list[SessionView]
    next: str | None


class GiveRole(Wish, frozen=True):
    """From now on the account has this role; with another one than before its sessions end, for their tokens carry the role."""

    user_id: Id
    role: PersonsRole
