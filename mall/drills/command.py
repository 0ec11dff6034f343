"""`mall drill NAME …`: does harm to a mall of its own while people buy, and proves that nothing was lost, doubled or oversold.

Exit status: 0 every drill passed; 1 one failed; 2 one could not be run here, or drills are not allowed.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import uvloop

from mall.drills.allowed import missing, refusal
from mall.drills.listed import DRILLS, SHORT
from mall.drills.play import Drill, Verdict, play
from mall.drills.report import report
from mall.drills.stage import DrillFailed, Wish

PASSED, FAILED, NOT_RUN = 0, 1, 2
SETS: dict[str, Mapping[str, Wish]] = {"all": {name: Wish() for name in DRILLS}, "short": SHORT}


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs the command with the arguments after `mall drill`; the exit status."""
    parser = _parser()
    wish = parser.parse_args(argv)
    strange = [name for name in wish.names if name not in {*DRILLS, *SETS}]
    if strange or not (wish.names or wish.list):
        parser.error(f"there is no drill {strange[0]}: `mall drill --list` tells which there are" if strange else "which drill?")
    if wish.list:
        for drill in DRILLS.values():
            print(f"{drill.name:<20} {drill.what}{f' ({missing(drill)})' if missing(drill) else ''}")
        return PASSED
    refused = refusal(environ)
    if refused:
        print(f"mall drill: {refused}", file=sys.stderr)
        return NOT_RUN
    told = Wish(wish.seed, wish.seconds, wish.times, tuple(wish.at), wish.keep)
    chosen = {name: _with(each, told) for word in wish.names for name, each in SETS.get(word, {word: Wish()}).items()}
    outcomes = {name: run(DRILLS[name], each) for name, each in chosen.items()}
    if len(outcomes) > 1:
        print("\n" + "\n".join(f"{name:<20} {('PASS', 'FAIL', 'NOT RUN')[outcome]}" for name, outcome in outcomes.items()))
    return FAILED if FAILED in outcomes.values() else max(outcomes.values())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mall drill", description="Harm a mall of its own, in a temporary folder, while people buy there."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(DRILLS)}; or all, or short")
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("--seed", type=int, default=1, help="moments, shoppers and cards follow from it (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long the harm lasts; each drill has its own measure")
    parser.add_argument("--times", type=int, default=0, help="how many kills, rounds, charges or crash points; as above")
    parser.add_argument("--at", action="append", default=[], metavar="POINT", help="of crash-points only this one; may be repeated")
    parser.add_argument("--keep", action="store_true", help="leave the mall's folder where it is, and tell where")
    return parser


def _with(own: Wish, told: Wish) -> Wish:
    """What was said on the command line goes before what the set says."""
    return replace(told, seconds=told.seconds or own.seconds, times=told.times or own.times, at=told.at or own.at)


def run(drill: Drill, wish: Wish) -> int:
    """One drill, told on the terminal; its exit status."""
    lacking = missing(drill)
    if lacking:
        print(f"drill {drill.name}: NOT RUN: {lacking}", file=sys.stderr)
        return NOT_RUN
    print(f"\ndrill {drill.name}, seed {wish.seed}: {drill.what}", flush=True)
    try:
        verdict = uvloop.run(_stoppable(drill, wish))
    except DrillFailed as failure:
        print(f"  {failure}\nFAIL", flush=True)
        return FAILED
    print(report(verdict), flush=True)
    return FAILED if verdict.wrong else PASSED


async def _stoppable(drill: Drill, wish: Wish) -> Verdict:
    """SIGTERM ends it like Ctrl-C: with its mall stopped and its folder removed."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await play(drill, wish, _show(), lambda line: print(line, file=sys.stderr, flush=True))


def _show() -> Callable[[str], None]:
    """In place on a terminal, every tenth line elsewhere."""
    lines = 0

    def show(line: str) -> None:
        nonlocal lines
        lines += 1
        if sys.stderr.isatty():
            print(line, end="\x1b[K\r", file=sys.stderr, flush=True)
        elif lines % 10 == 0:
            print(line, file=sys.stderr, flush=True)

    return show
