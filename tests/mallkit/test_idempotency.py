"""Idempotency-Key: same key and same body, same answer; one run, whatever happens at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from mallkit.errors import KeyReused, StillRunning
from mallkit.idempotency import ANSWERS, KEEP_SECONDS, LEASE_SECONDS, Answer, Asked, Idempotency
from mallkit.raw import Reply
from mallkit.sqlite import open_store
from tests.mallkit.toy import Ports, Toy, toy


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Toy]:
    async with toy(tmp_path) as it:
        yield it


async def test_the_same_request_runs_once(running: Toy) -> None:
    first = await running.call("POST", "/slow", json={"mark": "a"}, headers={"Idempotency-Key": "k1"})
    again = await running.call("POST", "/slow", json={"mark": "a"}, headers={"Idempotency-Key": "k1"})
    assert first[:2] == again[:2]
    assert running.ports.runs == 1


async def test_an_alias_is_the_same_endpoint(running: Toy) -> None:
    first = await running.call("POST", "/slow", json={"mark": "a"}, headers={"Idempotency-Key": "k1"})
    assert (await running.call("POST", "/slower", json={"mark": "a"}, headers={"Idempotency-Key": "k1"}))[1] == first[1]


async def test_fifty_at_once_run_once_and_get_one_answer(running: Toy) -> None:
    calls = [running.call("POST", "/slow", json={"mark": "wait"}, headers={"Idempotency-Key": "k1"}) for _ in range(50)]
    tasks = [asyncio.create_task(call) for call in calls]
    await running.ports.waiting.wait()
    running.ports.gate.set()
    answers = await asyncio.gather(*tasks)
    assert {str(answer[1]) for answer in answers} == {str(answers[0][1])}
    assert running.ports.runs == 1


async def test_two_copies_on_one_store_run_it_once(tmp_path: Path) -> None:
    ports = Ports()
    async with toy(tmp_path, ports) as one, toy(tmp_path, ports) as other:
        first = asyncio.create_task(one.call("POST", "/slow", json={"mark": "wait"}, headers={"Idempotency-Key": "k1"}))
        await ports.waiting.wait()
        second = asyncio.create_task(other.call("POST", "/slow", json={"mark": "wait"}, headers={"Idempotency-Key": "k1"}))
        ports.gate.set()
        assert (await first)[1] == (await second)[1]
    assert ports.runs == 1


async def test_another_body_under_the_same_key_is_refused(running: Toy) -> None:
    await running.call("POST", "/slow", json={"mark": "a"}, headers={"Idempotency-Key": "k1"})
    status, problem, _ = await running.call("POST", "/slow", json={"mark": "b"}, headers={"Idempotency-Key": "k1"})
    assert (status, problem["type"]) == (422, "/problems/idempotency-key-reused")
    assert running.ports.runs == 1


async def test_a_refusal_is_kept_too(running: Toy) -> None:
    for _ in range(2):
        assert (await running.call("POST", "/slow", json={"mark": "full"}, headers={"Idempotency-Key": "k1"}))[0] == 409
    assert running.ports.runs == 1


async def test_a_running_request_is_told_so_after_its_deadline(running: Toy) -> None:
    first = asyncio.create_task(running.call("POST", "/slow", json={"mark": "wait"}, headers={"Idempotency-Key": "k1"}))
    await running.ports.waiting.wait()
    headers = {"Idempotency-Key": "k1", "Mall-Deadline-Ms": "50"}
    status, told, _ = await running.call("POST", "/slow", json={"mark": "wait"}, headers=headers)
    assert status == 202
    assert told["command"].startswith("k-")
    running.ports.gate.set()
    assert (await first)[0] == 200


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "schlüssel"])
async def test_a_key_that_is_none_is_refused(running: Toy, key: str) -> None:
    assert (await running.call("POST", "/slow", json={"mark": "a"}, headers={"Idempotency-Key": key}))[0] == 400


async def test_where_a_key_is_required_its_absence_is_refused(running: Toy) -> None:
    assert (await running.call("POST", "/strict", json={"mark": "a"}))[0] == 400
    assert (await running.call("POST", "/strict", json={"mark": "a"}, headers={"Idempotency-Key": "k"}))[0] == 200


async def test_without_a_key_every_request_runs(running: Toy) -> None:
    commands = {(await running.call("POST", "/slow", json={"mark": "a"}))[1]["command"] for _ in range(3)}
    assert len(commands) == 3


async def test_nothing_secret_is_in_a_record(running: Toy) -> None:
    await running.call("POST", "/slow", json={"mark": "a", "secret": "4242424242424242"}, headers={"Idempotency-Key": "k1"})
    records = await running.store[ANSWERS].find()
    assert len(records.items) == 1
    assert "4242424242424242" not in str(records.items)


@pytest.mark.requirement(86)
async def test_purging_forgets_every_old_answer_however_many_there_are(tmp_path: Path) -> None:
    now = 1_000_000_000.0
    async with open_store(tmp_path / "answers.db", (ANSWERS,)) as store:  # no service: its own job would purge by today's clock
        answers = store[ANSWERS]
        old = [answers.adding(Answer(f"old{n}", "f", "o", 0.0, now - KEEP_SECONDS - 1)) for n in range(450)]
        await store.together(*old, answers.adding(Answer("young", "f", "o", 0.0, now - KEEP_SECONDS + 1)))
        await Idempotency(answers, lambda: now).purge()
        assert [kept.id for kept in (await answers.find()).items] == ["young"]


async def test_a_persons_answers_are_forgotten_and_nobody_elses(tmp_path: Path) -> None:
    now = 1_000_000_000.0
    async with open_store(tmp_path / "answers.db", (ANSWERS,)) as store:
        answers = store[ANSWERS]
        await answers.add(Answer("hers", "f", "o", 0.0, now, 200, b"her street", subject="ann"))
        await answers.add(Answer("his", "f", "o", 0.0, now, 200, b"his street", subject="bob"))
        running = await answers.add(Answer("running", "f", "o", now + LEASE_SECONDS, now, subject="ann"))
        records = Idempotency(answers, lambda: now)
        with pytest.raises(StillRunning):
            await records.forget("ann")
        assert {kept.id for kept in (await answers.find()).items} == {"his", "running"}
        await answers.change(running.id, lambda record: replace(record, status=200, body=b"her street"))
        await records.forget("ann")
        await answers.add(Answer("dead", "f", "o", now - 1, now - LEASE_SECONDS, subject="ann"))
        await records.forget("ann")
        assert {kept.id for kept in (await answers.find()).items} == {"his", "dead"}, "a claim of the dead holds nobody's words"


async def test_what_is_told_anew_is_not_stored_and_its_refusals_are(tmp_path: Path) -> None:
    async with open_store(tmp_path / "answers.db", (ANSWERS,)) as store:
        records, told = Idempotency(store[ANSWERS]), [Reply(201, b"ann's words", {}), Reply(201, b"ann's words", {}), Reply(409, b"no", {})]

        async def work() -> Reply:
            return told.pop(0)

        good, bad = Asked("k1", "print", "op", retold=True), Asked("k2", "print", "op", retold=True)
        assert [(await records.once(good, work, 1.0)).body for _ in range(2)] == [b"ann's words"] * 2
        assert [(await records.once(bad, work, 1.0)).body for _ in range(2)] == [b"no"] * 2
        assert {answer.id: answer.body for answer in (await store[ANSWERS].find()).items} == {"k1": b"", "k2": b"no"}
        with pytest.raises(KeyReused):
            await records.once(replace(good, fingerprint="another"), work, 1.0)
