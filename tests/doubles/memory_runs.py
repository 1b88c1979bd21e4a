"""The ``Runs`` port in memory, held to the same contract as the real one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import uuid4

from server.protocol.errors import NotFound, Stale, TooMany
from server.protocol.ids import Millis, ProjectId, RunId, UserId
from server.room.ports import Clock
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
    Said,
    Speaker,
)
from tests.doubles.memory_directory import People


@dataclass(slots=True)
class RunBook:
    """What several processes share."""

    runs: dict[RunId, Run] = field(default_factory=dict)
    leases: dict[RunId, Millis] = field(default_factory=dict)
    holders: dict[RunId, str] = field(default_factory=dict)
    said: dict[ProjectId, list[Said]] = field(default_factory=dict)
    reads: dict[RunId, tuple[ReadElement, ...]] = field(default_factory=dict)
    answers: dict[tuple[ProjectId, bytes], tuple[CachedAnswer, Millis]] = field(
        default_factory=dict
    )

    def held(self, run: RunId | None, attempt: int | None) -> bool:
        """Whether this attempt may write."""
        found = None if run is None else self.runs.get(run)
        return found is not None and found.status is RunStatus.RUNNING and found.attempt == attempt


class Closed(Protocol):
    """What is asked of documents."""

    def is_closed(self, project: ProjectId) -> bool:
        """Whether it is deleted, or was never there."""


@dataclass(slots=True)
class MemoryRuns:
    """Runs, conversations and cached answers."""

    book: RunBook
    people: People
    closed: Closed
    clock: Clock

    async def ask(self, new: NewRun, allowance: Allowance) -> Run:
        """Queue a run."""
        self._live(new.project)
        if new.asker not in self.people.users:
            raise NotFound("no such user")
        self._require_allowance(new, allowance)
        run = Run(
            id=RunId(uuid4().hex),
            project=new.project,
            asker=new.asker,
            task=new.task,
            prompt=new.prompt,
            target=new.target,
            created_at=self.clock.now(),
        )
        self._say(run, Speaker.PERSON, new.asker, new.prompt)
        return self._put(run)

    async def run(self, run: RunId) -> Run:
        """One run."""
        found = self.book.runs.get(run)
        if found is None or self.closed.is_closed(found.project):
            raise NotFound("there is no such run")
        return found

    async def runs(self, project: ProjectId, query: RunQuery) -> Sequence[Run]:
        """Newest first."""
        return await self._page(lambda run: run.project == project, query)

    async def asked_by(self, user: UserId, query: RunQuery) -> Sequence[Run]:
        """Newest first."""
        return await self._page(lambda run: run.asker == user, query)

    async def _page(self, wanted: Callable[[Run], bool], query: RunQuery) -> Sequence[Run]:
        found = sorted(
            (run for run in self.book.runs.values() if wanted(run)),
            key=lambda run: (run.created_at, run.id),
            reverse=True,
        )
        if query.before is not None:
            place = await self.run(query.before)
            key = (place.created_at, place.id)
            found = [run for run in found if (run.created_at, run.id) < key]
        return [run for run in found if not self.closed.is_closed(run.project)][: query.limit]

    async def conversation(self, project: ProjectId, limit: int) -> Sequence[Said]:
        """The newest messages, in order."""
        return self.book.said.get(project, [])[-limit:]

    async def cancel(self, run: RunId) -> Run:
        """At once, or soon."""
        found = self._known(run)
        match found.status:
            case RunStatus.QUEUED:
                ended = replace(found, status=RunStatus.CANCELLED, reason=RunReason.CANCELLED)
                return self._put(replace(ended, cancelling=True, ended_at=self.clock.now()))
            case RunStatus.RUNNING:
                return self._put(replace(found, cancelling=True))
            case _:
                return found

    async def settle(self, run: RunId) -> Run:
        """Waiting no more."""
        found = self._known(run)
        if found.status is not RunStatus.WAITING:
            return found
        return self._put(replace(found, status=RunStatus.DONE, ended_at=self.clock.now()))

    async def reverted(self, run: RunId) -> Run:
        """What it wrote was taken back."""
        return self._put(replace(self._known(run), reverted_at=self.clock.now()))

    async def reads(self, run: RunId) -> Sequence[ReadElement]:
        """What a run has read."""
        return self.book.reads.get(run, ())

    async def claim(self, holder: str, run: RunId | None = None) -> Run | None:
        """The oldest that waits for a worker."""
        now = self.clock.now()
        for found in sorted(self.book.runs.values(), key=lambda one: (one.created_at, one.id)):
            expired = found.status is RunStatus.RUNNING and self.book.leases[found.id] <= now
            waits = found.status is RunStatus.QUEUED or expired
            if not waits or run not in (None, found.id) or self.closed.is_closed(found.project):
                continue
            if found.attempt >= MAX_ATTEMPTS:
                self._end(found, found.progress, Outcome(RunStatus.FAILED, RunReason.INTERRUPTED))
                continue
            self.book.leases[found.id] = Millis(now + LEASE_MILLIS)
            self.book.holders[found.id] = holder
            started = found.started_at or now
            running = replace(found, status=RunStatus.RUNNING, attempt=found.attempt + 1)
            return self._put(replace(running, started_at=started))
        return None

    async def renew(self, lease: Lease, progress: Progress) -> None:
        """Keep a run for another while."""
        self._put(replace(self._held(lease), progress=progress))
        self.book.leases[lease.run] = Millis(self.clock.now() + LEASE_MILLIS)

    async def is_cancelling(self, lease: Lease) -> bool:
        """Whether somebody wants it to end."""
        return self._held(lease).cancelling

    async def note_reads(self, lease: Lease, model: str, reads: Sequence[ReadElement]) -> None:
        """What this attempt has read."""
        self._put(replace(self._held(lease), model=model))
        self.book.reads[lease.run] = tuple(reads)

    async def finish(self, lease: Lease, progress: Progress, outcome: Outcome) -> Run:
        """The end of a run."""
        return self._end(self._held(lease), progress, outcome)

    async def release(self, lease: Lease) -> None:
        """Let another worker have it."""
        if self.book.held(lease.run, lease.attempt):
            self._put(replace(self.book.runs[lease.run], status=RunStatus.QUEUED))

    async def at_work(self, besides: str) -> Sequence[AtWork]:
        """Runs that others work on."""
        return [
            AtWork(Lease(run.id, run.attempt), run.project, run.asker)
            for run in self.book.runs.values()
            if run.status is RunStatus.RUNNING
            and self.book.leases[run.id] > self.clock.now()
            and self.book.holders[run.id] != besides
        ]

    async def cached(self, project: ProjectId, key: bytes) -> CachedAnswer | None:
        """An answer that is not too old."""
        answer, at = self.book.answers.get((project, key), (None, 0))
        return answer if at > self.clock.now() - CACHED_MILLIS else None

    async def cache(self, project: ProjectId, key: bytes, answer: CachedAnswer) -> None:
        """Keep an answer."""
        if project in self.people.projects:
            kept = CachedAnswer(answer.text, replace(answer.usage, cost=0, estimated=False))
            self.book.answers[project, key] = (kept, self.clock.now())

    def _live(self, project: ProjectId) -> None:
        if project not in self.people.projects or self.closed.is_closed(project):
            raise NotFound("no such project")

    def _known(self, run: RunId) -> Run:
        if run not in self.book.runs:
            raise NotFound("there is no such run")
        return self.book.runs[run]

    def _held(self, lease: Lease) -> Run:
        if not self.book.held(lease.run, lease.attempt):
            self._known(lease.run)
            raise Stale(f"attempt {lease.attempt} does not hold run {lease.run} any more")
        return self.book.runs[lease.run]

    def _put(self, run: Run) -> Run:
        self.book.runs[run.id] = run
        return run

    def _end(self, run: Run, progress: Progress, outcome: Outcome) -> Run:
        if outcome.said or outcome.told:
            self._say(run, Speaker.AGENT, None, outcome.said or outcome.told)
        ended = replace(run, status=outcome.status, reason=outcome.reason, told=outcome.told)
        return self._put(replace(ended, progress=progress, ended_at=self.clock.now()))

    def _say(self, run: Run, speaker: Speaker, user: UserId | None, text: str) -> None:
        said = self.book.said.setdefault(run.project, [])
        said.append(Said(len(said) + 1, speaker, user, run.id, text, self.clock.now()))

    def _require_allowance(self, new: NewRun, most: Allowance) -> None:
        since = self.clock.now() - DAY_MILLIS
        recent = [run for run in self.book.runs.values() if run.created_at > since]
        mine = [run for run in recent if run.asker == new.asker]
        ours = [run for run in recent if run.project == new.project]
        limits = (
            (mine, (most.runs_per_user, most.tokens_per_user, most.cost_per_user)),
            (ours, (most.runs_per_project, most.tokens_per_project, most.cost_per_project)),
        )
        for runs, bounds in limits:
            usages = [run.progress.usage for run in runs]
            tokens = sum(usage.input_tokens + usage.output_tokens for usage in usages)
            spent = (len(runs), tokens, sum(usage.cost for usage in usages))
            for used, limit in zip(spent, bounds, strict=True):
                if limit is not None and used >= limit:
                    raise TooMany("the allowance of the day is used up")
