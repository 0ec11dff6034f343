"""The failure desk as every service promises it: events that could not be taken in, and how operators try them again. Pure data."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from mallkit.endpoint import END, GET, OPERATORS, POST, Endpoint, Id, Limit, View, Wish
from mallkit.errors import Missing, Refused

Name = Annotated[str, Meta(min_length=1, max_length=32, pattern=f"^[a-z_]+{END}", examples=["order"])]
Place = Annotated[str, Meta(pattern=rf"^[0-9]{{10}}\.[0-9]{{6}}\.[a-z_]{{1,32}}\.[0-9a-f]{{30}}{END}")]
"""Where a failure stands in the list: by time, then by id."""


class FailureStatus(StrEnum):
    """pending (a job tries again), processing, success, failed (only an operator tries again)."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"


class FailureUnknown(Missing):
    """No service has a failure of this id."""

    slug = "failure/unknown"
    title = "There is no such failure"
    remedy = "List the failures: GET /api/v1/failures."


class FailureFinished(Refused):
    """It has had its effect already."""

    slug = "failure/finished"
    title = "This failure was ended with success"
    remedy = "There is nothing to do."


class FailureInWork(Refused):
    """Another try is under way."""

    slug = "failure/in-work"
    title = "This failure is being tried at this moment"
    retry_after = 5
    remedy = "Read the failure after the seconds in Retry-After."


class FailureView(View, frozen=True):
    """One event that one consumer could not take. `message_data` is the message as it came, bytes that are no text replaced."""

    failure_id: str
    service: str
    consumer: str
    event_id: str
    event_type: str
    source: str
    subject: str
    message_data: str
    error: str
    error_message: str
    retry_count: int
    status: FailureStatus
    trace_id: str
    created_at: str
    updated_at: str
    next_attempt_at: str | None
    place: str
    """The cursor of the list after this failure: `after=` takes it."""


class FailurePage(View, frozen=True):
    """Newest first. `away` names services that could not be asked (through the gateway only)."""

    items: list[FailureView]
    next: str | None
    away: list[str] = []


class FailuresOf(Wish, frozen=True):
    """Narrowed by service and status."""

    service: Name | UnsetType = UNSET
    status: FailureStatus | UnsetType = UNSET
    after: Place | UnsetType = UNSET
    limit: Limit = 50


class FailureOf(Wish, frozen=True):
    """Names a failure."""

    failure_id: Id


class RetryAll(Wish, frozen=True):
    """Everything that is pending or failed, of one service if it is named."""

    service: Name | UnsetType = UNSET


class Retried(View, frozen=True):
    """How many are tried again from now on. `away` as in the list."""

    failures: int
    away: list[str] = []


failures = Endpoint(
    method=GET, path="/api/v1/failures", takes=FailuresOf, gives=FailurePage, may=OPERATORS, summary="Events that could not be taken in",
)  # fmt: skip
retry_failure = Endpoint(
    method=POST, path="/api/v1/failures/{failure_id}/retry", takes=FailureOf, gives=FailureView, may=OPERATORS, idempotent=True,
    refuses=(FailureUnknown, FailureFinished, FailureInWork), summary="Try a failed event again, now",
)  # fmt: skip
retry_failures = Endpoint(
    method=POST, path="/api/v1/failures/retry", takes=RetryAll, gives=Retried, may=OPERATORS, idempotent=True,
    summary="Try all failed events again",
)  # fmt: skip
