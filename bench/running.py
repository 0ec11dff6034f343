"""A mall of its own for measuring: real processes on free ports and a temporary folder, and what they cost."""

import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mall.parts import PARTS

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 60.0
STOP_SECONDS = 30.0
UTIME, STIME, CUTIME, CSTIME = 11, 12, 13, 14
"""Fields of /proc/PID/stat after the command's name."""


@dataclass(frozen=True)
class Mall:
    """The processes of one mall, the supervisor first, and where its gateway listens."""

    gateway: str
    folder: Path
    supervisor: int
    ready_seconds: float
    ports: dict[str, int]

    def url(self, name: str) -> str:
        """Where a part listens."""
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def pids(self) -> dict[str, int]:
        """Every process by its part's name."""
        parts = {part.name: int((self.folder / "run" / f"{part.name}.pid").read_text()) for part in PARTS}
        return {"mall up": self.supervisor, **parts}

    def cpu(self) -> dict[str, float]:
        """CPU seconds of every process so far, user and system."""
        return {name: _cpu(pid) for name, pid in self.pids.items()}

    def memory(self) -> dict[str, float]:
        """Proportional set size of every process, MiB: what is shared is counted once."""
        return {name: _pss(pid) for name, pid in self.pids.items()}


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[UTIME]) + int(fields[STIME])) / TICKS


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at this moment, all different, and outside the range that outgoing connections are given."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(range(10_240, 32_000))
        with socket.socket() as probe:
            if port not in found and probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
    return found


@contextmanager
def running_mall(**settings: str) -> Iterator[Mall]:
    """`mall up` in dev, from nothing: ready means that /health of the gateway says so. Stopped by SIGTERM."""
    ports = dict(zip((part.name for part in PARTS), free_ports(len(PARTS)), strict=True))
    gateway = f"http://127.0.0.1:{ports['gateway']}"
    with TemporaryDirectory() as folder:
        environ = os.environ | {"MALL_ENV": "dev", "MALL_DATA": folder}
        environ |= {f"MALL_{name.upper()}_PORT": str(port) for name, port in ports.items()} | settings
        started = time.monotonic()
        process = subprocess.Popen([sys.executable, "-m", "mall", "up", "--quiet"], cwd=ROOT, env=environ)
        try:
            _until_healthy(gateway, process)
            yield Mall(gateway, Path(folder), process.pid, time.monotonic() - started, ports)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)


def _until_healthy(gateway: str, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends:
        if process.poll() is not None:
            message = f"mall up ended with {process.returncode}"
            raise RuntimeError(message)
        try:
            with urllib.request.urlopen(f"{gateway}/health", timeout=2) as answer:  # noqa: S310 - our own http URL
                if answer.status == 200:  # noqa: PLR2004 - HTTP's own word for well
                    return
        except OSError:
            pass
        time.sleep(0.02)
    message = "the mall was not ready in time"
    raise RuntimeError(message)


def machine() -> str:
    """What the figures were taken on."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} x {model}, {memory:.0f} GiB, {platform.system()} {platform.release()}, Python {platform.python_version()}"
