"""The typed client against a neighbour that is away, silent, broken, or there: what happened is never told better than it is known."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from mall.running import free_ports
from mallkit.calls import Calls, Neighbour, NeighbourAway, NoAnswer, TurnedAway
from mallkit.errors import BadGateway, Unavailable
from mallkit.http1 import Client
from tests.mallkit import toy

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PUT = toy.Put(thing_id="a", price=1)  # type: ignore[arg-type]  # a whole number will do
SLOW = toy.Slow(mark="a")


async def _no_token() -> str:
    return "Bearer nobody"


@asynccontextmanager
async def calling(*ports: int) -> AsyncIterator[Neighbour]:
    client = Client()
    try:
        yield Calls(client, {"toy": [f"http://127.0.0.1:{port}" for port in ports]}, _no_token).to("toy")
    finally:
        client.close()


@asynccontextmanager
async def talking(talk: Talk, port: int = 0) -> AsyncIterator[int]:
    """A neighbour of few words on a port; all its conversations have ended when it is left."""
    ended: list[asyncio.Event] = []

    async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        over = asyncio.Event()
        ended.append(over)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()
        over.set()

    server = await asyncio.start_server(line, "127.0.0.1", port)
    async with server:
        yield server.sockets[0].getsockname()[1]
    for over in ended:
        await over.wait()


async def test_a_call_and_its_refusals_arrive_as_declared(tmp_path: Path) -> None:
    async with toy.toy(tmp_path) as running, calling(int(running.url.rpartition(":")[2])) as to:
        assert (await to(toy.put, PUT)).thing_id == "a"
        assert (await to(toy.ask, toy.Ask(thing_id="b", page_size=5, open_only=True))).note == "5 True"
        with pytest.raises(toy.Full) as refusal:
            await to(toy.put, toy.Put(thing_id="full", price=1))  # type: ignore[arg-type]  # a whole number will do
        assert refusal.value.facts["place"] == 7


async def test_a_neighbour_that_is_away_was_surely_not_asked() -> None:
    async with calling(free_ports(1)[0]) as to:
        with pytest.raises(NeighbourAway):
            await to(toy.slow, SLOW, seconds=0.3)
        with pytest.raises(NeighbourAway):
            await to(toy.ask, toy.Ask(thing_id="a"), seconds=0.0)


async def test_a_silent_neighbour_may_have_done_it() -> None:
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()

    async with talking(silent) as port, calling(port) as to:
        with pytest.raises(NoAnswer):
            await to(toy.slow, SLOW, seconds=0.3)
        assert asked.is_set()


async def test_what_may_have_been_done_is_not_sent_again_unless_that_is_harmless() -> None:
    asked: list[bytes] = []

    async def broken(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))

    async with talking(broken) as port, calling(port) as to:
        with pytest.raises(NoAnswer):
            await to(toy.slow, SLOW, seconds=0.4)
        assert len(asked) == 1
        with pytest.raises(NoAnswer):
            await to(toy.ask, toy.Ask(thing_id="a"), seconds=0.4)
        assert len(asked) > 2


@pytest.mark.parametrize("problem", ["401 auth/token-invalid", "403 forbidden"])
async def test_a_neighbour_that_lets_us_not_in_is_away_and_nobody_but_us_is_to_blame(problem: str) -> None:
    status, slug = problem.split()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = f'{{"type":"/problems/{slug}","title":"no","status":{status},"service":"toy","detail":"no","trace_id":"t"}}'.encode()
        writer.write(f"HTTP/1.1 {status} No\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        writer.write(body)
        await writer.drain()

    async with talking(guarded) as port, calling(port) as to:
        with pytest.raises(TurnedAway):
            await to(toy.slow, SLOW, seconds=0.3)


async def test_who_was_turned_away_shows_another_token() -> None:
    shown, tokens = [], ["Bearer old"]

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        shown.append(b"Bearer old" in head)
        body = b'{"type":"/problems/auth/token-invalid","title":"no","status":401,"service":"toy","detail":"no","trace_id":"t"}'
        status = b"401 Unauthorized" if shown[-1] else b"500 Oh"
        writer.write(b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        await writer.drain()

    async def token() -> str:
        return tokens[-1]

    client = Client()
    try:
        async with talking(guarded) as port:
            to = Calls(client, {"toy": [f"http://127.0.0.1:{port}"]}, token, lambda _: tokens.append("Bearer new")).to("toy")
            with pytest.raises(Unavailable):
                await to(toy.slow, SLOW, seconds=0.5)
    finally:
        client.close()
    assert (shown[:2], tokens[:2]) == ([True, False], ["Bearer old", "Bearer new"])


async def test_a_doubt_outlives_a_later_try_that_could_not_be_sent() -> None:
    asked = asyncio.Event()

    async def once(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()

    async with talking(once) as port, calling(port) as to:
        call = asyncio.create_task(to(toy.ask, toy.Ask(thing_id="a"), seconds=0.6))
        await asked.wait()
    with pytest.raises(NoAnswer):
        await call


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"])
async def test_an_answer_that_no_contract_knows_is_a_bad_gateway(answer: bytes) -> None:
    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(answer)

    async with talking(odd) as port, calling(port) as to:
        with pytest.raises(BadGateway):
            await to(toy.slow, SLOW, seconds=0.5)


async def test_a_restarted_neighbour_is_found_again() -> None:
    port = free_ports(1)[0]

    async def later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"runs":1,"command":"c"}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await reader.read()

    async with AsyncExitStack() as stack:
        to = await stack.enter_async_context(calling(port))
        call = asyncio.create_task(to(toy.slow, SLOW, seconds=10))
        await asyncio.sleep(0)
        async with talking(later, port):
            assert (await call).runs == 1
            await stack.aclose()


async def well(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A copy that answers every call."""
    body = b'{"runs":1,"command":"c","thing_id":"a","price":1,"note":"n"}'
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def test_a_call_does_not_fail_because_one_of_two_copies_is_dead() -> None:
    async with talking(well) as port, calling(free_ports(1)[0], port) as to:
        for _ in range(4):
            assert (await to(toy.slow, SLOW, seconds=0.5)).runs == 1


async def test_what_may_be_repeated_goes_to_the_other_copy_when_one_breaks_off() -> None:
    asked = 0

    async def broken(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1

    async with talking(broken) as bad, talking(well) as good, calling(bad, good) as to:
        for _ in range(4):
            assert (await to(toy.ask, toy.Ask(thing_id="a"), seconds=0.5)).note == "n"
        assert asked == 1  # it is asked last for a while


async def test_a_copy_that_stands_still_is_passed_over() -> None:
    stuck = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        stuck.set()
        await reader.read()

    async with talking(silent) as bad, talking(well) as good, calling(bad, good) as to:
        waiting = asyncio.create_task(to(toy.slow, SLOW, seconds=0.5))
        await stuck.wait()
        for _ in range(3):
            assert (await to(toy.slow, SLOW, seconds=5)).runs == 1
        with pytest.raises(NoAnswer):
            await waiting
        for _ in range(3):
            assert (await to(toy.slow, SLOW, seconds=5)).runs == 1  # now it is asked last
