"""Events on the wire: CloudEvents 1.0 in JSON, one event a message."""

import re
from collections.abc import Mapping
from datetime import datetime
from types import ModuleType
from typing import Any, Literal

import msgspec

from mallkit.endpoint import Event
from mallkit.store import OutboxEntry

VERSIONED = re.compile(r"(.+?)(?:\.v([0-9]{1,6}))?")
MEDIA = "application/json"


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands around an event. `source` is the service, `subject` the aggregate, `sequence` its revision.

    Attributes that we do not know are allowed, as the standard wants it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    sequence: int
    time: datetime
    datacontenttype: str = MEDIA
    traceparent: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def name(self) -> str:
        """The type without its version."""
        return _split(self.type)[0]

    @property
    def version(self) -> int:
        """Of the event's shape."""
        return _split(self.type)[1]


_ENVELOPES = msgspec.json.Decoder(Envelope)


def encode(entry: OutboxEntry, source: str) -> bytes:
    """The message of an outbox entry."""
    envelope = Envelope(
        specversion="1.0",
        id=entry.id,
        source=source,
        type=entry.type,
        subject=entry.subject,
        sequence=entry.sequence,
        time=entry.at,
        traceparent=entry.traceparent,
        data=msgspec.Raw(entry.data),
    )
    return msgspec.json.encode(envelope)


def decode(message: bytes) -> Envelope:
    """Raises msgspec.DecodeError (or its ValidationError) for what is no envelope of ours."""
    return _ENVELOPES.decode(message)


def type_of(event: Event) -> str:
    """The name under which the event travels."""
    return event.type if event.version == 1 else f"{event.type}.v{event.version}"


def events_of(contract: ModuleType) -> Mapping[str, type[Event]]:
    """The events that a contract module declares, by the names of their types."""
    return {value.type: value for value in vars(contract).values() if _is_event(value)}


def _is_event(value: Any) -> bool:  # noqa: ANN401 - whatever a module holds
    return isinstance(value, type) and issubclass(value, Event) and value is not Event


def _split(name: str) -> tuple[str, int]:
    match = VERSIONED.fullmatch(name)
    return (name, 1) if match is None else (match[1], int(match[2] or 1))
