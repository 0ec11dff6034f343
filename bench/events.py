"""How long events take to the bus: from the write that saved them to Redis's own time of the entry."""

from datetime import datetime
from pathlib import Path

import msgspec
from redis import Redis

from mall.devsecrets import FILE
from mall.running import Mall
from mallkit.events import Envelope
from mallkit.sources import dotenv

STREAMS = ("order", "payment")
MOST = 10_000


def delays(mall: Mall) -> dict[str, list[float]]:
    """Milliseconds by publishing service, of the newest events; both clocks are this machine's."""
    password = dotenv(Path(mall.folder) / FILE)["MALL_REDIS_PASSWORD"]
    with Redis(port=mall.ports["redis"], password=password) as redis:
        return {name: [_delay(entry) for entry in redis.xrevrange(f"mall:events:{name}", count=MOST)] for name in STREAMS}


def _delay(entry: tuple[bytes, dict[bytes, bytes]]) -> float:
    number, fields = entry
    saved: datetime = msgspec.json.decode(fields[b"e"], type=Envelope).time
    return int(number.split(b"-")[0]) - saved.timestamp() * 1000
