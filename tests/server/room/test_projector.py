"""The projector follows documents: soon, only what is committed, and none waits for another.

Long because every way to be late has its own small test.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pycrdt
import pytest

from server.document.schema import Node
from server.protocol.errors import DocumentFault, NotFound, StoreBusy, StoreUnavailable
from server.protocol.ids import Millis, ProjectId, Seq, UserId
from server.room.difference import Source, difference
from server.room.ports import Attribution, Batch, Means, NewUpdate
from server.room.projection_ports import Kind, Step
from server.room.projector import (
    AT_ONCE,
    LONGEST_REST,
    RESTS,
    RETRY_SECONDS,
    SWEEP_SECONDS,
    Projector,
)
from server.room.statistics import Statistics
from server.room.unprojected import Unprojected
from tests.doubles.clock import ManualClock, settle
from tests.doubles.guest import Guest
from tests.doubles.here_worker import HereWorker
from tests.doubles.memory_projection import MemoryProjection, Rows
from tests.doubles.memory_store import MemoryDatabase, MemoryDocument
from tests.server.room.conftest import PROJECT, House, house

pytestmark = pytest.mark.anyio

OTHER = ProjectId("other")


@dataclass
class Study:
    """A house that projects, with its documents read in this process."""

    here: House
    projection: MemoryProjection
    worker: HereWorker

    @property
    def statistics(self) -> Statistics:
        return self.here.rooms.statistics

    def rows(self, project: ProjectId = PROJECT) -> Rows:
        return self.projection.database.projections.get(project, Rows())

    def labels(self, project: ProjectId = PROJECT) -> list[str]:
        nodes = self.rows(project).elements(Kind.NODE)
        return [node.label for node in nodes if isinstance(node, Node)]


@asynccontextmanager
async def studying(database: MemoryDatabase) -> AsyncIterator[Study]:
    """A house, after its first sweep."""
    worker, projection = HereWorker(), MemoryProjection(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.room.rooms.Worker", lambda: worker)
        async with house(database, projection=projection) as here:
            await settle(400)
            yield Study(here, projection, worker)


@pytest.fixture
async def study(anyio_backend: str, database: MemoryDatabase) -> AsyncIterator[Study]:
    """A house with two empty projects."""
    database.documents[OTHER] = MemoryDocument()
    async with studying(database) as study:
        yield study


async def add_node(guest: Guest, id: str, label: str | None = None) -> None:
    """One node more."""
    fields = {"label": label or id, "kind": "idea", "x": 0.0, "y": 0.0, "content": pycrdt.Text()}
    await guest.edit(lambda doc: _nodes(doc).update({id: pycrdt.Map(fields)}))


def _nodes(doc: "pycrdt.Doc[Any]") -> "pycrdt.Map[Any]":
    nodes: pycrdt.Map[Any] = doc.get("nodes", type=pycrdt.Map)
    return nodes


def a_node(label: str) -> bytes:
    """An update that adds a node, by nobody who is connected."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=5)
    fields = {"label": label, "kind": "", "x": 0.0, "y": 0.0, "content": pycrdt.Text()}
    _nodes(doc)["cold"] = pycrdt.Map(fields)
    return doc.get_update()


def by_command(project: ProjectId, label: str) -> Batch:
    by = Attribution(None, Means.IMPORT)
    return Batch(project, (NewUpdate(a_node(label), by, Millis(1_700_000_000_000)),))


async def test_a_live_document_is_projected_a_second_after_it_goes_quiet(study: Study) -> None:
    here = study.here
    guest = await here.guest("ada")
    await add_node(guest, "a")
    await here.deliver()
    await here.clock.advance(0.75)
    assert study.labels() == []
    await add_node(guest, "b")
    await here.deliver()
    await here.clock.advance(0.75)
    assert study.labels() == []
    await here.clock.advance(0.25)
    assert study.labels() == ["a", "b"]
    assert study.rows().seq == 2
    assert study.statistics.projections == 1


async def test_a_document_that_is_never_quiet_is_projected_after_five_seconds(
    study: Study,
) -> None:
    here = study.here
    guest = await here.guest("ada")
    for at in range(19):
        await add_node(guest, f"n{at:02}")
        await here.deliver()
        await here.clock.advance(0.25)
    assert study.labels() == []
    await add_node(guest, "n19")
    await here.deliver()
    await here.clock.advance(0.25)
    assert len(study.labels()) == 20
    assert study.rows().seq == 20


async def test_only_what_has_changed_is_written(study: Study) -> None:
    here = study.here
    guest = await here.guest("ada")
    for id in "abc":
        await add_node(guest, id)
    await here.deliver()
    await here.clock.advance(1)
    await guest.edit(lambda doc: _nodes(doc)["b"].update({"label": "changed"}))
    await here.deliver()
    await here.clock.advance(1)
    assert study.labels() == ["a", "changed", "c"]
    assert [len(step.puts) for step in study.projection.written] == [3, 1]


async def test_what_is_not_committed_is_not_projected_L1(study: Study) -> None:
    here = study.here
    guest = await here.guest("ada")
    await add_node(guest, "a")
    await here.deliver()
    here.store.faults.hold_appends()
    await add_node(guest, "held")
    await here.deliver()
    await here.clock.advance(2)
    assert study.labels() == []
    here.store.faults.release_appends()
    await here.deliver()
    await here.clock.advance(2)
    assert (study.labels(), study.rows().seq) == (["a", "held"], 2)


async def test_what_is_behind_at_start_is_projected_and_no_room_is_opened(
    database: MemoryDatabase,
) -> None:
    names = [ProjectId(f"p{at:02}") for at in range(40)]
    for name in names:
        document = database.documents[name] = MemoryDocument()
        document.add(by_command(name, f"label {name}").updates)
    async with studying(database) as study:
        assert [study.labels(name) for name in names] == [[f"label {name}"] for name in names]
        assert study.here.rooms.live() == ()


async def test_a_sweep_over_many_documents_leaves_time_to_others(study: Study) -> None:
    here, clock = study.here, ManualClock()
    for at in range(AT_ONCE + 1):
        name = ProjectId(f"p{at:02}")
        document = study.projection.database.documents[name] = MemoryDocument()
        document.add(by_command(name, "label").updates)

    class Slow(MemoryProjection):
        async def write(self, steps: Sequence[Step]) -> Sequence[bool]:
            clock.elapsed += 0.25
            return await super().write(steps)

    projector = Projector(
        Slow(study.projection.database),
        here.store.log,
        lambda _: None,
        study.worker,
        clock,
        Statistics(),
        Unprojected(clock),
    )
    sweep = asyncio.create_task(projector.catch_up())
    await clock.until_asleep()
    assert projector.statistics.projections == AT_ONCE
    await clock.advance(RESTS * 0.25 - 0.01)
    assert projector.statistics.projections == AT_ONCE
    await clock.advance(0.01)
    assert projector.statistics.projections == AT_ONCE + 1
    await clock.advance(LONGEST_REST)
    await sweep


async def test_what_a_command_has_left_is_projected_within_a_minute(study: Study) -> None:
    here = study.here
    await here.clock.advance(SWEEP_SECONDS / 2)
    await here.store.log.append([by_command(OTHER, "by command")])
    await here.clock.advance(SWEEP_SECONDS / 2 + 1)
    assert study.labels(OTHER) == ["by command"]
    assert here.rooms.live() == ()


async def test_one_document_that_fails_keeps_no_other_from_it(study: Study) -> None:
    here = study.here
    study.worker.fails_for.add(PROJECT)
    first, second = await here.guest("ada"), await here.guest("bob", project=OTHER)
    await add_node(first, "a")
    await add_node(second, "b")
    await here.deliver()
    await here.clock.advance(3)
    assert (study.labels(), study.labels(OTHER)) == ([], ["b"])
    assert study.worker.asked.count(PROJECT) == 2, "with the other and alone; then left for a while"
    await add_node(first, "still open")
    await here.deliver()
    assert len(here.logged()) == 2
    study.worker.fails_for.clear()
    await here.clock.advance(20)
    assert study.labels() == ["a", "still open"]


async def test_a_projection_that_does_not_read_keeps_no_other_from_it_L7(study: Study) -> None:
    here = study.here
    study.projection.unreadable.add(PROJECT)
    first, second = await here.guest("ada"), await here.guest("bob", project=OTHER)
    await add_node(first, "a")
    await add_node(second, "b")
    await here.deliver()
    await here.clock.advance(3)
    assert (study.labels(), study.labels(OTHER)) == ([], ["b"])
    study.projection.unreadable.clear()
    await here.clock.advance(20)
    assert study.labels() == ["a"]


async def test_rows_that_the_database_refuses_fail_alone(study: Study) -> None:
    here = study.here
    study.projection.fails[PROJECT] = DocumentFault(PROJECT, "told to")
    first, second = await here.guest("ada"), await here.guest("bob", project=OTHER)
    await add_node(first, "a")
    await add_node(second, "b")
    await here.deliver()
    await here.clock.advance(1)
    assert (study.labels(), study.labels(OTHER)) == ([], ["b"])


@pytest.mark.parametrize(
    "error", [StoreUnavailable("told to"), StoreBusy("told to")], ids=["unavailable", "busy"]
)
async def test_a_database_that_does_not_work_is_asked_again(study: Study, error: Exception) -> None:
    here = study.here
    study.projection.fails[PROJECT] = error
    guest = await here.guest("ada")
    await add_node(guest, "a")
    await here.deliver()
    await here.clock.advance(2)
    assert study.labels() == []
    assert here.rooms.gauges().oldest_unprojected_seconds == 2
    study.projection.fails.clear()
    await here.clock.advance(RETRY_SECONDS + 2)
    assert study.labels() == ["a"]
    assert here.rooms.gauges().oldest_unprojected_seconds == 0


async def test_who_reads_after_their_own_write_waits_for_that_seq(study: Study) -> None:
    here = study.here
    by = Attribution(UserId("ada"), Means.REST)
    room = await here.rooms.open(PROJECT)
    seq = await room.write(a_node("mine"), by)
    waiting = asyncio.create_task(here.rooms.projected(PROJECT, seq))
    await settle()
    await here.clock.advance(0.25)
    await waiting
    assert study.labels() == ["mine"]
    again = asyncio.create_task(here.rooms.projected(PROJECT, seq))
    await settle()
    await here.clock.advance(0.25)
    await again
    assert study.statistics.projections == 1


async def test_who_waits_for_what_will_not_come_is_told_in_bounded_time(study: Study) -> None:
    here = study.here
    beyond = asyncio.create_task(here.rooms.projected(PROJECT, Seq(99)))
    nowhere = asyncio.create_task(here.rooms.projected(ProjectId("nowhere"), Seq(1)))
    await settle()
    await here.clock.advance(11)
    with pytest.raises(StoreBusy):
        await beyond
    with pytest.raises(NotFound):
        await nowhere


async def test_of_two_processes_that_project_at_once_both_end_with_the_document(
    study: Study,
) -> None:
    here = study.here
    guest = await here.guest("ada")
    await add_node(guest, "a")
    await here.deliver()
    known = (await study.projection.known([PROJECT]))[PROJECT]
    logged = tuple(here.logged())
    ours = difference(Source(PROJECT, known.head, None, logged), known)
    assert await study.projection.write(ours) == [True]
    assert await study.projection.write(ours) == [False]
    await add_node(guest, "b")
    await here.deliver()
    await here.clock.advance(1)
    assert study.labels() == ["a", "b"]


async def test_a_room_that_is_behind_the_log_is_not_believed(study: Study) -> None:
    here = study.here
    guest = await here.guest("ada")
    await add_node(guest, "a")
    await here.deliver()
    here.store.database.documents[PROJECT].add(by_command(PROJECT, "by another").updates)
    await here.clock.advance(1)
    assert (study.labels(), study.rows().seq) == (["a", "by another"], 2)
