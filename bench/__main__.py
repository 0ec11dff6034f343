"""`make bench`: the purchase (with coupon, tariff and taxes too), the catalogue read, memory and start-up, measured on one machine."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from bench.events import delays
from mall.running import ROOT, Mall, machine, running_mall

ROUNDS = 5
PURCHASES = {1: 150, 8: 400, 32: 400}
"""Clients → purchases a round."""
READS = {1: 500, 8: 2000, 32: 2000}
STARTS = 3
SETTLE_SECONDS = 3.0
PEER = "the best peer measured elsewhere, gomall (Go): 12.7 ms CPU a purchase, 456 MiB"


def spread(figures: Sequence[float], form: str = ".2f") -> str:
    """min / median / max."""
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    return f"{low:{form}} / {middle:{form}} / {high:{form}}"


def loaded(mall: Mall, kind: str, clients: int, count: int) -> tuple[dict[str, float], dict[str, float]]:
    """One round: what the shoppers saw, and the CPU milliseconds a round of each process."""
    command = [sys.executable, "-m", "bench.shoppers", mall.gateway, kind, str(clients), str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shoppers:  # noqa: S603 - our own
        if shoppers.stdin is None or shoppers.stdout is None or shoppers.stdout.readline() != "ready\n":
            message = "the shoppers did not get ready"
            raise RuntimeError(message)
        before = mall.cpu()
        shoppers.stdin.write("go\n")
        shoppers.stdin.flush()
        seen = json.loads(shoppers.stdout.readline())
        after = mall.cpu()
    cpu = {name: (after[name] - before[name]) * 1000 / seen["done"] for name in before}
    times = sorted(seen["ms"])
    told = {
        "per second": seen["done"] / seen["seconds"],
        "p50 ms": times[len(times) // 2],
        "p99 ms": times[int(len(times) * 0.99)],
        "refused": seen["refused"],
    }
    return told, cpu


def measure(mall: Mall, kinds: Sequence[str], plan: dict[int, int]) -> None:
    """All rounds of some kinds of load, in turn: what the machine does meanwhile, it does to all of them."""
    for clients, count in plan.items():
        rounds: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = {kind: [] for kind in kinds}
        for _ in range(ROUNDS):
            for kind in kinds:
                rounds[kind].append(loaded(mall, kind, clients, count))
        for kind, seen in rounds.items():
            show(f"{kind}, {clients} clients, {ROUNDS} rounds of {count} (min / median / max)", seen)
        for kind in kinds[1:]:
            pairs = zip(rounds[kind], rounds[kinds[0]], strict=True)
            added = [sum(cpu.values()) - sum(plain.values()) for (_, cpu), (_, plain) in pairs]
            print(f"\n{kind} above {kinds[0]}, {clients} clients, CPU ms each, round by round: {spread(added)}")


def show(title: str, rounds: Sequence[tuple[dict[str, float], dict[str, float]]]) -> None:
    """What was seen."""
    print(f"\n{title}")
    for figure in ("per second", "p50 ms", "p99 ms"):
        print(f"  {figure:22}{spread([told[figure] for told, _ in rounds], '.1f')}")
    print(f"  {'CPU ms each, all':22}{spread([sum(cpu.values()) for _, cpu in rounds])}")
    for name in rounds[0][1]:
        print(f"    {name:20}{spread([cpu[name] for _, cpu in rounds])}")
    refused = sum(told["refused"] for told, _ in rounds)
    if refused:
        print(f"  REFUSED               {refused:.0f}")


def main() -> None:
    """Prints everything."""
    print(machine())
    print(PEER)
    starts = []
    for number in range(STARTS):
        with running_mall() as mall:
            starts.append(mall.ready_seconds)
            if number < STARTS - 1:
                continue
            time.sleep(SETTLE_SECONDS)  # at rest: what starting needed has been given back
            memory = mall.memory()
            print(f"\nPSS at rest, MiB: {sum(memory.values()):.0f}")
            for name, size in memory.items():
                print(f"    {name:20}{size:.1f}")
            measure(mall, ("purchase", "priced"), PURCHASES)
            print("\nevents, ms from the write to the bus (min / median / max)")
            for name, took in delays(mall).items():
                print(f"  {name:22}{spread(took, '.1f')}   of {len(took)}")
            measure(mall, ("read",), READS)
            print(f"\nPSS after the load, MiB: {sum(mall.memory().values()):.0f}")
    print(f"\nSeconds from `mall up` in an empty folder to /health 200, {STARTS} starts: {spread(starts)}")


if __name__ == "__main__":
    main()
