"""The log of operators' actions as every service promises it: to be read by admins, and by nobody to be changed. Pure data."""

from msgspec import UNSET, UnsetType

from mallkit.desk_endpoints import Name
from mallkit.endpoint import ADMIN, GET, Endpoint, Id, Limit, Role, View, Wish


class ActionView(View, frozen=True):
    """What somebody did: the endpoint, and the ids that stood in its path; nothing of the request's body.

    `status`: what was answered; null when that is not known, because the service died before. `number` and `hash`: its place in the
    service's chain.
    """

    action_id: str
    service: str
    actor: str
    role: Role
    at: str
    method: str
    path: str
    ids: dict[str, str]
    trace_id: str
    status: int | None
    ended_at: str | None
    number: int
    hash: str


class ActionPage(View, frozen=True):
    """Newest first. `away` names services that could not be asked (through the gateway only)."""

    items: list[ActionView]
    next: str | None
    away: list[str] = []


class ActionsOf(Wish, frozen=True):
    """Narrowed by service and by who acted."""

    service: Name | UnsetType = UNSET
    actor: Id | UnsetType = UNSET
    after: Id | UnsetType = UNSET
    limit: Limit = 50


actions = Endpoint(
    method=GET, path="/api/v1/actions", takes=ActionsOf, gives=ActionPage, may=(ADMIN,), summary="What operators and admins did",
)  # fmt: skip
