"""``/projects/{id}/runs``: asking the agent, watching it, stopping it, taking it back.

What does not live here: what a run does. Whoever works on runs (``ai_agent.worker``) finds
them in the store; the two never meet.

Law kept here: L8 and L9. Asking takes the right to write, which the run then has and no other.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from server.edge.allowances import allowance_of
from server.edge.api.authors import names_of
from server.edge.api.callers import Access, KnownCaller, ReadAccess, WriteAccess
from server.edge.api.events import HEADERS, MEDIA_TYPE
from server.edge.api.guarded import Router
from server.edge.api.openapi import Responses, refusals
from server.edge.api.pages import DEFAULT_LIMIT, Limit
from server.edge.api.run_models import (
    Conversation,
    Message,
    NewRun,
    OwnRun,
    OwnRunPage,
    Run,
    RunDetails,
    RunPage,
    RunReverted,
    names_of_elements,
)
from server.edge.api.services import KnownServices, Services
from server.edge.api.snapshots import Snapshot
from server.protocol.errors import AgentcError, Conflict, Invalid, NotFound
from server.protocol.ids import RunId, UserId
from server.room import run_ports as ports
from server.room.freshness import changed_since
from server.room.ports import Seat
from server.room.settling import settled

RunName = Annotated[str, Path(description="A run's id.", max_length=64)]
Before = Annotated[str | None, Query(max_length=64, description="`next` of the page before.")]

POLL_SECONDS = 0.3
QUIET_SECONDS = 15.0
QUIET = ":\n\n"
"""Sent after so long without news, so that nobody takes the line for dead."""

BUSY = (ports.RunStatus.QUEUED, ports.RunStatus.RUNNING)
EVENTS: Responses = {
    200: {
        "description": "Server-sent events named `run`, each with the run as it is then, until "
        "nobody works on it any more.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    },
    **refusals(404),
}


def routes() -> APIRouter:
    """Runs of one project, and what was said about them."""
    router = Router(tags=["runs"], prefix="/projects/{project_id}")
    router.post("/runs", status_code=202, responses=refusals(404))(ask)
    router.get("/runs", responses=refusals(404))(list_runs)
    router.get("/runs/{run_id}", responses=refusals(404))(read)
    router.get("/runs/{run_id}/events", response_class=Response, responses=EVENTS)(events)
    router.post("/runs/{run_id}/cancel", responses=refusals(404))(cancel)
    router.post("/runs/{run_id}/revert", responses=refusals(404, 409))(revert)
    router.get("/conversation", responses=refusals(404))(conversation)
    return router


def own_routes() -> APIRouter:
    """What one person has asked for."""
    router = Router(tags=["runs"], prefix="/users/me")
    router.get("/runs", responses=refusals(404))(list_own)
    return router


async def ask(
    wanted: NewRun, access: WriteAccess, services: KnownServices, response: Response
) -> Run:
    """Ask the agent for something. It is queued; whoever is free works on it."""
    prompt = wanted.prompt.strip()
    if not prompt or "\0" in prompt:
        raise Invalid("expected a prompt of some words")
    new = ports.NewRun(access.project, access.seat.user, wanted.task, prompt, wanted.as_target())
    run = await services.runs.ask(new, allowance_of(services.settings))
    response.headers["Location"] = f"runs/{run.id}"
    return await _shown(run, services)


async def list_own(
    caller: KnownCaller,
    services: KnownServices,
    limit: Limit = DEFAULT_LIMIT,
    before: Before = None,
) -> OwnRunPage:
    """What the caller has asked the agent for, in whatever project, also in those that they
    have left: the requests are theirs. What was answered is in the conversation of the project."""
    user = caller.user
    place = None if before is None else await services.runs.run(RunId(before))
    if place is not None and place.asker != user.id:
        raise NotFound("there is no such run")
    query = ports.RunQuery(limit + 1, None if place is None else place.id)
    page, following = _cut(await services.runs.asked_by(user.id, query), limit)
    return OwnRunPage(items=[OwnRun.of_project(one, user.name) for one in page], next=following)


async def list_runs(
    access: ReadAccess,
    services: KnownServices,
    limit: Limit = DEFAULT_LIMIT,
    before: Before = None,
) -> RunPage:
    """What was asked in the project, newest first."""
    place = None if before is None else (await _found(before, access, services)).id
    found = await services.runs.runs(access.project, ports.RunQuery(limit + 1, place))
    names = await names_of(services, access.project)
    page, following = _cut(found, limit)
    return RunPage(items=[Run.of(one, names) for one in page], next=following)


def _cut(found: Sequence[ports.Run], limit: int) -> tuple[Sequence[ports.Run], str | None]:
    """A page of what was found, one more than a page; and where the next one begins."""
    page = found[:limit]
    return page, page[-1].id if len(found) > limit else None


async def read(run_id: RunName, access: ReadAccess, services: KnownServices) -> RunDetails:
    """One run, with what it has read."""
    run = await _found(run_id, access, services)
    reads = await services.runs.reads(run.id)
    changed: tuple[Any, ...] = ()
    if reads:
        view = await services.historian.view(await services.historian.now(access.project))
        changed = changed_since(reads, view)
    ordered = sorted((one.element for one in reads), key=lambda ref: (ref.kind.value, ref.id))
    return RunDetails(
        run=await _shown(run, services),
        read=names_of_elements(ordered),
        changed=names_of_elements(changed),
    )


async def events(run_id: RunName, access: ReadAccess, services: KnownServices) -> "RunStream":
    """How a run goes on, as it happens."""
    run = await _found(run_id, access, services)
    return RunStream(run, access.seat, services)


async def cancel(run_id: RunName, access: WriteAccess, services: KnownServices) -> Run:
    """Stop a run; what it has written stays until it is reverted."""
    run = await _found(run_id, access, services)
    return await _shown(await services.runs.cancel(run.id), services)


async def revert(run_id: RunName, access: WriteAccess, services: KnownServices) -> RunReverted:
    """Take back what a run has written and what is still there of it; all that people have
    written stays, also in the midst of it."""
    run = await _found(run_id, access, services)
    if run.status in BUSY:
        raise Conflict("somebody works on this run: cancel it first")
    done = await services.reverter.revert(
        access.project, run.id, by=access.seat.user, role=access.role
    )
    await services.runs.reverted(run.id)
    backup = Snapshot.of(done.backup, await names_of(services, access.project))
    return RunReverted(seq=done.seq, removed=done.removed, kept=done.kept, backup=backup)


async def conversation(
    access: ReadAccess, services: KnownServices, limit: Limit = DEFAULT_LIMIT
) -> Conversation:
    """What was asked and answered, the newest last."""
    found = await services.runs.conversation(access.project, limit)
    names = await names_of(services, access.project)
    return Conversation(items=[Message.of(one, names) for one in found])


async def _found(name: str, access: Access, services: Services) -> ports.Run:
    """A run of the project of the path."""
    run = await services.runs.run(RunId(name))
    if run.project != access.project:
        raise NotFound("there is no such run")
    return await settled(services.rooms, services.runs, run)


async def _shown(run: ports.Run, services: Services) -> Run:
    return Run.of(run, await names_of(services, run.project))


class RunStream(StreamingResponse):
    """An answer that goes on while somebody works on a run, and counts as a connection."""

    media_type = MEDIA_TYPE

    def __init__(self, run: ports.Run, seat: Seat, services: Services) -> None:
        self._run = run
        self._seat = seat
        self._services = services
        super().__init__((), headers=HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, for as long as it takes. What refuses it is raised before it begins."""
        with self._services.connections.held(self._seat.user):
            self.body_iterator = self._told()
            await super().__call__(scope, receive, send)

    async def _told(self) -> AsyncIterator[str]:
        names = await names_of(self._services, self._run.project)
        yield _event(self._run, names)
        # Too late for a refusal: at the end of the answer the client asks again, and gets it.
        with suppress(AgentcError):
            async for run in self._changes():
                yield QUIET if run is None else _event(run, names)

    async def _changes(self) -> AsyncIterator[ports.Run | None]:
        """The run each time that it has changed; None for a long time without news."""
        services, run = self._services, self._run
        told = services.clock.monotonic()
        while run.status in BUSY and not services.rooms.closing:
            await services.clock.sleep(POLL_SECONDS)
            [role] = await services.directory.roles([self._seat])
            if role is None:
                return
            now, at = await services.runs.run(run.id), services.clock.monotonic()
            if now != run or at - told >= QUIET_SECONDS:
                yield now if now != run else None
                run, told = now, at


def _event(run: ports.Run, names: Mapping[UserId, str]) -> str:
    data = json.dumps(Run.of(run, names).model_dump(mode="json"), ensure_ascii=False)
    return f"event: run\ndata: {data}\n\n"
