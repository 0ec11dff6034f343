"""From the bank's books to what its contract shows."""

from contracts import bank, bank_drill
from mallkit.store import Page
from sandbox_bank.domain.authorization import Entry
from sandbox_bank.ports import Harm


def action_url(entry: Entry, public_url: str) -> str:
    """Where the buyer answers what the authorization waits for; empty where it waits for nothing."""
    return f"{public_url}/challenge/{entry.action}" if entry.action else ""


def operation(entry: Entry, public_url: str) -> bank.Operation:
    """An operation and its answer."""
    return bank.Operation(
        key=entry.key, kind=entry.kind, status=entry.status, amount=entry.amount, currency=entry.currency, reason=entry.reason,
        authorization=entry.authorization, brand=entry.brand, last4=entry.last4, at=entry.at, id=entry.request, reference=entry.reference,
        action_url=action_url(entry, public_url),
    )  # fmt: skip


def statement(page: Page[Entry], public_url: str) -> bank.Statement:
    """A part of the statement."""
    return bank.Statement(items=[operation(entry, public_url) for entry in page.items], next=page.next)


def faults(harm: Harm) -> bank_drill.FaultsView:
    """What a drill has set."""
    return bank_drill.FaultsView(lose=harm.lose, delay_seconds=harm.delay_seconds, delay_share=harm.delay_share)
