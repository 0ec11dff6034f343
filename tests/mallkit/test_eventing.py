"""What a service gets for its events: everything with a bus, desk and leases without one, and online not even a start."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mallkit.background import running
from mallkit.eventing import KINDS, Eventing, Listening, eventing
from mallkit.metrics import ServerMetrics
from mallkit.redis_bus import position_of, stream_of
from mallkit.settings import SettingsError
from mallkit.sqlite import open_store
from tests.buses.brokers import PASSWORD, RedisBroker, redis_broker
from tests.buses.taking import until
from tests.mallkit.books import Sold
from tests.mallkit.ledger import CONSUMERS, CONTRACT, LINES, Line, Ports
from tests.mallkit.toy import settings_of

ALWAYS = {"failures.measure", "failures.retry", "failures.purge", "inbox.purge"}
SOMEWHERE = "redis://127.0.0.1:1"


def listening(*, publishes: bool = True, hears: bool = True, on_bus: bool = True) -> Listening:
    heard: Mapping[str, ModuleType] = {"shop": CONTRACT} if hears else {}
    contract = CONTRACT if publishes else ModuleType("nothing")
    return Listening(service="ledger", contract=contract, sources=heard, consumers=(CONSUMERS,) if hears else (), on_bus=on_bus)


async def opened(folder: Path, of: Listening, env: str, url: str) -> tuple[Eventing, set[str]]:
    """And closed again; with the names of the jobs."""
    settings: Any = settings_of(folder, redis_url=url)
    settings = type(settings)(**{name: getattr(settings, name) for name in settings.__struct_fields__} | {"env": env})
    async with open_store(folder / "ledger.db", (LINES, *KINDS)) as store, eventing(of, settings, store, ServerMetrics()) as events:
        events.inbox.ports = Ports(store)
        return events, {job.__name__ for job in events.jobs}


@pytest.mark.parametrize("env", ["dev", "test", "online"])
async def test_with_a_bus_events_go_out_and_come_in(tmp_path: Path, env: str) -> None:
    """Whether it is there or not: a service starts without it."""
    events, jobs = await opened(tmp_path, listening(), env, SOMEWHERE)
    assert jobs == {*ALWAYS, "relay.run", "relay.purge", "intake.run"}
    assert events.bus is not None
    _, jobs = await opened(tmp_path, listening(hears=False), env, SOMEWHERE)
    assert jobs == {*ALWAYS, "relay.run", "relay.purge"}
    _, jobs = await opened(tmp_path, listening(publishes=False), env, SOMEWHERE)
    assert jobs == {*ALWAYS, "intake.run"}


@pytest.mark.parametrize("env", ["dev", "test"])
async def test_without_a_bus_events_wait_in_the_outbox(tmp_path: Path, env: str) -> None:
    events, jobs = await opened(tmp_path, listening(), env, "")
    assert (jobs, events.bus, events.relay) == (ALWAYS, None, None)


async def test_online_a_service_that_needs_a_bus_does_not_start_without_one(tmp_path: Path) -> None:
    for of in (listening(), listening(hears=False), listening(publishes=False)):
        with pytest.raises(SettingsError, match="MALL_REDIS_URL is missing"):
            await opened(tmp_path, of, "online", "")
    for of in (listening(publishes=False, hears=False), listening(on_bus=False)):
        events, jobs = await opened(tmp_path, of, "online", "")
        assert (jobs, events.bus) == (ALWAYS, None)


async def test_an_address_that_is_none_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MALL_REDIS_URL: "):
        await opened(tmp_path, listening(), "online", "redis://somewhere:6379?no_such_option=1")


@pytest.mark.requirement(187)
async def test_after_an_error_that_nobody_foresaw_events_go_out_again(tmp_path: Path) -> None:
    """Here somebody has written over the position."""
    async with redis_broker(tmp_path) as broker, open_store(tmp_path / "ledger.db", (LINES, *KINDS)) as store:
        settings: Any = settings_of(tmp_path, redis_url=broker.environ["BUS_URL"], redis_password=PASSWORD)
        broker.command("SET", position_of("ledger"), "what is this")
        async with eventing(listening(hears=False), settings, store, ServerMetrics()) as events, running(*events.jobs) as jobs:
            await store.together(store[LINES].adding(Line("b1"), Sold(book_id="b1", left=1)))
            await until(lambda: _has_asked_twice(broker))
            broker.command("DEL", position_of("ledger"))
            await until(lambda: _has_published(broker))
            assert all(jobs.alive().values())


async def _has_asked_twice(broker: RedisBroker) -> bool:
    lines = [line for line in broker.command("INFO", "commandstats").splitlines() if line.startswith("cmdstat_get:")]
    return bool(lines) and int(lines[0].partition("calls=")[2].partition(",")[0]) > 1


async def _has_published(broker: RedisBroker) -> bool:
    return broker.command("XLEN", stream_of("ledger")) == "1"
