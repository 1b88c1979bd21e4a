"""One replay: a recorded answer is written into a room where people work, and something happens.

The room, the worker, the scribe and the client of the model are the real ones; store and clock
are the doubles of the tests. All but ids is drawn from a number.
What does not live here: what is counted (``findings``), and how often (``evaluation``).
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from ai_agent.forms import DIAGRAM_KEY
from ai_agent.ports import Bounds, Office
from ai_agent.worker import RENEW_SECONDS, Worker
from ai_agent.writing.diagrams import DiagramKind
from ai_agent.writing.readers import (
    Reader,
    diagram_reader,
    graph_reader,
    plan_reader,
    selection_reader,
)
from server.document.mermaid.flowchart import flowchart
from server.document.proposals import Proposal, proposals_of
from server.document.schema import ProjectView, view_of
from server.protocol.errors import DocumentFault, RoomClosed
from server.protocol.roles import Role
from server.room.run_ports import Lease, NewRun, Run, RunStatus, RunTask, Target
from tests.ai_agent.bureau import FREE, Bureau, ScriptedModel, bureau
from tests.ai_agent.replays.company import Onlooker, Seen
from tests.ai_agent.replays.findings import Findings, duplicates, half_shown, lost
from tests.ai_agent.replays.recordings import Recording
from tests.ai_agent.replays.troubles import TROUBLES, Event, Trouble, roughened, scripts
from tests.ai_agent.replays.wire import LONGEST_PIECE, Wire
from tests.doubles.memory_runs import MemoryRuns

MOMENTS: Final = 4000
"""Looks at a run before it is given up."""

STEPS: Final = (0.01, 0.05, 0.05, 0.2)
GRACE: Final = (RENEW_SECONDS, 0.2)
"""Seconds before and after the end of a worker of which the books may lack what was said."""

TIGHT: Final = 0.3
FEW_TOKENS: Final = (200, 600)
"""How often a budget is tight, and how tight: a question takes some 200 tokens."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one replay was and what came of it. ``sources`` are diagrams for Mermaid to read."""

    number: int
    trouble: Trouble
    findings: Findings
    run: Run
    sources: tuple[str, ...]


def as_it_is(office: Office) -> Office:
    """Nothing is spoiled."""
    return office


async def replay(
    number: int, kept: Sequence[Recording], spoil: Callable[[Office], Office] = as_it_is
) -> Replayed:
    """Replay ``number``; ``spoil`` breaks the agent on purpose."""
    chance = random.Random(number)
    trouble = TROUBLES[number % len(TROUBLES)]
    recording = roughened(recording_of(number, kept), chance)
    async with bureau(ScriptedModel()) as desk:
        scene = _Scene(desk, chance, recording, trouble, spoil)
        try:
            await scene.play()
            return Replayed(number, trouble, *await scene.judged())
        finally:
            await scene.close()


def recording_of(number: int, kept: Sequence[Recording]) -> Recording:
    """What is answered in this replay."""
    return random.Random(number).choice(kept)


class _Scene:
    """The stage of one replay."""

    def __init__(
        self,
        desk: Bureau,
        chance: random.Random,
        recording: Recording,
        trouble: Trouble,
        spoil: Callable[[Office], Office],
    ) -> None:
        self._desk = desk
        self._chance = chance
        self._recording = recording
        self._trouble = trouble
        clock = desk.house.clock
        self._wire = Wire(scripts(recording, trouble, chance), clock, chance)
        is_tight = trouble is Event.OVER_BUDGET or chance.random() < TIGHT
        tokens = chance.randint(*FEW_TOKENS) if is_tight else Bounds().run_tokens
        self._bounds = Bounds(run_tokens=tokens)
        self._model = self._wire.model()
        self._office = spoil(replace(desk.office, model=self._model, bounds=self._bounds))
        self._seen = Seen()
        self._people = [Onlooker(1001 + n, chance, self._seen) for n in range(2)]
        self._happens_at = chance.randint(1, max(1, len(recording.answer) - 1))
        self._ends: list[float] = []
        """When a worker ended in the midst of a run."""
        self._before: ProjectView
        self._run: Run

    async def play(self) -> None:
        """Ask, and let everybody work until the run has ended."""
        desk, recording = self._desk, self._recording
        for guest in self._people:
            desk.house.guests.append(guest)
            await guest.connect(desk.house.rooms, desk.project)
        await desk.house.deliver()
        self._people[0].has_before()
        await self._quiet()
        self._before = await desk.view()
        target = Target(diagram=recording.diagram)
        new = NewRun(desk.project, desk.asker, recording.task, recording.prompt, target)
        self._run = await desk.house.store.runs.ask(new, FREE)
        await self._work()
        await self._quiet()

    async def judged(self) -> tuple[Findings, Run, tuple[str, ...]]:
        """What has to be answered for, the run as it ended, and diagrams."""
        desk = self._desk
        view = await desk.view()
        run = await desk.run(self._run)
        proposals = (await desk.house.rooms.look(desk.project, proposals_of)).value
        findings = Findings(
            lost=lost([one.person for one in self._people], view),
            dangling=len(self._seen.dangling) + half_shown(view),
            duplicates=self._duplicates(view, proposals),
            overruns=int(self._wire.tokens - self._excused() > self._bounds.run_tokens),
            unended=int(run.status in (RunStatus.QUEUED, RunStatus.RUNNING)),
            apart=sum(view_of(one.doc) != view for one in self._people),
        )
        drawn = [*(one.source for one in view.diagrams), flowchart(view.nodes, view.edges)]
        return findings, run, tuple(drawn)

    async def close(self) -> None:
        """Give up what is not the bureau's."""
        await self._model.close()
        for one in self._people:
            one.person.close()

    # --- what happens --------------------------------------------------------------

    async def _work(self) -> None:
        """One worker, and perhaps another; people do what they do meanwhile."""
        first = asyncio.create_task(Worker(self._mortal(), "first").work_now(self._run.id))
        working = [first]
        happens = self._trouble if isinstance(self._trouble, Event) else None
        for _ in range(MOMENTS):
            if all(one.done() for one in working):
                break
            if happens is not None and self._wire.said >= self._happens_at:
                working += await self._happen(happens, first)
                happens = None
            await self._moment()
        for one in working:
            one.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    async def _moment(self) -> None:
        for guest in self._people:
            await guest.live(self._desk.house.rooms, self._desk.project)
        await self._desk.house.clock.advance(self._chance.choice(STEPS))

    async def _happen(self, event: Event, first: "asyncio.Task[Run]") -> "list[asyncio.Task[Run]]":
        """Whoever takes over, if somebody does."""
        desk = self._desk
        match event:
            case Event.KILLED | Event.HANDED_ON:
                first.cancel()
                await asyncio.gather(first, return_exceptions=True)
                return await self._another()
            case Event.USURPED:
                desk.house.store.database.runs.leases[self._run.id] = desk.house.clock.now()
                return await self._another()
            case Event.CANCELLED:
                await desk.house.store.runs.cancel(self._run.id)
            case Event.ROLE_LOST:
                await desk.house.store.directory.set_member(desk.project, desk.asker, Role.VIEWER)
            case Event.ROOM_ENDED:
                await desk.house.rooms.end(desk.project, RoomClosed("it is moved"))
            case Event.STORE_FAILED:
                fault = DocumentFault(desk.project, "a row is refused")
                desk.house.store.faults.fail_next_append(fault)
            case Event.OVER_BUDGET:
                pass
        return []

    async def _another(self) -> "list[asyncio.Task[Run]]":
        """Another worker, as soon as the run can be had; for people, life goes on till then."""
        clock = self._desk.house.clock
        self._ends.append(clock.monotonic())
        leases = self._desk.house.store.database.runs.leases
        held = (await self._desk.run(self._run)).status is RunStatus.RUNNING
        while held and clock.now() < leases[self._run.id]:
            await self._moment()
        return [asyncio.create_task(Worker(self._office, "second").work_now(self._run.id))]

    def _mortal(self) -> Office:
        """For a worker that is killed: it cannot hand on anything."""
        if self._trouble is not Event.KILLED:
            return self._office
        runs = self._desk.house.store.runs
        return replace(
            self._office, runs=_Unreleased(runs.book, runs.people, runs.closed, runs.clock)
        )

    async def _quiet(self) -> None:
        """Everybody connects, and everything arrives."""
        for guest in self._people:
            if not guest.connected:
                await guest.come_back(self._desk.house.rooms, self._desk.project)
            await guest.send_some(10_000)
        for _ in range(3):
            await self._desk.house.deliver()
            await self._desk.house.clock.advance(0.1)

    # --- what is judged ------------------------------------------------------------

    def _duplicates(self, view: ProjectView, proposals: Sequence[Proposal]) -> int:
        known = {node.id: node.label for node in self._before.nodes}
        answers = [
            (lambda text=text: (_reader(self._recording, known), text))
            for text in dict.fromkeys(self._wire.told)
        ]
        return duplicates(view, self._before, proposals, answers)

    def _excused(self) -> int:
        """Tokens that no books can have: the piece with which a bound is passed, and what a worker
        that ended in the midst was told in its last moments."""
        before, after = GRACE
        unbooked = sum(
            one.tokens
            for one in self._wire.spoken
            if not one.is_question
            and any(end - before <= one.at <= end + after for end in self._ends)
        )
        return LONGEST_PIECE + unbooked


class _Unreleased(MemoryRuns):
    """As a killed process leaves them."""

    async def release(self, lease: Lease) -> None:
        """It had no time for that."""


def _reader(recording: Recording, known: dict[str, str]) -> Reader:
    """What hears an answer to this request in a project with these nodes."""
    match recording.task:
        case RunTask.PLAN | RunTask.SECTIONS:
            return plan_reader()
        case RunTask.GRAPH:
            return graph_reader(known)
        case RunTask.DIAGRAM:
            kind = DiagramKind(recording.diagram or DiagramKind.FLOWCHART)
            return diagram_reader(DIAGRAM_KEY, kind, date(2026, 1, 1))
        case RunTask.FREE:
            return selection_reader({}, known)
