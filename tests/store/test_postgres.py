"""PostgreSQL as it is used here: durable, locked in order, news over NOTIFY."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import pytest

from server.protocol.errors import StoreBusy, StoreUnavailable
from server.protocol.ids import ProjectId
from server.room.ports import Appended
from store.feed import ANY, SWEEP_SECONDS
from store.news import PAYLOAD_BYTES, parse
from store.open import Store, open_store
from store.postgres import SETTINGS
from tests.contracts.backends import PATIENCE, batch, new_projects, passing
from tests.doubles.clock import ManualClock

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


async def run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_server_that_confirms_before_the_disk_is_refused_L1(postgres_url: str) -> None:
    name = postgres_url.split("?")[0].rsplit("/", 1)[1]
    await run(postgres_url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(StoreUnavailable, match="synchronous_commit = off"):
        await open_store(postgres_url, ManualClock())
    await run(postgres_url, f"ALTER DATABASE {name} SET synchronous_commit = local")
    store = await open_store(postgres_url, ManualClock())
    await store.close()


async def test_a_server_that_is_not_there_is_unavailable_L2() -> None:
    with pytest.raises(StoreUnavailable):
        await open_store("postgresql://nobody@127.0.0.1:1/nowhere", ManualClock())


async def test_a_database_that_is_not_there_is_unavailable_L2(postgres_url: str) -> None:
    with pytest.raises(StoreUnavailable):
        await open_store(postgres_url.replace("/test_", "/no_test_"), ManualClock())


async def test_the_driver_may_be_named_in_the_url(postgres_url: str) -> None:
    url = postgres_url.replace("postgresql://", "postgresql+asyncpg://")
    store = await open_store(url, ManualClock())
    await store.log.probe()
    await store.close()


async def test_a_lock_that_is_not_given_up_is_busy_L2(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    monkeypatch.setitem(SETTINGS, "lock_timeout", "1")
    store = await open_store(postgres_url, clock)
    [project] = await new_projects(store, 1)
    other = await asyncpg.connect(postgres_url)
    lock = other.transaction()
    await lock.start()
    await other.execute("SELECT 1 FROM documents FOR UPDATE")
    async with passing(clock):
        with pytest.raises(StoreBusy):
            await store.log.append([batch(project, b"a")])
    await lock.rollback()
    await other.close()
    [appended] = await store.log.append([batch(project, b"a")])
    assert appended.first == 1
    await store.close()


KILL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def test_lost_connections_are_unavailable_once_and_then_replaced_L2(
    postgres_url: str,
) -> None:
    clock = ManualClock()
    store = await open_store(postgres_url, clock)
    [project] = await new_projects(store, 1)
    await run(postgres_url, KILL)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(StoreUnavailable):
            await store.log.append([batch(project, b"a")])
        [appended] = await appended_at_last(store, project)
    assert appended.first == 1
    await store.close()


async def test_after_a_reconnect_anything_may_have_changed(postgres_url: str) -> None:
    clock = ManualClock()
    store, other = [await open_store(postgres_url, clock) for _ in range(2)]
    [project] = await new_projects(other, 1)
    async with asyncio.timeout(PATIENCE):
        # Time stands still: what is told is the reconnect, not the regular sweep.
        await run(postgres_url, KILL)
        while await store.feed.next() != ANY:
            pass
        await appended_at_last(other, project)
        while project not in ((await store.feed.next()).documents or ()):
            pass
    await store.close()
    await other.close()


async def appended_at_last(store: Store, project: ProjectId) -> Sequence[Appended]:
    """Append, however many of the pool's connections are dead."""
    while True:
        with suppress(StoreUnavailable):
            return await store.log.append([batch(project, b"a")])


async def test_every_ten_seconds_anything_may_have_changed(postgres_url: str) -> None:
    clock = ManualClock()
    store = await open_store(postgres_url, clock)
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            news = group.create_task(store.feed.next())
            await clock.until_asleep()
            await clock.advance(SWEEP_SECONDS - 0.1)
            assert not news.done()
            await clock.advance(0.1)
            assert await news == ANY
    await store.close()


async def test_own_edits_are_not_news(postgres_url: str) -> None:
    store, other = [await open_store(postgres_url, ManualClock()) for _ in range(2)]
    mine, theirs = await new_projects(store, 2)
    async with asyncio.timeout(PATIENCE):
        await store.feed.next()
        await store.log.append([batch(mine, b"a")])
        await other.log.append([batch(theirs, b"b")])
        heard: frozenset[ProjectId] | None = frozenset()
        while not heard:
            heard = (await store.feed.next()).documents
        assert heard == {theirs}
    await store.close()
    await other.close()


async def test_long_news_is_split_below_the_servers_limit(postgres_url: str) -> None:
    store = await open_store(postgres_url, ManualClock())
    listener = await asyncpg.connect(postgres_url)
    payloads: list[str] = []
    await listener.add_listener("agentc_changes", lambda *event: payloads.append(str(event[3])))
    projects = await new_projects(store, 600)
    await store.log.append([batch(project, b"a") for project in projects])
    await listener.execute("SELECT 1")
    edits = [parse(payload) for payload in payloads if not parse(payload).directory]
    assert len(edits) == 3
    assert max(len(payload.encode()) for payload in payloads) <= PAYLOAD_BYTES
    assert frozenset().union(*(news.documents for news in edits)) == set(projects)
    await listener.close()
    await store.close()
