"""What every ``CompactionLog`` keeps (L4): content, attribution, exactly one winner."""

import asyncio
from dataclasses import replace

import pytest

from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import ProjectId, Seq
from server.room.ports import Compacted, HistoryRun
from store.appending import TAIL_BYTES_DUE, TAIL_ROWS_DUE
from tests.contracts.backends import (
    AnyStore,
    Backend,
    batch,
    history_of,
    joined,
    new_projects,
    passing,
)


async def compact(store: AnyStore, project: ProjectId) -> bool:
    """Put away all there is."""
    source = await store.compaction.read(project)
    return await store.compaction.replace(source, Compacted(joined(source), history_of(source)))


async def everything(store: AnyStore, project: ProjectId) -> list[tuple[Seq, bytes]]:
    """Every row ever written, from history and log."""
    history = await store.compaction.history(project)
    tail = (await store.log.load(project)).tail
    return [(run.first, run.payload) for run in history] + [(r.seq, r.payload) for r in tail]


class CompactionLogContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_content_after_compaction_equals_content_before_L4(
        self, backend: Backend
    ) -> None:
        store, other = await backend.open(), await backend.open()
        [project] = await new_projects(store, 1)
        rows = [bytes([n]) * n for n in range(1, 40)]
        await store.log.append([batch(project, *rows)])
        before = await everything(store, project)
        assert await compact(other, project)
        document = await store.log.load(project)
        assert (document.head, document.checkpoint, document.tail) == (39, b"".join(rows), ())
        assert await everything(store, project) == before

    async def test_compacting_again_and_again_keeps_all_of_history_L4(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        for n in range(4):
            await store.log.append([batch(project, b"%d" % n, b"-")])
            assert await compact(store, project)
        assert (await store.log.load(project)).checkpoint == b"0-1-2-3-"
        assert [seq for seq, _ in await everything(store, project)] == list(range(1, 9))
        [appended] = await store.log.append([batch(project, b"after")])
        assert appended.first == 9

    async def test_rows_that_arrive_meanwhile_stay_in_the_log_L4(self, backend: Backend) -> None:
        store, other = await backend.open(), await backend.open()
        [project] = await new_projects(store, 1)
        await store.log.append([batch(project, b"a", b"b")])
        source = await store.compaction.read(project)
        await other.log.append([batch(project, b"late")])
        compacted = Compacted(joined(source), history_of(source))
        assert await store.compaction.replace(source, compacted)
        document = await other.log.load(project)
        assert document.checkpoint == b"ab"
        assert [(row.seq, row.payload) for row in document.tail] == [(3, b"late")]

    async def test_of_two_compactions_of_the_same_rows_exactly_one_wins_L4(
        self, backend: Backend
    ) -> None:
        stores = [await backend.open(), await backend.open()]
        [project] = await new_projects(stores[0], 1)
        await stores[0].log.append([batch(project, b"a", b"b")])
        sources = [await store.compaction.read(project) for store in stores]
        async with passing(backend.clock):
            won = await asyncio.gather(
                *(
                    store.compaction.replace(source, Compacted(joined(source), history_of(source)))
                    for store, source in zip(stores, sources, strict=True)
                )
            )
        assert sorted(won) == [False, True]
        assert await everything(stores[0], project) == [(1, b"a"), (2, b"b")]

    async def test_a_compaction_overtaken_by_a_larger_one_changes_nothing_L4(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        await store.log.append([batch(project, b"a")])
        slow = await store.compaction.read(project)
        await store.log.append([batch(project, b"b")])
        assert await compact(store, project)
        assert not await store.compaction.replace(slow, Compacted(joined(slow), history_of(slow)))
        assert (await store.log.load(project)).checkpoint == b"ab"

    async def test_compacting_among_appends_loses_nothing_L4(self, backend: Backend) -> None:
        store, other = await backend.open(), await backend.open()
        [project] = await new_projects(store, 1)

        async def append() -> None:
            for n in range(25):
                await store.log.append([batch(project, b"%d" % n)])

        async def keep_compacting() -> None:
            for _ in range(5):
                source = await other.compaction.read(project)
                if source.updates:
                    compacted = Compacted(joined(source), history_of(source))
                    assert await other.compaction.replace(source, compacted)

        async with passing(backend.clock), asyncio.TaskGroup() as group:
            group.create_task(append())
            group.create_task(keep_compacting())
        expected = [(n + 1, b"%d" % n) for n in range(25)]
        assert await everything(store, project) == expected

    async def test_runs_keep_who_wrote_what_and_when_L4(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        await store.log.append([batch(project, b"a", b"b")])
        source = await store.compaction.read(project)
        row = source.updates[0]
        run = HistoryRun(Seq(1), Seq(2), row.by, row.at, source.updates[1].at, b"merged")
        assert await store.compaction.replace(source, Compacted(b"ab", (run,)))
        assert list(await store.compaction.history(project)) == [run]

    async def test_runs_that_miss_a_row_are_refused_L4(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        await store.log.append([batch(project, b"a", b"b", b"c")])
        source = await store.compaction.read(project)
        runs = history_of(source)
        for wrong in (
            (),
            runs[:2],
            runs[1:],
            (runs[0], runs[2]),
            (runs[0], runs[0], runs[1], runs[2]),
            (*runs[:2], replace(runs[2], last=Seq(4))),
        ):
            with pytest.raises(Invalid):
                await store.compaction.replace(source, Compacted(b"abc", wrong))
        assert len((await store.log.load(project)).tail) == 3

    async def test_a_deleted_project_is_not_compacted_L2(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        await store.log.append([batch(project, b"a")])
        source = await store.compaction.read(project)
        await store.directory.delete_project(project)
        compacted = Compacted(joined(source), history_of(source))
        assert not await store.compaction.replace(source, compacted)
        with pytest.raises(NotFound):
            await store.compaction.read(project)

    async def test_nothing_to_compact_is_refused(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        source = await store.compaction.read(project)
        assert (source.checkpoint, source.updates, source.row_ids) == (None, (), ())
        with pytest.raises(Invalid):
            await store.compaction.replace(source, Compacted(b"", ()))

    async def test_candidates_are_documents_that_outgrew_their_checkpoint(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        small, large, larger, many, deleted = await new_projects(store, 5)
        heavy = bytes(TAIL_BYTES_DUE + 1)
        await store.log.append(
            [
                batch(small, b"a", bytes(TAIL_BYTES_DUE - 1)),
                batch(large, heavy),
                batch(larger, heavy, heavy),
                batch(many, *([b"x"] * (TAIL_ROWS_DUE + 1))),
                batch(deleted, heavy),
            ]
        )
        await store.directory.delete_project(deleted)
        assert list(await store.compaction.candidates(10)) == [larger, large, many]
        assert list(await store.compaction.candidates(1)) == [larger]
        assert await compact(store, larger)
        assert await compact(store, many)
        assert list(await store.compaction.candidates(10)) == [large]

    async def test_a_large_checkpoint_lets_a_larger_tail_grow(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        await store.log.append([batch(project, bytes(4 * TAIL_BYTES_DUE))])
        assert await compact(store, project)
        await store.log.append([batch(project, bytes(2 * TAIL_BYTES_DUE))])
        assert list(await store.compaction.candidates(10)) == []
        await store.log.append([batch(project, b"x")])
        assert list(await store.compaction.candidates(10)) == [project]
