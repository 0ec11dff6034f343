"""`mall up`: starts every part, waits until all are ready, keeps them running, and ends them in good order."""

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mall import journey
from mall.children import Child
from mall.parts import IMPORTED
from mall.plan import Lineup, Planned, data_folder, plan, read_sources
from mall.preflight import StartError, check_packages, check_python, claimed, taken

READY_SECONDS = 60.0
"""After this, what is not ready is named; waiting goes on."""
GRACE_OF_THE_LAST = 15.0
"""How long the parts of an earlier `mall up`, killed without drain, may need to notice and end."""
REFUSED = 2
"""Exit code when something is in the way before the start."""

Ensure = Callable[[str], int]
"""Imports the demo catalogue through the gateway at this URL; gives the number of products that it added."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is started, and how much is told. `ensure` is called once in the life of a data folder, in dev only."""

    lineup: Lineup
    ensure: Ensure | None = None
    quiet: bool = False
    ready_seconds: float = READY_SECONDS
    kill_after: float = 5.0
    """Seconds beyond the parts' own drain time, after which whatever is left is killed."""
    root: Path | None = None
    """Folder above conf/; the repository unless told."""


def run(wishes: Wishes, environ: Mapping[str, str]) -> int:
    """0 after a stop by signal, 2 when it could not start: then each reason was told in one line and nothing is running."""
    began = time.monotonic()
    try:
        check_python()
        check_packages(IMPORTED)
        sources = read_sources(environ, wishes.lineup.parts, wishes.root)
        folder = data_folder(sources)
        with claimed(folder):
            planned = plan(sources, folder, wishes.lineup, environ)
            _check_ports(planned)
            _forget_pids(folder)
            return asyncio.run(Mall(planned, wishes, folder, demo=sources.env == "dev").run(began))
    except StartError as failure:
        for reason in failure.reasons:
            tell(f"mall up: {reason}")
        return REFUSED


def tell(line: str) -> None:
    """To the terminal; a terminal that has gone away stops nothing."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


def _check_ports(planned: Sequence[Planned]) -> None:
    """Raises StartError naming every port that is taken. Parts left over by a killed `mall up` are waited for: they end by themselves."""
    deadline, told = time.monotonic() + GRACE_OF_THE_LAST, False
    while found := taken(one.wanted for one in planned):
        left_over = {_written_pid(one.pid_file) for one in planned} - {0}
        if time.monotonic() > deadline or any(one.holder not in left_over for one in found):
            raise StartError(*(one.reason for one in found))
        if not told:
            tell(f"waiting for parts of an earlier `mall up` to end: {', '.join(one.name for one in found)}")
            told = True
        time.sleep(0.1)


def _forget_pids(folder: Path) -> None:
    """Of processes that an earlier `mall up` could not bury."""
    for path in (folder / "run").glob("*.pid"):
        path.unlink(missing_ok=True)


def _written_pid(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


class Mall:
    """The running parts and the one who watches them."""

    def __init__(self, planned: Sequence[Planned], wishes: Wishes, folder: Path, *, demo: bool) -> None:
        self._wishes = wishes
        self._folder = folder
        self._demo = demo
        self._drain_seconds = max(one.drain_seconds for one in planned)
        # Nobody writes: the parts see the pipe's end when this process is gone, however it went.
        self._lifeline, self._lifeline_end = os.pipe()
        self._children = [Child(one, self._lifeline, tell) for one in planned]
        self._asked = asyncio.Event()
        self._again = asyncio.Event()

    async def run(self, began: float) -> int:
        """Until a signal asks for the end; no child is left when it returns or raises."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ask_to_stop)
        welcome = asyncio.create_task(self._welcome(began))
        tending = [asyncio.create_task(child.tend()) for child in self._children]
        asked = asyncio.create_task(self._asked.wait())
        try:
            # A task that ends before it was asked to has a fault of ours: it must be seen, not waited for.
            done, _ = await asyncio.wait([asked, *tending], return_when=asyncio.FIRST_COMPLETED)
            welcome.cancel()
            if asked in done:
                await self._stop(tending)
            for task in done:
                task.result()
            return 0
        finally:
            for child in self._children:
                child.kill()
            os.close(self._lifeline_end)
            os.close(self._lifeline)

    def _reap(self) -> None:
        for child in self._children:
            child.reap()

    def _ask_to_stop(self) -> None:
        if self._asked.is_set():
            self._again.set()
        self._asked.set()

    async def _stop(self, tending: Sequence[asyncio.Task[None]]) -> None:
        """Outer parts first, so that what they have begun can end; all is over by the deadline, or at once when asked again."""
        tell("stopping: running requests may end; Ctrl-C once more kills")
        draining = asyncio.create_task(self._drain(tending))
        hurried = asyncio.create_task(self._again.wait())
        await asyncio.wait([draining, hurried], timeout=self._drain_seconds + self._wishes.kill_after, return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        hurried.cancel()
        left = [child for child in self._children if child.pid]
        for child in left:
            tell(f"{child.name} did not end in time and is killed (pid {child.pid})")
        for child in self._children:
            child.kill()
        await asyncio.wait(tending)
        tell("stopped")

    async def _drain(self, tending: Sequence[asyncio.Task[None]]) -> None:
        for tier in sorted({child.planned.tier for child in self._children}):
            these = [(child, task) for child, task in zip(self._children, tending, strict=True) if child.planned.tier == tier]
            for child, _ in these:
                child.stop()
            await asyncio.wait([task for _, task in these], timeout=self._drain_seconds)
        await asyncio.wait(tending)

    async def _welcome(self, began: float) -> None:
        await self._until_ready()
        took = time.monotonic() - began
        gateway = min(self._children, key=lambda child: child.planned.tier).planned.url
        if self._demo:
            await self._import_once(gateway)
        if not self._wishes.quiet:
            self._tell_table()
        tell(f"the mall is ready after {took:.1f} s: {gateway}")
        if not self._wishes.quiet:
            self._tell_how(gateway)

    async def _until_ready(self) -> None:
        waits = [asyncio.create_task(child.ready.wait()) for child in self._children]
        _, late = await asyncio.wait(waits, timeout=self._wishes.ready_seconds)
        if not late:
            return
        for child in self._children:
            if not child.ready.is_set():
                tell(f"{child.name} is not ready after {self._wishes.ready_seconds:.0f} s ({child.unready}); still trying")
                child.tell_last_lines()
        await asyncio.wait(late)

    async def _import_once(self, gateway: str) -> None:
        """Only on the first start: what an operator removed afterwards stays removed. A failure is told and tried again next time."""
        mark = self._folder / "demo-catalogue-imported"
        if self._wishes.ensure is None or mark.exists():
            return
        try:
            added = await _in_thread(self._wishes.ensure, gateway)
        except Exception as failure:  # noqa: BLE001 — the mall serves without its demo, and the reason is told
            tell(f"the demo catalogue was not imported, the next start tries again: {failure}")
            return
        mark.touch()
        tell(f"imported the demo catalogue: {added} products")

    def _tell_table(self) -> None:
        tell(f"\n{'part':<11}{'port':>6}{'pid':>9}  {'state':<9} log")
        for child in self._children:
            tell(f"{child.name:<11}{child.planned.wanted.port:>6}{child.pid:>9}  {child.state:<9} {_near(child.planned.log)}")
        tell("")

    def _tell_how(self, gateway: str) -> None:
        tell(f"API pages: {gateway}/docs    health: {gateway}/health    stop: Ctrl-C")
        if self._demo:
            for email, password in (journey.SHOPPER, journey.OPERATOR, journey.ADMIN):
                tell(f"demo account: {email} / {password}")
            tell(f"\nA purchase, to be pasted into a shell:\n\n{journey.text(gateway)}\n")


async def _in_thread(ensure: Ensure, gateway: str) -> int:
    """In a thread that does not keep the process from ending, unlike those of `asyncio.to_thread`."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[int] = loop.create_future()

    def settle(outcome: int | Exception) -> None:
        if answer.cancelled():
            return
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    def work() -> None:
        try:
            outcome: int | Exception = ensure(gateway)
        except Exception as failure:  # noqa: BLE001 — handed over to the one who waits
            outcome = failure
        with contextlib.suppress(RuntimeError):  # the loop was closed while we worked
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=work, name="demo-catalogue", daemon=True).start()
    return await answer


def _near(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
