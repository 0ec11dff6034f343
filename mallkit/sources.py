"""Where a setting's value stands: conf/<env>.toml, then `.env` in the working directory, then the environment."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

ENVIRONMENTS = ("dev", "test", "online")
ROOT = Path(__file__).resolve().parent.parent
"""The repository: `conf/` stands beside the packages."""

NO_SERVICE = "redis"
"""Has a table and a URL as services have, and is none: what is said about it is common to all (`redis_url`)."""
_NEIGHBOUR = re.compile(rf"MALL_(?!{NO_SERVICE.upper()}_)([A-Z][A-Z0-9]*)_URL")
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)")


class SettingsError(Exception):
    """Settings that stop a start; `problems` holds one line for each, with the variable or key and where it stands."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Given:
    """A value as found. `written` ones are text of a variable, still to be read; the others are typed by TOML."""

    value: object
    where: str
    written: bool


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that is said about settings, by whom: `variables` are MALL_* only, `tables` those of `file`."""

    env: str
    file: str
    tables: Mapping[str, Mapping[str, object]]
    variables: Mapping[str, Given]

    @classmethod
    def read(cls, environ: Mapping[str, str], root: Path | None = None, default: str = "") -> Self:
        """Raises SettingsError when MALL_ENV is unknown, or absent and there is no `default`, or a file cannot be read."""
        variables = {k: Given(v, f"{k} in .env", written=True) for k, v in dotenv(Path.cwd() / ".env").items() if k.startswith("MALL_")}
        variables |= {k: Given(v, f"{k} in the environment", written=True) for k, v in environ.items() if k.startswith("MALL_")}
        asked = variables.get("MALL_ENV") or (Given(default, "the default", written=True) if default else None)
        if asked is None or asked.value not in ENVIRONMENTS:
            told = "MALL_ENV is not set" if asked is None else f"{asked.where}: {asked.value!r} is no environment"
            raise SettingsError([f"{told}: use one of {', '.join(ENVIRONMENTS)}"])
        env = str(asked.value)
        return cls(env, f"conf/{env}.toml", _tables((root or ROOT) / "conf" / f"{env}.toml"), variables)

    def given(self, name: str, field: str, *, common: bool) -> Given | None:
        """What is said about a field of the service `name`; `common` fields may be set for all services at once."""
        for variable in (f"MALL_{name}_{field}".upper(), f"MALL_{field}".upper())[: 1 + common]:
            if variable in self.variables:
                return self.variables[variable]
        for table in (name, "common")[: 1 + common]:
            if field in self.tables.get(table, {}):
                return Given(self.tables[table][field], f"{field} in [{table}] of {self.file}", written=False)
        return None

    def neighbours(self) -> dict[str, str]:
        """Name → base URLs, comma separated: from the tables' ports, then [neighbours], then MALL_<NAME>_URL.

        Raises SettingsError on what is no http URL.
        """
        found = {
            name: Given(f"http://127.0.0.1:{table['port']}", f"port in [{name}] of {self.file}", written=False)
            for name, table in self.tables.items()
            if "port" in table and name != NO_SERVICE
        }
        for name, value in self.tables.get("neighbours", {}).items():
            found[name] = Given(value, f"{name} in [neighbours] of {self.file}", written=False)
        for variable, given in self.variables.items():
            if match := _NEIGHBOUR.fullmatch(variable):
                found[match[1].lower()] = given
        problems = [f"{given.where}: {given.value!r} is no http URL" for given in found.values() if not _is_urls(given.value)]
        if problems:
            raise SettingsError(problems)
        return {name: ",".join(_urls(str(given.value))) for name, given in found.items()}


def is_neighbour(variable: str) -> bool:
    """Whether the variable says where a service is, as MALL_AUTH_URL does."""
    return _NEIGHBOUR.fullmatch(variable) is not None


def dotenv(path: Path) -> dict[str, str]:
    """The assignments of a `.env` file, none when there is no file. Raises SettingsError naming the line that is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as failure:
        raise SettingsError([f"{path} cannot be read: {failure}"]) from failure
    assigned: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            # The line itself may hold a secret: its number is enough.
            raise SettingsError([f"{path}, line {number}: expected NAME=value"])
        assigned[match[1]] = _unquoted(match[2])
    return assigned


def _unquoted(text: str) -> str:
    value = text.strip()
    if value[:1] in {"'", '"'}:
        closing = value.find(value[0], 1)
        return value[1:closing] if closing > 0 else value
    return re.split(r"\s+#", text, maxsplit=1)[0].strip()  # of the text as it stands: `A=   # a comment` assigns nothing


def _tables(path: Path) -> dict[str, dict[str, object]]:
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise SettingsError([f"{path} cannot be read: {failure}"]) from failure
    loose = [f"{key} in {path} stands outside a table: move it to [common]" for key, value in read.items() if not isinstance(value, dict)]
    if loose:
        raise SettingsError(loose)
    return read


def _urls(text: str) -> list[str]:
    return [part.strip().rstrip("/") for part in text.split(",") if part.strip()]


def _is_urls(value: object) -> bool:
    try:
        parts = [urlsplit(part) for part in _urls(value)] if isinstance(value, str) else []
        return bool(parts) and all(part.scheme in {"http", "https"} and part.hostname and part.port != 0 for part in parts)
    except ValueError:
        return False
