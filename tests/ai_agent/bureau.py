"""An agent at work in a house in memory, with a model that says what a test wants."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ai_agent.model import Feature, Heard, Question, Tokens, Words
from ai_agent.places import RoomPlace
from ai_agent.ports import Bounds, Office
from ai_agent.prices import Prices
from ai_agent.worker import Worker
from ai_agent.writing.scribe import Scribe
from server.document.landed import Landed
from server.document.schema import ProjectView, read_project
from server.protocol.ids import ProjectId, RunId, UserId
from server.protocol.roles import Role
from server.room.history_ports import History
from server.room.ports import Clock
from server.room.run_ports import Allowance, NewRun, Run, RunTask, Target
from tests.doubles.clock import settle
from tests.doubles.memory_store import MemoryDatabase, MemoryStore
from tests.server.room.conftest import House, house

FREE = Allowance()
BY_A_MOMENT = 0.05


@dataclass
class ScriptedModel:
    """Says ``script``, piece by piece: text, or an error to raise. A piece that is an event
    is waited for."""

    script: list[Any] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    name: str = "scripted"
    features: frozenset[Feature] = frozenset(Feature)
    used: Tokens | None = field(default_factory=lambda: Tokens(100, 50))
    before: Callable[[Question], Sequence[Any]] | None = None

    async def answer(self, question: Question) -> AsyncIterator[Heard]:
        """As the ``Model`` port says."""
        self.asked.append(question)
        script = self.script if self.before is None else self.before(question)
        for piece in script:
            match piece:
                case str():
                    yield Words(piece)
                case asyncio.Event():
                    await piece.wait()
                case BaseException():
                    raise piece
                case heard:
                    yield heard
            await asyncio.sleep(0)
        if self.used is not None:
            yield self.used

    async def close(self) -> None:
        """Nothing to give up."""


class ThisLoop:
    """Work that is done at once, so that no thread makes a test wait."""

    async def run(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The result."""
        return work(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class MemoryPast:
    """A project's past, from the ports that have a double."""

    store: MemoryStore

    async def read(self, project: ProjectId) -> History:
        """Without thinning there is no base."""
        stored = await self.store.log.load(project)
        runs = tuple(await self.store.compaction.history(project))
        done = runs[-1].last if runs else 0
        tail = tuple(row for row in stored.tail if row.seq > done)
        return History(project, stored.head, None, runs, tail)


@dataclass
class Bureau:
    """A project in which somebody asks for things."""

    house: House
    project: ProjectId
    asker: UserId
    office: Office
    worker: Worker

    async def ask(
        self,
        task: RunTask = RunTask.PLAN,
        target: Target | None = None,
        prompt: str = "A repair café",
    ) -> Run:
        """A run in the queue."""
        new = NewRun(self.project, self.asker, task, prompt, target or Target())
        return await self.house.store.runs.ask(new, FREE)

    async def work(self, run: Run) -> Run:
        """The run, when it has ended; time passes as it is waited for."""
        working = asyncio.create_task(self.worker.work_now(run.id))
        await self.until(working.done)
        return await working

    async def until(self, true: Callable[[], bool]) -> None:
        """Pass time until something is so."""
        for _ in range(2000):
            await settle()
            if true():
                return
            await self.house.clock.advance(BY_A_MOMENT)
        raise AssertionError("it did not come to that")

    async def view(self) -> ProjectView:
        """What the project says."""
        return await self.house.rooms.read(self.project, read_project)

    async def run(self, run: Run) -> Run:
        """How it stands."""
        return await self.house.store.runs.run(run.id)


def hired(clock: Clock, run: RunId, state: bytes, landed: Landed) -> Scribe:
    """The real scribe."""
    return Scribe(run, state, name="agent", color="#000", now=clock.monotonic, landed=landed)


@asynccontextmanager
async def bureau(
    model: ScriptedModel,
    database: MemoryDatabase | None = None,
    bounds: Bounds | None = None,
    prices: Prices | None = None,
) -> AsyncIterator[Bureau]:
    """A process with an agent."""
    async with house(database or MemoryDatabase()) as here:
        directory = here.store.directory
        user = await directory.add_user(
            email="ada@x.example", name="ada", is_admin=False, password_hash=None
        )
        project = await directory.add_project("Plan", owner=user.id, seed=None)
        owner = await directory.add_user(
            email="boss@x.example", name="boss", is_admin=False, password_hash=None
        )
        await directory.set_member(project.id, owner.id, Role.OWNER)
        office = Office(
            place=RoomPlace(here.rooms, directory, MemoryPast(here.store), ThisLoop()),
            runs=here.store.runs,
            retrieval=here.store.retrieval,
            work=ThisLoop(),
            clock=here.clock,
            model=model,
            hire=partial(hired, here.clock),
            prices=prices or Prices(),
            bounds=bounds or Bounds(),
        )
        yield Bureau(here, project.id, user.id, office, Worker(office, "test"))
