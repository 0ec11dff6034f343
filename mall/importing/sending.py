"""A checked catalogue on its way to the mall: parts first, then one call that makes all of it visible or nothing."""

import hashlib
import http.client
import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from contracts import auth, product
from contracts.product import ImportCategory, Imported, ImportRow
from mall.importing.row import Catalogue
from mallkit.errors import Invalid, Refused, ShopError, Unavailable

MOST_IN_PART = 400
MOST_BYTES = 900_000
"""Of a part: below the mall's 1 MiB a request, with room for what surrounds the rows."""
MOST_PARTS = 1000
HIGHEST_PORT = 65_535
URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?(?P<path>(/[A-Za-z0-9._~-]+)*/?)",
    re.ASCII | re.IGNORECASE,
)
ENCODER = msgspec.json.Encoder(decimal_format="number")

G = TypeVar("G")


class MallAway(Unavailable):
    """Nobody answers at the gateway's URL, or it says that a part of the mall is away."""

    slug = "import/mall-away"
    title = "The mall is away"


class MallRefused(Refused):
    """The mall answered no; `detail` is its own sentence."""

    slug = "import/refused"
    title = "The mall refused"


class Problem(msgspec.Struct):
    """What we read of an RFC 9457 answer."""

    title: str = ""
    detail: str = ""


class Gateway:
    """Calls the mall at `url` (http or https, a path in front is kept), one connection a call. Raises MallAway and MallRefused."""

    def __init__(self, url: str, timeout: float = 30) -> None:
        match = URL.fullmatch(url)
        if not match or int(match["port"] or 0) > HIGHEST_PORT:
            message = f"{url!r} is not the URL of a mall, like http://127.0.0.1:8080"
            raise Invalid(message)
        kind = http.client.HTTPSConnection if match["scheme"].lower() == "https" else http.client.HTTPConnection
        self._connection = kind(match["host"].strip("[]"), int(match["port"]) if match["port"] else None, timeout=timeout)
        self._url, self._prefix, self._token = url, match["path"].rstrip("/"), ""

    def log_in(self, email: str, password: str) -> None:
        """Later calls are made as this account."""
        self._token = self.call(auth.Tokens, "POST", auth.login.path, auth.Login(email=email, password=password)).access_token

    def call(self, gives: type[G], method: str, path: str, body: object = None) -> G:
        """What a 2xx answer holds."""
        try:
            return msgspec.json.decode(self._ask(method, path, body), type=gives)
        except msgspec.DecodeError:
            message = f"{self._url} answers, but not like a mall"
            raise MallAway(message) from None

    def read(self, path: str) -> bytes:
        """What stands there, as it is."""
        return self._ask("GET", path, None)

    def _ask(self, method: str, path: str, body: object) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        content = body if isinstance(body, bytes) else b"" if body is None else ENCODER.encode(body)
        try:
            self._connection.request(method, self._prefix + path, content, headers)
            answer = self._connection.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            message = f"no answer from {self._url}: {str(error) or type(error).__name__}"
            raise MallAway(message) from None
        finally:
            self._connection.close()
        if status // 100 != 2:  # noqa: PLR2004 - the class of success
            raise _refusal(status, text)
        return text


def send(gateway: Gateway, products: Sequence[ImportRow], categories: Sequence[ImportCategory] = ()) -> Imported:
    """Imports all products and categories or none. Sending the same again changes nothing: a call that got no answer may be repeated."""
    rows = [ENCODER.encode(row) for row in products]
    parts = list(_parts(rows))
    if len(parts) > MOST_PARTS:
        message = f"{len(rows)} products are too many for one import: use --pieces"
        raise Invalid(message)
    import_id = hashlib.sha256(b"\n".join([*rows, *map(ENCODER.encode, categories)])).hexdigest()
    for number, part in enumerate(parts):
        path = product.import_part.path.format(import_id=import_id, part=number)
        gateway.call(product.PartKept, "PUT", path, b'{"products":[' + b",".join(part) + b"]}")
    try:
        last = {"parts": len(parts)} | ({"categories": categories} if categories else {})
        return gateway.call(Imported, "POST", product.apply_import.path.format(import_id=import_id), last)
    except MallAway as error:
        message = f"{error.detail}; whether all or nothing was imported is not known: import again, nothing is doubled"
        raise MallAway(message) from None


def send_in_pieces(gateway: Gateway, catalogue: Catalogue, size: int) -> Imported:
    """Several imports, each all or nothing, the categories with the first. What was stopped in between is gone on with by sending again."""
    created = updated = unchanged = 0
    for start in range(0, len(catalogue.products), size):
        done = send(gateway, catalogue.products[start : start + size], () if start else catalogue.categories)
        created, updated, unchanged = created + done.created, updated + done.updated, unchanged + done.unchanged
    return Imported(import_id="", created=created, updated=updated, unchanged=unchanged)


def _parts(rows: Sequence[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for row in rows:
        if part and (len(part) == MOST_IN_PART or size + len(row) > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += len(row) + 1
    yield part


def _refusal(status: int, text: bytes) -> ShopError:
    """502 to 504 mean that it may go through later; anything else is an answer."""
    try:
        problem = msgspec.json.decode(text, type=Problem)
    except msgspec.DecodeError:
        problem = Problem()
    detail = problem.detail or problem.title or "no reason given"
    if status in {502, 503, 504}:
        return MallAway(f"the mall is not ready ({status}): {detail}")
    return MallRefused(f"the mall refused ({status}): {detail}", status=status)
