"""A folder with a mall of tiny parts, and `mall up` over it as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from mall.parts import COPY_APART
from mall.running import free_ports

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


def until(holds: Callable[[], object], what: str) -> None:
    """Waits for a condition. Fails with its name after the deadline."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """A process that is there and no zombie: orphans may have nobody who buries them."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Run:
    """One `mall up`: what it has told so far, and how it ended."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        assert process.stdout
        self._reader = threading.Thread(target=self._read, args=(process.stdout,))
        self._reader.start()

    def _read(self, told: IO[str]) -> None:
        with told:
            self.lines.extend(iter(told.readline, ""))

    @property
    def text(self) -> str:
        """Everything told so far."""
        return "".join(self.lines)

    def until_told(self, words: str, times: int = 1) -> None:
        """Fails when the words do not come in time, or the process ends without them."""
        until(lambda: self.text.count(words) >= times or self.process.poll() is not None, f"{words!r} in {self.text}")
        assert self.text.count(words) >= times, self.text

    def end(self) -> int:
        """Waits for the end; the exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.end()


class Folder:
    """The working directory of a test's mall: conf/, the parts' modules and var/."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ports: dict[str, int] = {}
        self.runs: list[Run] = []
        self.environment: dict[str, str] = {}
        self.python = sys.executable

    def __call__(self, *words: str, **environment: str) -> Run:
        """Starts `mall up` over the parts named in `words`, which also carry its options."""
        for word in words:
            if not word.startswith("-"):
                self._add(word.partition(":")[0])
        self._write_conf()
        process = subprocess.Popen(
            [self.python, "-m", "tests.mall.entry", *words],
            cwd=self.path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{self.path}", **self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
        self.runs.append(Run(process))
        return self.runs[-1]

    def pid(self, name: str) -> int:
        """Of a running part."""
        return int((self.path / "var" / "run" / f"{name}.pid").read_text())

    def environment_of(self, name: str) -> dict[str, str]:
        """What a running part was given."""
        part, _, copy = name.partition("-")
        port = self.ports[part] + COPY_APART * (int(copy or 1) - 1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/environment", timeout=5) as answer:
            found: dict[str, str] = json.load(answer)
            return found

    def pids(self) -> list[int]:
        """Of all running parts."""
        return [int(path.read_text()) for path in (self.path / "var" / "run").glob("*.pid")]

    def _add(self, name: str) -> None:
        if name in self.ports:
            return
        taken = {port % COPY_APART for port in self.ports.values()}
        self.ports[name] = next(port for port in free_ports(20, copies=2) if port % COPY_APART not in taken)
        if name == "redis":
            return
        module = self.path / name
        module.mkdir()
        (module / "__init__.py").touch()
        kind = "AuthSettings" if name == "auth" else "Settings"
        (module / "settings.py").write_text(f"from tests.mall.part import {kind} as Settings\n")
        (module / "__main__.py").write_text(f"from tests.mall.part import {kind}, run\nrun({name!r}, {kind})\n")

    def _write_conf(self) -> None:
        (self.path / "conf").mkdir(exist_ok=True)
        tables = "".join(f"[{name}]\nport = {port}\n" for name, port in self.ports.items())
        for env in ("dev", "test", "online"):
            (self.path / "conf" / f"{env}.toml").write_text(tables)


@pytest.fixture
def mall_up(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path)
    yield folder
    for run in folder.runs:
        run.process.kill()
        run.end()
    try:
        until(lambda: not any(map(is_alive, folder.pids())), "a part is left behind")
    finally:
        for pid in filter(is_alive, folder.pids()):
            os.kill(pid, signal.SIGKILL)
