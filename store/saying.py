"""What is said in a conversation: written down, and put where full text finds it.

The index is behind what was said only where a database of before has been taken over, or a
backup read; the next message puts in what is missing. So whoever works on a run finds all
that was said up to its request. What does not live here: who says what (``store.asking``,
``store.working``), the index (``store.search_index``).
"""

from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from server.document.words import words
from server.protocol.ids import Millis, ProjectId, RunId, UserId
from server.room.projection_ports import Wording
from server.room.run_ports import Said, Speaker
from store import run_tables as r
from store import search_index
from store.tables import AnyRow

MESSAGE: Final = "message"
"""The topic of messages in the index, where elements have those of ``Topic``."""

MAX_INDEXED: Final = 50_000
"""Characters of a message that are found."""

OF_PROJECT = r.conversations.c.project_id == bindparam("project")
COUNT = update(r.conversations).where(OF_PROJECT).values(messages=r.conversations.c.messages + 1)
COUNTED = select(r.conversations.c.messages, r.conversations.c.indexed).where(OF_PROJECT)
INDEXED = update(r.conversations).where(OF_PROJECT).values(indexed=bindparam("newest"))
UNINDEXED = (
    select(r.messages.c.number, r.messages.c.text)
    .where(
        r.messages.c.project_id == bindparam("project"), r.messages.c.number > bindparam("after")
    )
    .order_by(r.messages.c.number)
)


def say(
    conn: Connection,
    project: ProjectId,
    about: RunId,
    speaker: Speaker,
    user: UserId | None,
    text: str,
    now: Millis,
) -> None:
    """Add a message. The conversation's row, locked by this, gives out the numbers."""
    conn.execute(COUNT, {"project": project})
    number, indexed = conn.execute(COUNTED, {"project": project}).one()
    values = {
        "project_id": project,
        "number": number,
        "speaker": speaker.value,
        "user_id": user,
        "run_id": about,
        "text": text,
        "at": now,
    }
    conn.execute(insert(r.messages), values)
    _index(conn, project, indexed)
    conn.execute(INDEXED, {"project": project, "newest": number})


def said_of(row: AnyRow) -> Said:
    """A row of ``messages``."""
    return Said(
        row.number,
        Speaker(row.speaker),
        None if row.user_id is None else UserId(row.user_id),
        RunId(row.run_id),
        row.text,
        Millis(row.at),
    )


def _index(conn: Connection, project: ProjectId, after: int) -> None:
    rows = conn.execute(UNINDEXED, {"project": project, "after": after}).all()
    entries = [
        (MESSAGE, str(row.number), Wording((), tuple(words(row.text[:MAX_INDEXED]))))
        for row in rows
    ]
    search_index.put(conn, project, entries)
