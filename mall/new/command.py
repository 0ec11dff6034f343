"""The command: checks the name, works everything out in memory, and writes all of it or nothing."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mall.new.lists import CannotAdd, entered
from mall.new.names import BadName, Named, named
from mall.new.rooms import written
from mall.running import ROOT


def main(argv: Sequence[str], _: Mapping[str, str], root: Path = ROOT) -> int:
    """The exit code: 0 when the service is there, 2 when nothing was changed."""
    wishes = _parser().parse_args(argv)
    try:
        service = named(wishes.name, wishes.port, root)
        new, changed = written(service), entered(service, root)
        taken = [path for path in new if (root / path).exists()]
        if taken:
            raise CannotAdd(f"{taken[0]} is there already")
    except (BadName, CannotAdd, OSError) as refusal:
        print(f"mall new: {refusal}; nothing was changed", file=sys.stderr)
        return 2
    for path, text in (new | changed).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    _tell(service, new, changed)
    return 0


def _tell(service: Named, new: dict[str, str], changed: dict[str, str]) -> None:
    print(f"svc_{service.name} listens on {service.port} and serves POST /api/v1/{service.name} through the gateway.\n")
    print("\n".join(f"  new      {path}" for path in new))
    print("\n".join(f"  changed  {path}" for path in changed))
    print(f"\nNext: make check, .venv/bin/python -m pytest tests/svc_{service.name}, make up")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mall new", description="Begins a new part of the mall in this checkout.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    service = kinds.add_parser("service", help="a service of its own, with its store, contract, tests and one endpoint")
    service.add_argument("name", metavar="NAME", help="one word: lower-case letters and digits")
    service.add_argument("--port", type=int, help="where it listens in dev and online; without it the next free one from 8010")
    return parser
