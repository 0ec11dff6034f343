"""An endpoint as data: one declaration drives handler, client, OpenAPI, gateway and the table of roles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import ModuleType
from typing import Annotated, ClassVar, Generic, TypeVar

import msgspec
from msgspec import Meta

from mallkit.errors import Invalid, ShopError


class Role(StrEnum):
    """Who a token speaks for. `ANYONE` stands in `may` where no token is needed."""

    ANYONE = "anyone"
    CUSTOMER = "customer"
    OPERATOR = "operator"
    ADMIN = "admin"
    SERVICE = "service"


class Method(StrEnum):
    """The methods the mall uses."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class Keyed(StrEnum):
    """Whether Idempotency-Key is understood, and whether it must be there."""

    NO = "no"
    OPTIONAL = "optional"
    REQUIRED = "required"


GET, POST, PUT, PATCH, DELETE = Method.GET, Method.POST, Method.PUT, Method.PATCH, Method.DELETE
ANYONE, CUSTOMER, OPERATOR, ADMIN, SERVICE = Role.ANYONE, Role.CUSTOMER, Role.OPERATOR, Role.ADMIN, Role.SERVICE
PEOPLE = (CUSTOMER, OPERATOR, ADMIN)
OPERATORS = (OPERATOR, ADMIN)


END = r"$(?!\n)"
"""The end of a text in a pattern: `$` alone also matches before a last newline."""

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=rf"^[A-Za-z0-9._~-]+{END}")]
"""An opaque id; new ones are UUIDv7."""
IdOrNumber = Id | Annotated[int, Meta(ge=0, le=2**53)]
"""Where the requirements show an integer; it is read as its decimal string."""
Cursor = Annotated[str, Meta(min_length=1, max_length=512)]
"""Where a list goes on: the `next` of the page before."""
Limit = Annotated[int, Meta(ge=1, le=200)]
"""How many items a page may have."""


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a request asks: fields named in the path come from it, the rest from the body, or from the query on GET and DELETE.

    A field listed in the endpoint's `headers` comes from that header.
    """


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What an answer shows."""


class Accepted(View, frozen=True):
    """An answer that is not final yet: sent with 202."""


class Nothing(Wish, frozen=True):
    """A request without fields."""


class Done(View, frozen=True):
    """An answer without content: sent as 204."""


class Blob(View, frozen=True):
    """Bytes that are no JSON: sent with their `media` type, else the endpoint's; `tag` becomes the ETag."""

    content: bytes
    media: str = ""
    tag: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an aggregate, told to the other services. Fields are ids and sums, never persons or cards."""

    type: ClassVar[str]
    version: ClassVar[int] = 1
    """Raised when consumers written for the one before could misread it; the type's name then ends in `.v2`."""

    @property
    def subject(self) -> str:
        """The aggregate's id: by convention the first field."""
        return str(getattr(self, self.__struct_fields__[0]))


W = TypeVar("W", bound=Wish)
G = TypeVar("G", bound=View)
W_co = TypeVar("W_co", bound=Wish, covariant=True)
G_co = TypeVar("G_co", bound=View, covariant=True)


@dataclass(frozen=True, eq=False, kw_only=True)
class Endpoint(Generic[W_co, G_co]):
    """One call. `refuses` lists the refusals that are part of the promise, besides those every endpoint has.

    `internal` endpoints are not routed by the gateway; `fresh` ones need a live revocation feed for people's tokens.
    """

    method: Method
    path: str
    takes: type[W_co]
    gives: type[G_co]
    may: tuple[Role, ...]
    status: int = 200
    refuses: tuple[type[ShopError], ...] = ()
    accepted: type[Accepted] | None = None
    keyed: Keyed = Keyed.NO
    internal: bool = False
    fresh: bool = False
    aliases: tuple[str, ...] = ()
    """Other paths that mean the same call."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Wish field → header that carries it."""
    raw: str = ""
    """Wish field of type bytes that holds the body as it came, for a signature over it; it travels in no other way."""
    etag: str = ""
    """Name of the answer's field that is sent as ETag."""
    cache: str = ""
    """Cache-Control of the answer. A client that names the present ETag in If-None-Match is told that it has it: 304.

    The ETag must then change with everything that the answer shows.
    """
    media: str = "application/json"
    other_media: tuple[str, ...] = ()
    """What else a Blob may be."""
    invalid: type[Invalid] = Invalid
    """The refusal for a request that does not fit `takes`."""
    idempotent: bool = False
    """Repeating the call with the same wish changes nothing more: the client may send it again."""
    secret: tuple[str, ...] = ()
    """Top-level fields that never enter a fingerprint, a record, a log or a span."""
    retold: bool = False
    """A good answer to a keyed call is not stored: a repeat is told anew by the handler, which finds the effect. For words about others."""
    forgets: str = ""
    """Wish field that names a person whose stored answers are removed before the call is served; StillRunning while one is being made."""
    others: bool = False
    """Customers may do it to what is theirs, operators to anybody's: an operator's call is then written into the log of actions."""
    whose: str = ""
    """Wish field that says whose an Idempotency-Key is where no token does: two holders' keys are never one."""
    summary: str = ""

    @property
    def noted(self) -> bool:
        """Whether an operator's call is an action: one that only operators may make, or that may be about somebody else's thing."""
        people = set(self.may) - {Role.SERVICE}
        return self.method is not GET and bool(people) and (self.others or people <= set(OPERATORS))

    @property
    def repeatable(self) -> bool:
        """Whether a call that got no answer may be sent again as it is."""
        return self.idempotent or self.method is GET


def endpoints_of(contract: ModuleType) -> dict[str, Endpoint[Wish, View]]:
    """The endpoints that a contract module declares, by their names there."""
    return {name: value for name, value in vars(contract).items() if isinstance(value, Endpoint)}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a person (`subject` is the user id), a service (`subject` is its name), or nobody."""

    subject: str = ""
    role: Role = Role.ANYONE
    session: str = ""
    expires: float = 0.0
    address: str = ""
    """Where the request came from, as the gateway saw it."""
    command: str = ""
    """The id of this command on keyed endpoints: derived from caller, endpoint and Idempotency-Key, or fresh without a key."""

    @property
    def is_service(self) -> bool:
        """A call between services, made with the service's own token."""
        return self.role is Role.SERVICE

    @property
    def is_operator(self) -> bool:
        """Operators and admins."""
        return self.role in OPERATORS
