"""``/projects/{id}/diagrams``: Mermaid diagrams.

Handlers only; what they do is done by ``server.edge.api.live`` and ``server.document.diagrams``.
"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Response

from server.document.diagrams import add_diagram, change_diagram, diagram, remove_diagram
from server.document.schema import Diagram
from server.edge.api.callers import ReadAccess, WriteAccess
from server.edge.api.elements import DiagramBody, DiagramOut, DiagramPatch
from server.edge.api.etags import IfMatch
from server.edge.api.guarded import Router
from server.edge.api.live import Here, KnownPage
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.pages import write_key
from server.edge.api.services import KnownServices

DiagramId = Annotated[str, Path(description="The id of a diagram.", max_length=200)]


class DiagramsOut(Output):
    """Diagrams of a project, a page of them."""

    items: list[DiagramOut]
    next: str | None
    seq: int


def routes() -> APIRouter:
    """List, make, read, change, remove."""
    router = Router(tags=["diagrams"], prefix="/projects/{project_id}/diagrams")
    one = "/{diagram_id:path}"
    router.get("", responses=refusals(404))(list_diagrams)
    router.post("", status_code=201, responses=refusals(400, 404, 409, 413))(make_diagram)
    router.get(one, responses=refusals(404))(read_diagram)
    router.patch(one, responses=refusals(400, 404, 412, 413))(patch_diagram)
    router.delete(one, status_code=204, responses=refusals(404, 412))(delete_diagram)
    return router


async def list_diagrams(
    access: ReadAccess, services: KnownServices, page: KnownPage
) -> DiagramsOut:
    """Diagrams by id."""
    seen = await services.content().part(access.project, Diagram, page)
    part = seen.value
    items = [DiagramOut.of(one, seen.seq) for one in part.items]
    return DiagramsOut(items=items, next=write_key(part.last), seq=seen.seq)


async def make_diagram(
    body: DiagramBody, access: WriteAccess, services: KnownServices, response: Response
) -> DiagramOut:
    """Make a diagram."""
    here = Here(services, access, response)
    return await here.change(partial(add_diagram, new=body.new()), DiagramOut.of)


async def read_diagram(
    diagram_id: DiagramId, access: ReadAccess, services: KnownServices, response: Response
) -> DiagramOut:
    """One diagram, with its `ETag`."""
    return await Here(services, access, response).show(Diagram, diagram_id, DiagramOut.of)


async def patch_diagram(
    diagram_id: DiagramId,
    body: DiagramPatch,
    access: WriteAccess,
    services: KnownServices,
    response: Response,
    expected: IfMatch = None,
) -> DiagramOut:
    """Change a diagram. A text is changed only where it differs: what
    others are typing stays, and with `base`, the text that you have read, what they typed since."""
    here = Here(services, access, response)
    change = partial(change_diagram, id=diagram_id, change=body.change())
    return await here.change_expected(
        expected, partial(diagram, id=diagram_id), change, DiagramOut.of
    )


async def delete_diagram(
    diagram_id: DiagramId,
    access: WriteAccess,
    services: KnownServices,
    response: Response,
    expected: IfMatch = None,
) -> Response:
    """Delete a diagram."""
    here = Here(services, access, response)
    remove = partial(remove_diagram, id=diagram_id)
    return await here.remove_expected(
        expected, partial(diagram, id=diagram_id), remove, DiagramOut.of
    )
