"""Statements about all projects, for platform admins: how much there is of what, and whose.

Neither content nor descriptions are read here.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, select, tuple_

from server.protocol.errors import NotFound
from server.protocol.ids import Millis, ProjectId, Seq
from server.protocol.roles import Role
from server.room.project_ports import (
    FilePage,
    FileQuery,
    Place,
    ProjectFile,
    ProjectLimits,
    Storage,
)
from store import tables as t
from store.projects import title_key
from store.tables import AnyRow

MEMBERS = (
    select(func.count())
    .where(t.project_members.c.project_id == t.projects.c.id)
    .correlate(t.projects)
    .scalar_subquery()
)
FILES = select(
    t.projects.c.id,
    t.projects.c.title,
    t.projects.c.created_at,
    t.projects.c.archived_at,
    t.projects.c.deleted_at,
    t.projects.c.max_members,
    t.documents.c.head,
    t.documents.c.max_bytes,
    (t.documents.c.tail_bytes + t.documents.c.checkpoint_bytes).label("stored_bytes"),
    MEMBERS.label("members"),
).join_from(t.projects, t.documents)
ONE_FILE = FILES.where(t.projects.c.id == bindparam("project"))
OWNERS = (
    select(t.project_members.c.project_id, t.users.c.email)
    .join_from(t.project_members, t.users)
    .where(
        t.project_members.c.project_id.in_(bindparam("projects", expanding=True)),
        t.project_members.c.role == Role.OWNER.value,
    )
    .order_by(t.users.c.email)
)

TITLES = select(t.projects.c.id, t.projects.c.title).where(
    t.projects.c.id.in_(bindparam("projects", expanding=True))
)
USERS = select(func.count()).select_from(t.users)
COUNTS = select(
    func.count(),
    func.count(t.projects.c.deleted_at),
    func.coalesce(func.sum(t.documents.c.tail_bytes + t.documents.c.checkpoint_bytes), 0),
).select_from(t.projects.join(t.documents))
SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def file(conn: Connection, project: ProjectId) -> ProjectFile:
    """Any project, deleted or not. Raises ``NotFound``."""
    row = conn.execute(ONE_FILE, {"project": project}).one_or_none()
    if row is None:
        raise NotFound("no such project")
    return _files(conn, [row])[0]


def files(conn: Connection, query: FileQuery) -> FilePage:
    """One page of all projects, newest first."""
    wanted = FILES
    if query.search:
        key = t.projects.c.title_key
        wanted = wanted.where(key.contains(title_key(query.search), autoescape=True))
    newest = (t.projects.c.created_at, t.projects.c.id)
    if query.after is not None:
        wanted = wanted.where(tuple_(*newest) < tuple_(query.after.key, query.after.project))
    ordered = wanted.order_by(*(column.desc() for column in newest)).limit(query.limit + 1)
    rows = conn.execute(ordered).all()
    page = rows[: query.limit]
    more = Place(page[-1].created_at, page[-1].id) if len(rows) > query.limit else None
    return FilePage(tuple(_files(conn, page)), more)


def titles(conn: Connection, projects: Sequence[ProjectId]) -> Mapping[ProjectId, str]:
    """Of those of these that exist."""
    rows = conn.execute(TITLES, {"projects": list(projects)})
    return {ProjectId(row.id): row.title for row in rows}


def storage(conn: Connection) -> Storage:
    """How much there is."""
    projects, deleted, document_bytes = conn.execute(COUNTS).one()
    return Storage(
        users=conn.execute(USERS).scalar_one(),
        projects=projects - deleted,
        deleted_projects=deleted,
        document_bytes=int(document_bytes),
        database_bytes=conn.exec_driver_sql(SIZES[conn.dialect.name]).scalar_one(),
    )


def _files(conn: Connection, rows: Sequence[AnyRow]) -> list[ProjectFile]:
    owners: dict[str, list[str]] = {row.id: [] for row in rows}
    if owners:
        for owner in conn.execute(OWNERS, {"projects": list(owners)}):
            owners[owner.project_id].append(owner.email)
    return [_file_of(row, tuple(owners[row.id])) for row in rows]


def _file_of(row: AnyRow, owners: tuple[str, ...]) -> ProjectFile:
    return ProjectFile(
        id=ProjectId(row.id),
        title=row.title,
        created_at=Millis(row.created_at),
        archived_at=row.archived_at,
        deleted_at=row.deleted_at,
        owners=owners,
        members=row.members,
        head=Seq(row.head),
        stored_bytes=row.stored_bytes,
        limits=ProjectLimits(row.max_bytes, row.max_members),
    )
