"""Every log line is one JSON object with its trace; secrets and cards do not get into it, whoever logs them."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec
import pytest
import structlog

from mallkit import logs, tracing

CARD = "4242424242424242"
Lines = list[dict[str, object]]


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    logs.configure("order", "info")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capfd: pytest.CaptureFixture[str]) -> Lines:
    return [msgspec.json.decode(line) for line in capfd.readouterr().out.splitlines()]


def test_a_line_says_when_what_and_where(capfd: pytest.CaptureFixture[str]) -> None:
    with tracing.server_span(None, "GET /x") as span:
        structlog.get_logger().warning("payment.refused", order_id="o1", reason=4005002, total=Decimal("9.90"), brand=None)
    [line] = lines(capfd)
    assert list(line) == ["time", "level", "event", "service", "trace_id", "order_id", "reason", "total", "brand"]
    at = datetime.fromisoformat(str(line.pop("time")))
    assert at.tzinfo is not None
    assert line == {
        "level": "warning", "event": "payment.refused", "service": "order", "trace_id": span.trace_id, "order_id": "o1",
        "reason": 4005002, "total": 9.9, "brand": None,
    }  # fmt: skip


def test_outside_a_request_there_is_no_trace_id(capfd: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().info("service.started")
    assert "trace_id" not in lines(capfd)[0]


def test_lines_below_the_level_are_not_written(capfd: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().debug("cache.missed")
    assert lines(capfd) == []


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="loud"):
        logs.configure("order", "loud")


@pytest.mark.parametrize(
    "key",
    [
        "card", "credit_card_number", "cvv", "credit_card_cvv", "password", "new_password", "access_token", "accessToken", "refreshToken",
        "Authorization", "email", "user_email", "Set-Cookie", "client_secret", "EMAIL",
    ],
)  # fmt: skip
def test_secret_fields_lose_their_value_at_every_depth(capfd: pytest.CaptureFixture[str], key: str) -> None:
    structlog.get_logger().info("x.seen", **{key: "s3cret"}, body={"list": [{key: "s3cret"}]})
    written = capfd.readouterr().out
    assert "s3cret" not in written
    assert written.count(logs.REDACTED) == 2


@pytest.mark.parametrize("key", ["order_id", "cardinality", "tokenizer", "panel", "emailed_at", "attempts"])
def test_other_fields_keep_theirs(capfd: pytest.CaptureFixture[str], key: str) -> None:
    structlog.get_logger().info("x.seen", **{key: "kept"})
    assert lines(capfd)[0][key] == "kept"


@pytest.mark.parametrize(
    "value",
    [
        CARD, f"number {CARD}!", f"a{CARD}b", "4242 4242 4242 4242", "paid 1 4242-4242-4242-4242 now", "3782 822463 10005",
        "378282246310005",
        "4222222222222", "6304000000000000000", int(CARD), [CARD], {"note": CARD}, {int(CARD)},
    ],
)  # fmt: skip
def test_card_numbers_are_taken_out_of_any_value(capfd: pytest.CaptureFixture[str], value: object) -> None:
    structlog.get_logger().info("x.seen", note=value)
    written = capfd.readouterr().out
    assert logs.REDACTED in written
    assert "4242" not in written
    assert "10005" not in written


@pytest.mark.parametrize(
    "value",
    [
        "4242424242424241", "0190f3c2-1111-7abc-8def-001122334455", "123456789012", "42424242424242424242", 1_700_000_000_000, 123456,
        1.5, True, "2026-01-02T03:04:05Z",
    ],
)  # fmt: skip
def test_what_is_no_card_number_stays(capfd: pytest.CaptureFixture[str], value: object) -> None:
    structlog.get_logger().info("x.seen", note=value)
    assert lines(capfd)[0]["note"] == value


def test_of_an_object_only_its_type_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    @dataclass
    class Charge:
        number: str

    structlog.get_logger().info("x.seen", wish=Charge(CARD), raw=CARD.encode())
    written = capfd.readouterr().out
    assert "Charge>" in written
    assert "<bytes>" in written
    assert "4242" not in written


def test_an_exception_is_written_without_the_card_in_its_text(capfd: pytest.CaptureFixture[str]) -> None:
    def charge() -> None:
        message = f"cannot charge {CARD}"
        raise LookupError(message)

    try:
        charge()
    except LookupError:
        structlog.get_logger().exception("charge.failed")
    [line] = lines(capfd)
    assert line["level"] == "error"
    assert "LookupError: cannot charge [redacted]" in str(line["exception"])


def test_text_that_is_no_unicode_and_endless_numbers_are_written_all_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().info("x.seen", path="/\ud800", nested=[[[[[[[[1]]]]]]]], huge=10**30)
    [line] = lines(capfd)
    assert "ud800" in str(line["path"])
    assert "list" in str(line["nested"])


def test_libraries_speak_in_the_same_form_from_warning_up(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("order", "debug")
    root = logging.getLogger()
    root.handlers[:] = [
        handler for handler in root.handlers if type(handler).__module__ == logs.__name__
    ]  # pytest's own raises on a bad text
    library = logging.getLogger("aiohttp.server")
    library.info("not written")
    library.warning("card %s", CARD)
    library.error("does not fit %d", "x")
    library.log(35, "between")
    library.error("failed", exc_info=ConnectionError("gone"))
    written = lines(capfd)
    assert [line["level"] for line in written] == ["warning", "error", "warning", "error"]
    assert [line["message"] for line in written] == ["card [redacted]", "does not fit %d", "between", "failed"]
    assert {line["event"] for line in written} == {"library.warned"}
    assert "ConnectionError" in str(written[3]["exception"])
