"""What `mall up` is going to start: every part with its address, folder and environment, checked before anything runs."""

import difflib
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mall import broker, devsecrets, probe
from mall.broker import Broker
from mall.parts import COPY_APART, PARTS, PATHS, SAME, Part
from mall.preflight import StartError, Wanted
from mallkit.settings import Common, SettingsError, resolve
from mallkit.sources import ROOT, Given, Sources, is_neighbour

MAKES_SECRETS = ("dev", "test")
OF_THE_COMMAND = ("MALL_OPERATOR_EMAIL", "MALL_OPERATOR_PASSWORD", broker.PORT_VARIABLE)
"""Variables for the command itself: no part gets them."""


@dataclass(frozen=True, slots=True)
class Lineup:
    """What is to run: `copies` of every part that may have several, and a Redis unless one is given."""

    parts: Sequence[Part] = PARTS
    copies: int = 1
    redis: bool = True

    def of(self, part: Part) -> range:
        """The numbers of its copies."""
        return range(1, 2 if part.single else self.copies + 1)


@dataclass(frozen=True, slots=True)
class Planned:
    """One process to start. `environment` is all that it gets; of secrets only its own."""

    wanted: Wanted
    tier: int
    drain_seconds: float
    folder: Path
    command: Callable[[], Sequence[str]]
    """Asked at each start, so that it can put in place what the process reads. Raises OSError."""
    ready: probe.Ready
    environment: Mapping[str, str]

    @property
    def name(self) -> str:
        """As people see it: `order`, and its second copy `order-2`."""
        return self.wanted.name

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "logs" / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """While it runs."""
        return self.folder / "run" / f"{self.name}.pid"

    @property
    def url(self) -> str:
        """Where the others on this machine reach it."""
        return _url(self.wanted.host, self.wanted.port)


def data_folder(sources: Sources) -> Path:
    """Absolute, so that every part means the same folder."""
    given = sources.given("common", "data", common=True)
    return Path(str(given.value) if given else "var").absolute()


def read_sources(environ: Mapping[str, str], parts: Sequence[Part], root: Path | None = None) -> Sources:
    """What is said about settings, MALL_ENV being dev unless told. Raises StartError naming what no part knows."""
    try:
        sources = Sources.read(environ, root, default="dev")
    except SettingsError as failure:
        raise StartError(*failure.problems) from failure
    strangers = [*_strange_variables(sources, parts), *_strange_tables(sources, parts)]
    if strangers:
        raise StartError(*strangers)
    return sources


def plan(sources: Sources, folder: Path, lineup: Lineup, environ: Mapping[str, str]) -> list[Planned]:
    """Redis and every part with its settings checked. Raises StartError naming each thing that is missing or wrong."""
    starts_redis = lineup.redis and not broker.is_given(sources)
    try:
        sources = replace(sources, variables=dict(sources.variables) | _secrets(sources, folder, lineup.parts, redis=starts_redis))
    except SettingsError as failure:
        raise StartError(*failure.problems) from failure
    settings, problems = _settings(sources, lineup.parts)
    ours: Broker | None = None
    try:
        ours = broker.broker(sources, environ) if starts_redis else None
    except StartError as failure:
        problems += failure.reasons
    if problems:
        raise StartError(*dict.fromkeys(problems))
    everything = _everything(sources, folder, environ)
    if ours is None:
        return _parts(settings, folder, lineup, everything)
    parts = _parts(settings, folder, lineup, everything | {broker.URL_VARIABLE: ours.url})
    return [_redis(ours, folder, environ), *parts]


def _settings(sources: Sources, parts: Sequence[Part]) -> tuple[dict[Part, Common], list[str]]:
    """And what is wrong with them."""
    settings, problems = dict[Part, Common](), list[str]()
    for part in parts:
        try:
            settings[part] = resolve(_settings_class(part), part.name, sources)
        except SettingsError as failure:
            problems += failure.problems
        except StartError as failure:
            problems += failure.reasons
    return settings, problems


def _parts(settings: Mapping[Part, Common], folder: Path, lineup: Lineup, everything: Mapping[str, str]) -> list[Planned]:
    wanted = {(part, copy): _wanted(part, one, copy) for part, one in settings.items() for copy in lineup.of(part)}
    urls = {part.name: [_url(address.host, address.port) for (of, _), address in wanted.items() if of is part] for part in settings}
    reached = {f"MALL_{name}_URL".upper(): ",".join(listed) for name, listed in urls.items()}
    reached |= {variable: f"{urls[name][0]}{path}" for variable, (name, path) in PATHS.items() if name in urls}
    known = reached | dict(everything)
    return [
        Planned(
            address,
            part.tier,
            settings[part].drain_seconds,
            folder,
            partial(_of_module, part.module),
            probe.service(_url(address.host, address.port)),
            _for(part, known, lineup.parts) | {address.variable: str(address.port), f"MALL_{part.name}_COPY".upper(): str(copy)},
        )
        for (part, copy), address in wanted.items()
    ]


def _wanted(part: Part, settings: Common, copy: int) -> Wanted:
    name = part.name if copy == 1 else f"{part.name}-{copy}"
    port = settings.port + COPY_APART * (copy - 1) if settings.port else 0
    return Wanted(name, settings.host, port, f"MALL_{part.name}_PORT".upper())


def _url(host: str, port: int) -> str:
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 — compared, not bound
    return f"http://{reached}:{port}"


def _of_module(module: str) -> Sequence[str]:
    return [sys.executable, "-m", module]


def _redis(ours: Broker, folder: Path, environ: Mapping[str, str]) -> Planned:
    without = {name: value for name, value in environ.items() if not name.startswith("MALL_")}
    return Planned(ours.wanted(), broker.TIER, 0.0, folder, partial(ours.command, folder), ours.ready, without)


def _secrets(sources: Sources, folder: Path, parts: Sequence[Part], *, redis: bool) -> dict[str, Given]:
    """What the sources do not say and the mall may make itself, and everybody's secret for auth."""
    needed = [*devsecrets.names(parts), *([broker.PASSWORD_VARIABLE] if redis else [])]
    told = {name: given for name, given in sources.variables.items() if name in needed}
    told |= {name: told[origin] for name, origin in SAME.items() if name in needed and name not in told and origin in told}
    if sources.env in MAKES_SECRETS:
        kept = devsecrets.keep(folder, needed, SAME)
        told = {name: Given(value, f"{name} in {folder / devsecrets.FILE}", written=True) for name, value in kept.items()} | told
    if all(part.name != "auth" for part in parts) or "MALL_AUTH_CLIENTS" in sources.variables:
        return told
    known = {part.name: told.get(f"MALL_{part.name}_CLIENT_SECRET".upper()) for part in parts}
    clients = ",".join(f"{name}={given.value}" for name, given in known.items() if given)
    return told | {"MALL_AUTH_CLIENTS": Given(clients, "MALL_AUTH_CLIENTS as `mall up` puts it together", written=True)}


def _settings_class(part: Part) -> type[Common]:
    """Raises StartError when the part is not there."""
    try:
        found: object = importlib.import_module(f"{part.module}.settings").Settings
    except (ImportError, AttributeError) as failure:
        reason = f"{part.name} cannot be started: {failure}"
        raise StartError(reason) from failure
    if not (isinstance(found, type) and issubclass(found, Common)):
        reason = f"{part.name} cannot be started: {part.module}.settings.Settings is no mallkit.settings.Common"
        raise StartError(reason)
    return found


def _everything(sources: Sources, folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What all parts may be told, before it is cut for each."""
    path = environ.get("PYTHONPATH")
    return {
        **environ,
        **{name: str(given.value) for name, given in sources.variables.items()},
        "MALL_ENV": sources.env,
        "MALL_DATA": str(folder),
        "PYTHONPATH": f"{ROOT}:{path}" if path else str(ROOT),
        "PYTHONUNBUFFERED": "1",  # the last lines of a part that dies must be in its log
    }


def _for(part: Part, everything: Mapping[str, str], parts: Sequence[Part]) -> dict[str, str]:
    """Without what is said to other parts, their secrets above all; where they are is for everybody."""
    others = (*OF_THE_COMMAND, *(f"MALL_{other.name}_".upper() for other in parts if other is not part))
    return {name: value for name, value in everything.items() if not name.startswith(others) or is_neighbour(name)}


def _strange_variables(sources: Sources, parts: Sequence[Part]) -> list[str]:
    prefixes = tuple(f"MALL_{part.name}_".upper() for part in parts)
    known = {f"MALL_{field}".upper() for field in Common.__struct_fields__}
    known |= set(OF_THE_COMMAND)
    strange = [name for name in sources.variables if name not in known and not name.startswith(prefixes)]
    return [f"{sources.variables[name].where} is no setting{_meant(name, [*known, *prefixes])}" for name in strange]


def _strange_tables(sources: Sources, parts: Sequence[Part]) -> list[str]:
    known = ["common", "neighbours", broker.NAME, *(part.name for part in parts)]
    return [f"[{table}] of {sources.file} belongs to no part{_meant(table, known)}" for table in sources.tables if table not in known]


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}{'…' if close[0].endswith('_') else ''}?" if close else ""
