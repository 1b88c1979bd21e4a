"""Making a project: its title checked, its first content written (DESIGN: the document).

The only place outside an import where initial content comes from. It enters the log
in the transaction that makes the project; nothing is ever seeded on load, or two
first joiners would get it twice.
"""

import secrets

from server.document.schema import seed
from server.protocol.errors import Invalid
from server.protocol.ids import UserId
from server.room.ports import Attribution, Clock, Directory, Means, NewUpdate, Project

MAX_TITLE = 200
CLIENT_ID_BITS = 32


async def create_project(
    directory: Directory, clock: Clock, *, title: str, owner: UserId
) -> Project:
    """A new project with the schema's first content."""
    title = fit_title(title)
    content = seed(secrets.randbits(CLIENT_ID_BITS), title)
    row = NewUpdate(content, Attribution(owner, Means.SEED), clock.now())
    return await directory.add_project(title, owner=owner, seed=row)


def fit_title(title: str) -> str:
    """``title`` without space around it. Raises ``Invalid`` when empty or too long."""
    title = title.strip()
    if not 0 < len(title) <= MAX_TITLE or not title.isprintable():
        raise Invalid(f"a title has 1 to {MAX_TITLE} printable characters")
    return title
