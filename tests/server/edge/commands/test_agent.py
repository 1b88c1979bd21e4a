"""``8gentc agent`` as operators call it."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from server.edge.commands.agent import run as run_command
from server.edge.commands.agent import work as work_command
from server.edge.commands.kit import Ports
from server.edge.commands.parser import build_parser
from server.edge.settings import Settings
from server.protocol.errors import Conflict, NotFound
from server.protocol.ids import ProjectId, RunId
from server.room.run_ports import (
    Allowance,
    Lease,
    NewRun,
    Outcome,
    Progress,
    Run,
    RunReason,
    Runs,
    RunStatus,
    RunTask,
)
from store.open import open_store
from tests.doubles.clock import ManualClock
from tests.doubles.memory_store import MemoryStore
from tests.server.edge.commands.sql_desk import SqlDesk

pytestmark = pytest.mark.anyio
ABSENT: Any = None


@dataclass
class Hand:
    """A worker that ends what it is given in one way."""

    runs: Runs
    outcome: Outcome
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        self.began.set()
        await asyncio.Event().wait()

    async def work_now(self, run: RunId) -> Run:
        claimed = await self.runs.claim("hand", run)
        assert claimed is not None
        return await self.runs.finish(Lease(run, claimed.attempt), Progress(), self.outcome)


async def office(outcome: Outcome) -> tuple[Ports, str, Hand]:
    """A project with an owner, and somebody who works."""
    store = MemoryStore()
    user = await store.directory.add_user(
        email="ada@x.example", name="ada", is_admin=False, password_hash=None
    )
    project = await store.directory.add_project("Plan", owner=user.id, seed=None)
    hand = Hand(store.runs, outcome)

    @asynccontextmanager
    async def employ() -> AsyncIterator[Hand]:
        yield hand

    ports = Ports(
        directory=store.directory,
        log=store.log,
        historian=ABSENT,
        restorer=ABSENT,
        runs=store.runs,
        reverter=ABSENT,
        employ=employ,
        send=ABSENT,
        vault=ABSENT,
        projects=ABSENT,
        transfers=ABSENT,
        people=ABSENT,
        verify=ABSENT,
        clock=ManualClock(),
        settings=Settings(),
        stdin=ABSENT,
    )
    return ports, project.id, hand


async def test_a_run_is_asked_for_by_an_owner_and_waited_for() -> None:
    ports, project, _ = await office(Outcome(RunStatus.DONE))
    args = build_parser().parse_args(["agent", "run", project, "A plan", "--task", "graph"])
    answer = await run_command(args, ports)
    data: Any = answer.data
    assert (answer.exit_code, data["status"], data["task"]) == (0, "done", "graph")
    [user] = await ports.directory.list_users()
    assert data["asker"] == user.id


async def test_a_run_that_fails_says_what_to_do_and_the_command_fails() -> None:
    outcome = Outcome(RunStatus.FAILED, RunReason.BAD_KEY, "Check the key.")
    ports, project, _ = await office(outcome)
    args = build_parser().parse_args(["agent", "run", project, "A plan"])
    answer = await run_command(args, ports)
    assert (answer.exit_code, answer.lines[-1]) == (1, "Check the key.")


async def test_who_asks_may_be_said_and_has_to_be_somebody() -> None:
    ports, project, _ = await office(Outcome(RunStatus.DONE))
    named = ["agent", "run", project, "A plan", "--as", "ada@x.example"]
    assert (await run_command(build_parser().parse_args(named), ports)).exit_code == 0
    stranger = build_parser().parse_args([*named[:-1], "eve@x.example"])
    with pytest.raises(NotFound):
        await run_command(stranger, ports)
    [user] = await ports.directory.list_users()
    await ports.directory.disable_user(user.id)
    with pytest.raises(NotFound, match="--as"):
        await run_command(build_parser().parse_args(named[:-2]), ports)


async def test_a_worker_works_until_it_is_told_to_stop() -> None:
    ports, _, hand = await office(Outcome(RunStatus.DONE))
    working = asyncio.create_task(work_command(build_parser().parse_args(["agent", "work"]), ports))
    await hand.began.wait()
    signal.raise_signal(signal.SIGTERM)
    answer = await working
    assert answer.lines == ("stopped",)


@pytest.fixture
def desk(tmp_path: Path) -> SqlDesk:
    return SqlDesk(tmp_path)


def ask(desk: SqlDesk, project: str) -> str:
    """A run in the queue."""
    return asyncio.run(_ask(desk, project)).id


async def _ask(desk: SqlDesk, project: str) -> Run:
    store = await open_store(f"sqlite:///{desk.folder / desk.name}", desk.clock)
    user = await store.directory.user_by_email("ada@x.example")
    new = NewRun(ProjectId(project), user.id, RunTask.FREE, "A plan for a café")
    run = await store.runs.ask(new, Allowance())
    await store.close()
    return run


def test_runs_are_listed_cancelled_and_reverted(desk: SqlDesk) -> None:
    desk.ask("user", "add", "ada@x.example")
    project = desk.text("project", "add", "Café", "--owner", "ada@x.example")
    assert desk.text("agent", "list", project) == ""
    run = ask(desk, project)
    with pytest.raises(Conflict, match="cancel"):
        desk.ask("agent", "revert", run)
    assert desk.text("agent", "cancel", run) == "cancelled"
    assert desk.json("agent", "revert", run)["removed"] == 0
    [listed] = desk.json("agent", "list", project)
    assert (listed["id"], listed["status"], listed["reverted"]) == (run, "cancelled", True)
    assert "A plan for a café" in desk.text("agent", "list", project)
    with pytest.raises(NotFound):
        desk.ask("agent", "list", "nowhere")
