"""Events on the wire: what goes in comes out, what we do not know is allowed, what is no event of ours is refused."""

import json
import re
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit.endpoint import Event
from mallkit.events import Envelope, decode, encode, events_of, type_of
from mallkit.store import OutboxEntry
from tests.mallkit.books import Sold

AT = datetime(2026, 11, 21, 8, 4, 14, 250_000, UTC)
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "order",
    "type": "order.paid",
    "subject": "o1",
    "sequence": 3,
    "time": "2026-11-21T08:04:14.250Z",
    "data": {"order_id": "o1"},
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.builds(
    OutboxEntry,
    seq=st.integers(1, 2**53),
    id=st.text(max_size=50),
    type=st.from_regex(r"[a-z]+\.[a-z]+(\.v[1-9][0-9]?)?", fullmatch=True),
    subject=st.text(max_size=50),
    sequence=st.integers(1, 2**53),
    data=VALUES.map(msgspec.json.encode),
    traceparent=st.just("") | st.from_regex(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", fullmatch=True),
    at=st.integers(0, 10**15).map(lambda microseconds: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)),
)


class SoldAgain(Event, frozen=True):
    """Of a later version."""

    type: ClassVar[str] = "book.sold-again"
    version: ClassVar[int] = 7
    book_id: str


@given(ENTRIES, st.text(min_size=1))
def test_what_goes_in_comes_out(entry: OutboxEntry, source: str) -> None:
    told = decode(encode(entry, source))
    assert (told.id, told.source, told.type, told.subject, told.sequence) == (entry.id, source, entry.type, entry.subject, entry.sequence)
    assert (told.time, told.traceparent, bytes(told.data)) == (entry.at, entry.traceparent, entry.data)
    match = re.fullmatch(r"(.+?)(?:\.v([0-9]+))?", entry.type)
    assert match is not None
    assert (told.name, told.version) == (match[1], int(match[2] or 1))


@given(ENTRIES)
def test_the_message_is_a_cloud_event(entry: OutboxEntry) -> None:
    told = json.loads(encode(entry, "order"))
    assert told["specversion"] == "1.0"
    assert {"id", "source", "type", "subject", "sequence", "time", "data"} <= told.keys() <= Envelope.__struct_fields__ | told.keys()
    assert told["data"] == json.loads(entry.data)


@given(st.dictionaries(st.text(min_size=1).filter(lambda name: name not in Envelope.__struct_fields__), VALUES))
def test_attributes_that_we_do_not_know_are_allowed(more: dict[str, Any]) -> None:
    told = decode(json.dumps(more | EVENT).encode())
    assert (told.id, told.name, told.time, bytes(told.data)) == ("e1", "order.paid", AT, b'{"order_id": "o1"}')


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type", "subject", "sequence", "time"])
def test_an_event_without_what_it_needs_is_none(missing: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(json.dumps({name: value for name, value in EVENT.items() if name != missing}).encode())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("specversion", "0.3"), ("specversion", 1.0), ("id", 5), ("id", None), ("source", []), ("type", {}), ("subject", None),
        ("sequence", "3"), ("sequence", 1.5), ("sequence", None), ("time", "yesterday"), ("time", 1), ("traceparent", 5),
    ],
)  # fmt: skip
def test_an_event_with_a_value_that_does_not_fit_is_none(name: str, value: object) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(json.dumps(EVENT | {name: value}).encode())


@pytest.mark.parametrize(
    "message", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"{", b'{"id": "\\ud800"}', json.dumps(EVENT).encode() + b"}"]
)
def test_bytes_that_are_no_event(message: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(message)


@pytest.mark.parametrize(
    ("written", "name", "version"),
    [
        ("order.paid", "order.paid", 1), ("order.paid.v2", "order.paid", 2), ("order.paid.v999999", "order.paid", 999_999),
        ("order.v2.paid", "order.v2.paid", 1), ("order.paidv2", "order.paidv2", 1), ("order.paid.v", "order.paid.v", 1),
        ("order.paid.v1234567", "order.paid.v1234567", 1), ("order.paid.v２", "order.paid.v２", 1), ("order\n.v2", "order\n.v2", 1),
        ("v2", "v2", 1), (".v2", ".v2", 1), ("", "", 1),
    ],
)  # fmt: skip
def test_the_version_stands_at_the_end_of_the_type(written: str, name: str, version: int) -> None:
    told = decode(json.dumps(EVENT | {"type": written}).encode())
    assert (told.name, told.version) == (name, version)


def test_an_event_is_told_under_its_type_and_version() -> None:
    assert type_of(Sold(book_id="b", left=1)) == "book.sold"
    assert type_of(SoldAgain(book_id="b")) == "book.sold-again.v7"


def test_a_contract_tells_its_events() -> None:
    contract = ModuleType("contract")
    vars(contract).update(Sold=Sold, SoldAgain=SoldAgain, Event=Event, Note=str, sold=Sold(book_id="b", left=1))
    assert events_of(contract) == {"book.sold": Sold, "book.sold-again": SoldAgain}
