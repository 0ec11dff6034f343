"""Reading a request's body: whole, bounded in size and time, and refused by name where that does not work."""

import asyncio
from typing import Final

from aiohttp import StreamReader, hdrs, web

from mallkit.errors import Invalid, TooLarge, UnsupportedMedia

BODY_SECONDS: Final = 10.0


class SlowBody(Invalid):
    """The body did not arrive in time."""

    slug = "request-timeout"
    title = "The request body did not arrive in time"
    status = 408
    remedy = "Send the request again over a better connection."


async def read_body(request: web.BaseRequest, most: int, seconds: float = BODY_SECONDS) -> bytes:
    """At most `most` bytes. Raises TooLarge, UnsupportedMedia for compressed bodies, SlowBody, Invalid."""
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        message = "compressed bodies are not taken"
        raise UnsupportedMedia(message)
    if (request.content_length or 0) > most:
        raise TooLarge
    if hdrs.EXPECT in request.headers:
        await _go_on(request)
    content = request.content
    if content.is_eof():  # it came with the head, as small bodies do
        body = content.read_nowait(-1)
        if len(body) > most:
            raise TooLarge
        return body
    return await _read_on(content, most, seconds)


async def _read_on(content: StreamReader, most: int, seconds: float) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while chunk := await content.readany():
                body += chunk
                if len(body) > most:
                    raise TooLarge
    except TimeoutError:
        raise SlowBody from None
    except (web.RequestPayloadError, ConnectionError):
        message = "the body could not be read"
        raise Invalid(message) from None
    return bytes(body)


async def _go_on(request: web.BaseRequest) -> None:
    """Answers `Expect`; what is expected of the answer itself is expected in vain."""
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        message = "nothing but 100-continue can be expected"
        raise Invalid(message)
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # the answer itself has not begun
