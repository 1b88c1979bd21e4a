"""What becomes of a deleted project: brought back, or every row of it removed.

Laws kept here: a deleted document takes no row (``is_open``), so nothing is added while it is
removed; what is removed is found in the tables themselves, so that a table which is added
later cannot be forgotten: whatever has a ``project_id`` goes.
"""

from sqlalchemy import Connection, Table, bindparam, delete, select, update

from server.protocol.errors import Conflict, NotFound
from server.protocol.ids import Millis, ProjectId
from store import tables as t
from store.appending import lock_documents

LOCK_ANY = (
    select(t.projects.c.deleted_at).where(t.projects.c.id == bindparam("project")).with_for_update()
)
UNDELETE = update(t.projects).where(t.projects.c.id == bindparam("project")).values(deleted_at=None)
OPEN_DOCUMENT = (
    update(t.documents).where(t.documents.c.project_id == bindparam("project")).values(is_open=True)
)

OUTLIVED = (
    select(t.projects.c.id)
    .where(t.projects.c.deleted_at <= bindparam("deadline"), t.projects.c.id > bindparam("after"))
    .order_by(t.projects.c.id)
    .limit(bindparam("most"))
)


def outlived(conn: Connection, deadline: Millis, after: ProjectId, limit: int) -> list[ProjectId]:
    """Deleted by then, by their ids."""
    values = {"deadline": deadline, "after": after, "most": limit}
    found = conn.execute(OUTLIVED, values).scalars()
    return [ProjectId(id) for id in found]


def undelete(conn: Connection, project: ProjectId, deleted_after: Millis) -> None:
    """Raises ``NotFound``, or ``Conflict`` when it is not deleted or was too long ago."""
    if _lock_deleted(conn, project) <= deleted_after:
        raise Conflict("this project was deleted too long ago")
    conn.execute(UNDELETE, {"project": project})
    conn.execute(OPEN_DOCUMENT, {"project": project})


def purge(conn: Connection, project: ProjectId) -> None:
    """Raises ``NotFound``, or ``Conflict`` when it is not deleted."""
    _lock_deleted(conn, project)
    for table in tables_of_a_project():
        conn.execute(delete(table).where(table.c.project_id == project))
    conn.execute(delete(t.projects).where(t.projects.c.id == project))


def tables_of_a_project() -> list[Table]:
    """All that hold rows of one project, those that others refer to last."""
    return [table for table in reversed(t.metadata.sorted_tables) if "project_id" in table.c]


def _lock_deleted(conn: Connection, project: ProjectId) -> Millis:
    """When it was deleted. The document's row is locked first, as every commit does."""
    lock_documents(conn, [project])
    row = conn.execute(LOCK_ANY, {"project": project}).one_or_none()
    if row is None:
        raise NotFound("no such project")
    if row.deleted_at is None:
        raise Conflict("this project is not deleted: delete it first")
    return Millis(row.deleted_at)
