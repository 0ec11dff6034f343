"""The endpoints of the failure desk, the same in every service."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from mallkit import desk_endpoints as contract
from mallkit.desk import Desk
from mallkit.desk_endpoints import FailurePage, FailuresOf, FailureView, Retried
from mallkit.desk_rules import Failure
from mallkit.endpoint import Caller
from mallkit.times import NEVER, rfc3339
from mallkit.web import Served


def handlers_of(service: str, desk: Callable[[], Desk]) -> list[Served[Any, Any]]:
    """Bound to the service's desk, which is there once the service has started."""

    async def failures(wish: FailuresOf, _: Caller, _ports: object) -> FailurePage:
        if wish.service not in {UNSET, service}:
            return FailurePage(items=[], next=None)
        status = None if wish.status is UNSET else wish.status
        page = await desk().page(status, None if wish.after is UNSET else wish.after, wish.limit)
        items = [_view(service, failure) for failure in page.items]
        return FailurePage(items=items, next=None if page.next is None else page.items[-1].place)

    async def retry(wish: contract.FailureOf, _: Caller, _ports: object) -> FailureView:
        return _view(service, await desk().retry(wish.failure_id))

    async def retry_all(wish: contract.RetryAll, _: Caller, _ports: object) -> Retried:
        return Retried(failures=await desk().retry_all() if wish.service in {UNSET, service} else 0)

    return [Served(contract.failures, failures), Served(contract.retry_failure, retry), Served(contract.retry_failures, retry_all)]


def _view(service: str, failure: Failure) -> FailureView:
    return FailureView(
        failure_id=failure.id,
        service=service,
        consumer=failure.consumer,
        event_id=failure.event_id,
        event_type=failure.event_type,
        source=failure.source,
        subject=failure.subject,
        message_data=failure.message.decode(errors="replace"),
        error=failure.error,
        error_message=failure.error_message,
        retry_count=failure.retry_count,
        status=failure.status,
        trace_id=failure.trace_id,
        created_at=rfc3339(failure.created),
        updated_at=rfc3339(failure.updated),
        next_attempt_at=rfc3339(failure.due) if failure.due < NEVER else None,
        place=failure.place,
    )
