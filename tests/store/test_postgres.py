"""PostgreSQL as it is used here: durable, locked in order, news over NOTIFY."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, text

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


async def test_connections_that_died_while_idle_are_replaced_unseen_L2(postgres_url: str) -> None:
    store = await open_store(postgres_url, ManualClock())
    [project] = await new_projects(store, 1)
    for _ in range(2):
        await run(postgres_url, KILL)
        assert (await store.log.load(project)).head == 0
    await run(postgres_url, KILL)
    [appended] = await store.log.append([batch(project, b"a")])
    assert appended.first == 1
    await store.close()


async def test_a_connection_that_is_lost_each_time_is_replaced_once_L2(postgres_url: str) -> None:
    store = await open_store(postgres_url, ManualClock())
    attempts = list[int]()

    def suicide(conn: Connection) -> None:
        attempts.append(1)
        conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreUnavailable):
        await store.db.write(suicide)
    assert len(attempts) == 2
    await store.close()


async def test_a_commit_whose_answer_is_lost_has_failed_and_is_not_repeated_L2(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store(postgres_url, ManualClock())
    [project] = await new_projects(store, 1)

    async def commit_unheard(transaction: Any) -> None:
        await transaction._connection.execute("COMMIT")
        transaction._connection.terminate()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed")

    with monkeypatch.context() as patch:
        patch.setattr("asyncpg.transaction.Transaction.commit", commit_unheard)
        with pytest.raises(StoreUnavailable):
            await store.log.append([batch(project, b"a")])
    assert (await store.log.load(project)).head == 1
    await store.close()


async def test_readers_do_not_stand_in_the_way_of_writers_L2(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.postgres.READERS", 1)
    # Long enough for the first reader to get the one connection, whoever is before it.
    monkeypatch.setattr("store.postgres.POOL_SECONDS", 0.5)
    store = await open_store(postgres_url, ManualClock())
    [project] = await new_projects(store, 1)
    lock = "SELECT pg_advisory_xact_lock(1)"
    other = await asyncpg.connect(postgres_url)
    async with asyncio.TaskGroup() as group, other.transaction():
        await other.execute(lock)
        reading = group.create_task(store.db.read(lambda conn: conn.execute(text(lock)).close()))
        with pytest.raises(StoreBusy):
            while not reading.done():
                await store.log.load(project)
        await store.log.append([batch(project, b"a")])
    await other.close()
    await store.close()


async def test_a_server_that_falls_silent_is_unavailable_and_can_be_closed_L2(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wire(postgres_url) as (url, sound):
        store = await open_store(url, ManualClock())
        [project] = await new_projects(store, 1)
        monkeypatch.setattr("store.database.PATIENCE", 0.1)
        monkeypatch.setattr("store.database.CLOSE_PATIENCE", 0.1)
        monkeypatch.setattr("store.postgres.CONNECT_SECONDS", 0.05)
        sound.clear()
        async with asyncio.timeout(PATIENCE):
            for _ in range(3):
                with pytest.raises(StoreUnavailable):
                    await store.log.append([batch(project, b"a")])
                with pytest.raises(StoreUnavailable):
                    await store.log.load(project)
            await store.close()


async def test_a_server_that_speaks_again_is_back_in_service_L2(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wire(postgres_url) as (url, sound), asyncio.timeout(PATIENCE):
        store = await open_store(url, ManualClock())
        [project] = await new_projects(store, 1)
        with monkeypatch.context() as patch:
            patch.setattr("store.database.PATIENCE", 0.1)
            sound.clear()
            with pytest.raises(StoreUnavailable, match="not answered"):
                await store.log.append([batch(project, b"a")])
        sound.set()
        [appended] = await store.log.append([batch(project, b"b")])
        assert appended.first == 1
        await store.close()


SOCKET = ".s.PGSQL.5432"


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Another way to the same server, on which nothing arrives while the event is clear."""
    address, folder = url.split("?host=")
    sound = asyncio.Event()
    sound.set()

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(1 << 16):
                await sound.wait()
                sink.write(data)
        sink.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(f"{folder}/{SOCKET}")
        await asyncio.gather(carry(reader, forth), carry(back, writer))

    with TemporaryDirectory() as ours:
        server = await asyncio.start_unix_server(connect, f"{ours}/{SOCKET}")
        yield f"{address}?host={ours}", sound
        sound.set()
        server.close()


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
