"""Real brokers as processes of a test: started, killed, stopped in mid air, put back empty."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from mall.redis import find, write_configuration
from mall.running import free_ports
from mallkit.bus import Bus, BusUnavailable
from mallkit.redis_bus import Tempo, open_bus

QUICK = Tempo(answer=2.0, block=0.2)
"""Lets a test see within a blink what takes a mall some seconds; nothing is reclaimed while a test runs."""
RECLAIMING = Tempo(answer=2.0, block=0.2, reclaim=0.3)
HASTY = Tempo(answer=0.3, block=0.2)
"""Gives a broker up soon."""
PASSWORD = "a password with 'quotes' and \"more\""
STARTED_WITHIN = 15.0


class RedisBroker:
    """A redis-server of its own, in a folder of its own; it keeps port, password and folder over its lives.

    Another broker has the same members; `environ` is how a child process finds it.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self._server = server
        self.port = free_ports(1)[0]
        self.process: subprocess.Popen[bytes] | None = None
        self.environ = {"BUS_URL": f"redis://127.0.0.1:{self.port}", "BUS_PASSWORD": PASSWORD}

    def open(self, tempo: Tempo = QUICK) -> AbstractAsyncContextManager[Bus]:
        """The driver that is tested."""
        return open_bus(self.environ["BUS_URL"], PASSWORD, tempo)

    async def start(self) -> None:
        """Returns when it takes messages."""
        self.process = self._started()
        deadline = time.monotonic() + STARTED_WITHIN
        async with self.open() as bus:
            while True:
                try:
                    return await bus.ping()
                except BusUnavailable:
                    if self.process.poll() is not None or time.monotonic() > deadline:
                        raise
                    await asyncio.sleep(0.02)

    def _started(self) -> subprocess.Popen[bytes]:
        configuration = write_configuration(self.folder, "127.0.0.1", self.port, PASSWORD)
        with (self.folder / "redis.log").open("ab") as log:
            return subprocess.Popen([self._server, configuration], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        """SIGKILL."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()

    def pause(self) -> None:
        """It answers nothing until `go_on`, and its connections stay."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """After `pause`."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    async def come_back(self) -> None:
        """Killed, and started again with all that it had acknowledged."""
        self.kill()
        await self.start()

    async def come_back_empty(self) -> None:
        """As another broker at the same address."""
        self.kill()
        shutil.rmtree(self.folder)
        await self.start()

    def command(self, *words: str) -> str:
        """What `redis-cli` would answer; for tests that only Redis has."""
        client = self._server.with_name("redis-cli")
        environ = {**os.environ, "REDISCLI_AUTH": PASSWORD}
        told = subprocess.run([client, "-p", str(self.port), *words], env=environ, check=True, capture_output=True, timeout=20)
        return told.stdout.decode().strip()


@contextlib.asynccontextmanager
async def redis_broker(folder: Path) -> AsyncIterator[RedisBroker]:
    """A running one, ended with the test."""
    server = find(os.environ.get("PATH", ""))
    assert server is not None, "no redis-server: it comes with requirements.lock on Linux x86-64"
    broker = RedisBroker(folder / "redis", server)
    try:
        await broker.start()
        yield broker
    finally:
        broker.kill()


BROKERS = {"redis": redis_broker}
"""By the name of the bus: whatever stands here goes through the whole suite."""
