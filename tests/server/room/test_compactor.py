"""The compactor brings store and merge together, one document at a time (L4)."""

import asyncio
import os
import signal
from dataclasses import dataclass

import pytest

from server.document.replica import Replica
from server.protocol.errors import DocumentDamaged
from server.protocol.ids import ProjectId
from server.room.compactor import PUT_OFF_SECONDS, Compactor
from server.room.ports import CompactionInput
from server.room.replay import replay
from server.room.statistics import Statistics
from server.room.worker import Worker
from tests.doubles.clock import ManualClock
from tests.doubles.here_worker import HereWorker
from tests.doubles.memory_store import MemoryCompactionLog, MemoryDatabase, MemoryDocument
from tests.server.room.conftest import PROJECT, House, house

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class LateLog(MemoryCompactionLog):
    """Answers what was read some time ago."""

    source: CompactionInput

    async def read(self, project: ProjectId) -> CompactionInput:
        """What was read."""
        return self.source


def compactor(here: House) -> tuple[Compactor, HereWorker]:
    worker = HereWorker()
    return Compactor(here.store.compaction, worker, here.clock, Statistics()), worker


async def overgrow(here: House, project: ProjectId = PROJECT) -> None:
    guest = await here.guest(f"ada-{project}", project=project)
    for _ in range(8):
        await guest.type("x" * 10_000)
        await here.deliver()


async def test_a_document_that_is_due_is_compacted_and_reads_the_same__L4(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        await overgrow(here)
        service, _ = compactor(here)
        before = here.guests[0].text
        await service.round()
        document = here.store.database.documents[PROJECT]
        assert document.rows == []
        assert document.checkpoint is not None
        assert replay(document.checkpoint, document.runs, document.rows) is None
        late = await here.guest("late")
        assert late.text == before


async def test_what_arrives_during_the_merge_stays_in_the_log__L4(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        await overgrow(here)
        source = await here.store.compaction.read(PROJECT)
        await here.guests[0].type("meanwhile")
        await here.deliver()
        late_log = LateLog(here.store.database, source)
        service = Compactor(late_log, HereWorker(), here.clock, Statistics())
        assert await service.compact(PROJECT)
        assert len(here.store.database.documents[PROJECT].rows) == 1
        late = await here.guest("late")
        assert late.text.endswith("meanwhile")


async def test_a_document_that_cannot_be_compacted_does_not_hold_up_the_others(
    database: MemoryDatabase,
) -> None:
    other = ProjectId("other")
    database.documents[other] = MemoryDocument()
    async with house(database) as here:
        await overgrow(here)
        await overgrow(here, other)
        service, worker = compactor(here)
        service.clock = clock = ManualClock()  # The house has a compactor of its own.
        worker.fails_for.add(PROJECT)
        await service.round()
        await service.round()
        assert sorted(worker.asked) == [other, PROJECT]
        await clock.advance(PUT_OFF_SECONDS)
        await service.round()
        assert worker.asked.count(PROJECT) == 2


@pytest.mark.slow
async def test_a_worker_that_dies_is_replaced() -> None:
    worker = Worker()
    try:
        with pytest.raises(DocumentDamaged):
            await worker.run(os.kill, await worker.run(os.getpid), signal.SIGKILL)
        assert await worker.run(abs, -1) == 1
    finally:
        worker.close()


async def test_the_merge_in_a_replica_that_was_read_meanwhile_changes_nothing(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        await overgrow(here)
        before = await here.rooms.read(PROJECT, Replica.moment)
        service, _ = compactor(here)
        await asyncio.gather(service.round(), here.rooms.read(PROJECT, Replica.full))
        assert await here.rooms.read(PROJECT, Replica.moment) == before
