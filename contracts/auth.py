"""What svc_auth promises: accounts, sessions, tokens, the keys they are checked with, and the feed of revoked sessions."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.auth_sessions import ChangePassword, EndSessions, GiveRole, LastAdmin, PersonsRole, SessionOf, SessionPage, SessionsOf
from contracts.persons import export as export  # noqa: PLC0414 - served here too
from contracts.persons import forget as forget  # noqa: PLC0414 - as export
from contracts.product_words import SHOWN
from mallkit.endpoint import (
    ADMIN,
    ANYONE,
    DELETE,
    END,
    GET,
    PEOPLE,
    POST,
    PUT,
    SERVICE,
    Cursor,
    Done,
    Endpoint,
    Id,
    Limit,
    Nothing,
    Role,
    View,
    Wish,
)  # fmt: skip
from mallkit.errors import Invalid, Missing, Refused, Unauthenticated

Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=rf"^[A-Za-z0-9._%+-]{{1,64}}@[A-Za-z0-9-]{{1,63}}(\.[A-Za-z0-9-]{{1,63}})+{END}",
        examples=["ann@example.org"],
    ),
]
Password = Annotated[str, Meta(min_length=8, max_length=128, examples=["correct-horse-battery"])]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=SHOWN, examples=["Ann"])]
Token = Annotated[str, Meta(min_length=1, max_length=4096)]


class BadParameters(Invalid):
    """A field is missing, unknown or out of range."""

    code = 4001001
    slug = "auth/bad-parameters"
    title = "The parameters are not valid"
    remedy = "Correct the named field and send the request again."


class EmailTaken(Refused):
    """Somebody has an account with this e-mail address."""

    code = 4001002
    slug = "auth/email-taken"
    title = "This e-mail address has an account already"
    remedy = "Log in, or register with another address."


class WrongCredentials(Refused):
    """The same answer for an unknown address and a wrong password."""

    code = 4001003
    slug = "auth/wrong-credentials"
    title = "Wrong e-mail address or password"
    status = 401
    remedy = "Check both and try again."


class TooManyTries(Refused):
    """The limit per account or per address was reached."""

    code = 4001005
    slug = "auth/too-many-tries"
    title = "Too many tries"
    status = 429
    retry_after = 60
    remedy = "Wait for the seconds in Retry-After."


class Register(Wish, frozen=True):
    """A new customer."""

    email: Email
    password: Password
    name: Name


class Registered(View, frozen=True):
    """The new account."""

    user_id: str


class Login(Wish, frozen=True):
    """The e-mail address is compared without regard to case.

    With the `cart_token` of a guest cart that cart is merged into the user's, in the background: the login never waits for it. Who wants
    to know what came of it asks for the same at POST /api/v1/cart/merge.
    """

    email: Email
    password: Annotated[str, Meta(min_length=1, max_length=128, examples=["correct-horse-battery"])]
    cart_token: Token | UnsetType = UNSET


class Tokens(View, frozen=True):
    """`expires_in` is the access token's life in seconds."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str
    user_id: str


class Refresh(Wish, frozen=True):
    """The newest refresh token of a session."""

    refresh_token: Token


class Key(View, frozen=True):
    """A public Ed25519 key as JWK."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str


class KeySet(View, frozen=True):
    """RFC 7517."""

    keys: list[Key]


class ServiceLogin(Wish, frozen=True):
    """A service asks for its own token."""

    service: Id
    secret: Annotated[str, Meta(min_length=1, max_length=256)]


class ServiceToken(View, frozen=True):
    """A token with role `service` whose subject is the service's name."""

    access_token: str
    expires_in: int


class Since(Wish, frozen=True):
    """`after` is the `next` of the last answer; without it the whole living set is given."""

    after: Annotated[int, Meta(ge=0, le=2**53)] = 0


class Revocation(View, frozen=True):
    """A session whose tokens are worth nothing; may be forgotten after `until` (seconds since 1970)."""

    sid: str
    until: float


class Revocations(View, frozen=True):
    """A page of the feed; `next` is the cursor for the next poll. `kids` names the keys that are published: who lacks one asks for them."""

    items: list[Revocation]
    next: int
    kids: list[str] = []


class AccountOf(Wish, frozen=True):
    """Names an account."""

    user_id: Id


class Account(View, frozen=True):
    """Who an account belongs to: what svc_user makes a profile of, and what admins see."""

    user_id: str
    email: str
    name: str
    role: Role
    created_at: str


class AccountsOf(Wish, frozen=True):
    """A page of accounts, narrowed by role and by the whole e-mail address in any case."""

    after: Cursor | UnsetType = UNSET
    limit: Limit = 50
    email: Email | UnsetType = UNSET
    role: PersonsRole | UnsetType = UNSET


class AccountPage(View, frozen=True):
    """Newest first."""

    items: list[Account]
    next: str | None


class Logout(Wish, frozen=True):
    """Ends the session of the access token; the refresh token may be sent too and dies with it."""

    refresh_token: Token | UnsetType = UNSET


register = Endpoint(
    method=POST, path="/api/v1/auth/register", takes=Register, gives=Registered, may=(ANYONE,), status=201,
    refuses=(EmailTaken, TooManyTries), invalid=BadParameters, secret=("password",), summary="Open an account",
)  # fmt: skip
login = Endpoint(
    method=POST, path="/api/v1/auth/login", takes=Login, gives=Tokens, may=(ANYONE,),
    refuses=(WrongCredentials, TooManyTries), invalid=BadParameters, secret=("password", "cart_token"), summary="Log in",
)  # fmt: skip
refresh = Endpoint(
    method=POST, path="/api/v1/auth/refresh", takes=Refresh, gives=Tokens, may=(ANYONE,),
    refuses=(Unauthenticated, TooManyTries), invalid=BadParameters, secret=("refresh_token",), summary="Exchange a refresh token",
)  # fmt: skip
logout = Endpoint(
    method=POST, path="/api/v1/auth/logout", takes=Logout, gives=Done, may=PEOPLE, status=204,
    invalid=BadParameters, secret=("refresh_token",), summary="End this session",
)  # fmt: skip
change_password = Endpoint(
    method=PUT, path="/api/v1/auth/password", takes=ChangePassword, gives=Done, may=PEOPLE, status=204,
    refuses=(WrongCredentials, TooManyTries), invalid=BadParameters, secret=("old_password", "new_password"),
    summary="Change the password",
)  # fmt: skip
sessions = Endpoint(
    method=GET, path="/api/v1/auth/sessions", takes=SessionsOf, gives=SessionPage, may=PEOPLE, invalid=BadParameters,
    summary="Your living sessions",
)  # fmt: skip
end_session = Endpoint(
    method=DELETE, path="/api/v1/auth/sessions/{session_id}", takes=SessionOf, gives=Done, may=PEOPLE, status=204,
    refuses=(Missing,), invalid=BadParameters, idempotent=True, summary="End one of your sessions",
)  # fmt: skip
end_sessions = Endpoint(
    method=DELETE, path="/api/v1/auth/sessions", takes=EndSessions, gives=Done, may=PEOPLE, status=204, invalid=BadParameters,
    idempotent=True, summary="End all your sessions, or all others",
)  # fmt: skip
account_of = Endpoint(
    method=GET, path="/api/v1/auth/accounts/{user_id}", takes=AccountOf, gives=Account, may=(ADMIN,), refuses=(Missing,),
    invalid=BadParameters, summary="An account and its role",
)  # fmt: skip
give_role = Endpoint(
    method=PUT, path="/api/v1/auth/accounts/{user_id}/role", takes=GiveRole, gives=Account, may=(ADMIN,),
    refuses=(Missing, LastAdmin), invalid=BadParameters, idempotent=True, summary="Give an account another role",
)  # fmt: skip
jwks = Endpoint(
    method=GET, path="/.well-known/jwks.json", takes=Nothing, gives=KeySet, may=(ANYONE,),
    invalid=BadParameters, summary="The keys that tokens are checked with",
)  # fmt: skip
service_token = Endpoint(
    method=POST, path="/internal/service-token", takes=ServiceLogin, gives=ServiceToken, may=(ANYONE,), internal=True, idempotent=True,
    refuses=(WrongCredentials,), invalid=BadParameters, secret=("secret",),
)  # fmt: skip
revocations = Endpoint(method=GET, path="/internal/revocations", takes=Since, gives=Revocations, may=(SERVICE,), internal=True)
account = Endpoint(
    method=GET, path="/internal/accounts/{user_id}", takes=AccountOf, gives=Account, may=(SERVICE,), internal=True, refuses=(Missing,),
)  # fmt: skip
accounts = Endpoint(method=GET, path="/internal/accounts", takes=AccountsOf, gives=AccountPage, may=(SERVICE,), internal=True)
close_account = Endpoint(
    method=POST, path="/internal/accounts/{user_id}/close", takes=AccountOf, gives=Done, may=(SERVICE,), status=204, internal=True,
    idempotent=True,
)  # fmt: skip
