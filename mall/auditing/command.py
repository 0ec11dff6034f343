"""`mall audit`: asks every service once, or until what is on its way has arrived, and says whether the books are right.

Exit status: 0 clean; 1 something is violated, the ids are told; 2 a service could not be asked, or the command line is wrong.
"""

import argparse
import asyncio
import os
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from mall import devsecrets
from mall.auditing.asking import NotAsked, asking
from mall.auditing.audit import audit
from mall.auditing.report import Report, as_json, table
from mall.auditing.settings import Settings
from mall.parts import PARTS
from mall.plan import MAKES_SECRETS, data_folder
from mallkit.settings import SettingsError, resolve
from mallkit.sources import Given, Sources, dotenv

NAME = "audit"
CANNOT_ASK = 2
ASKED = tuple(part.name for part in PARTS if part.module.startswith("svc_"))
"""The services that tell rows."""


def main(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Runs the command with the arguments after `mall audit`; the exit status."""
    wish = _parser().parse_args(argv)
    try:
        report = asyncio.run(_audit(read_settings(environ, wish.grace), quiet=wish.json))
    except SettingsError as failure:
        for problem in failure.problems:
            print(f"mall audit: {problem}", file=sys.stderr)
        return CANNOT_ASK
    except NotAsked as refusal:
        print(f"mall audit: {refusal.detail}", file=sys.stderr)
        return CANNOT_ASK
    except sqlite3.Error as error:
        print(f"mall audit: no room for what the services tell, in the folder for temporary files: {error}", file=sys.stderr)
        return CANNOT_ASK
    print(as_json(report).decode() if wish.json else table(report))
    return 0 if report.clean else 1


def read_settings(environ: Mapping[str, str], grace: float | None = None) -> Settings:
    """As `mall up` gives them to the part, for a command in the same environment. Raises SettingsError."""
    sources = Sources.read(environ, default="dev")
    variables = dict(sources.variables)
    for part in PARTS:
        port = sources.given(part.name, "port", common=False)
        if port is not None:
            url = f"MALL_{part.name}_URL".upper()
            variables.setdefault(url, Given(f"http://127.0.0.1:{port.value}", port.where, written=True))
    if sources.env in MAKES_SECRETS:
        kept = data_folder(sources) / devsecrets.FILE
        ours = devsecrets.names(part for part in PARTS if part.name == NAME)
        found = {name: value for name, value in dotenv(kept).items() if name in ours}
        variables = {name: Given(value, f"{name} in {kept}", written=True) for name, value in found.items()} | variables
    settings = resolve(Settings, NAME, replace(sources, variables=variables))
    return settings if grace is None else msgspec.structs.replace(settings, grace_seconds=grace)


async def _audit(settings: Settings, *, quiet: bool) -> Report:
    def tell(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    async with asking(settings, ASKED) as mall:
        return await audit(mall, settings, tell)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mall audit",
        description="Prove, from what every service has stored, that nothing was lost, doubled or oversold.",
        epilog="What is on its way between services does not fit yet: it is read again, and counts only if it stays as it is.",
    )
    parser.add_argument("--json", action="store_true", help="the whole report as JSON on the standard output")
    parser.add_argument("--grace", type=float, metavar="SECONDS", help="how long something may be on its way (default: the setting, 60)")
    return parser
