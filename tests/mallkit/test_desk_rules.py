"""The life of a failure: the table of its states walked over all pairs, and how long it waits."""

from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit import desk_rules as rules
from mallkit.desk_endpoints import FailureFinished, FailureInWork, FailureStatus
from mallkit.desk_rules import Cause, Failure
from mallkit.times import NEVER

NOW = 1_800_000_000.0
PENDING, PROCESSING, SUCCESS, FAILED = FailureStatus
AWAY = Cause("unavailable", "nobody there")
UNREADABLE = Cause("event/unknown", "no such event", lasting=True)
MAY = {(PENDING, PROCESSING), (PROCESSING, PENDING), (PROCESSING, SUCCESS), (PROCESSING, FAILED), (FAILED, PENDING)}
"""Written by hand: from a status to the next one."""


def failure(status: FailureStatus = PENDING, due: float = NOW, retry_count: int = 0) -> Failure:
    return Failure(
        id="order.0",
        consumer="note_refund",
        event_id="e1",
        event_type="payment.refunded",
        source="payment",
        subject="o1",
        message=b"{}",
        error="unavailable",
        error_message="",
        trace_id="",
        created=NOW,
        updated=NOW,
        due=due,
        status=status,
        retry_count=retry_count,
    )


FAILURES = st.builds(
    failure,
    status=st.sampled_from(FailureStatus),
    due=st.sampled_from((NEVER, NOW + 10**7)) | st.floats(NOW - 40, NOW + 40) | st.floats(NOW - 5000, NOW + 5000),
    retry_count=st.integers(0, 30),
)
CAUSES = st.sampled_from((AWAY, UNREADABLE))


@pytest.mark.requirement(61)
@pytest.mark.parametrize(("status", "wanted"), list(product(FailureStatus, repeat=2)))
def test_every_pair_of_states(status: FailureStatus, wanted: FailureStatus) -> None:
    found = failure(status)
    if (status, wanted) in MAY:
        assert found.to(wanted, NOW + 1, NOW + 2) == replace(found, status=wanted, updated=NOW + 1, due=NOW + 2)
        return
    with pytest.raises(FailureFinished if status is SUCCESS else FailureInWork) as refused:
        found.to(wanted, NOW + 1, NOW + 2)
    assert refused.value.facts == {"failure_id": "order.0"}


def stepped(before: Failure, after: Failure) -> bool:
    """Whether the table allows what happened."""
    return before.status is after.status or (before.status, after.status) in MAY


@given(FAILURES, CAUSES, st.floats(0.75, 1.25))
def test_no_rule_leaves_the_table(found: Failure, cause: Cause, spread: float) -> None:
    assert stepped(found, rules.begun(found, NOW))
    assert stepped(found, rules.failed_again(found, cause, NOW, spread))
    try:
        asked = rules.asked_for(found, NOW)
    except (FailureFinished, FailureInWork):
        assert found.status in {SUCCESS, PROCESSING}
    else:
        assert stepped(found, asked)


@given(FAILURES)
def test_what_an_operator_asks_for_begins(found: Failure) -> None:
    if found.status is SUCCESS:
        with pytest.raises(FailureFinished):
            rules.asked_for(found, NOW)
    elif found.status is PROCESSING and NOW < found.due <= NOW + rules.WORK_SECONDS:
        with pytest.raises(FailureInWork):
            rules.asked_for(found, NOW)
    elif found.status in {PENDING, FAILED}:
        begun = rules.begun(rules.asked_for(found, NOW), NOW)
        assert (begun.status, begun.due, begun.retry_count) == (PROCESSING, NOW + rules.WORK_SECONDS, found.retry_count)


@given(FAILURES)
def test_a_try_begins_only_when_it_is_due_and_nobody_else_works_on_it(found: Failure) -> None:
    after = rules.begun(found, NOW)
    far = found.due > NOW + 10**6 and found.due < NEVER
    if found.status is PENDING and (found.due <= NOW or far):
        assert after.status is PROCESSING
    elif found.status in {SUCCESS, FAILED} or found.due == NEVER or NOW < found.due <= NOW + rules.WORK_SECONDS:
        assert after is found


def test_a_try_whose_process_died_is_taken_over_and_counts() -> None:
    begun = rules.begun(failure(), NOW)
    assert rules.begun(begun, NOW + rules.WORK_SECONDS - 1) is begun
    again = rules.begun(begun, NOW + rules.WORK_SECONDS)
    assert (again.status, again.retry_count, again.due) == (PROCESSING, 1, NOW + 2 * rules.WORK_SECONDS)


def test_an_event_that_kills_whoever_takes_it_comes_to_rest() -> None:
    found, now = rules.begun(failure(), NOW), NOW
    for _ in range(rules.MOST_TRIES):
        now += rules.WORK_SECONDS
        found = rules.begun(found, now)
    assert (found.status, found.retry_count, found.due) == (FAILED, rules.MOST_TRIES, NEVER)


def pauses(spread: float) -> list[float]:
    """Of one failure that never succeeds."""
    found, now, waited = failure(), NOW, []
    while found.status is not FAILED:
        found = rules.failed_again(rules.begun(found, now), AWAY, now, spread)
        waited.append(found.due - now)
        now = max(now, min(found.due, now + 10_000))
    return waited


@pytest.mark.requirement(43)
def test_each_pause_is_longer_until_the_cap_and_the_last_try_is_told() -> None:
    *waited, never = pauses(1.0)
    assert waited == sorted(waited)
    assert waited[:4] == [2, 4, 8, 16]
    assert [later / earlier for earlier, later in pairwise(waited)] == pytest.approx([2.0] * (len(waited) - 3) + [600 / 512, 1.0])
    assert waited[-2:] == [rules.LONGEST_PAUSE] * 2
    assert len(waited) + 1 == rules.MOST_TRIES
    assert 1800 < sum(waited) < 2700, "about half an hour, as the docs say"
    assert never > 10**8


@given(st.integers(0, 10**6), st.floats(0.75, 1.25))
def test_no_pause_is_longer_than_its_cap_and_spread_keeps_failures_apart(count: int, spread: float) -> None:
    found = rules.failed_again(failure(PROCESSING, retry_count=count), AWAY, NOW, spread)
    if count + 1 >= rules.MOST_TRIES:
        assert (found.status, found.due) == (FAILED, NEVER)
    else:
        plain = min(rules.FIRST_PAUSE * 2 ** (count + 1), rules.LONGEST_PAUSE)
        assert found.due - NOW == pytest.approx(plain * spread)
        assert found.due - NOW <= rules.LONGEST_WAIT
    assert (found.retry_count, found.error, found.error_message) == (count + 1, AWAY.error, AWAY.text)


def test_what_no_try_can_change_waits_for_people() -> None:
    found = rules.failed_again(failure(PROCESSING), UNREADABLE, NOW, 1.0)
    assert (found.status, found.due) == (FAILED, NEVER)


@given(FAILURES)
def test_success_is_final_and_said_once(found: Failure) -> None:
    done = rules.succeeded(found, NOW)
    assert (done.status, done.retry_count) == (SUCCESS, found.retry_count + (found.status is not SUCCESS))
    assert rules.succeeded(done, NOW + 1) is done
    assert rules.failed_again(done, AWAY, NOW + 1, 1.0) is done
    assert rules.begun(done, NOW + 10**6) is done


def test_the_list_is_by_time() -> None:
    early, late = failure(), replace(failure(), created=NOW + 0.001, id="a.0")
    assert early.place < late.place
