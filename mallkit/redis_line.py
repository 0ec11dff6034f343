"""One connection to Redis: asked in one round trip, given a deadline, made again after trouble; all its trouble is BusUnavailable."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.exceptions import RedisError, ResponseError

from mallkit.bus import BusUnavailable

Word = str | bytes | int
Command = Sequence[Word]

LONGEST_REASON = 200


def connections(url: str, password: str, seconds: float) -> Callable[[], AbstractConnection]:
    """What makes a connection to `redis://`, `rediss://` or `unix://`. Raises ValueError for any other address."""
    told: dict[str, Any] = dict(parse_url(url))
    if "password" in told:
        raise ValueError("the password does not belong into the address of Redis")
    kind = told.pop("connection_class", Connection)
    told["password"] = password or None
    # Deadlines are ours, one for a whole question; a silent second try would hide from the relay that this is another Redis.
    told |= {"socket_timeout": None, "socket_connect_timeout": seconds, "driver_info": None, "protocol": 2}
    try:
        kind(**told)
    except TypeError as failure:
        raise ValueError(f"the address of Redis has a parameter that is none: {failure}") from failure
    return lambda: kind(**told)


class Line:
    """One question at a time; others wait for their turn. After any trouble it connects anew."""

    def __init__(self, connect: Callable[[], AbstractConnection], secret: str) -> None:
        self._connect = connect
        self._secret = secret
        self._connection: AbstractConnection | None = None
        self._turn = asyncio.Lock()

    async def ask(self, seconds: float, *commands: Command) -> list[Any]:
        """The answers, in order, errors among them as exceptions. Raises BusUnavailable when they are not all there in time."""
        try:
            async with asyncio.timeout(seconds), self._turn:
                return await self._exchange(commands)
        except TimeoutError:
            raise BusUnavailable(f"Redis did not answer within {seconds:g} s") from None
        except (RedisError, OSError, ValueError) as error:  # ValueError: what answers there speaks another language
            raise self.trouble(error) from None

    async def one(self, seconds: float, *command: Word) -> Any:  # noqa: ANN401 - whatever Redis answers
        """The answer of one command. Raises BusUnavailable for an error too."""
        return self.good(await self.ask(seconds, command))[0]

    def good(self, answers: list[Any]) -> list[Any]:
        """The answers. Raises BusUnavailable if there is an error among them."""
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise self.trouble(answer) from None
        return answers

    def trouble(self, error: Exception) -> BusUnavailable:
        """What an operator should know; never the password, which some servers repeat in what they do not understand."""
        code = getattr(error, "status_code", None)
        reason = f"{code} {error}" if code else str(error) or type(error).__name__
        if self._secret:
            reason = reason.replace(self._secret, "(secret)")
        return BusUnavailable(f"Redis: {reason[:LONGEST_REASON]}")

    async def close(self) -> None:
        """Also while somebody waits for an answer: that one gets BusUnavailable."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)

    async def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        connection = self._connection = self._connection or self._connect()
        answers: list[Any] = []
        try:
            if not connection.is_connected:
                await connection.connect()  # type: ignore[no-untyped-call]  # redis-py gives it no types
            await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            for _ in commands:
                try:
                    answers.append(await connection.read_response())
                except ResponseError as error:
                    answers.append(error)
        except BaseException:  # a cancelled question too leaves answers behind, which would be taken for those of the next one
            self._connection = None
            await connection.disconnect(nowait=True)
            raise
        return answers
