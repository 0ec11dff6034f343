"""What an audit says: each invariant with the number of things looked at, the violations by id, and the mall's figures."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from contracts.payment import RefundStatus
from mall.auditing.books import Books
from mall.auditing.invariants import MONEY_TAKEN, Finding, Suspect
from mall.auditing.money import captured, currency_of, refunded
from mallkit.allotment_words import State
from mallkit.money import Money

SHOWN = 20
"""Violations of one invariant that are printed; the JSON has all of them."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the whole mall; amounts in minor units, by currency."""

    products: int
    pieces: dict[str, int]
    orders: dict[str, int]
    checkouts: dict[str, int]
    revenue: dict[str, int]
    captured: dict[str, int]
    refunded: dict[str, int]
    bank_captured: dict[str, int] | None
    bank_refunded: dict[str, int] | None
    events_unpublished: int
    failures: dict[str, int]
    rows: int


class Violation(msgspec.Struct, frozen=True):
    """The offending id, and what is wrong with it."""

    id: str
    told: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Of one invariant. `on_their_way`: what does not fit yet, and may still come to fit."""

    name: str
    meaning: str
    checked: int
    on_their_way: int
    violations: list[Violation]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole audit."""

    clean: bool
    seconds: float
    readings: int
    invariants: list[Verdict]
    figures: Figures


def verdicts(findings: Sequence[Finding], counted: Iterable[Suspect]) -> list[Verdict]:
    """Of the last reading; `counted` are the suspects that count."""
    by_name: dict[str, dict[str, Violation]] = {finding.invariant.name: {} for finding in findings}
    for suspect in counted:
        by_name[suspect.invariant][suspect.id] = Violation(suspect.id, suspect.told)
    return [
        Verdict(
            name=finding.invariant.name,
            meaning=finding.invariant.meaning,
            checked=finding.checked,
            on_their_way=sum(suspect.id not in by_name[finding.invariant.name] for suspect in finding.suspects),
            violations=list(by_name[finding.invariant.name].values()),
        )
        for finding in findings
    ]


def figures(books: Books) -> Figures:
    """Reckoned from the rows."""
    accounts, orders, statement = books.accounts.values(), books.orders.values(), books.statement
    at_bank = None if statement is None else statement.values()
    return Figures(
        products=len(books.counters),
        pieces=_pieces(books),
        orders=dict(Counter(order.status.value for order in orders)),
        checkouts=dict(Counter(checkout.status.value for checkout in books.checkouts.values())),
        revenue=_sums((order.currency, order.total_minor) for order in orders if order.status in MONEY_TAKEN),
        captured=_sums((attempt.currency, attempt.minor) for account in accounts for attempt in captured(account)),
        refunded=_sums((currency_of(account), refunded(account, RefundStatus.REFUNDED)) for account in accounts),
        bank_captured=None if at_bank is None else _sums((under.currency, sum(under.captures)) for under in at_bank),
        bank_refunded=None if at_bank is None else _sums((under.currency, sum(under.refunds)) for under in at_bank),
        events_unpublished=len(books.unpublished),
        failures=dict(books.failures),
        rows=books.rows,
    )


def _sums(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """By currency; none that nothing was of."""
    sums: Counter[str] = Counter()
    for currency, minor in amounts:
        sums[currency] += minor
    return {currency: minor for currency, minor in sorted(sums.items()) if minor}


def _pieces(books: Books) -> dict[str, int]:
    by_state: Counter[str] = Counter()
    for line in books.movements:
        by_state[line.state] += line.quantity
        by_state["back"] += line.returned
    return {
        "received": by_state[State.RECEIVED] + by_state[State.ADJUSTED],
        "available": sum(counter.available for counter in books.counters.values()),
        "reserved": sum(counter.reserved for counter in books.counters.values()),
        "sold": by_state[State.TAKEN] + by_state[State.RETURNED],
        "returned": by_state["back"],
    }


def table(report: Report) -> str:
    """For a terminal."""
    lines = [f"{'invariant':<21}{'checked':>9}{'on their way':>14}{'violated':>10}"]
    lines += [f"{each.name:<21}{each.checked:>9}{each.on_their_way:>14}{len(each.violations):>10}" for each in report.invariants]
    lines += ["", *_figures(report.figures), ""]
    for each in report.invariants:
        lines += [f"VIOLATED {each.name}: {each.meaning}"] if each.violations else []
        lines += [f"    {violation.id}: {violation.told}" for violation in each.violations[:SHOWN]]
        lines += [f"    and {len(each.violations) - SHOWN} more"] if len(each.violations) > SHOWN else []
    broken = sum(bool(each.violations) for each in report.invariants)
    verdict = "clean" if report.clean else f"{broken} of {len(report.invariants)} invariants are violated"
    took = f"{report.figures.rows} rows, {report.readings} reading{'s' * (report.readings != 1)}, {report.seconds:.1f} s"
    return "\n".join([*lines, f"audit: {verdict} ({took})"])


def _figures(told: Figures) -> list[str]:
    def money(sums: dict[str, int] | None) -> str:
        if sums is None:
            return "not asked"
        return ", ".join(f"{Money(minor, currency).amount} {currency}" for currency, minor in sums.items()) or "0"

    def listed(numbers: dict[str, int]) -> str:
        return ", ".join(f"{number} {name}" for name, number in numbers.items()) or "none"

    return [
        f"{'pieces':<11}{listed(told.pieces)} (of {told.products} products)",
        f"{'orders':<11}{listed(told.orders)}; revenue {money(told.revenue)}",
        f"{'checkouts':<11}{listed(told.checkouts)}",
        f"{'money':<11}captured {money(told.captured)}, refunded {money(told.refunded)}",
        f"{'bank':<11}captured {money(told.bank_captured)}, refunded {money(told.bank_refunded)}",
        f"{'events':<11}{told.events_unpublished} not on the bus yet; failure desk: {listed(told.failures)}",
    ]


def as_json(report: Report) -> bytes:
    """For programs."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2)
