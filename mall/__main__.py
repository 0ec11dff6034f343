"""The command line: `mall up`, `mall import FILE`. Each subcommand's code is imported when it is asked for."""

import argparse
import os
import sys
from collections.abc import Sequence

from mall.journey import OPERATOR
from mall.parts import IMPORTED, MOST_COPIES
from mall.preflight import StartError, check_packages, check_python


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
    if words[:1] == ["import"]:
        from mall.importing import command  # noqa: PLC0415 — the supervisor should not carry it

        return command.main(words[1:], os.environ)
    if words[:1] == ["load"]:
        from mall.load import command as load  # noqa: PLC0415 — as above

        return load.main(words[1:])
    if words[:1] == ["drill"]:
        from mall.drills import command as drill  # noqa: PLC0415 — as above

        return drill.main(words[1:], os.environ)
    if words[:1] == ["audit"]:
        from mall.auditing import command as audit  # noqa: PLC0415 — as above

        return audit.main(words[1:], os.environ)
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
    commands.add_parser("import", help="put the products of a file into the catalogue", add_help=False)
    commands.add_parser("audit", help="prove from what every service has stored that nothing was lost, doubled or oversold", add_help=False)
    commands.add_parser("load", help="let shoppers loose on a mall, and sum up what they were told", add_help=False)
    commands.add_parser("drill", help="do harm to a mall of its own while people buy, and prove that nothing was lost", add_help=False)
    return parser


def _ensure(gateway_url: str) -> int:
    from mall.importing import demo  # noqa: PLC0415 — needed on the first start only

    return demo.ensure(gateway_url, *OPERATOR)


if __name__ == "__main__":
    sys.exit(main())
