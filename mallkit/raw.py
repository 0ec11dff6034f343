"""A response that is one write: status line, headers and body as bytes, straight to the connection.

Measured: aiohttp's own Response takes about as much CPU as everything else that a small answer needs.
"""

from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from aiohttp.helpers import rfc822_formatted_time

_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
HTTP_1_1 = (1, 1)
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
KEEP, CLOSE = "Connection: keep-alive\r\n", "Connection: close\r\n"


class RawResponse(web.StreamResponse):
    """Finished when it is made: nothing can be added, and it is sent whole. `headers` must hold no line breaks."""

    def __init__(self, status: int, headers: str, body: bytes) -> None:
        # The parent's own state (headers as a dict, cookies, compression) is what this saves: only what the server asks for is set.
        self._status = status
        self._lines = headers
        self._whole = body

    async def prepare(self, request: web.BaseRequest) -> None:
        """Sends everything. Raises ConnectionError if the client is gone."""
        keep_alive = self._keep_alive
        if keep_alive is None:
            keep_alive = self._keep_alive = request.keep_alive
        transport = request.transport
        if transport is None or transport.is_closing():
            message = "the client is gone"
            raise ConnectionError(message)
        connection = KEEP if keep_alive else CLOSE
        if keep_alive and request.version >= HTTP_1_1:
            connection = ""  # the rule in HTTP/1.1
        line = _LINES.get(self._status) or f"HTTP/1.1 {self._status} \r\n"
        length = "" if self._status in BODILESS else f"Content-Length: {len(self._whole)}\r\n"
        head = f"{line}{self._lines}{length}Date: {rfc822_formatted_time()}\r\n{connection}\r\n".encode()
        sent = head if request.method == "HEAD" else head + self._whole
        request.writer.output_size += len(sent)  # the server looks at it to see that an answer has begun
        transport.write(sent)

    async def write_eof(self, data: bytes = b"") -> None:
        """Everything is sent already."""


@dataclass(frozen=True)
class Reply:
    """An answer as bytes."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def final(self) -> bool:
        """Whether the same request would always get it: no outage, nothing pending, no «try again later»."""
        return self.status < HTTPStatus.INTERNAL_SERVER_ERROR and self.status != HTTPStatus.ACCEPTED and "Retry-After" not in self.headers

    def response(self) -> RawResponse:
        """For aiohttp."""
        return RawResponse(self.status, "".join([f"{name}: {value}\r\n" for name, value in self.headers.items()]), self.body)
