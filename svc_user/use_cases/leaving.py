"""Somebody leaves: the account is closed at once, and every service is asked until it has forgotten the person."""

import structlog

from mallkit.background import side_by_side
from mallkit.errors import ShopError
from mallkit.steps import Call, Write
from svc_user import domain
from svc_user.domain import Profile
from svc_user.ports import Ports

log = structlog.get_logger()

ON_REQUEST, IN_A_ROUND = 2.0, 5.0
"""Seconds that one service may take."""
FORGET = Call("user.forget")
BURIED, CONFIRMED = Write("user.buried"), Write("user.confirmed")


async def leave(user_id: str, ports: Ports) -> None:
    """The tombstone is what counts: it remembers whom to ask. The account is closed at once if auth answers, the rest is the job's."""
    with BURIED.writing():
        tombstone = await ports.profiles.bury(user_id, ports.clock())
    if tombstone.owes[:1] == domain.KEEPERS[:1]:
        await _ask(tombstone, tombstone.owes[:1], ON_REQUEST, ports)


async def forget_all(ports: Ports) -> None:
    """The job's round over those who left, whatever became of the process that they told."""
    await side_by_side(_ask(tombstone, tombstone.owes, IN_A_ROUND, ports) for tombstone in await ports.profiles.due(ports.clock()))


async def _ask(tombstone: Profile, keepers: tuple[str, ...], seconds: float, ports: Ports) -> None:
    """One after the other, as far as they have forgotten. The others are asked as well, for no count: what can go, goes."""
    asked = ports.clock()
    done: list[str] = []
    for name in keepers:
        if not await _forgets(name, tombstone.id, seconds, ports):
            break
        done.append(name)
    with CONFIRMED.writing():
        await ports.profiles.change(tombstone.id, lambda found: domain.forgotten(found, done, asked, ports.straggling))
    await side_by_side(_forgets(name, tombstone.id, seconds, ports) for name in keepers[len(done) + 1 :])


async def _forgets(name: str, user_id: str, seconds: float, ports: Ports) -> bool:
    try:
        return await FORGET.taking(ports.keepers[name].forget(user_id, seconds), of=user_id)
    except ShopError as refusal:  # the tombstone keeps the debt
        log.warning("person.forget.failed", user_id=user_id, keeper=name, reason=refusal.slug)
        return False
