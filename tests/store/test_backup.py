"""A whole database in one file, from and to both kinds of databases (L1)."""

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from server.protocol.errors import Conflict, Invalid
from server.protocol.ids import ProjectId, Seq
from server.room.history_ports import NewSnapshot, Occasion
from server.room.run_ports import Allowance, NewRun, RunTask
from store.backup import copied_tables
from store.open import Store, open_store
from tests.contracts.backends import batch, new_projects
from tests.contracts.compaction_log import compact
from tests.doubles.clock import ManualClock
from tests.doubles.migrated import migrated

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{migrated(tmp_path / 'here.db')}"
    url: str = request.getfixturevalue("postgres_url")
    return url


async def filled(store: Store) -> ProjectId:
    """A project with a bit of everything."""
    [project] = await new_projects(store, 1)
    await store.log.append([batch(project, *[b"payload \x00 %d" % n for n in range(450)])])
    await compact(store, project)
    await store.log.append([batch(project, "日本 😀".encode())])
    new = NewSnapshot(project, Seq(451), b"state", Occasion.NAMED, None, "A 😀 name")
    await store.snapshots.add(new, keep=1)
    return project


def contents(conn: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    return {
        table.name: sorted((tuple(row) for row in conn.execute(select(table))), key=repr)
        for table in copied_tables()
        if table.name != "probe"
    }


async def asked(store: Store, project: ProjectId, prompt: str) -> None:
    """Something is said in the project's conversation."""
    owner = (await store.directory.members(project))[0].user.id
    await store.runs.ask(NewRun(project, owner, RunTask.FREE, prompt), Allowance())


async def test_what_was_said_before_a_backup_is_found_again_from_the_next_message_on(
    url: str, tmp_path: Path
) -> None:
    store = await open_store(url, ManualClock())
    [project] = await new_projects(store, 1)
    await asked(store, project, "Which flour?")
    await store.write_backup(tmp_path / "backup.db")
    await store.close()
    other = await open_store(f"sqlite:///{migrated(tmp_path / 'there.db')}", ManualClock())
    await other.read_backup(tmp_path / "backup.db")
    await asked(other, project, "And the mill?")
    found = await other.retrieval.said(project, "flour mill", 5)
    assert {one.number for one in found} == {1, 2}
    await other.close()


async def test_what_is_brought_back_is_what_was_there_on_either_database(
    url: str, tmp_path: Path
) -> None:
    store = await open_store(url, ManualClock())
    await filled(store)
    file = tmp_path / "backup.db"
    assert await store.write_backup(file) == file.stat().st_size
    expected = await store.db.read(contents)
    await store.close()
    other = await open_store(f"sqlite:///{tmp_path}/other.db", ManualClock())
    await other.read_backup(file)
    assert await other.db.read(contents) == expected
    assert await other.fsck() == []
    await other.close()


@pytest.mark.postgres
async def test_a_backup_of_sqlite_goes_to_postgresql(postgres_url: str, tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{migrated(tmp_path / 'here.db')}", ManualClock())
    project = await filled(store)
    file = tmp_path / "backup.db"
    await store.write_backup(file)
    expected = await store.db.read(contents)
    await store.close()
    other = await open_store(postgres_url, ManualClock())
    await other.read_backup(file)
    assert await other.db.read(contents) == expected
    assert await other.fsck() == []
    await other.log.append([batch(project, b"life goes on")])
    await other.close()


async def test_a_backup_during_a_storm_of_writes_has_all_that_was_acknowledged_L1(
    url: str, tmp_path: Path
) -> None:
    store, writer = await open_store(url, ManualClock()), await open_store(url, ManualClock())
    projects = await new_projects(store, 3)
    acknowledged: dict[ProjectId, int] = dict.fromkeys(projects, 0)

    async def storm() -> None:
        for n in range(100_000):
            project = projects[n % 3]
            [appended] = await writer.log.append([batch(project, b"%d" % n * 50)])
            acknowledged[project] = appended.last

    storming = asyncio.create_task(storm())
    for round_ in range(3):
        while min(acknowledged.values()) < 20 * (round_ + 1):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)
        before = dict(acknowledged)
        file = tmp_path / f"backup {round_}.db"
        await store.write_backup(file)
        assert acknowledged != before, "nobody waits for a backup"
        copy = await open_store(f"sqlite:///{file}", ManualClock())
        assert await copy.fsck() == []
        heads = await copy.log.heads(projects)
        assert all(heads[project] >= seq for project, seq in before.items())
        await copy.close()
    storming.cancel()
    await asyncio.wait([storming])
    await store.close()
    await writer.close()


async def test_nothing_is_overwritten(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{migrated(tmp_path / 'here.db')}", ManualClock())
    await filled(store)
    file = tmp_path / "backup.db"
    await store.write_backup(file)
    with pytest.raises(Conflict):
        await store.write_backup(file)
    with pytest.raises(Conflict, match="not empty"):
        await store.read_backup(file)
    await store.close()


async def test_a_backup_is_one_file_and_its_owners_alone_L11(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{migrated(tmp_path / 'here.db')}", ManualClock())
    await filled(store)
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "backup.db"
    await store.write_backup(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [found.name for found in (tmp_path / "out").iterdir()] == ["backup.db"]
    await store.close()


@pytest.mark.parametrize("kind", ["missing", "text", "foreign"])
async def test_what_is_no_backup_is_refused(tmp_path: Path, kind: str) -> None:
    store = await open_store(f"sqlite:///{migrated(tmp_path / 'here.db')}", ManualClock())
    file = tmp_path / "file"
    if kind == "text":
        file.write_bytes(b"not a database at all, but long enough to be one" * 50)
    elif kind == "foreign":
        with closing(sqlite3.connect(file)) as raw:
            raw.execute("CREATE TABLE songs (title)")
    with pytest.raises(Invalid):
        await store.read_backup(file)
    await store.close()
