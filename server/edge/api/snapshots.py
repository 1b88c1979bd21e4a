"""``/projects/{id}/snapshots``: keeping a project, looking back, going back.

What does not live here: automatic snapshots (``server.room.upkeep``).

Laws kept here: L8, and L10: a restore is an edit like any other, after a backup.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from server.document.elements import ElementRef, Kind
from server.edge.api.authors import names_of
from server.edge.api.callers import Access, AdminAccess, ReadAccess, WriteAccess
from server.edge.api.contents import Content, ProjectDifference
from server.edge.api.guarded import Router
from server.edge.api.models import Input, Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices, Services
from server.edge.api.times import moment
from server.protocol.errors import NotFound
from server.protocol.ids import SnapshotId, UserId
from server.room import history_ports as ports
from server.room.historian import MAX_NAME, MAX_NOTE, SnapshotRequest

SnapshotName = Annotated[str, Path(description="A snapshot's id.", max_length=64)]
NOW = "now"
UPDATE_TYPE = "application/octet-stream"
UPDATE: dict[str, Any] = {UPDATE_TYPE: {"schema": {"type": "string", "format": "binary"}}}


class NewSnapshot(Input):
    """A snapshot to be taken."""

    name: str | None = Field(None, min_length=1, max_length=MAX_NAME, examples=["To the bank"])
    note: str = Field("", max_length=MAX_NOTE)


class Snapshot(Output):
    """A whole project as it was."""

    id: str
    seq: int = Field(description="The position in the document's log that it holds.")
    occasion: ports.Occasion = Field(description="All but `named` are automatic, and may go.")
    name: str | None
    note: str
    user_id: str | None = Field(description="Who took it; null for the server.")
    user_name: str | None
    created_at: datetime
    bytes: int = Field(description="Size of the project's state.")

    @classmethod
    def of(cls, one: ports.Snapshot, names: Mapping[UserId, str]) -> Self:
        """As it is kept."""
        return cls(
            id=one.id,
            seq=one.seq,
            occasion=one.occasion,
            name=one.name,
            note=one.note,
            user_id=one.by,
            user_name=None if one.by is None else names.get(one.by),
            created_at=moment(one.created_at),
            bytes=one.size,
        )


class Snapshots(Output):
    """All of a project, newest first."""

    items: list[Snapshot]


class ElementName(Input):
    """One element."""

    kind: Kind
    id: str = Field(min_length=1, max_length=200)


class Restore(Input):
    """What shall be brought back."""

    element: ElementName | None = Field(None, description="Only this; left out: everything.")


class Restored(Output):
    """What was done."""

    seq: int = Field(description="A position in the log that holds the restore.")
    elements: int = Field(description="How many elements were changed.")
    untouched: list[str] = Field(
        description="Root types of the document that are not ours, and stay as they are."
    )
    backup: Snapshot = Field(description="The project as it was before; restore it to undo.")


def routes() -> APIRouter:
    """Snapshots of one project."""
    router = Router(tags=["snapshots"], prefix="/projects/{project_id}/snapshots")
    router.get("", responses=refusals(404))(list_snapshots)
    router.post("", status_code=201, responses=refusals(404))(take)
    router.get("/{snapshot_id}", responses=refusals(404))(read)
    router.delete("/{snapshot_id}", status_code=204, responses=refusals(404))(remove)
    router.get("/{snapshot_id}/content", responses=refusals(404))(read_content)
    router.get(
        "/{snapshot_id}/update",
        response_class=Response,
        responses={200: {"description": "The update.", "content": UPDATE}, **refusals(404)},
    )(read_update)
    router.get("/{snapshot_id}/difference", responses=refusals(404))(compare)
    router.post("/{snapshot_id}/restore", responses=refusals(404, 409))(restore)
    return router


async def list_snapshots(access: ReadAccess, services: KnownServices) -> Snapshots:
    """Every snapshot of the project, newest first."""
    found = await services.historian.snapshots.list(access.project)
    names = await names_of(services, access.project)
    return Snapshots(items=[Snapshot.of(one, names) for one in found])


async def take(
    wanted: NewSnapshot, access: WriteAccess, services: KnownServices, response: Response
) -> Snapshot:
    """Keep the project as it is now: everything that is committed."""
    request = SnapshotRequest(ports.Occasion.NAMED, access.seat.user, wanted.name, wanted.note)
    taken = await services.historian.take(access.project, request)
    response.headers["Location"] = f"snapshots/{taken.id}"
    return Snapshot.of(taken, await names_of(services, access.project))


async def read(snapshot_id: SnapshotName, access: ReadAccess, services: KnownServices) -> Snapshot:
    """One snapshot: what is said about it."""
    found = await _found(snapshot_id, access, services)
    return Snapshot.of(found, await names_of(services, access.project))


async def remove(snapshot_id: SnapshotName, access: AdminAccess, services: KnownServices) -> None:
    """Forget a snapshot, for good."""
    found = await _found(snapshot_id, access, services)
    await services.historian.snapshots.remove(found.id)


async def read_content(
    snapshot_id: SnapshotName, access: ReadAccess, services: KnownServices
) -> Content:
    """All elements that a snapshot holds."""
    found = await _found(snapshot_id, access, services)
    state = await services.historian.snapshots.state(found.id)
    return Content.of(await services.historian.view(state), found.seq)


async def read_update(
    snapshot_id: SnapshotName, access: ReadAccess, services: KnownServices
) -> Response:
    """The whole document that a snapshot holds, as one Yjs update (v1): also what is not ours,
    for programs that know what it means."""
    return Response(await _state(snapshot_id, access, services), media_type=UPDATE_TYPE)


async def compare(
    snapshot_id: SnapshotName,
    access: ReadAccess,
    services: KnownServices,
    to: Annotated[str, Query(description="Another snapshot's id.", max_length=64)] = NOW,
) -> ProjectDifference:
    """What has become of a snapshot since, or in another one."""
    before = await _state(snapshot_id, access, services)
    if to == NOW:
        after = await services.historian.now(access.project)
    else:
        after = await _state(to, access, services)
    return ProjectDifference.of(await services.historian.compare(before, after))


async def restore(
    wanted: Restore, snapshot_id: SnapshotName, access: WriteAccess, services: KnownServices
) -> Restored:
    """Bring a snapshot back as an edit, while people are working: what they type stays."""
    element = wanted.element
    done = await services.restorer.restore(
        SnapshotId(snapshot_id),
        None if element is None else ElementRef(element.kind, element.id),
        by=access.seat.user,
        role=access.role,
        project=access.project,
    )
    backup = Snapshot.of(done.backup, await names_of(services, access.project))
    return Restored(
        seq=done.seq, elements=done.elements, untouched=list(done.untouched), backup=backup
    )


async def _found(name: str, access: Access, services: Services) -> ports.Snapshot:
    """A snapshot of the project of the path."""
    found = await services.historian.snapshots.get(SnapshotId(name))
    if found.project != access.project:
        raise NotFound("there is no such snapshot")
    return found


async def _state(name: str, access: Access, services: Services) -> bytes:
    found = await _found(name, access, services)
    return await services.historian.snapshots.state(found.id)
