"""Replays end well; and where a promise is broken on purpose, that is found and counted."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from ai_agent.ports import Bounds, Office
from ai_agent.writing.operations import AddDiagram, AddEdge, Operation
from ai_agent.writing.scribe import Scribe
from server.document.landed import NOTHING, Landed
from server.document.live import Document
from server.document.plan import SectionChange, change_section
from server.document.schema import EDGES
from server.document.writing import add_element
from server.protocol.errors import StoreUnavailable
from server.protocol.ids import RunId
from server.room.run_ports import Lease, Outcome, Progress, Run, RunTask
from tests.ai_agent.replays.company import NOTES, Onlooker
from tests.ai_agent.replays.evaluation import Report, evaluate, unread
from tests.ai_agent.replays.recordings import recordings
from tests.ai_agent.replays.replay import recording_of
from tests.ai_agent.replays.troubles import TROUBLES, Event
from tests.doubles.memory_runs import MemoryRuns

pytestmark = pytest.mark.anyio

ROUND = len(TROUBLES)
FEW = 4
TRIES = 60
"""Replays in which an agent that always breaks a promise has had the occasion, surely."""


def with_event(event: Event) -> range:
    """Replays in which this happens."""
    return range(TROUBLES.index(event), TRIES * ROUND, ROUND)


def with_graph() -> list[int]:
    """Replays in which a graph is drawn, and something may go wrong."""
    kept = recordings()
    drawn = (number for number in range(TRIES) if recording_of(number, kept).task is RunTask.GRAPH)
    return list(drawn)


async def test_l8_l9_a_few_replays_end_well() -> None:
    report = await evaluate(range(2 * ROUND, 2 * ROUND + FEW))
    assert report.broken == []
    assert report.ends.total() == FEW


@pytest.mark.slow
@pytest.mark.node
async def test_l8_l9_two_hundred_replays_end_well_and_mermaid_reads_what_they_draw() -> None:
    report = await evaluate(range(200))
    report.parse()
    assert list(report.lines())[-1].startswith("replays")
    assert {trouble for trouble, _ in report.ends} == {one or "nothing" for one in TROUBLES}
    assert len(report.sources) > 20


def test_what_is_recorded_is_of_small_models_and_of_good_ones_and_of_every_task() -> None:
    kept = recordings()
    assert {one.by for one in kept} == {"SmolLM2-135M", "hand"}
    assert {one.task for one in kept} == set(RunTask)


# --- agents that break a promise ---------------------------------------------------


class Eraser(Scribe):
    """Deletes what people wrote."""

    def _write(self, doc: Document, operations: Sequence[Operation]) -> None:
        super()._write(doc, operations)
        change_section(doc, NOTES, SectionChange(body=""))


class Loose(Scribe):
    """Draws edges to what is not there."""

    def _add_edge(self, doc: Document, new: AddEdge) -> None:
        id = self.element(EDGES, new.key).id
        add_element(doc, EDGES, id, {"source": "nowhere", "target": "nowhere", "label": ""})


class Careless(Scribe):
    """Writes a model's words into Mermaid."""

    def _add_diagram(self, doc: Document, new: AddDiagram) -> None:
        super()._add_diagram(doc, replace(new, source=f"graph TD\n  a[{new.title} (end]"))


def hiring(kind: type[Scribe]) -> Callable[[Office], Office]:
    def spoil(office: Office) -> Office:
        def hire(run: RunId, state: bytes, landed: Landed) -> Scribe:
            now = office.clock.monotonic
            return kind(run, state, name="agent", color="#000", now=now, landed=landed)

        return replace(office, hire=hire)

    return spoil


def forgetful(office: Office) -> Office:
    """Each attempt takes itself for the first."""
    attempts = count()

    def hire(run: RunId, state: bytes, _: Landed) -> Scribe:
        again = RunId(f"{run} {next(attempts)}")
        now = office.clock.monotonic
        return Scribe(again, state, name="agent", color="#000", now=now, landed=NOTHING)

    return replace(office, hire=hire)


def spending(office: Office) -> Office:
    """Knows no bounds."""
    return replace(office, bounds=Bounds())


def unbooked(office: Office) -> Office:
    """Forgets what it has used when it hands on."""
    return replace(office, runs=_on(Unbooked, office))


def unending(office: Office) -> Office:
    """Never says that it has ended."""
    return replace(office, runs=_on(Unending, office))


class Unbooked(MemoryRuns):
    async def renew(self, lease: Lease, progress: Progress) -> None:
        await super().renew(lease, Progress())


class Unending(MemoryRuns):
    async def finish(self, lease: Lease, progress: Progress, outcome: Outcome) -> Run:
        raise StoreUnavailable("told to fail")


def _on(kind: type[MemoryRuns], office: Office) -> MemoryRuns:
    runs = office.runs
    assert isinstance(runs, MemoryRuns)
    return kind(runs.book, runs.people, runs.closed, runs.clock)


async def broken(title: str, where: Sequence[int], spoil: Callable[[Office], Office]) -> int:
    """How often a promise is broken, once it is."""
    report = Report()
    for number in where:
        report = await evaluate([number], spoil)
        if report.count(title):
            assert report.broken == [number]
            break
    return report.count(title)


@pytest.mark.parametrize(
    ("title", "where", "spoil"),
    [
        ("human characters lost", range(TRIES), hiring(Eraser)),
        ("visible edges dangling", with_graph(), hiring(Loose)),
        ("duplicates after resume", with_event(Event.HANDED_ON), forgetful),
        ("budget overruns", with_event(Event.OVER_BUDGET), spending),
        pytest.param(
            "budget overruns", with_event(Event.HANDED_ON), unbooked, marks=pytest.mark.slow
        ),
        ("runs without an end", range(1), unending),
    ],
    ids=["eraser", "loose", "forgetful", "spending", "unbooked", "unending"],
)
async def test_a_broken_promise_is_counted(
    title: str, where: Sequence[int], spoil: Callable[[Office], Office]
) -> None:
    assert await broken(title, where, spoil) > 0


async def test_a_client_that_misses_something_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def deaf(self: Onlooker, message: Any) -> None:
        """Hear nothing."""

    monkeypatch.setattr(Onlooker, "_take", deaf)
    assert (await evaluate([0])).count("clients that differ") > 0


@pytest.mark.node
@pytest.mark.slow
async def test_a_diagram_that_mermaid_does_not_read_is_counted() -> None:
    report = await evaluate(range(ROUND), hiring(Careless))
    report.parse()
    assert report.count("Mermaid parse failures") > 0
    assert report.broken
    assert unread(["graph TD\n  a[end", "graph TD\n  a --> b"]) == ["graph TD\n  a[end"]
