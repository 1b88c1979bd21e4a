"""``/projects/{id}/plan``: sections of the plan, in order.

Handlers only; what they do is done by ``server.edge.api.live`` and ``server.document.plan``.
"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Response

from server.document.plan import add_section, change_section, remove_section, section
from server.document.schema import Section
from server.edge.api.callers import ReadAccess, WriteAccess
from server.edge.api.elements import SectionBody, SectionOut, SectionPatch
from server.edge.api.etags import IfMatch
from server.edge.api.guarded import Router
from server.edge.api.live import Here, KnownPage
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.pages import write_key
from server.edge.api.services import KnownServices

SectionId = Annotated[str, Path(description="The id of a section.", max_length=200)]


class SectionsOut(Output):
    """Sections of a project, a page of them."""

    items: list[SectionOut]
    next: str | None
    seq: int


def routes() -> APIRouter:
    """List, make, read, change, remove."""
    router = Router(tags=["plan"], prefix="/projects/{project_id}/plan")
    one = "/{section_id:path}"
    router.get("", responses=refusals(404))(list_sections)
    router.post("", status_code=201, responses=refusals(400, 404, 409, 413))(make_section)
    router.get(one, responses=refusals(404))(read_section)
    router.patch(one, responses=refusals(400, 404, 412, 413))(patch_section)
    router.delete(one, status_code=204, responses=refusals(404, 412))(delete_section)
    return router


async def list_sections(
    access: ReadAccess, services: KnownServices, page: KnownPage
) -> SectionsOut:
    """Sections in the order of the plan."""
    seen = await services.content().part(access.project, Section, page)
    part = seen.value
    items = [SectionOut.of(one, seen.seq) for one in part.items]
    return SectionsOut(items=items, next=write_key(part.last), seq=seen.seq)


async def make_section(
    body: SectionBody, access: WriteAccess, services: KnownServices, response: Response
) -> SectionOut:
    """Make a section, at the end or where `place` says."""
    here = Here(services, access, response)
    return await here.change(partial(add_section, new=body.new()), SectionOut.of)


async def read_section(
    section_id: SectionId, access: ReadAccess, services: KnownServices, response: Response
) -> SectionOut:
    """One section, with its `ETag`."""
    return await Here(services, access, response).show(Section, section_id, SectionOut.of)


async def patch_section(
    section_id: SectionId,
    body: SectionPatch,
    access: WriteAccess,
    services: KnownServices,
    response: Response,
    expected: IfMatch = None,
) -> SectionOut:
    """Change or move a section. A text is changed only where it differs: what
    others are typing stays, and with `base`, the text that you have read, what they typed since."""
    here = Here(services, access, response)
    change = partial(change_section, id=section_id, change=body.change())
    return await here.change_expected(
        expected, partial(section, id=section_id), change, SectionOut.of
    )


async def delete_section(
    section_id: SectionId,
    access: WriteAccess,
    services: KnownServices,
    response: Response,
    expected: IfMatch = None,
) -> Response:
    """Delete a section."""
    here = Here(services, access, response)
    remove = partial(remove_section, id=section_id)
    return await here.remove_expected(
        expected, partial(section, id=section_id), remove, SectionOut.of
    )
