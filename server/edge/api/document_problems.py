"""``/projects/{id}/problems``: what a document holds that is not as the schema says.

Any client may put anything into a document. What is malformed is shown nowhere else, and
listed here; it is never an error and never rewritten.
"""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from server.edge.api.callers import ReadAccess
from server.edge.api.guarded import Router
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices
from server.edge.api.times import moment_or_none


class DocumentProblem(Output):
    """One thing that is not as the schema says."""

    path: str = Field(examples=["nodes/n1/x"])
    expected: str = Field(examples=["a finite number"])
    got: str = Field(examples=["nan"])


class DocumentProblems(Output):
    """What is wrong with a document, as of a moment."""

    items: list[DocumentProblem] = Field(description="The first thousand.")
    total: int
    seq: int = Field(description="How much of the log this reflects, at least; 0: nothing yet.")
    head: int = Field(description="How far the log goes.")
    projected_at: datetime | None


def routes() -> APIRouter:
    """Read them."""
    router = Router(tags=["document"], prefix="/projects/{project_id}/problems")
    router.get("", responses=refusals(404))(list_problems)
    return router


async def list_problems(access: ReadAccess, services: KnownServices) -> DocumentProblems:
    """Malformed elements, and edges of which an end is missing; at most five seconds old."""
    standing = await services.reader.standing(access.project)
    return DocumentProblems(
        items=[
            DocumentProblem(path=one.path, expected=one.expected, got=one.got)
            for one in standing.problems
        ],
        total=standing.problem_count,
        seq=standing.seq,
        head=standing.head,
        projected_at=moment_or_none(standing.projected_at),
    )
