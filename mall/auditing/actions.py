"""The invariant of the log of actions: what operators did stands in it as it was written."""

from mall.auditing.books import Books
from mall.auditing.invariants import Invariant, Patience, Tell
from mallkit.action_rules import faults


def action_chain(books: Books, tell: Tell) -> int:
    """In each service's log of what operators did no entry was changed, taken out or cut off."""
    for service in books.actions.keys() | books.heads.keys():
        for number, told in faults(books.actions.get(service, ()), books.heads.get(service)):
            tell(f"{service}/{number}", told)
    return sum(map(len, books.actions.values()))


INVARIANTS = (Invariant("action-chain", Patience.NONE, action_chain),)
