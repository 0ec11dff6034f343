"""What no try can change waits at the desk for people, and loses nothing meanwhile."""

from mallkit.consumers import Undecodable, UnknownEvent
from mallkit.desk import LARGEST_UNREAD
from mallkit.desk_endpoints import FailureStatus
from tests.mallkit.ledger import Burnt, Ledger, Line, message, sold

PENDING, _, SUCCESS, FAILED = FailureStatus


async def statuses(books: Ledger) -> list[FailureStatus]:
    """Newest first."""
    return [each.status for each in (await books.desk.page(None, None, 200)).items]


async def test_what_cannot_be_read_waits_for_people(books: Ledger) -> None:
    body = b"\xffnot json" * 20_000
    await books.desk.file(body, None, "", Undecodable("no event"))
    await books.desk.file(body, None, "", Undecodable("no event"))
    await books.desk.file(body + b".", None, "", Undecodable("no event"))
    (found, _) = (await books.desk.page(None, None, 9)).items
    assert (found.status, found.event_id, found.error, len(found.message)) == (FAILED, "", "event/undecodable", LARGEST_UNREAD)
    books.clock.now += 10**6
    await books.desk.work()
    assert await statuses(books) == [FAILED, FAILED]
    again = await books.desk.retry(found.id)
    assert (again.status, again.retry_count, again.error) == (FAILED, 1, "event/undecodable")


async def test_an_event_is_kept_whole_however_large(books: Ledger) -> None:
    body = sold().replace(b'"left":0', b'"left":0,"more":"' + b"x" * 200_000 + b'"')
    assert (await books.desk.retry(await books.file(body))).status is SUCCESS
    assert (await books.line()).sold == 1


async def test_data_that_does_not_fit_waits_for_people(books: Ledger) -> None:
    body = sold().replace(b'"left":0', b'"left":"none"')
    failure_id = await books.file(body)
    assert (await books.desk.retry(failure_id)).status is FAILED


async def test_an_event_that_was_unknown_reaches_every_consumer_once_it_is_known(books: Ledger) -> None:
    envelope = books.inbox.read(sold())
    await books.desk.file(sold(), envelope, "", UnknownEvent("of a release to come"))
    assert await statuses(books) == [FAILED]
    await books.take(sold(), "add_up")
    (found,) = (await books.desk.page(None, None, 9)).items
    assert (await books.desk.retry(found.id)).status is SUCCESS
    assert await books.line() == Line("b1", sold=1, left=0)


async def test_a_consumer_that_is_called_otherwise_by_now_loses_nothing(books: Ledger) -> None:
    found = await books.desk.retry(await books.file(sold(), consumer="called_otherwise"))
    assert (found.status, found.error) == (FAILED, "event/no-consumer")


async def test_an_effect_that_fails_is_no_success(books: Ledger) -> None:
    """Its second step finds no book; when the book is there, it goes through."""
    body = message(Burnt(book_id="b1", pages=3))
    failure_id = await books.file(body, "mourn")
    found = await books.desk.retry(failure_id)
    assert (found.status, found.error) == (PENDING, "Absent")
    await books.take(sold(), "add_up")
    assert (await books.desk.retry(failure_id)).status is SUCCESS
