"""What operators did, as a chain: each entry holds the hash of the one before, so that none can be changed or taken out unseen. Pure."""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from mallkit.endpoint import Caller

_ENCODE = msgspec.json.Encoder(order="sorted").encode


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An action before its effect, or, where `of` names one, how it ended. No body, no text, no address: ids only.

    What is added here has a default: what equals its default enters no hash, so that older entries stay true.
    """

    id: str
    number: int = 0
    """Its place in the chain, from 1 without gaps."""
    previous: str = ""
    """The hash of the entry before; empty for the first."""
    hash: str = ""
    at: float = 0.0
    of: str = ""
    """Of an outcome: the id of its action."""
    actor: str = ""
    role: str = ""
    method: str = ""
    path: str = ""
    """The endpoint's, with its places: `/api/v1/products/{product_id}/stock`."""
    ids: dict[str, str] = {}
    """What stood in the places."""
    trace_id: str = ""
    status: int = 0
    """Of an outcome: the HTTP status that was answered."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a chain; changed in the same write as an entry is added."""

    id: str
    number: int = 0
    hash: str = ""


def action(entry_id: str, caller: Caller, call: tuple[str, str], ids: dict[str, str]) -> Entry:
    """An entry without time and place; `call` is method and path."""
    return Entry(id=entry_id, actor=caller.subject, role=caller.role.value, method=call[0], path=call[1], ids=ids)


def linked(entry: Entry, head: Head) -> Entry:
    """The entry as the next one of the chain."""
    placed = msgspec.structs.replace(entry, number=head.number + 1, previous=head.hash)
    return msgspec.structs.replace(placed, hash=hash_of(placed))


def headed(entry: Entry, head: Head) -> Head:
    """The head once the entry is the last one."""
    return msgspec.structs.replace(head, number=entry.number, hash=entry.hash)


def hash_of(entry: Entry) -> str:
    """Over everything but itself."""
    return hashlib.sha256(_ENCODE(msgspec.structs.replace(entry, hash=""))).hexdigest()


def faults(entries: Iterable[Entry], head: Head | None) -> Iterator[tuple[int, str]]:
    """Number and what is wrong there, for each place at which the chain is not what was written."""
    last, last_hash = 0, ""
    for entry in sorted(entries, key=lambda each: each.number):
        if entry.number != last + 1:
            yield last + 1, f"entries {last + 1} to {entry.number - 1} are missing"
        elif entry.previous != last_hash:
            yield entry.number, "the entry does not follow the one before it"
        if entry.hash != hash_of(entry):
            yield entry.number, "the entry was changed"
        last, last_hash = entry.number, entry.hash
    ends = head or Head(id="")
    if ends.number > last:
        yield last + 1, f"entries {last + 1} to {ends.number} are missing"
    elif (ends.number, ends.hash) != (last, last_hash):
        yield last, f"the chain's head stands at {ends.number}, and is not this entry"
