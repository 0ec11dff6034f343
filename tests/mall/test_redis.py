"""Which Redis is taken, and what is written for it."""

import sys
from pathlib import Path

import pytest

from mall.redis import find, write_configuration


def server(folder: Path, name: str, says: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("echo 'Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=a3fdef44459b3ad6'", False),
        ("echo 'Redis server v=6.2.7 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64 build=636cde3b5c7a3923'", True),
        ("echo 'Redis server v=10.0.1 sha=00000000:0 malloc=libc bits=64 build=1'", True),
        ("exit 1", False),
        ("echo something else", False),
    ],
)
def test_the_first_on_path_that_is_young_enough_is_taken(tmp_path: Path, said: str, taken: bool) -> None:  # noqa: FBT001 - a column of the table
    first = server(tmp_path, "redis-server", said)
    second = server(tmp_path, "valkey-server", "echo 'Valkey server v=8.0.1 sha=00000000:0 malloc=libc bits=64 build=1'")
    assert find(str(tmp_path)) == (first if taken else second)


def test_without_any_on_path_that_of_the_wheel_is_taken(tmp_path: Path) -> None:
    (tmp_path / "redis-server").write_text("not executable")
    beside = Path(sys.executable).parent / "redis-server"
    assert find(str(tmp_path)) == (beside if beside.exists() else None)


def test_the_configuration_is_for_its_owner_only_and_takes_any_printable_word(tmp_path: Path) -> None:
    folder = tmp_path / 'a "folder" \\ of ours'
    written = write_configuration(folder, "127.0.0.1", 6379, 'a"b\\c #d')
    assert (written.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    lines = written.read_text().splitlines()
    assert 'requirepass "a\\"b\\\\c #d"' in lines
    assert {"appendonly yes", "appendfsync always", "maxmemory-policy noeviction", "protected-mode yes"} <= set(lines)
    assert write_configuration(folder, "127.0.0.1", 6380, "another").read_text() != "\n".join(lines)
    with pytest.raises(ValueError, match="control character"):
        write_configuration(folder, "127.0.0.1", 6379, "one\nport 1")
