"""One part as a child process: started, watched, started again when it dies, and stopped."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from mall.plan import Planned

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
"""Seconds before a part that died is started again: doubled each time, from the first to the longest."""
STEADY = 3.0
"""A part that lived this long starts with the first pause again."""
SHOWN_LINES = 10
LARGEST_LOG = 5_000_000
"""Bytes; a log that is larger at the start is set aside as .1"""
PROBE_EVERY = 0.03

Tell = Callable[[str], None]


class Child:
    """`tend` keeps the process running until `stop`; whoever reaps children calls `reap` on SIGCHLD."""

    def __init__(self, planned: Planned, lifeline: int, tell: Tell) -> None:
        self.planned = planned
        self.name = planned.name
        self.state = "waiting"
        self.unready = "it has not answered yet"
        self.ready = asyncio.Event()
        self._lifeline = lifeline
        self._tell = tell
        self._process: subprocess.Popen[bytes] | None = None
        self._gone = asyncio.Event()
        self._stopping = asyncio.Event()
        self._log_start = 0

    @property
    def pid(self) -> int:
        """0 while there is no process."""
        return self._process.pid if self._process else 0

    async def tend(self) -> None:
        """Returns when the process has ended after `stop`."""
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            lived = await self._live(again=pause > FIRST_PAUSE)
            pause = FIRST_PAUSE if lived >= STEADY else pause
            if not self._stopping.is_set():
                self._tell(f"{self.name} starts again in {pause:.1f} s")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def reap(self) -> None:
        """Notices that the process has ended."""
        if self._process and self._process.poll() is not None:
            self._gone.set()

    def stop(self) -> None:
        """Asks the process to drain, and starts no other."""
        self._stopping.set()
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it and whatever it started."""
        self._stopping.set()
        self._signal(signal.SIGKILL)

    def last_lines(self) -> list[str]:
        """What the present or last process wrote at the end of its log."""
        try:
            with self.planned.log.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                log.seek(max(self._log_start, end - 32_768))
                return log.read().decode(errors="replace").splitlines()[-SHOWN_LINES:]
        except OSError:
            return []

    async def _live(self, *, again: bool) -> float:
        """One process from its start to its end; how many seconds it lived."""
        started = time.monotonic()
        try:
            self._start()
        except OSError as failure:  # a full disk, no more processes: that may pass
            self._tell(f"{self.name} could not be started: {failure}")
            return 0.0
        watch = asyncio.create_task(self._watch_readiness(started, again=again))
        await self._gone.wait()
        watch.cancel()
        self._bury(time.monotonic() - started)
        return time.monotonic() - started

    def _start(self) -> None:
        self._gone.clear()
        self.state = "starting"
        for path in (self.planned.log, self.planned.pid_file):
            path.parent.mkdir(parents=True, exist_ok=True)
        _set_aside(self.planned.log)
        with self.planned.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 — our own interpreter with a module from the table of parts, or the Redis found
                self.planned.command(),
                env={**self.planned.environment, "MALL_LIFELINE_FD": "0"},
                stdin=self._lifeline,
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl-C is for us: we tell the parts, in their order
            )
        with contextlib.suppress(OSError):  # for people and for the next start's check; the process runs without it
            self.planned.pid_file.write_text(f"{self._process.pid}\n", encoding="ascii")

    async def _watch_readiness(self, started: float, *, again: bool) -> None:
        while True:
            self.unready = await self.planned.ready()
            if not self.unready:
                break
            await asyncio.sleep(PROBE_EVERY)
        self.state = "ready"
        self.ready.set()
        if again:
            self._tell(f"{self.name} is back (pid {self.pid}), ready after {time.monotonic() - started:.1f} s")

    def _bury(self, lived: float) -> None:
        process, self._process = self._process, None
        self.ready.clear()
        with contextlib.suppress(OSError):
            self.planned.pid_file.unlink()
        self.state = "stopped"
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left of its group, or a stranger has the number
            os.killpg(process.pid, signal.SIGKILL)
        if self._stopping.is_set():
            return
        self.state = "down"
        self._tell(f"{self.name} died: {_end_of(process.returncode)} (pid {process.pid}, lived {lived:.1f} s)")
        self.tell_last_lines()

    def tell_last_lines(self) -> None:
        """Shows the end of the log."""
        lines = self.last_lines()
        self._tell(f"    the last lines of {self.planned.log}:" if lines else f"    {self.planned.log} is empty")
        for line in lines:
            self._tell(f"    | {line}")

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _end_of(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _set_aside(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
