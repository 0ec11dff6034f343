"""`mall up` over parts that the test names: `python -m tests.mall.entry NAME[:TIER] ... [options]`; a Redis only if it is named."""

import argparse
import os
import sys
from pathlib import Path

from mall import up
from mall.parts import MOST_COPIES, Part
from mall.plan import Lineup


def main() -> int:
    """The exit code of `mall up`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="+")
    parser.add_argument("--ready-seconds", type=float, default=60.0)
    parser.add_argument("--kill-after", type=float, default=5.0)
    parser.add_argument("--copies", type=int, default=1, choices=range(1, MOST_COPIES + 1))
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--catalogue", type=Path, help="a file that notes each import; one that cannot be written makes it fail")
    wish = parser.parse_args()
    pairs = [name.partition(":") for name in wish.names if name != "redis"]
    parts = [Part(name, name, int(tier or 0), ("key",) if name == "auth" else (), name == "vault") for name, _, tier in pairs]
    lineup = Lineup(parts, wish.copies, redis="redis" in wish.names)

    def ensure(gateway_url: str) -> int:
        with wish.catalogue.open("a") as notes:
            notes.write(f"{gateway_url}\n")
        return 40

    wishes = up.Wishes(lineup, ensure if wish.catalogue else None, wish.quiet, wish.ready_seconds, wish.kill_after, Path.cwd())
    return up.run(wishes, os.environ)


if __name__ == "__main__":
    sys.exit(main())
