"""Events of projects in SQL: numbered under the lock of their project's row, the newest kept.

Whatever changes something that people follow notes the event in the same transaction. What
does not live here: who follows (``server.room.events``).
"""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import Millis, ProjectId, UserId
from server.protocol.roles import Role
from server.room.event_ports import KEPT, MAX_DATA_BYTES, Event, EventKind, NewEvent
from server.room.ports import Clock
from store import tables as t
from store.database import Database
from store.faults import Rejected
from store.news import announce_events
from store.tables import AnyRow

IN_LIST = 1000
"""Names in one statement."""

ROW = t.project_events.c
LIVE = t.projects.c.deleted_at.is_(None)
NUMBER = (
    update(t.projects)
    .where(t.projects.c.id == bindparam("project"), LIVE)
    .values(last_event=t.projects.c.last_event + 1)
    .returning(t.projects.c.last_event)
)
FORGET = delete(t.project_events).where(
    ROW.project_id == bindparam("project"), ROW.number <= bindparam("last")
)
AFTER = (
    select(ROW.number, ROW.at, ROW.kind, ROW.user_id, ROW.data)
    .where(ROW.project_id == bindparam("project"), ROW.number > bindparam("seen"))
    .order_by(ROW.number)
    .limit(bindparam("limit"))
)
IS_LIVE = select(t.projects.c.id).where(t.projects.c.id == bindparam("project"), LIVE)
NEWEST = select(t.projects.c.id, t.projects.c.last_event).where(
    t.projects.c.id.in_(bindparam("projects", expanding=True)), LIVE
)


class SqlEventLog:
    """The ``EventLog`` port."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def note(self, new: NewEvent) -> int:
        """Keep an event."""
        try:
            return await self._db.write(note, new, self._clock.now())
        except Rejected as error:
            raise Invalid(f"the database cannot hold this: {error}") from error

    async def after(self, project: ProjectId, number: int, limit: int) -> Sequence[Event]:
        """Those after a number."""
        return await self._db.read(_after, project, number, limit)

    async def newest(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, int]:
        """The newest number of each."""
        return await self._db.read(_newest, projects)


def note(conn: Connection, new: NewEvent, now: Millis) -> int:
    """Inside the transaction that does what the event says. Raises ``NotFound``."""
    data = json.dumps(dict(new.data), separators=(",", ":"))
    if len(data) > MAX_DATA_BYTES:
        raise Invalid(f"an event's data has at most {MAX_DATA_BYTES} bytes")
    number: int | None = conn.execute(NUMBER, {"project": new.project}).scalar_one_or_none()
    if number is None:
        raise NotFound("no such project")
    row: dict[str, Any] = {
        "project_id": new.project,
        "number": number,
        "at": now,
        "kind": new.kind.value,
        "user_id": new.by,
        "data": data,
    }
    conn.execute(insert(t.project_events), row)
    if number > KEPT:
        conn.execute(FORGET, {"project": new.project, "last": number - KEPT})
    announce_events(conn)
    return number


def note_member(
    conn: Connection, project: ProjectId, user: UserId, role: Role | None, now: Millis
) -> None:
    """Tell who follows a locked project what somebody is from now on; None for no member."""
    data = {"user": user, "role": None if role is None else role.value}
    note(conn, NewEvent(project, EventKind.MEMBERS_CHANGED, None, data), now)


def _after(conn: Connection, project: ProjectId, number: int, limit: int) -> Sequence[Event]:
    if conn.execute(IS_LIVE, {"project": project}).first() is None:
        raise NotFound("no such project")
    asked = {"project": project, "seen": number, "limit": limit}
    return [_event_of(row) for row in conn.execute(AFTER, asked)]


def _newest(conn: Connection, projects: Sequence[ProjectId]) -> dict[ProjectId, int]:
    newest: dict[ProjectId, int] = {}
    names = iter(projects)
    while chunk := list(islice(names, IN_LIST)):
        for row in conn.execute(NEWEST, {"projects": chunk}):
            newest[ProjectId(row.id)] = row.last_event
    return newest


def _event_of(row: AnyRow) -> Event:
    user = None if row.user_id is None else UserId(row.user_id)
    return Event(row.number, Millis(row.at), row.kind, user, json.loads(row.data))
