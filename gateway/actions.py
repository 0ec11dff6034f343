"""What operators did in all services as one list, newest first, for admins."""

import msgspec
from aiohttp import web

from gateway.gathering import Asking, Gathering, answer
from mallkit import action_endpoints as contract
from mallkit.action_endpoints import ActionPage, ActionsOf
from mallkit.routes import Routes
from mallkit.shape import shape_of


def add_actions(routes: Routes, gathering: Gathering) -> None:
    """Puts the endpoint among the routes. An action's id begins with its time, so that the ids are the order of all."""

    async def listed(request: web.BaseRequest) -> web.StreamResponse:
        wish = shape_of(contract.actions).read_query(list(request.query.items()))
        wanted = msgspec.convert(wish, ActionsOf, from_attributes=True)
        pages, away = await gathering.ask(Asking(contract.actions, ActionPage, wanted, request), gathering.named(wanted.service))
        found = sorted((view for page in pages for view in page.items), key=lambda view: view.action_id, reverse=True)
        more = len(found) > wanted.limit or any(page.next for page in pages)
        shown = found[: wanted.limit]
        return answer(ActionPage(items=shown, next=shown[-1].action_id if more and shown else None, away=away))

    routes.add(contract.actions.method, contract.actions.path, gathering.guarded(contract.actions, listed))
