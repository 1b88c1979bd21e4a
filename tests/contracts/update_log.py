"""What every ``UpdateLog`` keeps, whatever it is made of (L1-L3)."""

import asyncio
from collections.abc import Sequence

import pytest

from server.protocol.errors import DocumentFault, NotFound
from server.protocol.ids import Millis, ProjectId, RunId, Seq, UserId
from server.room.ports import Appended, Attribution, Batch, Compacted, Means, NewUpdate
from tests.contracts.backends import (
    PATIENCE,
    AnyStore,
    Backend,
    batch,
    edit,
    history_of,
    joined,
    new_projects,
    new_user,
    passing,
)
from tests.doubles.clock import settle


async def payloads(store: AnyStore, project: ProjectId) -> list[bytes]:
    """What is in the log."""
    return [row.payload for row in (await store.log.load(project)).tail]


class UpdateLogContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_sequence_numbers_start_at_one_and_have_no_gap_L3(self, backend: Backend) -> None:
        store = await backend.open()
        one, two = await new_projects(store, 2)
        first = await store.log.append([batch(one, b"a", b"b"), batch(two, b"x")])
        second = await store.log.append([batch(two, b"y"), batch(one, b"c")])
        assert list(first) == [Appended(one, Seq(1), Seq(2)), Appended(two, Seq(1), Seq(1))]
        assert list(second) == [Appended(two, Seq(2), Seq(2)), Appended(one, Seq(3), Seq(3))]
        assert await payloads(store, one) == [b"a", b"b", b"c"]

    async def test_two_processes_appending_at_once_leave_no_gap_L3(self, backend: Backend) -> None:
        stores = [await backend.open(), await backend.open()]
        one, two = await new_projects(stores[0], 2)
        answers: list[Sequence[Appended]] = []

        async def appender(store: AnyStore, order: tuple[ProjectId, ProjectId]) -> None:
            for n in range(15):
                rows = [batch(project, f"{n} {id(store)}".encode()) for project in order]
                answers.append(await store.log.append(rows))

        async with passing(backend.clock), asyncio.TaskGroup() as group:
            group.create_task(appender(stores[0], (one, two)))
            group.create_task(appender(stores[1], (two, one)))
        for project in (one, two):
            given = [a.first for answer in answers for a in answer if a.project == project]
            assert sorted(given) == list(range(1, 31))
            document = await stores[0].log.load(project)
            assert [row.seq for row in document.tail] == list(range(1, 31))

    async def test_rows_read_back_as_they_were_committed_L3(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        new = [
            NewUpdate(bytes(range(256)), Attribution(UserId("zoë ✓"), Means.CLIENT), Millis(1)),
            NewUpdate(b"\0", Attribution(None, Means.IMPORT), Millis(0)),
            NewUpdate(b"r", Attribution(UserId("u"), Means.RUN, RunId("run")), Millis(1 << 50)),
            *(NewUpdate(b"m", Attribution(None, means), Millis(5)) for means in Means),
        ]
        await store.log.append([Batch(project, tuple(new))])
        tail = (await store.log.load(project)).tail
        assert [NewUpdate(row.payload, row.by, row.at) for row in tail] == new

    async def test_rows_of_another_process_are_seen_L3(self, backend: Backend) -> None:
        mine, theirs = await backend.open(), await backend.open()
        [project] = await new_projects(mine, 1)
        await mine.log.append([batch(project, b"a")])
        await theirs.log.append([batch(project, b"b", b"c")])
        tail = await mine.log.read_after(project, Seq(1))
        assert tail.head == 3
        assert tail.checkpoint is None
        assert [(row.seq, row.payload) for row in tail.updates] == [(2, b"b"), (3, b"c")]
        assert (await mine.log.read_after(project, Seq(0))).updates[0].payload == b"a"
        assert (await mine.log.read_after(project, Seq(3))).updates == ()

    async def test_reading_after_a_compacted_row_gives_the_checkpoint_L4(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        await store.log.append([batch(project, b"a", b"b")])
        source = await store.compaction.read(project)
        await store.compaction.replace(source, Compacted(joined(source), history_of(source)))
        await store.log.append([batch(project, b"c")])
        behind = await store.log.read_after(project, Seq(1))
        assert (behind.checkpoint, len(behind.updates), behind.head) == (b"ab", 1, 3)
        abreast = await store.log.read_after(project, Seq(2))
        assert (abreast.checkpoint, abreast.updates[0].payload) == (None, b"c")
        assert (await store.log.read_after(project, Seq(3))).updates == ()

    async def test_a_new_document_is_empty_because_the_store_says_so_L2(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        document = await store.log.load(project)
        assert (document.head, document.checkpoint, document.tail) == (0, None, ())
        assert document.stored_bytes == 0
        assert (await store.log.read_after(project, Seq(0))).updates == ()

    async def test_an_unknown_project_is_not_found_and_never_empty_L2(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        nobodys = ProjectId("nobody's")
        with pytest.raises(NotFound):
            await store.log.load(nobodys)
        with pytest.raises(NotFound):
            await store.log.read_after(nobodys, Seq(0))
        with pytest.raises(DocumentFault):
            await store.log.append([batch(nobodys, b"a")])

    async def test_a_deleted_project_takes_no_rows_and_names_itself_L2(
        self, backend: Backend
    ) -> None:
        store, other = await backend.open(), await backend.open()
        kept, deleted = await new_projects(store, 2)
        await other.directory.delete_project(deleted)
        with pytest.raises(DocumentFault) as fault:
            await store.log.append([batch(kept, b"a"), batch(deleted, b"b")])
        assert fault.value.project == deleted
        assert await payloads(store, kept) == []
        with pytest.raises(NotFound):
            await store.log.load(deleted)
        with pytest.raises(NotFound):
            await store.log.read_after(deleted, Seq(0))

    async def test_one_bad_row_names_its_document_and_nothing_is_written_L2(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        one, bad, two = await new_projects(store, 3)
        with pytest.raises(DocumentFault) as fault:
            await store.log.append([batch(one, b"a"), batch(bad, b"b", b""), batch(two, b"c")])
        assert fault.value.project == bad
        assert dict(await store.log.heads([one, bad, two])) == {one: 0, bad: 0, two: 0}
        with pytest.raises(DocumentFault) as fault:
            await store.log.append([batch(bad, b"")])
        assert fault.value.project == bad
        await store.log.append([batch(one, b"a"), batch(two, b"c")])
        assert await payloads(store, one) == [b"a"]

    async def test_heads_leave_out_deleted_and_unknown_projects(self, backend: Backend) -> None:
        store = await backend.open()
        one, two, deleted = await new_projects(store, 3)
        await store.log.append([batch(one, b"a", b"b"), batch(deleted, b"x")])
        await store.directory.delete_project(deleted)
        unknown = [ProjectId(f"unknown {n}") for n in range(2500)]
        heads = await store.log.heads([*unknown, one, two, deleted])
        assert dict(heads) == {one: 2, two: 0}
        assert dict(await store.log.heads([])) == {}

    async def test_a_cancelled_caller_neither_loses_nor_doubles_a_row_L2(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        waiter = asyncio.create_task(store.log.append([batch(project, b"cancelled")]))
        await settle(2)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        await store.log.append([batch(project, b"next")])
        # Which of the two is first is the database's business: they are on their way at once.
        async with asyncio.timeout(PATIENCE):
            while (await store.log.load(project)).head < 2:
                await settle()
        assert sorted(await payloads(store, project)) == [b"cancelled", b"next"]

    async def test_a_cancelled_read_leaves_the_store_usable(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        for rounds in range(20):
            reader = asyncio.create_task(store.log.load(project))
            await settle(rounds)
            reader.cancel()
            await asyncio.wait([reader])
        assert (await store.log.load(project)).head == 0

    async def test_the_seed_of_a_project_is_its_first_row_L3(self, backend: Backend) -> None:
        store = await backend.open()
        owner = await new_user(store)
        seed = NewUpdate(b"seed", Attribution(owner, Means.SEED), Millis(7))
        project = await store.directory.add_project("seeded", owner=owner, seed=seed)
        assert project.head == 1
        [row] = (await store.log.load(project.id)).tail
        assert (row.seq, row.payload, row.by, row.at) == (1, b"seed", seed.by, 7)

    async def test_the_probe_succeeds_on_a_store_that_works_L2(self, backend: Backend) -> None:
        store = await backend.open()
        await store.log.probe()
        await store.log.probe()

    async def test_stored_bytes_count_checkpoint_and_tail(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        await store.log.append([Batch(project, (edit(b"12345"), edit(b"678", None)))])
        assert (await store.log.load(project)).stored_bytes == 8
        source = await store.compaction.read(project)
        await store.compaction.replace(source, Compacted(b"checkpoint", history_of(source)))
        await store.log.append([batch(project, b"9")])
        assert (await store.log.load(project)).stored_bytes == 11
