"""The checks of one project's snapshots: rows, their states, and that they belong together."""

from sqlalchemy import Connection, bindparam, exists, select

from server.protocol.ids import ProjectId
from store import tables as t
from store.faults import Unreadable
from store.fsck_document import Problem
from store.snapshots import SELECT_SNAPSHOTS, verify_snapshot

SNAPSHOTS = SELECT_SNAPSHOTS.where(t.snapshots.c.project_id == bindparam("project")).order_by(
    t.snapshots.c.created_at, t.snapshots.c.id
)
UNUSED = select(t.snapshot_states.c.plain_bytes).where(
    t.snapshot_states.c.project_id == bindparam("project"),
    ~exists().where(
        t.snapshots.c.project_id == t.snapshot_states.c.project_id,
        t.snapshots.c.state_digest == t.snapshot_states.c.state_digest,
    ),
)
STATELESS = select(t.snapshots.c.id).where(
    t.snapshots.c.project_id == bindparam("project"),
    ~exists().where(
        t.snapshots.c.project_id == t.snapshot_states.c.project_id,
        t.snapshots.c.state_digest == t.snapshot_states.c.state_digest,
    ),
)


def check_snapshots(conn: Connection, project: ProjectId) -> list[Problem]:
    """All problems of one project's snapshots. They have no numbers: words name them."""
    where = {"project": project}
    problems: list[Problem] = []
    for row in conn.execute(SNAPSHOTS, where):
        try:
            verify_snapshot(row)
        except Unreadable as error:
            problems.append(Problem(project, "snapshots", None, f"snapshot {row.id}: {error}"))
    for row in conn.execute(STATELESS, where):
        what = f"snapshot {row.id}: its state is missing"
        problems.append(Problem(project, "snapshots", None, what))
    for row in conn.execute(UNUSED, where):
        what = f"a state of {row.plain_bytes} bytes belongs to no snapshot"
        problems.append(Problem(project, "snapshot_states", None, what))
    return problems
