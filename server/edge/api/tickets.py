"""``/projects/{id}/ticket``: a short-lived way in for a browser's websocket.

What does not live here: tickets themselves (``server.edge.tickets``), and the websocket.
"""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from server.edge.api.callers import TicketAccess
from server.edge.api.guarded import Router
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices
from server.edge.api.times import moment


class Ticket(Output):
    """For `?ticket=` on a websocket's URL."""

    ticket: str
    path: str = Field(description="Of the websocket.", examples=["/yjs/9b2f0c4d"])
    expires_at: datetime = Field(
        description="Connect before. A connection that is made ends with your session or token."
    )


def routes() -> APIRouter:
    """For members."""
    router = Router(tags=["document"], prefix="/projects/{project_id}/ticket")
    router.post("", status_code=201, responses=refusals(404))(issue_ticket)
    return router


async def issue_ticket(access: TicketAccess, services: KnownServices) -> Ticket:
    """A ticket for one's own seat in this project, for clients that cannot send headers."""
    seat = access.seat
    assert seat.token is not None, "a caller has a credential"
    made = services.people.tickets.issue(seat.user, seat.token, seat.project)
    path = f"/yjs/{seat.project}"
    return Ticket(ticket=made.text, path=path, expires_at=moment(made.expires_at))
