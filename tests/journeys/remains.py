"""What a mall still holds of a person: every row of every store, every entry of its Redis, every other file, searched for words."""

import base64
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from redis import Redis

from mall.running import Mall
from mallkit.sources import dotenv

STORE_FILES = (".db", ".db-wal", ".db-shm")


def spellings(word: str) -> Iterator[bytes]:
    """As text, as JSON without letters beyond ASCII, and within base64, where it looks different at each of three places."""
    raw = word.encode()
    yield raw
    yield json.dumps(word)[1:-1].encode()
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] :].rstrip(b"=")[:-1]


def rows(store: Path) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, by the table's name."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - a name that SQLite gave
                yield f"{store.name} {table}", b"\0".join(each if isinstance(each, bytes) else str(each).encode() for each in row)


def entries(mall: Mall) -> Iterator[tuple[str, bytes]]:
    """Everything in Redis: streams, whatever else there is."""
    secret = dotenv(mall.folder / "dev-secrets.env")["MALL_REDIS_PASSWORD"]
    with Redis(port=mall.ports["redis"], password=secret) as redis:
        for key in redis.scan_iter():
            told = redis.xrange(key) if redis.type(key) == b"stream" else redis.dump(key)
            yield f"redis {key.decode()}", key + repr(told).encode()


def files(mall: Mall) -> Iterator[tuple[str, bytes]]:
    """All that is no store."""
    for path in mall.folder.rglob("*"):
        if path.is_file() and not path.name.endswith(STORE_FILES):
            yield path.name, path.read_bytes()


def found(mall: Mall, words: Iterable[str]) -> dict[str, set[str]]:
    """Word → where it is: store and table, key of Redis, or file."""
    places = [*files(mall), *entries(mall), *(row for store in sorted(mall.folder.glob("*.db")) for row in rows(store))]
    hits: dict[str, set[str]] = {}
    for word in words:
        looked_for = list(dict.fromkeys(spellings(word)))
        hits[word] = {place for place, content in places if any(each in content for each in looked_for)}
    return hits
