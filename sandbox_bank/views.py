"""From the bank's books to what its contract shows."""

from contracts import bank
from sandbox_bank.domain import Entry


def operation(entry: Entry) -> bank.Operation:
    """An operation and its answer."""
    return bank.Operation(
        key=entry.key, kind=entry.kind, status=entry.status, amount=entry.amount, currency=entry.currency, reason=entry.reason,
        authorization=entry.authorization, brand=entry.brand, last4=entry.last4, at=entry.at,
    )  # fmt: skip
