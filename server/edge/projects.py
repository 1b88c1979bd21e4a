"""Making, duplicating and purging a project: what is said of it checked, its first content
written (DESIGN: the document).

The only place outside an import where initial content comes from. It enters the log
in the transaction that makes the project; nothing is ever seeded on load, or two
first joiners would get it twice.
"""

import secrets

from server.document.schema import seed
from server.edge.settings import Settings
from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import Millis, ProjectId, UserId
from server.protocol.update import EMPTY_UPDATE
from server.room.ports import Attribution, Clock, Directory, Means, NewUpdate, Project
from server.room.project_ports import ProjectCard, Projects
from server.room.rooms import Rooms

MAX_TITLE = 200
MAX_DESCRIPTION = 4000
CLIENT_ID_BITS = 32
COPY = " (copy)"
DAY = 24 * 60 * 60 * 1000


async def create_project(
    directory: Directory, clock: Clock, *, title: str, owner: UserId, description: str = ""
) -> Project:
    """A new project with the schema's first content."""
    title = fit_title(title)
    content = seed(secrets.randbits(CLIENT_ID_BITS), title)
    row = NewUpdate(content, Attribution(owner, Means.SEED), clock.now())
    return await directory.add_project(title, owner=owner, seed=row, description=description)


async def duplicate_project(
    directory: Directory,
    clock: Clock,
    card: ProjectCard,
    content: bytes,
    *,
    title: str | None,
    owner: UserId,
) -> Project:
    """A new project with the ``content`` of another, an update: one row of the log, by whoever
    duplicated, and no other history."""
    name = fit_title(card.title[: MAX_TITLE - len(COPY)] + COPY if title is None else title)
    row = NewUpdate(content, Attribution(owner, Means.DUPLICATE), clock.now())
    return await directory.add_project(
        name,
        owner=owner,
        seed=None if content == EMPTY_UPDATE else row,
        description=card.description,
    )


async def purge_project(projects: Projects, rooms: Rooms, project: ProjectId) -> None:
    """Close what is left of a deleted project's room, then remove every row of it.

    Raises ``NotFound``, or ``Conflict`` when it is not deleted; nobody is disturbed then.
    """
    if (await projects.file(project)).deleted_at is not None:
        await rooms.end(project, NotFound("this project has been deleted"))
    await projects.purge(project)


def oldest_deletion(clock: Clock, settings: Settings) -> Millis:
    """What was deleted after this can be brought back."""
    return Millis(clock.now() - settings.project_retention_days * DAY)


def fit_title(title: str) -> str:
    """``title`` without space around it. Raises ``Invalid`` when empty or too long."""
    title = title.strip()
    if not 0 < len(title) <= MAX_TITLE or not title.isprintable():
        raise Invalid(f"a title has 1 to {MAX_TITLE} printable characters")
    return title


def fit_description(text: str) -> str:
    """``text`` without space around it; it may have lines. Raises ``Invalid``."""
    text = text.strip()
    if len(text) > MAX_DESCRIPTION or not all(line.isprintable() for line in text.split("\n")):
        raise Invalid(f"a description has at most {MAX_DESCRIPTION} characters, in lines")
    return text
