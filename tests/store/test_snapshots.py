"""Snapshots of projects in SQL: what is stored, what is let go, what is read back (L4)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server.protocol.errors import DocumentDamaged, NotFound
from server.protocol.ids import Millis, ProjectId, Seq, SnapshotId, UserId
from server.room.history_ports import NewSnapshot, Occasion, Snapshot
from store.open import Store, open_store
from tests.contracts.backends import batch, new_projects
from tests.doubles.clock import ManualClock
from tests.doubles.migrated import migrated

pytestmark = pytest.mark.anyio

DAY = 24 * 3600.0
FIRST = ProjectId("")
"""Before every project."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{migrated(tmp_path / '8gentc.db')}"
    url: str = request.getfixturevalue("postgres_url")
    return url


async def opened(url: str, clock: ManualClock) -> tuple[Store, ProjectId]:
    store = await open_store(url, clock)
    [project] = await new_projects(store, 1)
    return store, project


async def take(
    store: Store, project: ProjectId, state: bytes, occasion: Occasion = Occasion.NAMED,
    keep: int = 3, seq: int = 1,
) -> Snapshot:  # fmt: skip
    new = NewSnapshot(project, Seq(seq), state, occasion, UserId("ada"), "Before the storm 🌩", "n")
    return await store.snapshots.add(new, keep=keep)


async def test_a_snapshot_is_read_back_as_it_was_taken_L4(url: str, clock: ManualClock) -> None:
    store, project = await opened(url, clock)
    taken = await take(store, project, b"state" * 1000)
    assert taken == Snapshot(
        id=taken.id,
        project=project,
        seq=Seq(1),
        occasion=Occasion.NAMED,
        by=UserId("ada"),
        name="Before the storm 🌩",
        note="n",
        created_at=clock.now(),
        size=5000,
    )
    assert await store.snapshots.get(taken.id) == taken
    assert list(await store.snapshots.list(project)) == [taken]
    assert await store.snapshots.state(taken.id) == b"state" * 1000
    assert await store.fsck() == []
    await store.close()


async def test_nothing_is_stored_when_nothing_has_changed(url: str, clock: ManualClock) -> None:
    store, project = await opened(url, clock)
    first = await take(store, project, b"state", Occasion.DAILY)
    assert await take(store, project, b"state", Occasion.BEFORE_RUN) == first
    named = await take(store, project, b"state")
    assert named.id != first.id
    assert [one.id for one in await store.snapshots.list(project)] in (
        [named.id, first.id],
        [first.id, named.id],
    )
    count = await store.db.read(lambda conn: conn.exec_driver_sql(
        "SELECT count(*) FROM snapshot_states").scalar_one())  # fmt: skip
    assert count == 1
    await store.close()


async def test_only_the_newest_automatic_ones_stay_and_named_ones_always(
    url: str, clock: ManualClock
) -> None:
    store, project = await opened(url, clock)
    named = await take(store, project, b"named", seq=1)
    for n in range(2, 8):
        await clock.advance(DAY)
        await take(store, project, b"state %d" % n, Occasion.DAILY, keep=3, seq=n)
    kept = await store.snapshots.list(project)
    assert [one.seq for one in kept] == [7, 6, 5, 1]
    assert kept[-1] == named
    assert await store.fsck() == []
    await store.close()


async def test_the_newest_of_each_occasion_stays_whatever_comes_after(
    url: str, clock: ManualClock
) -> None:
    store, project = await opened(url, clock)
    occasions = [Occasion.BEFORE_RESTORE, Occasion.DAILY, *[Occasion.BEFORE_RUN] * 4]
    for seq, occasion in enumerate(occasions, start=1):
        await clock.advance(1.0)
        await take(store, project, b"state %d" % seq, occasion, keep=2, seq=seq)
    kept = [(one.seq, one.occasion) for one in await store.snapshots.list(project)]
    assert kept == [
        (6, Occasion.BEFORE_RUN),
        (5, Occasion.BEFORE_RUN),
        (2, Occasion.DAILY),
        (1, Occasion.BEFORE_RESTORE),
    ]
    assert await store.fsck() == []
    await store.close()


async def test_the_newest_is_known_of_a_project_that_is_there(url: str, clock: ManualClock) -> None:
    store, project = await opened(url, clock)
    assert await store.snapshots.newest(project) is None
    await take(store, project, b"one")
    await clock.advance(1.0)
    other = await take(store, project, b"other", seq=2)
    assert await store.snapshots.newest(project) == other
    await store.directory.delete_project(project)
    with pytest.raises(NotFound):
        await store.snapshots.newest(project)
    await store.close()


async def test_a_removed_snapshot_is_gone_and_leaves_others_their_state(
    url: str, clock: ManualClock
) -> None:
    store, project = await opened(url, clock)
    one, other = await take(store, project, b"same"), await take(store, project, b"same")
    await store.snapshots.remove(one.id)
    with pytest.raises(NotFound):
        await store.snapshots.remove(one.id)
    with pytest.raises(NotFound):
        await store.snapshots.state(one.id)
    assert await store.snapshots.state(other.id) == b"same"
    await store.snapshots.remove(other.id)
    assert await store.fsck() == []
    await store.close()


async def test_projects_that_have_changed_since_yesterday_are_due(
    url: str, clock: ManualClock
) -> None:
    store = await open_store(url, clock)
    edited, idle, deleted, fresh = await new_projects(store, 4)
    await clock.advance(DAY)
    await store.log.append([batch(name, b"x") for name in (edited, deleted)])
    await store.directory.delete_project(deleted)
    yesterday = Millis(clock.now() - int(DAY * 1000))
    assert list(await store.snapshots.due(yesterday, FIRST, 10)) == [edited]
    await take(store, edited, b"x", Occasion.DAILY)
    assert list(await store.snapshots.due(Millis(clock.now() + 1), FIRST, 10)) == []
    await store.log.append([batch(edited, b"y"), batch(fresh, b"y")])
    assert list(await store.snapshots.due(yesterday, FIRST, 10)) == [fresh]
    assert set(await store.snapshots.due(Millis(clock.now()), FIRST, 10)) == {edited, fresh}
    assert idle not in await store.snapshots.due(clock.now(), FIRST, 10)
    await store.close()


async def test_snapshots_of_a_deleted_project_are_not_there(url: str, clock: ManualClock) -> None:
    store, project = await opened(url, clock)
    taken = await take(store, project, b"state")
    await store.directory.delete_project(project)
    for asked in (
        store.snapshots.list(project),
        store.snapshots.get(taken.id),
        store.snapshots.state(taken.id),
        take(store, project, b"more"),
        store.snapshots.list(ProjectId("nowhere")),
        store.snapshots.get(SnapshotId("nothing")),
    ):
        with pytest.raises(NotFound):
            await asked
    await store.close()


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE snapshots SET seq = seq + 1", "snapshots"),
        ("UPDATE snapshots SET name = 'Other'", "snapshots"),
        ("UPDATE snapshot_states SET payload = x'00'", "snapshots"),
        ("UPDATE snapshot_states SET plain_bytes = plain_bytes + 1", "snapshots"),
        ("DELETE FROM snapshots", "snapshot_states"),
        ("DELETE FROM snapshot_states", "snapshots"),
    ],
)
async def test_a_snapshot_that_was_tampered_with_is_damage_L4(
    tmp_path: Path, clock: ManualClock, statement: str, table: str
) -> None:
    url = f"sqlite:///{tmp_path}/8gentc.db"
    store, project = await opened(url, clock)
    taken = await take(store, project, b"state")
    with closing(sqlite3.connect(tmp_path / "8gentc.db", isolation_level=None)) as raw:
        raw.execute(statement)
    assert [problem.table for problem in await store.fsck(project)] == [table]
    with pytest.raises((DocumentDamaged, NotFound)):
        await store.snapshots.state(taken.id)
    await store.close()
