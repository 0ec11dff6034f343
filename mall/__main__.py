"""The command line: `mall up`, `mall import FILE` and so on. Each subcommand's code is imported when it is asked for."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from mall.journey import OPERATOR
from mall.parts import IMPORTED, MOST_COPIES
from mall.preflight import StartError, check_packages, check_python


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand of its own: `main(words, environ)` of the module gives the exit code."""

    module: str
    help: str


COMMANDS = {
    "import": Command("mall.importing.command", "put the products of a file into the catalogue"),
    "export": Command("mall.exporting", "write the whole catalogue into a file that import brings back"),
    "audit": Command("mall.auditing.command", "prove from what every service has stored that nothing was lost, doubled or oversold"),
    "load": Command("mall.load.command", "let shoppers loose on a mall, and sum up what they were told"),
    "drill": Command("mall.drills.command", "do harm to a mall of its own while people buy, and prove that nothing was lost"),
    "keys": Command("mall.keys", "give tokens another signing key, without anybody noticing"),
    "new": Command("mall.new.command", "begin a new service in this checkout"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0 for done, 2 for a refusal that was told, 130 for Ctrl-C where nothing has to be ended in order."""
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:
        return 130


def _run(words: list[str]) -> int:
    try:
        check_python()
        check_packages(IMPORTED)
    except StartError as failure:
        print(f"mall: {failure}", file=sys.stderr)
        return 2
    told = COMMANDS.get(words[0]) if words else None
    if told is not None:
        # Imported when it is asked for: the supervisor should not carry it.
        return int(importlib.import_module(told.module).main(words[1:], os.environ))
    arguments = _parser().parse_args(words)
    from mall import plan, up  # noqa: PLC0415 — they need packages, whose absence is told above

    lineup = plan.Lineup(copies=arguments.copies)
    return up.run(up.Wishes(lineup, _ensure, arguments.quiet), os.environ)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mall", description="An online mall's back end.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start every part of the mall and keep it running until Ctrl-C")
    up.add_argument("--quiet", action="store_true", help="tell only what goes wrong and when the mall is ready")
    copies = range(1, MOST_COPIES + 1)
    up.add_argument("--copies", type=int, default=1, choices=copies, metavar="N", help="so many of each service, 1 to 4")
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.help, add_help=False)
    return parser


def _ensure(gateway_url: str) -> int:
    from mall.importing import demo  # noqa: PLC0415 — needed on the first start only

    return demo.ensure(gateway_url, *OPERATOR)


if __name__ == "__main__":
    sys.exit(main())
