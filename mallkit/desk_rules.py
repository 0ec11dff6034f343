"""The life of a failure at the desk: pending → processing → success, or pending again, or failed. Pure: no clock, no chance of its own."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mallkit.desk_endpoints import FailureFinished, FailureInWork, FailureStatus
from mallkit.times import NEVER, has_come

NEXT: dict[FailureStatus, frozenset[FailureStatus]] = {
    FailureStatus.PENDING: frozenset({FailureStatus.PROCESSING}),
    FailureStatus.PROCESSING: frozenset({FailureStatus.PENDING, FailureStatus.SUCCESS, FailureStatus.FAILED}),
    FailureStatus.FAILED: frozenset({FailureStatus.PENDING}),
    FailureStatus.SUCCESS: frozenset(),
}
MOST_TRIES = 12
"""After so many only an operator tries again: with the pauses below that is about half an hour."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 600.0
LONGEST_WAIT = LONGEST_PAUSE * 1.5
WORK_SECONDS = 30.0
"""A try that has not ended after so long belongs to a process that is gone."""
MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
"""Of a message whose time could not be read."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that a consumer could not take. Times are seconds since 1970; `due` is when the job looks at it."""

    id: str
    consumer: str
    """Empty for a message that could not even be read, or that nobody knows."""
    event_id: str
    event_type: str
    source: str
    subject: str
    message: bytes
    error: str
    """The refusal's slug, or the exception's class."""
    error_message: str
    trace_id: str
    created: float
    updated: float
    due: float
    status: FailureStatus = FailureStatus.PENDING
    retry_count: int = 0

    @property
    def place(self) -> str:
        """Where it stands in the list: by time, then by id."""
        return f"{self.created:017.6f}.{self.id}"

    def to(self, status: FailureStatus, now: float, due: float) -> "Failure":
        """The next status. Raises FailureFinished, FailureInWork."""
        if status not in NEXT[self.status]:
            if self.status is FailureStatus.SUCCESS:
                raise FailureFinished(failure_id=self.id)
            raise FailureInWork(failure_id=self.id)
        return replace(self, status=status, updated=now, due=due)


def asked_for(failure: Failure, now: float) -> Failure:
    """An operator wants it tried now, however often it failed. Raises FailureFinished, FailureInWork."""
    if failure.status is FailureStatus.PENDING:
        return replace(failure, updated=now, due=now)
    if failure.status is FailureStatus.PROCESSING:
        if not has_come(failure.due, now, WORK_SECONDS):
            raise FailureInWork(failure_id=failure.id)
        return failure  # abandoned: `begun` takes it over
    return failure.to(FailureStatus.PENDING, now, now)


def begun(failure: Failure, now: float) -> Failure:
    """A try begins, if it is due and nobody else works on it. Returns the same object otherwise.

    A try whose process died counts: an event that kills whoever takes it must come to rest.
    """
    abandoned = failure.status is FailureStatus.PROCESSING and has_come(failure.due, now, WORK_SECONDS)
    if failure.status is FailureStatus.PENDING and has_come(failure.due, now, LONGEST_WAIT):
        return failure.to(FailureStatus.PROCESSING, now, now + WORK_SECONDS)
    if not abandoned:
        return failure
    tried = replace(failure, retry_count=failure.retry_count + 1, updated=now, due=now + WORK_SECONDS)
    return tried.to(FailureStatus.FAILED, now, NEVER) if tried.retry_count >= MOST_TRIES else tried


def succeeded(failure: Failure, now: float) -> Failure:
    """The event has had its effect."""
    if failure.status is FailureStatus.SUCCESS:
        return failure
    return replace(failure, status=FailureStatus.SUCCESS, retry_count=failure.retry_count + 1, updated=now, due=NEVER)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a try failed: the refusal's slug or the exception's class, and its sentence. `lasting`: trying again by itself is in vain."""

    error: str
    text: str
    lasting: bool = False


def failed_again(failure: Failure, cause: Cause, now: float, spread: float) -> Failure:
    """The try failed: the next pause is twice as long (`spread`, around 1, keeps failures of one cause apart), or it was the last one."""
    if failure.status is not FailureStatus.PROCESSING:
        return failure
    count = failure.retry_count + 1
    told = replace(failure, error=cause.error, error_message=cause.text, retry_count=count)
    if count >= MOST_TRIES or cause.lasting:
        return told.to(FailureStatus.FAILED, now, NEVER)
    return told.to(FailureStatus.PENDING, now, now + min(FIRST_PAUSE * 2**count, LONGEST_PAUSE) * spread)
