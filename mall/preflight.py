"""What stops `mall up` before anything starts, each named in one line. Standard library only: packages may be missing."""

import contextlib
import errno
import fcntl
import importlib.util
import os
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

HIGHEST_PORT = 65_535


class StartError(Exception):
    """`reasons` holds one line for each thing in the way."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


class Wanted(NamedTuple):
    """An address that a part is going to listen on, and the variable that gives it another port."""

    name: str
    host: str
    port: int
    variable: str


@dataclass(frozen=True, slots=True)
class Taken:
    """An address that could not be bound; `holder` is the process that listens there, 0 where the system does not tell."""

    name: str
    holder: int
    reason: str


def check_python() -> None:
    """Raises StartError outside the versions that pyproject.toml names."""
    if not (3, 11) <= sys.version_info < (3, 13):
        running = ".".join(map(str, sys.version_info[:3]))
        reason = (
            f"Python {running} ({sys.executable}) is not supported: the mall needs 3.11 or 3.12; `make up PYTHON=python3.12` takes another"
        )
        raise StartError(reason)


def check_packages(imported: Mapping[str, str]) -> None:
    """Raises StartError naming each package whose module is not there."""
    missing = [package for package, module in imported.items() if not _is_there(module)]
    if missing:
        reason = f"missing in {sys.prefix}: {', '.join(missing)}; `make up` installs what requirements.lock names into .venv"
        raise StartError(reason)


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package above it is missing
        return False


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Makes the folder ours as long as the context, or the process, lives. Raises StartError if it cannot be written or is held."""
    try:
        for needed in (folder, folder / "logs", folder / "run"):
            needed.mkdir(parents=True, exist_ok=True)
            probe = needed / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        lock = os.open(folder / "mall.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as failure:
        reason = f"the data folder {folder} cannot be written: {failure.strerror or failure}; MALL_DATA names another"
        raise StartError(reason) from failure
    try:
        _lock(lock, folder)
        yield
    finally:
        os.close(lock)


def _lock(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as failure:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
        reason = f"another `mall up` (pid {holder}) runs on {folder}: stop it, or set MALL_DATA to another folder"
        raise StartError(reason) from failure
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


def taken(addresses: Iterable[Wanted]) -> list[Taken]:
    """Which cannot be bound, and why."""
    found, seen = [], dict[int, str]()
    for one in addresses:
        name, port = one.name, one.port
        if port == 0:
            found.append(Taken(name, 0, f"port 0 ({name}) cannot be told to the neighbours: give {one.variable} a number"))
        elif port > HIGHEST_PORT:
            found.append(Taken(name, 0, f"port {port} ({name}) is above {HIGHEST_PORT}: set a lower {one.variable}"))
        elif port in seen:
            found.append(Taken(name, 0, f"port {port} is given to both {seen[port]} and {name}: set {one.variable}"))
        elif failure := _bind(one.host, port):
            found.append(_taken(one, failure))
        seen[port] = name
    return found


def _bind(host: str, port: int) -> OSError | None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen(1)
    except OSError as failure:
        return failure
    return None


def _taken(wanted: Wanted, failure: OSError) -> Taken:
    name, host, port, variable = wanted
    if failure.errno != errno.EADDRINUSE:
        return Taken(name, 0, f"port {port} ({name}) on {host} cannot be used: {failure.strerror or failure}")
    holder = listener(port)
    by = f"by {command_of(holder)} (pid {holder})" if holder else "by another process"
    return Taken(name, holder, f"port {port} ({name}) is taken {by}: stop it, or set {variable}")


def listener(port: int) -> int:
    """The pid that listens on a TCP port, 0 if /proc does not tell."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    if not sockets:
        return 0
    for process in Path("/proc").glob("[0-9]*"):
        if not sockets.isdisjoint(_open_files(process)):
            return int(process.name)
    return 0


def _open_files(process: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                yield str(descriptor.readlink())


def _listening(port: int) -> list[str]:
    inodes: list[str] = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        # Columns: 1 local address, 3 state (0A is LISTEN), 9 inode.
        inodes += [row[9] for row in map(str.split, rows) if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port]
    return inodes


def command_of(pid: int) -> str:
    """The process's command line, shortened."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "a process"
    return " ".join(words).strip()[:80] or "a process"
