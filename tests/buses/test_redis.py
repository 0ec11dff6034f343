"""What only Redis can do to us: entries of strangers, entries that were deleted, a server that refuses to write."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from mallkit.bus import BusUnavailable
from mallkit.redis_bus import Tempo, open_bus
from tests.buses.brokers import PASSWORD, QUICK, RECLAIMING, RedisBroker, redis_broker
from tests.buses.taking import LONG_QUIET, numbered, take, take_all

STREAM = "mall:events:shop"
FIVE = numbered(range(5))


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisBroker]:
    async with redis_broker(tmp_path) as running:
        yield running


async def test_what_a_stranger_wrote_arrives_as_something_that_is_no_json(redis: RedisBroker) -> None:
    redis.command("XADD", STREAM, "*", "x", "1", "name", "e")
    redis.command("XADD", STREAM, "*", "x", "1", "e", '{"a": 1}')
    async with redis.open() as bus:
        assert await take_all(bus.subscribe(["shop"], "mail", "one")) == [
            b"no field e: [b'x', b'1', b'name', b'e']",
            b'{"a": 1}',
        ]


@pytest.mark.parametrize("taker", ["gone", "other"])
async def test_entries_that_were_deleted_while_they_waited_are_passed_over(redis: RedisBroker, taker: str) -> None:
    """Both by the consumer that had them and by the one that takes them over."""
    async with redis.open() as leaving:
        await leaving.publish("shop", FIVE, 5)
        got = await take(leaving.subscribe(["shop"], "mail", "gone"), 5)
        for delivery in got[1:3]:
            redis.command("XDEL", STREAM, delivery.receipt[1])
    async with redis.open(RECLAIMING) as bus:
        assert await take_all(bus.subscribe(["shop"], "mail", taker), LONG_QUIET) == [FIVE[0], FIVE[3], FIVE[4]]
    assert redis.command("XPENDING", STREAM, "mail").splitlines()[0] == "0"


async def test_a_stream_that_was_deleted_and_made_again_is_consumed(redis: RedisBroker) -> None:
    async with redis.open() as leaving:
        await leaving.publish("shop", FIVE, 5)
        await take(leaving.subscribe(["shop"], "mail", "gone"), 5)
    redis.command("DEL", STREAM)
    redis.command("XGROUP", "CREATE", STREAM, "mail", "0", "MKSTREAM")
    async with redis.open(RECLAIMING) as bus:
        await bus.publish("shop", FIVE, 10)
        assert await take_all(bus.subscribe(["shop"], "mail", "other")) == FIVE


async def test_emptied_under_a_living_connection_it_is_told_before_anything_is_published(redis: RedisBroker) -> None:
    async with redis.open() as bus:
        await bus.publish("shop", FIVE, 5)
        redis.command("FLUSHALL")
        with pytest.raises(BusUnavailable, match="LOST"):
            await bus.publish("shop", [b"new"], 6)
        assert await bus.position("shop") == 0
        assert redis.command("XLEN", STREAM) == "0"
        await bus.publish("shop", [*FIVE, b"new"], 6)
        assert await take_all(bus.subscribe(["shop"], "mail", "one")) == [*FIVE, b"new"]


async def test_an_error_in_the_midst_leaves_the_position(redis: RedisBroker) -> None:
    redis.command("SET", STREAM, "somebody else's")
    async with redis.open() as bus:
        with pytest.raises(BusUnavailable):
            await bus.publish("shop", FIVE, 5)
        assert await bus.position("shop") == 0


@pytest.mark.parametrize(
    "refusing",
    [
        ("CONFIG", "SET", "maxmemory", "1"),
        ("REPLICAOF", "127.0.0.1", "1"),
        ("CONFIG", "SET", "min-replicas-to-write", "3"),
    ],
)
async def test_a_redis_that_refuses_writes_is_away(redis: RedisBroker, refusing: tuple[str, ...]) -> None:
    async with redis.open() as bus:
        await bus.publish("shop", FIVE, 5)
        redis.command(*refusing)
        with pytest.raises(BusUnavailable):
            await bus.ping()
        with pytest.raises(BusUnavailable):
            await bus.publish("shop", [b"new"], 6)
        assert await bus.position("shop") == 5


async def test_consumers_that_are_long_gone_are_forgotten_unless_they_hold_something(redis: RedisBroker) -> None:
    async with redis.open(Tempo(answer=2.0, block=0.2, gone=0.05)) as bus:
        await bus.publish("shop", FIVE, 5)
        done = bus.subscribe(["shop"], "mail", "done")
        await done.acknowledge(await take(done, 5))
        await bus.publish("shop", [b"held"], 6)
        await take(bus.subscribe(["shop"], "mail", "holding"), 1)
        await asyncio.sleep(0.1)
        await bus.trim("shop", 3600)
    told = redis.command("XINFO", "CONSUMERS", STREAM, "mail").splitlines()
    assert "holding" in told
    assert "done" not in told


async def test_wrong_passwords_are_trouble_that_does_not_repeat_them(redis: RedisBroker) -> None:
    for password in ("a wrong one, and quite long", ""):
        async with open_bus(redis.environ["BUS_URL"], password, QUICK) as bus:
            with pytest.raises(BusUnavailable) as told:
                await bus.ping()
            assert not password or password not in str(told.value)
            assert PASSWORD not in str(told.value)


async def test_a_server_that_repeats_what_it_was_told_does_not_make_us_tell_the_password() -> None:
    async def parrot(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = await reader.read(1000)
        writer.write(b"-ERR unknown command, with args beginning with: " + heard.replace(b"\r\n", b" ") + b"\r\n")
        await writer.drain()
        writer.close()

    async with _listening(parrot) as port, open_bus(f"redis://127.0.0.1:{port}", "very-secret-word", QUICK) as bus:
        with pytest.raises(BusUnavailable, match=r"\(secret\)") as told:
            await bus.ping()
    assert "very-secret-word" not in str(told.value)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b":12x\r\n"])
async def test_what_speaks_another_language_is_trouble(answer: bytes) -> None:
    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with _listening(stranger) as port, open_bus(f"redis://127.0.0.1:{port}", "", QUICK) as bus:
        with pytest.raises(BusUnavailable):
            await bus.ping()


async def test_rediss_is_not_spoken_to_who_has_no_certificate(redis: RedisBroker) -> None:
    began = time.monotonic()
    async with open_bus(f"rediss://127.0.0.1:{redis.port}", PASSWORD, QUICK) as bus:
        with pytest.raises(BusUnavailable):
            await bus.ping()
    assert time.monotonic() - began < QUICK.answer + 1


@pytest.mark.parametrize("url", ["http://127.0.0.1", "127.0.0.1:6379", "", "redis://127.0.0.1?colour=red", "redis://:word@127.0.0.1"])
async def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|URL"):
        async with open_bus(url, "", QUICK):
            pass


@contextlib.asynccontextmanager
async def _listening(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, family=socket.AF_INET)
    async with server:
        yield server.sockets[0].getsockname()[1]
