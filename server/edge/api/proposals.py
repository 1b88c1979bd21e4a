"""``/projects/{id}/proposals``: what the agent would write where people are, and their word on it.

Proposals are in the document, and any Yjs client may decide on them; here programs do. What
does not live here: what accepting does (``server.document.proposals``).
"""

from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import Field

from server.document import proposals as kept
from server.document.elements import KIND_OF_ROOT, Kind
from server.edge.api.callers import ReadAccess, WriteAccess
from server.edge.api.guarded import Router
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices, Services
from server.protocol.errors import NotFound
from server.protocol.ids import RunId
from server.room.commands import AtSeq
from server.room.settling import settled

ProposalName = Annotated[str, Path(description="A proposal's id.", max_length=200)]


class Proposal(Output):
    """Another text for an element."""

    id: str
    run: str = Field(description="The run that proposes it.")
    kind: Kind | None = Field(description="Of the element; null if it is of no kind of ours.")
    element: str
    how: kept.How = Field(description="`append`: at the end. `replace`: in place of `base`.")
    base: str = Field(description="The element's text as the agent was shown it.")
    text: str
    reason: str
    status: kept.Status
    stale: bool = Field(description="What it was made from has changed since, or is gone.")

    @classmethod
    def of(cls, one: kept.Proposal) -> Self:
        """As the document has it."""
        return cls(
            id=one.id,
            run=one.run,
            kind=KIND_OF_ROOT.get(one.target.root),
            element=one.target.id,
            how=one.how,
            base=one.base,
            text=one.text,
            reason=one.reason,
            status=one.status,
            stale=one.stale,
        )


class Proposals(Output):
    """All of a project, by id. ``seq`` is the position in the log at which they were so."""

    seq: int
    items: list[Proposal]


class Decided(Output):
    """A proposal that was decided on."""

    seq: int = Field(description="A position in the document's log that holds the decision.")
    proposal: Proposal


def routes() -> APIRouter:
    """Proposals of one project."""
    router = Router(tags=["proposals"], prefix="/projects/{project_id}/proposals")
    router.get("", responses=refusals(404))(list_proposals)
    router.post("/{proposal_id}/accept", responses=refusals(404, 409))(accept)
    router.post("/{proposal_id}/reject", responses=refusals(404, 409))(reject)
    return router


async def list_proposals(access: ReadAccess, services: KnownServices) -> Proposals:
    """Every proposal of the project, whatever has become of it."""
    found = await services.rooms.look(access.project, kept.proposals_of)
    return Proposals(seq=found.seq, items=[Proposal.of(one) for one in found.value])


async def accept(
    proposal_id: ProposalName, access: WriteAccess, services: KnownServices
) -> Decided:
    """Write what is proposed; what people have typed meanwhile stays."""
    done = await services.rooms.edit(
        access.project,
        lambda doc: kept.accept_proposal(doc, proposal_id),
        access.by,
        access.role,
    )
    return await _decided(done, services)


async def reject(
    proposal_id: ProposalName, access: WriteAccess, services: KnownServices
) -> Decided:
    """Leave everything as it is."""
    done = await services.rooms.edit(
        access.project,
        lambda doc: kept.reject_proposal(doc, proposal_id),
        access.by,
        access.role,
    )
    return await _decided(done, services)


async def _decided(done: AtSeq[kept.Proposal], services: Services) -> Decided:
    """The run may have waited for this one."""
    try:
        run = await services.runs.run(RunId(done.value.run))
    except NotFound:
        pass  # Whoever made the proposal, it was no run that we know of.
    else:
        await settled(services.rooms, services.runs, run)
    return Decided(seq=done.seq, proposal=Proposal.of(done.value))
