"""``/admin/rooms`` and ``/admin/server``: how this server is doing, for platform admins.

What machines ask is at ``/metrics`` and ``/health``; this is what a person wants to see: which
documents are open, who is in them, and whether anything lags. Of this process; what is in the
database is of all. What does not live here: content. Names and titles are no more than what
``/admin/users`` and ``/admin/projects`` show.
"""

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from server.edge.api.callers import AdminCaller
from server.edge.api.guarded import Router
from server.edge.api.models import Output
from server.edge.api.pages import DEFAULT_LIMIT, MAX_LIMIT
from server.edge.api.services import KnownServices
from server.protocol.roles import Role
from server.room.census import Occupancy

Most = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Documents, at most.")]
SECONDS = "0 when there is none."


class Occupant(Output):
    """Somebody's connection to a document."""

    user_id: str
    email: str | None = Field(description="Null for an account that has just been deleted.")
    name: str | None
    role: Role
    backlog_bytes: int = Field(description="Written to them, and not taken yet.")


class LiveRoom(Output):
    """A document that is open."""

    project_id: str
    title: str | None
    seq: int
    stored_bytes: int = Field(description="What it weighs in the log, uncompressed.")
    people: list[Occupant]
    backlog_bytes: int = Field(description="Of its slowest connection.")
    oldest_uncommitted_seconds: float = Field(
        description="Age of the edit that has waited longest for its commit. " + SECONDS
    )
    oldest_unprojected_seconds: float = Field(
        description="Age of the oldest edit that lists and searches do not show. " + SECONDS
    )


class LiveRooms(Output):
    """The busiest documents of this process."""

    items: list[LiveRoom]
    total: int


class Stored(Output):
    """How much there is in the database."""

    users: int
    projects: int
    deleted_projects: int
    document_bytes: int = Field(description="What all documents weigh in the log, uncompressed.")
    database_bytes: int = Field(description="What the database takes on its disk.")


class Work(Output):
    """What this process has done since it started."""

    edits: int
    commits: int
    commit_failures: int
    refused_writes: int
    catch_ups: int = Field(description="Full queues of slow clients, turned into a difference.")
    failed_rooms: int
    compactions: int
    projections: int


class ServerStanding(Output):
    """How this server is doing."""

    version: str
    problem: str | None = Field(description="Why edits cannot be saved now; null if they can.")
    rooms: int
    connections: int
    oldest_uncommitted_seconds: float
    oldest_unprojected_seconds: float
    slowest_backlog_bytes: int
    work: Work
    storage: Stored


def routes() -> APIRouter:
    """For platform admins."""
    router = Router(tags=["operation"], prefix="/admin")
    router.get("/rooms")(list_rooms)
    router.get("/server")(read_server)
    return router


async def list_rooms(
    _: AdminCaller, services: KnownServices, limit: Most = DEFAULT_LIMIT
) -> LiveRooms:
    """Documents that are open in this process, and who is in them; the busiest first."""
    census = services.rooms.census()
    return LiveRooms(items=await _shown(census[:limit], services), total=len(census))


async def read_server(_: AdminCaller, services: KnownServices) -> ServerStanding:
    """Health, load and storage."""
    storage = await services.projects.storage()
    now, done = services.rooms.gauges(), services.rooms.statistics
    fault = services.rooms.breaker.fault
    return ServerStanding(
        version=version("8gentc"),
        problem=None if fault is None else fault.message,
        rooms=now.rooms,
        connections=now.connections,
        oldest_uncommitted_seconds=now.oldest_uncommitted_seconds,
        oldest_unprojected_seconds=now.oldest_unprojected_seconds,
        slowest_backlog_bytes=now.slowest_backlog_bytes,
        work=Work(
            edits=done.edits,
            commits=done.commits,
            commit_failures=done.commit_failures,
            refused_writes=done.refused_writes,
            catch_ups=done.catch_ups,
            failed_rooms=done.failed_rooms,
            compactions=done.compactions,
            projections=done.projections,
        ),
        storage=Stored(
            users=storage.users,
            projects=storage.projects,
            deleted_projects=storage.deleted_projects,
            document_bytes=storage.document_bytes,
            database_bytes=storage.database_bytes,
        ),
    )


async def _shown(census: list[Occupancy], services: KnownServices) -> list[LiveRoom]:
    titles = await services.projects.titles([one.project for one in census])
    ids = {occupant.user for one in census for occupant in one.occupants}
    users = await services.people.ports.users.named(sorted(ids))
    known = {id: (user.email, user.name) for id, user in users.items()}
    return [
        LiveRoom(
            project_id=one.project,
            title=titles.get(one.project),
            seq=one.seq,
            stored_bytes=one.stored_bytes,
            people=[
                Occupant(
                    user_id=occupant.user,
                    email=known.get(occupant.user, (None, None))[0],
                    name=known.get(occupant.user, (None, None))[1],
                    role=occupant.role,
                    backlog_bytes=occupant.backlog_bytes,
                )
                for occupant in one.occupants
            ],
            backlog_bytes=max((who.backlog_bytes for who in one.occupants), default=0),
            oldest_uncommitted_seconds=one.uncommitted_seconds,
            oldest_unprojected_seconds=one.unprojected_seconds,
        )
        for one in census
    ]
