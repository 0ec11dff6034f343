"""A drill's verdict as lines for people: figures first, then whatever is wrong, then PASS or FAIL."""

from mall.drills.play import AT_REST_WITHIN, Verdict
from mall.load.ledger import percentile

SHOWN = 20
"""Of things that are wrong; the rest are counted."""


def report(verdict: Verdict) -> str:
    """Ends with PASS or FAIL."""
    ledger, books, searched = verdict.ledger, verdict.books, verdict.searched
    harm = ", ".join(f"{count} {what}" for what, count in verdict.figures.items()) or "none"
    left = sum(each.hung_up for each in ledger.purchases)
    refusals = ", ".join(f"{count} {slug}" for slug, count in ledger.refusals.most_common()) or "none"
    times = sorted(ledger.took["checkout"]) or [0.0]
    checkouts = ", ".join(f"p{each} {percentile(times, each):.0f} ms" for each in (50, 90, 99))
    outcome = f"{len(ledger.bought)} bought, {len(ledger.refused)} refused, {left} left in the middle, {len(ledger.open)} without an answer"
    agreed = f"{len(books.lost)} lost, {len(books.doubled)} doubled, {len(books.oversold)} oversold, {len(books.other)} otherwise wrong"
    lines = [
        f"  harm       {verdict.harm_seconds:.0f} s: {harm}",
        f"  people     {ledger.visits} visits, {len(ledger.purchases)} purchases begun: {outcome}",
        f"  checkout   {len(times)} requests: {checkouts}, max {times[-1]:.0f} ms",
        f"  refusals   {refusals}",
        f"  at rest    {verdict.seconds:.1f} s after the harm (at most {AT_REST_WITHIN:.0f})" if verdict.seconds else "  at rest    never",
        f"  books      {books.answered} answered purchases, {books.paid} paid orders: {agreed}",
        f"  audit      {verdict.audited or 'not run'}",
        f"  canaries   {searched.cards} cards, {searched.files} files, {searched.size / 2**20:.1f} MiB: {len(searched.hits)} hits",
    ]
    wrong = verdict.wrong
    lines += [f"  WRONG: {each}" for each in wrong[:SHOWN]]
    if len(wrong) > SHOWN:
        lines.append(f"  WRONG: and {len(wrong) - SHOWN} more")
    if verdict.kept:
        lines.append(f"  kept in {verdict.kept}")
    return "\n".join([*lines, "FAIL" if wrong else "PASS"])
