"""Group commit: who shares a transaction, and who fails with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from server.protocol.errors import (
    DocumentFault,
    ServerError,
    ShuttingDown,
    StoreBusy,
    StoreUnavailable,
)
from server.protocol.ids import Millis, ProjectId
from server.room.breaker import Breaker
from server.room.committer import Committer
from server.room.ports import Attribution, Batch, Means, NewUpdate
from server.room.statistics import Statistics
from server.room.unprojected import Unprojected
from tests.doubles.clock import ManualClock, settle
from tests.doubles.memory_store import MemoryDocument, MemoryStore

pytestmark = pytest.mark.anyio

A, B, C = ProjectId("a"), ProjectId("b"), ProjectId("c")


@dataclass
class Desk:
    store: MemoryStore
    clock: ManualClock
    breaker: Breaker
    committer: Committer
    statistics: Statistics

    def logged(self, project: ProjectId) -> int:
        return len(self.store.database.documents[project].rows)


def batch(project: ProjectId) -> Batch:
    return Batch(project, (NewUpdate(b"\x00\x00", Attribution(None, Means.CLIENT), Millis(1)),))


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    clock, statistics = ManualClock(), Statistics()
    store = MemoryStore(clock=clock)
    for project in (A, B, C):
        store.database.documents[project] = MemoryDocument()
    breaker = Breaker(store.log, clock)
    committer = Committer(store.log, breaker, clock, statistics, Unprojected(clock))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(committer.run())
        probing = tasks.create_task(breaker.run())
        yield Desk(store, clock, breaker, committer, statistics)
        store.faults.release_appends()
        committer.close()
        probing.cancel()


async def outcome(here: Desk, project: ProjectId) -> ServerError | None:
    try:
        await here.committer.commit(batch(project))
    except ServerError as error:
        return error
    return None


async def test_what_arrives_during_a_commit_shares_the_next_one() -> None:
    async with desk() as here:
        here.store.faults.hold_appends()
        first = asyncio.create_task(outcome(here, A))
        await settle()
        rest = [asyncio.create_task(outcome(here, project)) for project in (B, C)]
        await settle()
        here.store.faults.release_appends()
        assert await asyncio.gather(first, *rest) == [None, None, None]
        assert [len(group) for group in here.store.log.commits] == [1, 2]


async def test_one_bad_document_fails_alone__L2() -> None:
    async with desk() as here:
        here.store.faults.hold_appends()
        waiting = [asyncio.create_task(outcome(here, project)) for project in (C, A, B)]
        await settle()
        here.store.faults.fail_project(A)
        here.store.faults.release_appends()
        fine, bad, good = await asyncio.gather(*waiting)
        assert (fine, good) == (None, None)
        assert isinstance(bad, DocumentFault)
        assert here.logged(A) == 0
        assert here.breaker.fault is None


async def test_an_error_that_names_nobody_is_isolated_too__L2() -> None:
    async with desk() as here:
        here.store.faults.fail_next_append(StoreBusy("told to"))
        results = await asyncio.gather(*(outcome(here, project) for project in (A, B)))
        assert results == [None, None]


async def test_an_unmapped_error_is_a_failure_of_these_rows_only__L2(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with desk() as here:
        here.store.faults.next_appends.append(RuntimeError("a bug"))  # type: ignore[arg-type]
        assert isinstance(await outcome(here, A), DocumentFault)
        assert await outcome(here, A) is None
        assert "unexpected" in caplog.text


async def test_a_store_wide_fault_trips_the_breaker_until_a_probe_succeeds__L2() -> None:
    async with desk() as here:
        here.store.faults.break_down(StoreUnavailable("disk full"))
        assert isinstance(await outcome(here, A), StoreUnavailable)
        assert here.breaker.fault is not None
        here.store.faults.hold_appends()  # Not even tried while the breaker is tripped:
        assert isinstance(await outcome(here, B), StoreUnavailable)
        here.store.faults.release_appends()
        here.store.faults.repair()
        await here.clock.advance(1.5)
        assert await outcome(here, A) is None


async def test_a_waiter_that_gives_up_does_not_undo_the_commit__L2() -> None:
    async with desk() as here:
        here.store.faults.hold_appends()
        waiting = asyncio.create_task(outcome(here, A))
        await settle()
        waiting.cancel()
        here.store.faults.release_appends()
        await settle()
        assert here.logged(A) == 1


async def test_the_age_of_the_oldest_edit_is_known_while_it_waits() -> None:
    async with desk() as here:
        assert here.committer.oldest_uncommitted() == 0
        here.store.faults.hold_appends()
        waiting = asyncio.create_task(outcome(here, A))
        await settle()
        await here.clock.advance(3)
        assert here.committer.oldest_uncommitted() == 3
        here.store.faults.release_appends()
        await waiting
        assert here.committer.oldest_uncommitted() == 0


async def test_closing_decides_what_was_accepted_and_accepts_no_more() -> None:
    async with desk() as here:
        here.store.faults.hold_appends()
        waiting = asyncio.create_task(outcome(here, A))
        await settle()
        here.committer.close()
        assert isinstance(await outcome(here, B), ShuttingDown)
        here.store.faults.release_appends()
        assert await waiting is None
