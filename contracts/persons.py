"""What every service that keeps something about persons promises to the user service: to tell all of it, and to forget it.

The endpoints are the same everywhere; a service takes them into its own contract, so that it serves them.
"""

from typing import Any

from mallkit.endpoint import GET, POST, SERVICE, Endpoint, Id, View, Wish


class PersonOf(Wish, frozen=True):
    """Names a person by the user id."""

    user_id: Id


class Kept(View, frozen=True):
    """All that a service keeps about a person, in its own words; empty where it knows nobody of this id."""

    data: dict[str, Any]


class Forgotten(View, frozen=True):
    """`done` when nothing of the person is left; else the caller asks again: something that needs the person is still going on."""

    done: bool


export = Endpoint(
    method=GET, path="/internal/persons/{user_id}", takes=PersonOf, gives=Kept, may=(SERVICE,), internal=True,
)  # fmt: skip
forget = Endpoint(
    method=POST, path="/internal/persons/{user_id}/forget", takes=PersonOf, gives=Forgotten, may=(SERVICE,), internal=True, idempotent=True,
    forgets="user_id",
)  # fmt: skip
