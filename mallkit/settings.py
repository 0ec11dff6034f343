"""A service's settings: one frozen Struct, read once at the start, strict about names and types.

    class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
        port: int = 8004
        pay_within: float = 900.0

`load(Settings, "order", os.environ)` reads MALL_ORDER_PAY_WITHIN, and MALL_DATA as well as MALL_ORDER_DATA since `data` is common to all.
"""

import difflib
import functools
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo

from mallkit.money import DECIMALS
from mallkit.sources import Given, SettingsError, Sources, is_neighbour

__all__ = ["Common", "Secret", "SettingsError", "load", "resolve", "secret_fields"]

Secret = Annotated[str, Meta(extra={"secret": True})]
"""Has no default, is never shown, and holds at least 16 characters. Any other type is marked in the same way."""
SHORTEST_SECRET = 16
DRILLED = ("dev", "test")
HIGHEST_PORT = 65_535
_NOT_SET_BY_NAME = frozenset({"env", "neighbours"})
"""Fields that `load` fills itself."""


class Common(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every service is told. A service's own Struct gives `port` its default and adds fields."""

    env: str
    """dev, test or online"""
    port: int
    client_secret: Secret
    """This service's own, for the token it shows to its neighbours."""
    fingerprint_key: Secret
    """HMAC key for the fingerprints of request bodies and cards."""
    data: str = "var"
    """Folder of the stores."""
    host: str = "127.0.0.1"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    otlp_endpoint: str = ""
    """Where spans go; empty: nowhere."""
    redis_url: str = ""
    """Where events go, `redis://host:port` or `rediss://…`; empty: nowhere, they wait in the outbox. Without a password, see below."""
    redis_password: Secret = ""
    copy: str = "1"
    """Which copy of the service this is: a copy that starts again under its old name goes on with its own leases at once."""
    drill_key: Secret = ""
    """Opens the doors through which drills do harm; empty, and there are none. In dev and test only."""
    neighbours: dict[str, str] = {}
    """Name → base URLs, comma separated where a service has several copies."""
    currency: str = "USD"
    drain_seconds: float = 10.0
    """How long requests that are running may take to end when the service stops."""
    max_in_flight: int = 512
    """Requests served at once; one more is answered 503."""
    max_body: int = 1_048_576
    """Bytes."""

    def __post_init__(self) -> None:
        if self.currency not in DECIMALS:
            message = f"currency: {self.currency!r} is none that the mall knows ({', '.join(sorted(DECIMALS))})"
            raise ValueError(message)
        if self.drill_key and self.env not in DRILLED:
            message = f"drill_key: there are no drills in {self.env}"
            raise ValueError(message)
        if self.redis_url and not self.redis_url.startswith(("redis://", "rediss://", "unix://")):
            message = "redis_url: it begins with redis://, rediss:// or unix://"
            raise ValueError(message)
        if "@" in self.redis_url and ":" in self.redis_url.partition("://")[2].partition("@")[0]:
            message = "redis_url: its password belongs into MALL_REDIS_PASSWORD"
            raise ValueError(message)
        for name, least in (("drain_seconds", 0), ("max_in_flight", 0), ("max_body", 1)):
            if getattr(self, name) < least:
                message = f"{name}: it must be at least {least}"
                raise ValueError(message)

    def __repr__(self) -> str:
        hidden = secret_fields(type(self))
        shown = (f"{name}={'(secret)' if name in hidden else repr(getattr(self, name))}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({', '.join(shown)})"


S = TypeVar("S", bound=Common)


def load(cls: type[S], name: str, environ: Mapping[str, str], root: Path | None = None) -> S:
    """The settings of the service `name`: defaults < conf/<MALL_ENV>.toml below `root` < `.env` < `environ`.

    Raises SettingsError, which names each variable or key that is unknown, ill-typed or missing, all at once.
    """
    return resolve(cls, name, Sources.read(environ, root))


def resolve(cls: type[S], name: str, sources: Sources) -> S:
    """As `load`, from sources that were read already."""
    fields = {field.name: field for field in msgspec.structs.fields(cls)}
    problems = [problem for problem in _strangers(sources, name, fields.keys() - _NOT_SET_BY_NAME) if problem]
    values: dict[str, Any] = {"env": sources.env}
    try:
        values["neighbours"] = sources.neighbours()
    except SettingsError as failure:
        problems += failure.problems
    for field in fields.values():
        if field.name in _NOT_SET_BY_NAME:
            continue
        given = sources.given(name, field.name, common=field.name in Common.__struct_fields__)
        problem = _problem(field, f"MALL_{name}_{field.name}".upper(), given)
        if problem:
            problems.append(problem)
        elif given:
            values[field.name] = _read(given, field.type)
    if problems:
        raise SettingsError(problems)
    try:
        return cls(**values)
    except (TypeError, ValueError) as failure:  # a rule over several fields, in the Struct's __post_init__
        raise SettingsError([f"settings of {name}: {failure}"]) from failure


@functools.cache
def secret_fields(cls: type[Common]) -> frozenset[str]:
    """The fields that are never shown."""
    return frozenset(field.name for field in msgspec.structs.fields(cls) if _is_secret(field.type))


def _is_secret(kind: object) -> bool:
    return any(isinstance(mark, Meta) and (mark.extra or {}).get("secret") for mark in get_args(kind)[1:])


def _strangers(sources: Sources, name: str, own: Iterable[str]) -> list[str]:
    """Names that nobody reads. Other services' variables and tables are theirs, unless they look like a common one misspelt."""
    own, common = sorted(own), [field for field in Common.__struct_fields__ if field not in _NOT_SET_BY_NAME]
    return [
        *(_strange_variable(given, variable, (f"MALL_{name}_".upper(), own), common) for variable, given in sources.variables.items()),
        *(
            f"{key} in [{table}] of {sources.file} is no setting{_meant(key, known)}"
            for table, known in (("common", common), (name, own))
            for key in sources.tables.get(table, {})
            if key not in known
        ),
    ]


def _strange_variable(given: Given, variable: str, own: tuple[str, list[str]], common: list[str]) -> str:
    prefix, fields = own
    if is_neighbour(variable) or variable == "MALL_ENV":
        return ""
    if variable.startswith(prefix):
        field = variable.removeprefix(prefix).lower()
        return "" if field in fields else f"{given.where} is no setting{_meant(field, fields, prefix)}"
    field = variable.removeprefix("MALL_").lower()
    if field in common or field.endswith(tuple(f"_{ours}" for ours in common)):
        return ""
    meant = _meant(field, common, "MALL_")
    return f"{given.where} is no setting{meant}" if meant else ""


def _meant(field: str, known: list[str], prefix: str = "") -> str:
    close = difflib.get_close_matches(field, known, n=1, cutoff=0.75)
    if not close:
        return ""
    return f"; did you mean {(prefix + close[0]).upper() if prefix else close[0]}?"


def _problem(field: FieldInfo, variable: str, given: Given | None) -> str:
    """What is wrong with a field as given, in one line; nothing is an empty line. A secret is never repeated."""
    secret = _is_secret(field.type)
    if given is None:
        kind = "a secret that has no default" if secret else "needed and has no default"
        return f"{variable} is missing: it is {kind}" if field.required else ""
    try:
        value = _read(given, field.type)
    except msgspec.ValidationError as failure:
        return f"{given.where}: {'the value' if secret else repr(given.value)} does not fit: {failure}"
    if secret and not _is_long_enough(value):
        return f"{given.where}: a secret needs at least {SHORTEST_SECRET} characters"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{given.where}: {given.value!r} is no number to reckon with"
    if field.name == "port" and isinstance(value, int) and not 0 <= value <= HIGHEST_PORT:
        return f"{given.where}: {value} is no port (0 to {HIGHEST_PORT})"
    return ""


def _is_long_enough(value: object) -> bool:
    if isinstance(value, str):
        return len(value) >= SHORTEST_SECRET
    parts = list(value.values() if isinstance(value, dict) else value) if isinstance(value, dict | list | tuple) else []
    return bool(parts) and all(_is_long_enough(part) for part in parts)


def _read(given: Given, kind: object) -> object:
    """As the field's type. Raises msgspec.ValidationError; TOML's own types are taken strictly, text is read."""
    if not (given.written and isinstance(given.value, str)):
        return msgspec.convert(given.value, kind)
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    origin = get_origin(plain) or plain
    parts = [part.strip() for part in given.value.split(",") if part.strip()]
    if origin is dict:
        pairs = [part.partition("=") for part in parts]
        if not all(mark for _, mark, _ in pairs):
            message = "Expected name=value pairs, comma separated"
            raise msgspec.ValidationError(message)
        return msgspec.convert({key.strip(): value.strip() for key, _, value in pairs}, kind, strict=False)
    if origin in {list, tuple, set, frozenset}:
        return msgspec.convert(parts, kind, strict=False)
    return msgspec.convert(given.value, kind, strict=False)
