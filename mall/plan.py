"""What `mall up` is going to start: every part with its address, folder and environment, checked before anything runs."""

import difflib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mall import devsecrets
from mall.parts import SAME, Part
from mall.preflight import StartError
from mallkit.settings import Common, SettingsError, resolve
from mallkit.sources import ROOT, Given, Sources, is_neighbour

MAKES_SECRETS = ("dev", "test")
OF_THE_COMMAND = ("MALL_OPERATOR_EMAIL", "MALL_OPERATOR_PASSWORD")
"""Variables for `mall import`: no part gets them."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One process to start. `environment` is all that it gets; of secrets only its own."""

    part: Part
    host: str
    port: int
    drain_seconds: float
    log: Path
    pid_file: Path
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where the others on this machine reach it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 — compared, not bound
        return f"http://{host}:{self.port}"


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


def plan(sources: Sources, folder: Path, parts: Sequence[Part], environ: Mapping[str, str]) -> list[Planned]:
    """Every part with its settings checked. Raises StartError naming each setting that is missing or wrong."""
    try:
        sources = replace(sources, variables=dict(sources.variables) | _secrets(sources, folder, parts))
    except SettingsError as failure:
        raise StartError(*failure.problems) from failure
    settings, problems = {}, []
    for part in parts:
        try:
            settings[part] = resolve(_settings_class(part), part.name, sources)
        except SettingsError as failure:
            problems += failure.problems
        except StartError as failure:
            problems += failure.reasons
    if problems:
        raise StartError(*dict.fromkeys(problems))
    planned = [
        Planned(
            part,
            settings[part].host,
            settings[part].port,
            settings[part].drain_seconds,
            folder / "logs" / f"{part.name}.log",
            folder / "run" / f"{part.name}.pid",
            environment={},
        )
        for part in parts
    ]
    everything = _everything(sources, folder, planned, environ)
    return [replace(one, environment=_for(one.part, everything, parts)) for one in planned]


def _secrets(sources: Sources, folder: Path, parts: Sequence[Part]) -> dict[str, Given]:
    """What the sources do not say and the mall may make itself, and everybody's secret for auth."""
    needed = devsecrets.names(parts)
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


def _everything(sources: Sources, folder: Path, planned: Sequence[Planned], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment before it is cut for each part: a URL that was given stays, the others follow from the ports."""
    path = environ.get("PYTHONPATH")
    return {
        **environ,
        **{f"MALL_{one.part.name}_URL".upper(): one.url for one in planned},
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
    known = ["common", "neighbours", *(part.name for part in parts)]
    return [f"[{table}] of {sources.file} belongs to no part{_meant(table, known)}" for table in sources.tables if table not in known]


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}{'…' if close[0].endswith('_') else ''}?" if close else ""
