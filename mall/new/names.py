"""What a new service may be called, and where it may listen."""

import builtins
import keyword
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from contracts import SERVICES
from mall import broker
from mall.parts import COPY_APART, PARTS
from mallkit.settings import Common

WORD = re.compile(r"[a-z][a-z0-9]{1,30}")
FIRST_PORT = 8010
"""8007 to 8009 are those of flash sale, e-mail and storefront."""
TEST_APART = 10_000
"""Ports of the environment `test` are so much higher."""
LAST_PORT = 65_535 - TEST_APART
OTHERS = frozenset({"mall", "contract", "contracts", "service", "common", "neighbours", broker.NAME})
"""Words that settings, tables and modules use for something else."""
SETTINGS = frozenset(field.partition("_")[0] for field in Common.__struct_fields__)
"""With which names of settings begin that every part has: MALL_LOG_LEVEL would be the setting `level` of a service `log`."""


class BadName(Exception):
    """The name or the port cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Named:
    """A service that can be added. `test_port` is that of the environment `test`."""

    name: str
    port: int

    @property
    def test_port(self) -> int:
        """Beside a mall in dev."""
        return self.port + TEST_APART


def named(name: str, port: int | None, root: Path) -> Named:
    """Raises BadName."""
    if not WORD.fullmatch(name):
        raise BadName(f"{name!r} is no name for a service: one word of 2 to 31 lower-case letters and digits, beginning with a letter")
    parts = {part.name for part in PARTS} | set(SERVICES)
    if name in parts or (root / f"svc_{name}").exists():
        raise BadName(f"there is a part {name} already")
    if name in OTHERS | SETTINGS or keyword.iskeyword(name) or hasattr(builtins, name) or (root / "contracts" / f"{name}.py").exists():
        raise BadName(f"{name} means something else already")
    if clash := next((part for part in parts if part.startswith(f"{name}_") or name.startswith(f"{part}_")), None):
        raise BadName(f"settings of {name} and {clash} could not be told apart")
    return Named(name, _port(port, _taken(root)))


def _taken(root: Path) -> set[int]:
    """By the parts of dev and their copies."""
    tables = tomllib.loads((root / "conf" / "dev.toml").read_text(encoding="utf-8"))
    return {table["port"] for table in tables.values() if "port" in table}


def _port(wanted: int | None, taken: set[int]) -> int:
    if wanted is None:
        return next(port for port in range(FIRST_PORT, LAST_PORT) if port not in taken and port - COPY_APART not in taken)
    if not 1024 <= wanted <= LAST_PORT:  # noqa: PLR2004 - below, ports need privileges
        raise BadName(f"port {wanted} cannot be used: take one from 1024 to {LAST_PORT}, the environment test adds {TEST_APART}")
    if wanted in taken:
        raise BadName(f"port {wanted} is given to another part")
    return wanted
