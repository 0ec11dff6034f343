"""The doors through which a drill arms the named steps of a process: only in dev and test, and only for who has the drill's key."""

import hmac

import msgspec
from aiohttp import web

from mallkit import steps
from mallkit.body import read_body
from mallkit.errors import Invalid, Unauthenticated
from mallkit.raw import Reply
from mallkit.routes import Routes, Serve
from mallkit.settings import DRILLED, Common

PATH = "/internal/steps"
HEADER = "X-Drill-Key"
LARGEST = 1024


class Arm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which point, and at which pass of it from now on."""

    point: str
    passes: int = 1


class Steps(msgspec.Struct, frozen=True):
    """The points of this process, those that are armed with the passes left, and what became of calls that came late."""

    points: list[str]
    armed: dict[str, int]
    late: dict[str, str]


def add_drill_pages(routes: Routes, settings: Common) -> None:
    """GET lists, PUT arms, DELETE disarms."""
    if not settings.drill_key or settings.env not in DRILLED:
        return
    for method, work in (("GET", _listed), ("PUT", _armed), ("DELETE", _disarmed)):
        routes.add(method, PATH, _guarded(settings.drill_key, work))


def check_drill_key(request: web.BaseRequest, drill_key: str) -> None:
    """Raises Unauthenticated."""
    if not hmac.compare_digest(request.headers.get(HEADER, "").encode("utf-8", "surrogateescape"), drill_key.encode()):
        message = f"{HEADER} is absent or wrong"
        raise Unauthenticated(message)


def _guarded(key: str, work: Serve) -> Serve:
    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        check_drill_key(request, key)
        return await work(request)

    return serve


async def _listed(_: web.BaseRequest) -> web.StreamResponse:
    shown = Steps(points=steps.points(), armed=dict(steps.armed), late=dict(steps.told))
    return Reply(200, msgspec.json.encode(shown), {"Content-Type": "application/json"}).response()


async def _armed(request: web.BaseRequest) -> web.StreamResponse:
    try:
        arm = msgspec.json.decode(await read_body(request, LARGEST), type=Arm)
    except msgspec.DecodeError as error:
        raise Invalid(str(error)) from None
    if arm.passes < 1:
        raise Invalid("passes: it must be at least 1", field="passes")
    steps.arm(arm.point, arm.passes)
    return await _listed(request)


async def _disarmed(request: web.BaseRequest) -> web.StreamResponse:
    steps.disarm()
    return await _listed(request)
