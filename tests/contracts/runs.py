"""What every ``Runs`` keeps, and what the log asks of it.

Long because the life of a run is told in one place: asked for, held, ended, paid for.
"""

import asyncio
from hashlib import sha256

import pytest

from server.document.elements import ElementRef, Kind
from server.protocol.errors import DocumentFault, NotFound, Stale, TooMany
from server.protocol.ids import ProjectId, RunId, UserId
from server.room.ports import Attribution, Batch, Means, NewUpdate
from server.room.run_ports import (
    CACHED_MILLIS,
    DAY_MILLIS,
    LEASE_MILLIS,
    MAX_ATTEMPTS,
    Allowance,
    AtWork,
    CachedAnswer,
    Lease,
    NewRun,
    Outcome,
    Progress,
    ReadElement,
    Run,
    RunQuery,
    RunReason,
    RunStatus,
    RunTask,
    Speaker,
    Target,
    Usage,
)
from tests.contracts.backends import AnyStore, Backend, new_user

SECTION = ElementRef(Kind.SECTION, "s1")
FREE = Allowance()
NOWHERE = RunId("nowhere")


async def opened(backend: Backend) -> tuple[AnyStore, ProjectId, UserId]:
    """A store with a project and its owner."""
    store = await backend.open()
    owner = await new_user(store)
    project = await store.directory.add_project("Plan", owner=owner, seed=None)
    return store, project.id, owner


async def asked(
    store: AnyStore, project: ProjectId, asker: UserId, allowance: Allowance = FREE
) -> Run:
    """A run in the queue."""
    new = NewRun(project, asker, RunTask.FREE, "shorter", Target((SECTION,), (3, 9), "gantt"))
    return await store.runs.ask(new, allowance)


async def claimed(store: AnyStore, holder: str = "worker") -> Run:
    """A run that is worked on."""
    run = await store.runs.claim(holder)
    assert run is not None
    return run


def lease_of(run: Run) -> Lease:
    """The right of the attempt that has just claimed it."""
    return Lease(run.id, run.attempt)


class RunsContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_a_run_is_asked_for_claimed_and_done(self, backend: Backend) -> None:
        store, project, owner = await opened(backend)
        queued = await asked(store, project, owner)
        assert queued.status is RunStatus.QUEUED
        assert queued.target == Target((SECTION,), (3, 9), "gantt")
        assert await store.runs.run(queued.id) == queued
        run = await claimed(store)
        assert (run.status, run.attempt, run.started_at) == (
            RunStatus.RUNNING,
            1,
            backend.clock.now(),
        )
        assert await store.runs.claim("another") is None
        progress = Progress(Usage(10, 20, 7, True), characters=30, elements=2)
        done = await store.runs.finish(
            lease_of(run), progress, Outcome(RunStatus.DONE, said="There.")
        )
        assert (done.status, done.progress, done.told) == (RunStatus.DONE, progress, "")
        assert await store.runs.run(run.id) == done
        said = await store.runs.conversation(project, 10)
        assert [(one.number, one.speaker, one.user, one.text) for one in said] == [
            (1, Speaker.PERSON, owner, "shorter"),
            (2, Speaker.AGENT, None, "There."),
        ]
        assert [one.number for one in await store.runs.conversation(project, 1)] == [2]

    async def test_runs_are_listed_newest_first_in_pages(self, backend: Backend) -> None:
        store, project, owner = await opened(backend)
        made = []
        for _ in range(3):
            made.append((await asked(store, project, owner)).id)
            await backend.clock.advance(1)
        page = await store.runs.runs(project, RunQuery(2))
        assert [run.id for run in page] == [made[2], made[1]]
        rest = await store.runs.runs(project, RunQuery(2, before=page[-1].id))
        assert [run.id for run in rest] == [made[0]]

    async def test_what_somebody_has_asked_for_is_listed_over_all_live_projects(
        self, backend: Backend
    ) -> None:
        store, project, owner = await opened(backend)
        other = (await store.directory.add_project("Other", owner=owner, seed=None)).id
        gone = (await store.directory.add_project("Gone", owner=owner, seed=None)).id
        eve = await new_user(store, "eve")
        made = []
        for where in (project, other):
            made.append((await asked(store, where, owner)).id)
            await backend.clock.advance(1)
        await asked(store, project, eve)
        await asked(store, gone, owner)
        await store.directory.delete_project(gone)
        [newest] = await store.runs.asked_by(owner, RunQuery(1))
        assert (newest.id, newest.project) == (made[1], other)
        assert [one.id for one in await store.runs.asked_by(owner, RunQuery(5, newest.id))] == [
            made[0]
        ]

    async def test_l9_a_run_has_one_worker_at_a_time_and_a_dead_one_loses_it(
        self, backend: Backend
    ) -> None:
        store, project, owner = await opened(backend)
        await asked(store, project, owner)
        first = lease_of(await claimed(store))
        await backend.clock.advance(LEASE_MILLIS / 2000)
        await store.runs.renew(first, Progress(characters=5))
        await backend.clock.advance(LEASE_MILLIS / 2000)
        assert await store.runs.claim("another") is None
        await backend.clock.advance(LEASE_MILLIS / 2000)
        second = await claimed(store, "another")
        assert (second.attempt, second.progress.characters) == (2, 5)
        with pytest.raises(Stale):
            await store.runs.renew(first, Progress())
        with pytest.raises(Stale):
            await store.runs.is_cancelling(first)
        with pytest.raises(Stale):
            await store.runs.note_reads(first, "m", ())
        with pytest.raises(Stale):
            await store.runs.finish(first, Progress(), Outcome(RunStatus.DONE))
        await store.runs.release(first)
        assert (await store.runs.run(second.id)).status is RunStatus.RUNNING

    async def test_l9_the_log_refuses_what_an_attempt_without_a_lease_writes(
        self, backend: Backend
    ) -> None:
        store, project, owner = await opened(backend)
        await asked(store, project, owner)
        run = await claimed(store)

        def rows(attempt: int) -> Batch:
            by = Attribution(owner, Means.RUN, run.id, attempt)
            return Batch(project, (NewUpdate(b"words", by, backend.clock.now()),))

        await store.log.append([rows(1)])
        await backend.clock.advance(LEASE_MILLIS / 1000)
        await claimed(store, "another")
        with pytest.raises(DocumentFault):
            await store.log.append([rows(1)])
        await store.log.append([rows(2)])
        logged = (await store.log.load(project)).tail
        assert [row.by.run for row in logged] == [run.id, run.id]
        await store.runs.finish(Lease(run.id, 2), Progress(), Outcome(RunStatus.DONE))
        with pytest.raises(DocumentFault):
            await store.log.append([rows(2)])

    async def test_l9_a_run_is_seen_at_work_as_long_as_its_lease_holds(
        self, backend: Backend
    ) -> None:
        store, project, owner = await opened(backend)
        await asked(store, project, owner)
        assert await store.runs.at_work("another") == []
        lease = lease_of(await claimed(store, "worker"))
        assert await store.runs.at_work("another") == [AtWork(lease, project, owner)]
        assert await store.runs.at_work("worker") == []
        await backend.clock.advance(LEASE_MILLIS / 1000)
        assert await store.runs.at_work("another") == []
        again = lease_of(await claimed(store, "worker"))
        assert await store.runs.at_work("another") == [AtWork(again, project, owner)]
        await store.runs.finish(again, Progress(), Outcome(RunStatus.DONE))
        assert await store.runs.at_work("another") == []

    async def test_of_many_workers_in_two_processes_one_gets_a_run(self, backend: Backend) -> None:
        store, project, owner = await opened(backend)
        other = await backend.open()
        await asked(store, project, owner)
        found = await asyncio.gather(
            *((store, other)[n % 2].runs.claim(f"worker {n}") for n in range(6))
        )
        assert sum(one is not None for one in found) == 1

    async def test_what_kills_every_worker_is_given_up(self, backend: Backend) -> None:
        store, project, owner = await opened(backend)
        run = await asked(store, project, owner)
        for _ in range(MAX_ATTEMPTS):
            await claimed(store)
            await backend.clock.advance(LEASE_MILLIS / 1000)
        assert await store.runs.claim("worker", run.id) is None
        given_up = await store.runs.run(run.id)
        assert (given_up.status, given_up.reason) == (RunStatus.FAILED, RunReason.INTERRUPTED)

    async def test_a_worker_that_stops_gives_its_run_back_at_once(self, backend: Backend) -> None:
        store, project, owner = await opened(backend)
        await asked(store, project, owner)
        await store.runs.release(lease_of(await claimed(store)))
        assert (await claimed(store)).attempt == 2

    async def test_cancelling_ends_a_queued_run_and_tells_the_worker_of_another(
        self, backend: Backend
    ) -> None:
        store, project, owner = await opened(backend)
        queued = await asked(store, project, owner)
        cancelled = await store.runs.cancel(queued.id)
        assert (cancelled.status, cancelled.reason) == (RunStatus.CANCELLED, RunReason.CANCELLED)
        await asked(store, project, owner)
        running = await claimed(store)
        assert not await store.runs.is_cancelling(lease_of(running))
        assert (await store.runs.cancel(running.id)).status is RunStatus.RUNNING
        assert await store.runs.is_cancelling(lease_of(running))
        ended = Outcome(RunStatus.CANCELLED, RunReason.CANCELLED, "stopped")
        done = await store.runs.finish(lease_of(running), Progress(), ended)
        assert await store.runs.cancel(running.id) == done
        with pytest.raises(NotFound):
            await store.runs.cancel(NOWHERE)

    async def test_a_waiting_run_is_done_once_settled(self, backend: Backend) -> None:
        store, project, owner = await opened(backend)
        await asked(store, project, owner)
        run = await claimed(store)
        await store.runs.finish(lease_of(run), Progress(), Outcome(RunStatus.WAITING))
        assert (await store.runs.settle(run.id)).status is RunStatus.DONE
        assert (await store.runs.reverted(run.id)).reverted_at == backend.clock.now()

    async def test_what_was_read_is_that_of_the_newest_attempt(self, backend: Backend) -> None:
        store, project, owner = await opened(backend)
        await asked(store, project, owner)
        lease = lease_of(await claimed(store))
        old = [ReadElement(SECTION, b"1" * 16), ReadElement(ElementRef(Kind.NODE, "n"), b"2" * 16)]
        await store.runs.note_reads(lease, "model", old)
        assert set(await store.runs.reads(lease.run)) == set(old)
        await store.runs.note_reads(lease, "model", old[:1])
        assert list(await store.runs.reads(lease.run)) == old[:1]
        assert (await store.runs.run(lease.run)).model == "model"

    @pytest.mark.parametrize(
        "allowance",
        [
            Allowance(runs_per_user=1),
            Allowance(runs_per_project=1),
            Allowance(tokens_per_user=30),
            Allowance(tokens_per_project=30),
            Allowance(cost_per_user=7),
            Allowance(cost_per_project=7),
        ],
    )
    async def test_a_day_allows_so_much_and_no_more(
        self, backend: Backend, allowance: Allowance
    ) -> None:
        store, project, owner = await opened(backend)
        await asked(store, project, owner, allowance)
        progress = Progress(Usage(10, 20, 7))
        await store.runs.finish(lease_of(await claimed(store)), progress, Outcome(RunStatus.DONE))
        with pytest.raises(TooMany):
            await asked(store, project, owner, allowance)
        assert len(await store.runs.runs(project, RunQuery(10))) == 1
        await backend.clock.advance(DAY_MILLIS / 1000)
        await asked(store, project, owner, allowance)

    async def test_an_answer_is_kept_for_a_while_and_for_its_project(
        self, backend: Backend
    ) -> None:
        store, project, owner = await opened(backend)
        other = await store.directory.add_project("Other", owner=owner, seed=None)
        key = sha256(b"asked").digest()
        await store.runs.cache(project, key, CachedAnswer("old", Usage(1, 2)))
        await store.runs.cache(project, key, CachedAnswer("words", Usage(3, 4, 5, True)))
        assert await store.runs.cached(project, key) == CachedAnswer("words", Usage(3, 4))
        assert await store.runs.cached(other.id, key) is None
        await store.runs.cache(ProjectId("gone"), key, CachedAnswer("words", Usage()))
        assert await store.runs.cached(ProjectId("gone"), key) is None
        await backend.clock.advance(CACHED_MILLIS / 1000)
        assert await store.runs.cached(project, key) is None

    async def test_nothing_is_asked_of_a_deleted_project_or_for_a_stranger(
        self, backend: Backend
    ) -> None:
        store, project, owner = await opened(backend)
        with pytest.raises(NotFound):
            await asked(store, project, UserId("stranger"))
        run = await asked(store, project, owner)
        await store.directory.delete_project(project)
        with pytest.raises(NotFound):
            await asked(store, project, owner)
        with pytest.raises(NotFound):
            await store.runs.run(run.id)
        assert await store.runs.claim("worker") is None
        assert await store.runs.claim("worker", run.id) is None
        assert await store.runs.claim("worker", NOWHERE) is None
