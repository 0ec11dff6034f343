"""A mall of its own for measuring, drilling and testing: real processes on free ports, what they cost, and where they can be hit."""

import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from mall.parts import COPY_APART, PARTS

ROOT = Path(__file__).resolve().parents[1]
NAMES = (*(part.name for part in PARTS), "redis")
TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 60.0
STOP_SECONDS = 30.0
PARENT, UTIME, STIME = 1, 11, 12
"""Fields of /proc/PID/stat after the command's name."""
LOWEST_PORT, HIGHEST_PORT = 10_240, 32_000
"""Outside the range that outgoing connections are given."""


@dataclass(frozen=True)
class Mall:
    """The processes of one mall, the supervisor first, and where its gateway listens."""

    gateway: str
    folder: Path
    supervisor: int
    ready_seconds: float
    ports: dict[str, int]
    drill_key: str = ""
    """Opens the doors through which drills do harm; empty where the mall was started without them."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What it was started with: another command with the same one is for this mall."""

    def url(self, name: str) -> str:
        """Where a part listens; `order-2` is the second copy of order."""
        part, _, copy = name.partition("-")
        return f"http://127.0.0.1:{self.ports[part] + COPY_APART * (int(copy or 1) - 1)}"

    @property
    def pids(self) -> dict[str, int]:
        """Every process that runs at this moment, by its part's name; the second copy of order is `order-2`."""
        written = {path.stem: path for path in sorted((self.folder / "run").glob("*.pid"))}
        found = {name: self._running(path) for name, path in written.items()}
        return {"mall up": self.supervisor} | {name: pid for name, pid in found.items() if pid}

    def pid(self, name: str) -> int:
        """Of one part; 0 while it is down."""
        return self._running(self.folder / "run" / f"{name}.pid")

    def _running(self, pid_file: Path) -> int:
        """Only a child of this mall's supervisor counts: the number in a file may be another process's by now."""
        with suppress(OSError, ValueError):
            pid = int(pid_file.read_text(encoding="ascii"))
            if int(_stat(pid)[PARENT]) == self.supervisor:
                return pid
        return 0

    def cpu(self) -> dict[str, float]:
        """CPU seconds of every process so far, user and system."""
        return {name: _cpu(pid) for name, pid in self.pids.items()}

    def memory(self) -> dict[str, float]:
        """Proportional set size of every process, MiB: what is shared is counted once."""
        return {name: _pss(pid) for name, pid in self.pids.items()}


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def _cpu(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[UTIME]) + int(fields[STIME])) / TICKS


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def free_ports(count: int, copies: int = 1) -> list[int]:
    """Ports that nobody listens on at this moment, all different; those of the copies, 100 higher each, are free as well."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(range(LOWEST_PORT, HIGHEST_PORT - COPY_APART * copies))
        wanted = [port + COPY_APART * copy for copy in range(copies)]
        known = {each + COPY_APART * copy for each in found for copy in range(copies)}
        if known.isdisjoint(wanted) and all(_is_free(each) for each in wanted):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def running_mall(
    *, copies: int = 1, folder: Path | None = None, drilled: bool = False, told: Path | None = None, **settings: str
) -> Iterator[Mall]:
    """`mall up` in dev: ready means that /health of the gateway says so. Stopped by SIGTERM.

    In a temporary folder unless one is given. `drilled` opens the doors for harm, `told` is where its words go instead of the terminal.
    `settings` are variables for it; what the environment or a `.env` says about another mall is not for this one.
    """
    ports = dict(zip(NAMES, free_ports(len(NAMES), copies), strict=True))
    gateway = f"http://127.0.0.1:{ports['gateway']}"
    key = secrets.token_urlsafe(24) if drilled else ""
    with TemporaryDirectory() as temporary:
        kept = Path(settings.get("MALL_DATA", folder or temporary))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("MALL_")}
        environ |= {"MALL_ENV": "dev", "MALL_DATA": str(kept), "PYTHONPATH": str(ROOT)} | ({"MALL_DRILL_KEY": key} if key else {})
        environ |= {f"MALL_{name.upper()}_PORT": str(port) for name, port in ports.items()} | settings
        started = time.monotonic()
        process = _start(copies, environ, told)
        try:
            _until_healthy(gateway, process)
            yield Mall(gateway, kept, process.pid, time.monotonic() - started, ports, key, environ)
        finally:
            _stop(process)


def _start(copies: int, environ: dict[str, str], told: Path | None) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-m", "mall", "up", "--quiet", *(("--copies", str(copies)) if copies > 1 else ())]
    with told.open("ab") if told else nullcontext() as out:
        return subprocess.Popen(words, cwd=environ["MALL_DATA"], env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out)  # noqa: S603 - our own


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    finally:
        process.kill()  # its parts see the end of their lifeline, and end by themselves


def _until_healthy(gateway: str, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends:
        if process.poll() is not None:
            message = f"mall up ended with {process.returncode}"
            raise RuntimeError(message)
        with suppress(OSError), urllib.request.urlopen(f"{gateway}/health", timeout=2) as answer:  # noqa: S310 - our own http URL
            if answer.status == 200:  # noqa: PLR2004 - HTTP's own word for well
                return
        time.sleep(0.02)
    message = "the mall was not ready in time"
    raise RuntimeError(message)


def machine() -> str:
    """What the figures were taken on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} x {model}, {memory:.0f} GiB, {platform.system()} {platform.release()}, Python {platform.python_version()}"
