"""`mall load [URL]`: lets shoppers loose on a mall, shows how it goes, and sums up what they were told.

Exit status: 0 done; 1 nobody could buy anything, or somebody was left without an answer; 2 there is no mall at that URL.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence

import uvloop

from mall.load.crowd import Crowd, Terms, lines
from mall.load.ledger import Ledger
from mall.load.line import Line

MOST_SHOPPERS, MOST_RATE, MOST_COUNT, MOST_SECONDS = 1000, 1000.0, 1_000_000, 86_400.0
MALL_AWAY = 2


def main(argv: Sequence[str], _: Mapping[str, str] = os.environ) -> int:
    """Runs the command with the arguments after `mall load`; the exit status."""
    wish = _parser().parse_args(argv)
    terms = Terms(wish.url.rstrip("/"), wish.shoppers, wish.rate, wish.count, wish.seconds, wish.seed)
    return uvloop.run(_load(terms))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mall load",
        description="Shoppers who register, browse, fill carts and buy with test cards, as people do. Ctrl-C sends them home.",
        epilog="What they buy is really bought there: carts, orders, payments at the sandbox bank, stock.",
    )
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:8080", metavar="URL", help="the gateway (default: %(default)s)")
    parser.add_argument("--shoppers", type=_whole(MOST_SHOPPERS), default=10, help="how many people at most at once (%(default)s)")
    parser.add_argument("--rate", type=_positive(MOST_RATE), default=10.0, help="visits that begin in a second, at most (%(default)s)")
    parser.add_argument("--count", type=_whole(MOST_COUNT), default=1000, help="visits in all, at most (%(default)s)")
    parser.add_argument("--seconds", type=_positive(MOST_SECONDS), default=60.0, help="when no further visit begins (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="what people do follows from it (%(default)s)")
    return parser


def _whole(most: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between 1 and {most}")
        return int(text)

    return whole


def _positive(most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        if not 0 < float(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most {most:g}")
        return float(text)

    return number


async def _load(terms: Terms) -> int:
    async with lines() as session:
        told = await Line(session, terms.gateway, Ledger()).call("health", "GET", "/health", patience=5.0)
        if not told.status:
            print(f"mall load: no answer from {terms.gateway}: is the mall up?", file=sys.stderr)
            return MALL_AWAY
        crowd = Crowd(terms, session)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, crowd.close)
        await crowd.shop(_show)
        print(crowd.ledger.summary())
        return int(not crowd.ledger.bought or bool(crowd.ledger.open))


def _show(line: str) -> None:
    """In place on a terminal, line by line elsewhere."""
    end = "\x1b[K\r" if sys.stderr.isatty() else "\n"
    print(line, end=end, file=sys.stderr, flush=True)
