"""SQLite as it is used here: durable, one writer, refused when it cannot be relied upon."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from server.protocol.errors import DocumentDamaged, Invalid, StoreBusy, StoreUnavailable
from server.protocol.ids import ProjectId
from store.feed import ANY, SWEEP_SECONDS
from store.open import Store, open_store
from store.sqlite import SqliteDatabase, SqliteOptions
from tests.contracts.backends import PATIENCE, batch, new_projects, passing
from tests.doubles.clock import ManualClock, settle

pytestmark = pytest.mark.anyio

IMPATIENT = SqliteOptions(busy_milliseconds=0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "8gentc.db"


def pragma(conn: Connection, name: str) -> object:
    return conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def sqlite_of(store: Store) -> SqliteDatabase:
    assert isinstance(store.db, SqliteDatabase)
    return store.db


async def limit_pages(store: Store, pages: int) -> None:
    """Bound the size of the file, as a full disk would, until the writer reconnects."""
    limit = f"PRAGMA max_page_count = {pages}"
    await sqlite_of(store).peek(lambda raw: raw.execute(limit).close())


async def test_a_commit_waits_for_the_disk_on_every_connection_L1(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    for run in (store.db.read, store.db.write):
        assert await run(pragma, "synchronous") == 2
        assert await run(pragma, "journal_mode") == "wal"
        assert await run(pragma, "foreign_keys") == 1
    await store.close()


async def test_a_database_that_does_not_take_wal_is_refused_L1(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.sqlite.SYNCHRONOUS_FULL", 3)
    with pytest.raises(StoreUnavailable, match="synchronous at 2"):
        await open_store(f"sqlite:///{path}", ManualClock())


async def test_a_reader_cannot_write(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    with pytest.raises(StoreUnavailable, match="readonly"):
        await store.db.read(lambda conn: conn.exec_driver_sql("DELETE FROM probe"))
    await store.close()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "nonsense", "", "sqlite:///"]
)
async def test_a_url_of_another_kind_is_invalid(url: str) -> None:
    with pytest.raises(Invalid):
        await open_store(url, ManualClock())


async def test_a_refused_url_is_not_repeated_with_its_password_L11() -> None:
    for url in ("mysql://ada:hunter2@localhost/x", "hunter2:hunter2://hunter2@@@"):
        with pytest.raises(Invalid) as error:
            await open_store(url, ManualClock())
        assert "hunter2" not in str(error.value)


async def test_a_file_that_is_no_database_is_unavailable_and_stays_as_it_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"not a database " * 100)
    with pytest.raises(StoreUnavailable):
        await open_store(f"sqlite:///{path}", ManualClock())
    assert path.read_bytes() == b"not a database " * 100


async def test_a_directory_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable):
        await open_store(f"sqlite:///{tmp_path}/file/8gentc.db", ManualClock())


async def test_a_full_disk_is_unavailable_writes_nothing_and_passes_L2(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    [project] = await new_projects(store, 1)
    await limit_pages(store, 1)
    with pytest.raises(StoreUnavailable, match="full"):
        await store.log.append([batch(project, b"small", bytes(1 << 20))])
    assert (await store.log.load(project)).head == 0
    # The failed writer's connection was replaced, and with it the limit.
    await store.log.append([batch(project, b"room again")])
    assert (await store.log.load(project)).head == 1
    await store.close()


async def test_a_disk_that_stays_full_fails_the_probe_too_L2(path: Path) -> None:
    (await opened_once(path)).unlink(missing_ok=True)
    store = await open_store(f"sqlite:///{path}", ManualClock())
    [project] = await new_projects(store, 1)
    pages = await store.db.read(pragma, "page_count")
    await store.close()
    assert isinstance(pages, int)
    full = SqliteOptions(max_pages=pages)
    store = await open_store(f"sqlite:///{path}", ManualClock(), sqlite=full)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await store.log.append([batch(project, bytes(100_000))])
        with pytest.raises(StoreUnavailable):
            await store.log.probe()
    await limit_pages(store, pages + 1000)
    await store.log.probe()
    await store.close()


async def opened_once(path: Path) -> Path:
    """A leftover of nothing; the shared-memory file must not confuse the next start."""
    store = await open_store(f"sqlite:///{path}", ManualClock())
    await store.close()
    return path.with_name(path.name + "-shm")


async def test_a_write_waits_for_another_process_and_then_succeeds_L2(path: Path) -> None:
    clock = ManualClock()
    store = await open_store(f"sqlite:///{path}", clock, sqlite=IMPATIENT)
    [project] = await new_projects(store, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(store.log.append([batch(project, b"a")]))
            await clock.until_asleep()
            assert not waiting.done()
            other.execute("ROLLBACK")
            async with passing(clock):
                [appended] = await waiting
    assert appended.last == 1
    await store.close()


async def test_a_database_that_stays_locked_is_busy_and_nothing_is_written_L2(
    path: Path,
) -> None:
    clock = ManualClock()
    store = await open_store(f"sqlite:///{path}", clock, sqlite=IMPATIENT)
    [project] = await new_projects(store, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with passing(clock):
            with pytest.raises(StoreBusy):
                await store.log.append([batch(project, b"a")])
    assert (await store.log.load(project)).head == 0
    await store.close()


async def test_every_ten_seconds_anything_may_have_changed_L8(path: Path) -> None:
    clock = ManualClock()
    store = await open_store(f"sqlite:///{path}", clock)
    async with passing(clock):
        for sweeps in (1, 2):
            assert await store.feed.next() == ANY
            assert sweeps * SWEEP_SECONDS <= clock.elapsed < (sweeps + 1) * SWEEP_SECONDS
    await store.close()


async def test_closing_waits_for_a_write_whose_caller_is_gone_L2(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    [project] = await new_projects(store, 1)
    waiter = asyncio.create_task(store.log.append([batch(project, b"a")]))
    await settle(2)
    waiter.cancel()
    await asyncio.wait([waiter])
    await store.close()
    store = await open_store(f"sqlite:///{path}", ManualClock())
    assert (await store.log.load(project)).head == 1
    await store.close()


async def test_a_disk_that_does_not_answer_is_unavailable_and_holds_up_nothing_L2(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    [project] = await new_projects(store, 1)
    monkeypatch.setattr("store.database.PATIENCE", 0.05)
    monkeypatch.setattr("store.database.CLOSE_PATIENCE", 0.05)
    answer = threading.Event()
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(StoreUnavailable, match="not answered"):
            await store.db.write(lambda _: answer.wait(PATIENCE))
        with pytest.raises(StoreUnavailable, match="not answered"):
            await store.log.append([batch(project, b"given up")])
        with pytest.raises(StoreUnavailable, match="not answered"):
            await sqlite_of(store).peek(lambda _: None)
        writers = [thread for thread in threading.enumerate() if thread.name == "sqlite-writer"]
        assert all(thread.daemon for thread in writers)
        await store.close()
    answer.set()


async def test_a_disk_that_answers_again_is_back_in_service_L2(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    [project] = await new_projects(store, 1)
    answer = threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr("store.database.PATIENCE", 0.05)
        for work in (lambda _: answer.wait(PATIENCE), lambda conn: pragma(conn, "synchronous")):
            with pytest.raises(StoreUnavailable, match="not answered"):
                await store.db.write(work)
    answer.set()
    [appended] = await store.log.append([batch(project, b"a")])
    assert appended.first == 1
    await store.close()


DAMAGE = {
    "payload": "UPDATE updates SET payload = x'00' WHERE seq = 2",
    "missing row": "DELETE FROM updates WHERE seq = 2",
    "missing last row": "DELETE FROM updates WHERE seq = 3",
    "all rows": "DELETE FROM updates",
    "text for bytes": "UPDATE updates SET payload = 'text' WHERE seq = 2",
    "number for bytes": "UPDATE updates SET payload = 5 WHERE seq = 2",
    "not UTF-8": "UPDATE updates SET user_id = CAST(x'ff' AS TEXT) WHERE seq = 2",
    "unknown means": "UPDATE updates SET means = 'magic' WHERE seq = 2",
    "head": "UPDATE documents SET head = 4",
    "head of no type": "UPDATE documents SET head = 'x'",
    "limit of no type": "UPDATE documents SET max_bytes = 'x'",
    "head digest": "UPDATE documents SET digest = x''",
    "checkpoint": "INSERT INTO checkpoints VALUES ('{project}', 3, x'', 0, 5, x'00', x'00')",
}


@pytest.mark.parametrize("kind", DAMAGE)
async def test_damaged_rows_are_never_an_empty_document_L2(path: Path, kind: str) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    [project] = await new_projects(store, 1)
    await store.log.append([batch(project, b"a", b"b", b"c")])
    tamper(path, DAMAGE[kind].format(project=project))
    with pytest.raises(DocumentDamaged):
        await store.log.load(project)
    with pytest.raises(DocumentDamaged):
        await store.compaction.read(project)
    assert await store.fsck(project) != []
    await store.close()


async def test_an_update_under_another_projects_name_is_damage_L3(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    one, two = await new_projects(store, 2)
    await store.log.append([batch(one, b"a"), batch(two, b"a")])
    tamper(path, f"DELETE FROM updates WHERE project_id = '{two}'")
    tamper(path, f"UPDATE updates SET project_id = '{two}' WHERE project_id = '{one}'")
    for project in (one, two):
        with pytest.raises(DocumentDamaged):
            await store.log.load(ProjectId(project))
    await store.close()


def tamper(path: Path, statement: str) -> None:
    """Change the file as nobody should."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA ignore_check_constraints = ON")
        raw.execute(statement)
