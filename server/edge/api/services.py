"""What the handlers stand on, put together once by ``server.main``.

No behaviour lives here.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from server.edge.accounts import AccountServices
from server.edge.pace import ConnectionCount
from server.edge.settings import Settings
from server.room.content import Content
from server.room.historian import Historian
from server.room.kept_answers import KeptAnswers
from server.room.ports import Clock, Directory
from server.room.project_ports import Invitations, Projects
from server.room.projection_ports import ProjectionReader, Search
from server.room.restorer import Restorer
from server.room.reverter import Reverter
from server.room.rooms import Rooms
from server.room.run_ports import Runs


@dataclass(frozen=True, slots=True)
class Services:
    """Everything below the API."""

    rooms: Rooms
    directory: Directory
    clock: Clock
    settings: Settings
    projects: Projects
    invitations: Invitations
    answers: KeptAnswers
    reader: ProjectionReader
    search: Search
    people: AccountServices
    historian: Historian
    restorer: Restorer
    runs: Runs
    reverter: Reverter
    connections: ConnectionCount

    def content(self) -> Content:
        """Reads that open no document if they need not."""
        return Content(self.rooms, self.reader)


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


KnownServices = Annotated[Services, Depends(_services)]
"""A handler's parameter."""
