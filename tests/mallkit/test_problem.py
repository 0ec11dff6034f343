"""A refusal survives the way over HTTP: status, number, text and facts, and nothing else gets out."""

from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from mallkit.desk_endpoints import FailureUnknown
from mallkit.errors import (
    BadGateway,
    Forbidden,
    Internal,
    Invalid,
    KeyReused,
    MethodNotAllowed,
    Missing,
    PreconditionRequired,
    Refused,
    ShopError,
    Stale,
    StillRunning,
    Timeout,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)  # fmt: skip
from mallkit.problem import STANDARD, Problem, read, render, service_of, status_of

TRACE = "0af7651916cd43dd8448eb211c80319c"


class CardInvalid(Refused):
    """Stands for a numbered refusal of a contract."""

    slug = "payment/card-invalid"
    title = "The card is not valid"
    code = 4005002
    status = 422


class SoldOut(Refused):
    """Takes its status from its kind."""

    slug = "product/out-of-stock"
    title = "Not enough in stock"


class BankFault(Internal):
    """The only sort of 500 that a contract names."""

    slug = "payment/failed"
    title = "The payment failed"
    code = 4005001


class OwnFamily(ShopError):
    """Of no kind at all."""

    slug = "odd"
    title = "Odd"


@pytest.mark.parametrize(
    ("cls", "status"),
    [
        (Invalid, 400), (Missing, 404), (Refused, 409), (Unavailable, 503), (Internal, 500), (Unauthenticated, 401), (Forbidden, 403),
        (MethodNotAllowed, 405), (TooLarge, 413), (UnsupportedMedia, 415), (Stale, 412), (PreconditionRequired, 428), (KeyReused, 422),
        (StillRunning, 409), (TooManyRequests, 429), (BadGateway, 502), (Timeout, 504), (CardInvalid, 422), (SoldOut, 409),
        (BankFault, 500), (OwnFamily, 500),
    ],
)  # fmt: skip
def test_every_class_has_its_status(cls: type[ShopError], status: int) -> None:
    assert status_of(cls) == status


def test_a_problem_has_the_standard_members_in_order() -> None:
    status, headers, body = render(CardInvalid("the card has expired"), "checkout", TRACE)
    assert status == 422
    assert headers == {"Content-Type": "application/problem+json"}
    assert list(msgspec.json.decode(body).items()) == [
        ("type", "/problems/payment/card-invalid"),
        ("title", "The card is not valid"),
        ("status", 422),
        ("code", 4005002),
        ("service", "payment"),
        ("detail", "the card has expired"),
        ("trace_id", TRACE),
    ]


def test_the_code_stands_only_where_a_number_exists() -> None:
    _, _, body = render(Missing(), "order", TRACE)
    assert "code" not in msgspec.json.decode(body)


def test_a_refusal_without_a_number_belongs_to_who_answers() -> None:
    assert service_of(Missing, "order") == service_of(FailureUnknown, "order") == "order"
    assert service_of(CardInvalid, "order") == "payment"


def test_facts_are_members_but_never_overwrite_the_standard_ones() -> None:
    error = Missing("no such order", order_id="o1", status=200, code=7, type="x", title="x", service="x", trace_id="x")
    _, _, body = render(error, "order", TRACE)
    told = msgspec.json.decode(body)
    assert told["order_id"] == "o1"
    assert (told["status"], told["type"], told["title"], told["trace_id"]) == (404, "/problems/not-found", "Not found", TRACE)
    assert told["service"] == "order"
    assert "code" not in told


def test_money_in_facts_is_an_exact_number_and_strange_values_are_text() -> None:
    ident = UUID(int=7)
    _, _, body = render(SoldOut("", total=Decimal("993.01"), product=ident, of=ValueError("odd")), "product", TRACE)
    assert b'"total":993.01' in body
    assert str(ident).encode() in body
    assert b'"of":"odd"' in body


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Unavailable(), "1"),
        (Unavailable("", retry_after=7), "7"),
        (SoldOut("", retry_after=0.2), "1"),
        (SoldOut("", retry_after=-3), "0"),
        (SoldOut(), None),
        (SoldOut("", retry_after="soon\r\nX: y"), None),
    ],
)
def test_retry_after_comes_from_the_facts_or_the_class(error: ShopError, seconds: str | None) -> None:
    assert render(error, "product", TRACE)[1].get("Retry-After") == seconds


def test_401_challenges_and_405_names_the_methods() -> None:
    assert render(Unauthenticated(), "gateway", TRACE)[1]["WWW-Authenticate"] == "Bearer"
    assert render(MethodNotAllowed("", allow="GET, PUT"), "gateway", TRACE)[1]["Allow"] == "GET, PUT"
    assert "Allow" not in render(Missing("", allow="GET"), "gateway", TRACE)[1]


def test_a_neighbours_refusal_comes_back_as_the_declared_class() -> None:
    sent = SoldOut("only 2 left", product_id="p1", price=Decimal("0.10"))
    sent.facts["self"] = "odd"
    _, _, body = render(sent, "product", TRACE)
    got = read(body, (Missing, SoldOut, CardInvalid))
    assert type(got) is SoldOut
    assert got.detail == str(got) == "only 2 left"
    assert got.facts == {"product_id": "p1", "price": Decimal("0.10"), "self": "odd"}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"no json", b"[]", b"{}", b"\xff\xfe", b'{"type":"\xff"}', b'{"type":"/problems/not-found"}',
        b'{"type":7,"title":"","status":404,"service":"","detail":"","trace_id":""}',
    ],
)  # fmt: skip
def test_what_is_no_problem_document_is_nobodys_refusal(body: bytes) -> None:
    assert read(body, (Missing, Invalid)) is None


def test_an_undeclared_refusal_is_not_taken_over() -> None:
    _, _, body = render(CardInvalid(), "payment", TRACE)
    assert read(body, (Missing, SoldOut)) is None


def test_the_reader_shows_every_member() -> None:
    _, _, body = render(SoldOut("gone", product_id="p1"), "product", TRACE)
    problem = Problem.of(body)
    assert (problem.type, problem.status, problem.code) == ("/problems/product/out-of-stock", 409, None)
    assert (problem.service, problem.trace_id, problem.facts) == ("product", TRACE, {"product_id": "p1"})
    assert set(Problem.__struct_fields__) == STANDARD | {"facts"}
