"""What every shopper was told, kept so that it can be held against the mall's books afterwards."""

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

PERCENTILES = (50, 90, 99)
OURS = frozenset({"internal", "checkout/internal"})
"""Slugs that no shopper should ever be told: faults of the mall's own."""


@dataclass(frozen=True)
class Told:
    """One answer. `status` 0: there was none, and `slug` says what came instead (`no-answer`, `timed-out`, `hung-up`)."""

    status: int
    slug: str = ""
    json: Any = None
    again: bool = False
    """The mall asks for a repetition: the outcome is not known, or may be another one later."""

    @property
    def ok(self) -> bool:
        """Done as asked."""
        return self.status == HTTPStatus.OK

    @property
    def accepted(self) -> bool:
        """It runs, and `status_url` tells how it stands."""
        return self.status == HTTPStatus.ACCEPTED

    @property
    def final(self) -> bool:
        """Nothing that comes later may be different."""
        open_ended = {0, HTTPStatus.ACCEPTED, HTTPStatus.UNAUTHORIZED}
        return not self.again and self.status not in open_ended and self.status < HTTPStatus.INTERNAL_SERVER_ERROR


@dataclass
class Purchase:
    """One press of the button, however often it was sent. Two tabs with one cart are two of them in one visit."""

    shopper: str
    visit: int
    key: str
    coupon: str = ""
    sent: int = 0
    answers: list[Told] = field(default_factory=list)
    """The final ones."""
    hung_up: bool = False
    """The shopper left in the middle and never asked again."""
    cancelled: Told | None = None
    """What was answered when the shopper cancelled the paid order."""

    @property
    def bought(self) -> dict[str, Any] | None:
        """The answer that says so: checkout_id, order_id, transaction_id, receipt."""
        return next((dict(told.json) for told in self.answers if told.ok), None)

    @property
    def refused(self) -> str:
        """The refusal's slug; empty when it was bought, or when nothing final was told."""
        return "" if self.bought else next((told.slug for told in self.answers), "")


def pieces_of(receipt: dict[str, Any]) -> dict[str, int]:
    """Product → pieces of a receipt."""
    return {line["product_id"]: line["quantity"] for line in receipt["lines"] if line["kind"] == "item"}


def percentile(ordered: list[float], percent: float) -> float:
    """The nearest rank of figures in ascending order."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@dataclass
class Ledger:
    """Of a whole crowd. Times in milliseconds."""

    purchases: list[Purchase] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refusals: Counter[str] = field(default_factory=Counter)
    """By slug, each time that it was told."""
    shoppers: list[str] = field(default_factory=list)
    visits: int = 0

    def note(self, action: str, milliseconds: float, told: Told) -> None:
        """One request and its answer."""
        self.took[action].append(milliseconds)
        if told.slug:
            self.refusals[told.slug] += 1

    @property
    def requests(self) -> int:
        """All so far."""
        return sum(map(len, self.took.values()))

    @property
    def bought(self) -> list[Purchase]:
        """Those that were answered with an order."""
        return [each for each in self.purchases if each.bought]

    @property
    def refused(self) -> list[Purchase]:
        """Those that were refused for good."""
        return [each for each in self.purchases if each.refused]

    @property
    def open(self) -> list[Purchase]:
        """Those whose shopper never got to know, but wanted to."""
        return [each for each in self.purchases if not each.answers and not each.hung_up]

    @property
    def revenue(self) -> dict[str, float]:
        """Currency → what was told to have been paid, in major units, cancelled or not."""
        sums: dict[str, float] = defaultdict(float)
        for purchase in self.bought:
            receipt = (purchase.bought or {})["receipt"]
            sums[receipt["currency"]] += receipt["total"]
        return {currency: round(total, 2) for currency, total in sums.items()}

    def line(self) -> str:
        """How it stands, in one line."""
        times = self.took.get("checkout", [])[-200:]
        middle = f", checkout p50 {statistics.median(times):.0f} ms" if times else ""
        outcome = f"{len(self.bought)} bought, {len(self.refused)} refused, {len(self.open)} open"
        return f"{self.visits} visits, {outcome}{middle}"

    def summary(self) -> str:
        """Times by action, refusals by reason, orders and revenue."""
        head = f"{'action':<12}{'count':>8}" + "".join(f"{f'p{each} ms':>10}" for each in PERCENTILES) + f"{'max ms':>10}"
        rows = [head]
        for action, times in sorted(self.took.items()):
            ordered = sorted(times)
            figures = [*(percentile(ordered, each) for each in PERCENTILES), ordered[-1]]
            rows.append(f"{action:<12}{len(ordered):>8}" + "".join(f"{each:>10.1f}" for each in figures))
        rows += ["", "refusals by reason:", *(f"  {slug:<36}{count:>6}" for slug, count in self.refusals.most_common())]
        money = ", ".join(f"{total:,.2f} {currency}" for currency, total in sorted(self.revenue.items())) or "nothing"
        hung_up = sum(each.hung_up for each in self.purchases)
        outcome = (
            f"{len(self.bought)} bought, {len(self.refused)} refused, {hung_up} left in the middle, {len(self.open)} without an answer"
        )
        rows += ["", f"{self.visits} visits of {len(self.shoppers)} shoppers, {len(self.purchases)} purchases begun: {outcome}"]
        return "\n".join([*rows, f"revenue: {money}"])
