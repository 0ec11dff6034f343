"""The failure desks of all services as one: listed together, newest first, and tried again at the service that each belongs to."""

import re
from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from gateway.gathering import Asking, Gathering, answer
from gateway.relay import Relay
from gateway.settings import Settings
from gateway.upstream import Upstream
from mallkit import desk_endpoints as contract
from mallkit.body import read_body
from mallkit.desk_endpoints import FailurePage, FailuresOf, FailureUnknown, FailureView, Retried, RetryAll
from mallkit.endpoint import Endpoint, View, Wish
from mallkit.errors import UnsupportedMedia
from mallkit.routes import Routes, target_of
from mallkit.shape import shape_of
from mallkit.web import JSON

OWNER: Final = re.compile(r"/([a-z_]+)\.[^/]*/retry$")
"""The service in `/api/v1/failures/order.0123/retry`."""


class Desks:
    """`relay` makes what sends one endpoint's requests on to a service."""

    def __init__(self, gathering: Gathering, relay: Callable[[Endpoint[Wish, View], Upstream], Relay], settings: Settings) -> None:
        self._gathering = gathering
        self._settings = settings
        self._retries = {name: relay(contract.retry_failure, upstream) for name, upstream in gathering.upstreams.items()}

    def add(self, routes: Routes) -> None:
        """Puts the three endpoints among the routes."""
        for endpoint, serve in (
            (contract.failures, self._list),
            (contract.retry_failures, self._retry_all),
            (contract.retry_failure, self._retry),
        ):
            routes.add(endpoint.method, endpoint.path, self._gathering.guarded(endpoint, serve))

    async def _list(self, request: web.BaseRequest) -> web.StreamResponse:
        wish = shape_of(contract.failures).read_query(list(request.query.items()))
        wanted = msgspec.convert(wish, FailuresOf, from_attributes=True)
        asking = Asking(contract.failures, FailurePage, wanted, request)
        pages, away = await self._gathering.ask(asking, self._gathering.named(wanted.service))
        found = sorted((view for page in pages for view in page.items), key=_place, reverse=True)
        more = len(found) > wanted.limit or any(page.next for page in pages)
        shown = found[: wanted.limit]
        return answer(FailurePage(items=shown, next=_place(shown[-1]) if more and shown else None, away=away))

    async def _retry_all(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await read_body(request, self._settings.max_body, self._settings.body_seconds) if request.body_exists else b""
        if body and request.content_type != JSON:
            raise UnsupportedMedia
        wish = msgspec.convert(shape_of(contract.retry_failures).read_body(body), RetryAll, from_attributes=True)
        asking = Asking(contract.retry_failures, Retried, wish, request)
        counts, away = await self._gathering.ask(asking, self._gathering.named(wish.service))
        return answer(Retried(failures=sum(each.failures for each in counts), away=away))

    async def _retry(self, request: web.BaseRequest) -> web.StreamResponse:
        owner = OWNER.search(target_of(request).partition("?")[0])
        relay = self._retries.get(owner[1]) if owner else None
        if relay is None:
            raise FailureUnknown
        return await relay(request)


def _place(view: FailureView) -> str:
    """Where it stands in the list of all: by time, then by id."""
    return view.place
