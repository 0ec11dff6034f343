"""One drill from its beginning to its verdict: start, people, harm, an end of the harm, recovery, books, audit, search."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from mall.drills import books, canary, recovery, room, weather
from mall.drills.books import Compared
from mall.drills.canary import Searched
from mall.drills.spans import collecting
from mall.drills.stage import TROUBLE, DrillFailed, Stage, Wish
from mall.load.crowd import Crowd, Terms, lines
from mall.load.ledger import Ledger
from mall.load.shopper import HABITS
from mall.running import running_mall

AT_REST_WITHIN = 60.0
"""Seconds after the harm has stopped in which every checkout is final and no order is being paid."""
SETTINGS = {
    "MALL_CHECKOUT_LEASE_SECONDS": "8",
    "MALL_PAYMENT_ATTEMPT_SECONDS": "8",
    "MALL_ORDER_PAY_WITHIN": "15",
    "MALL_PAYMENT_ACTION_SECONDS": "8",
    "MALL_BANK_SLOW_SECONDS": "2",
    "MALL_AUTH_TRIES_PER_ADDRESS": "100000",
    "MALL_CART_GUESTS_PER_ADDRESS": "100000",
}
"""What a dead process left is taken over within seconds, so that a drill need not take minutes; and all buyers have one address."""
PLENTY, SCARCE = 1_000_000, 60
SHELF = {f"Drill {thing}": PLENTY for thing in ("Teapot", "Cup", "Kettle", "Whisk", "Tray", "Spoon", "Jar", "Lamp", "Mat")} | {
    "Drill Tea": SCARCE
}
"""What the crowd buys; of the last there is too little for everybody."""
Harm = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Drill:
    """`needs`: of root, libfaketime. A drill that buys until `charges` requests were sent ends its own way."""

    name: str
    what: str
    harm: Harm
    needs: tuple[str, ...] = ()
    copies: int = 1
    habits: Mapping[str, int] = field(default_factory=lambda: HABITS)
    settings: Mapping[str, str] = field(default_factory=dict)
    shoppers: int = 8
    regrets: float = 0.05
    """Share of buyers who cancel."""
    disk: int = 0
    """MiB of a disk of its own; 0 for the machine's."""
    rests_within: float = AT_REST_WITHIN
    clock: bool = False
    """Every process's clock can be moved."""


COUPONS = {"DRILL-MANY": 1_000_000, "DRILL-FEW": 40}
"""Codes that some shoppers have → how often each may be used: of one there are not enough."""


@dataclass
class Verdict:
    """What a drill found. `seconds` from the end of the harm until the mall was at rest."""

    ledger: Ledger
    figures: dict[str, int]
    harm_seconds: float
    seconds: float = 0.0
    books: Compared = field(default_factory=Compared)
    searched: Searched = field(default_factory=lambda: Searched(0))
    audit: list[str] = field(default_factory=list)
    audited: str = ""
    faults: list[str] = field(default_factory=list)
    kept: str = ""

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        return [*self.faults, *self.books.wrong, *self.audit, *self.searched.hits]


async def play(drill: Drill, wish: Wish, show: Callable[[str], None], tell: Callable[[str], None]) -> Verdict:
    """`show` hears once a second how it goes, `tell` what is worth a line of its own. Raises DrillFailed when the mall does not start."""
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(_staged(drill, wish, tell))
        shopping = asyncio.create_task(stage.crowd.shop(show))
        began = time.monotonic()
        verdict = Verdict(stage.crowd.ledger, stage.figures, 0.0, kept=str(stage.mall.folder.parent) if wish.keep else "")
        try:
            await stage.sold()
            await drill.harm(stage)
        except DrillFailed as failure:
            stage.faults.append(str(failure))
        verdict.harm_seconds = time.monotonic() - began
        await _judge(stage, shopping, verdict, drill.rests_within)
        return verdict


async def _judge(stage: Stage, shopping: "asyncio.Task[None]", verdict: Verdict, within: float) -> None:
    ended = time.monotonic()
    stage.crowd.close()
    try:
        async with recovery.auditor(stage) as auditor:
            try:
                await auditor.at_rest(shopping, within)
                verdict.seconds = time.monotonic() - ended
            except DrillFailed as failure:
                stage.faults.append(str(failure))
            verdict.audited, verdict.audit = recovery.told(await auditor.report())
        verdict.books = await books.compare(stage)
    except DrillFailed as failure:
        stage.faults.append(str(failure))
    finally:
        shopping.cancel()
        await asyncio.wait([shopping])
    await _keep_metrics(stage)
    verdict.searched = await asyncio.to_thread(canary.search, (stage.mall.folder, stage.notes), stage.crowd.wallet.cards)
    verdict.faults = stage.faults


async def _keep_metrics(stage: Stage) -> None:
    for name in stage.names:
        if name != "redis":
            with suppress(*TROUBLE):  # a part that is away: it was named above
                async with stage.session.get(f"{stage.mall.url(name)}/metrics") as told:
                    (stage.notes / f"{name}.metrics").write_bytes(await told.read())


@asynccontextmanager
async def _staged(drill: Drill, wish: Wish, tell: Callable[[str], None]) -> AsyncIterator[Stage]:
    """The mall runs, its shelf is full, nobody shops yet."""
    with ExitStack() as folders:
        top = Path(mkdtemp(prefix=f"mall-drill-{drill.name}-"))
        if not wish.keep:
            folders.callback(room.remove, top)
        folder, notes = top / "data", top / "notes"
        folder.mkdir()
        notes.mkdir()
        if drill.disk:
            folders.enter_context(room.small_disk(folder, drill.disk))
        async with collecting(notes / "spans.otlp") as spans, lines() as session, AsyncExitStack() as stack:
            settings = {**SETTINGS, "MALL_OTLP_ENDPOINT": spans, **drill.settings}
            settings |= weather.movable_clock(notes) if drill.clock else {}
            running = running_mall(copies=drill.copies, folder=folder, drilled=True, told=notes / "mall-up.txt", **settings)
            mall = await asyncio.to_thread(running.__enter__)
            stack.push_async_callback(asyncio.to_thread, running.__exit__, None, None, None)
            terms = Terms(mall.gateway, drill.shoppers, 1000.0, 10_000_000, 86_400.0, wish.seed, dict(drill.habits), drill.regrets)
            stage = Stage(mall, Crowd(terms, session), session, wish, notes, {}, tell)
            await _fill_the_shelf(stage)
            yield stage


async def _fill_the_shelf(stage: Stage) -> None:
    for name, pieces in SHELF.items():
        product = {"name": name, "price": 19.99, "stock": pieces, "category": "drill"}
        stage.stock[(await stage.operator("POST", "/api/v1/products", product))["product_id"]] = pieces
    stage.crowd.products = tuple(stage.stock)
    for code, limit in COUPONS.items():
        coupon = {"code": code, "kind": "percent", "basis_points": 1000, "limit": limit, "limit_per_user": limit}
        await stage.operator("POST", "/api/v1/coupons", coupon)
    stage.crowd.coupons = tuple(COUPONS)
