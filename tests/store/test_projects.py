"""Projects, invitations and kept answers in SQL: the contracts, and what is SQL's alone."""

from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Connection, LargeBinary, select
from sqlalchemy.dialects import sqlite

from server.document.elements import ElementRef, Kind
from server.protocol.errors import Conflict, NotFound
from server.protocol.ids import Millis, ProjectId
from server.protocol.roles import Role
from server.room.ports import Batch, Compacted
from server.room.project_ports import Shelf, ShelfOrder, ShelfQuery
from server.room.run_ports import (
    Allowance,
    CachedAnswer,
    Lease,
    NewRun,
    ReadElement,
    RunTask,
    Usage,
)
from store.open import open_store
from store.shelf import shelf_query
from store.tables import metadata
from tests.contracts.backends import Backend, Closing, edit, history_of, joined, new_user
from tests.contracts.invitations import InvitationsContract
from tests.contracts.kept_answers import KeptAnswersContract
from tests.contracts.projects import NOWHERE, ProjectsContract, opened, project_of
from tests.doubles.clock import ManualClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def backend(sql_backend: Closing) -> Closing:
    """SQLite, then PostgreSQL: these ports have no double."""
    return sql_backend


class TestProjects(ProjectsContract):
    """SQLite, PostgreSQL."""


class TestInvitations(InvitationsContract):
    """SQLite, PostgreSQL."""


class TestKeptAnswers(KeptAnswersContract):
    """SQLite, PostgreSQL."""


def mentions(conn: Connection, project: ProjectId) -> list[str]:
    """The tables with a row that has the project's id in any column."""
    found = []
    for table in metadata.sorted_tables:
        columns = [column for column in table.c if not isinstance(column.type, LargeBinary)]
        rows = conn.execute(select(*columns)).all()
        if any(project in row for row in rows):
            found.append(table.name)
    return found


async def test_purging_leaves_no_row_of_a_project_and_all_of_others(backend: Backend) -> None:
    store = await opened(backend)
    ada, bo = await new_user(store), await new_user(store, "bo")
    project, other = await project_of(store, ada), await project_of(store, ada)
    for one in (project, other):
        await store.directory.set_member(one, bo, Role.EDITOR)
        await store.invitations.invite(
            one,
            ada,
            digest=sha256(one.encode()).digest(),
            role=Role.VIEWER,
            expires_at=Millis(backend.clock.now() + 1),
            max_uses=1,
        )
        run = await store.runs.ask(NewRun(one, ada, RunTask.FREE, "x"), Allowance())
        lease = Lease((await store.runs.claim("worker", run.id) or run).id, 1)
        read = ReadElement(ElementRef(Kind.NODE, "n"), b"digest")
        await store.runs.note_reads(lease, "model", [read])
        await store.runs.cache(one, b"key", CachedAnswer("words", Usage()))
        await store.log.append([Batch(one, (edit(b"words"),))])
        source = await store.compaction.read(one)
        compacted = Compacted(joined(source), history_of(source))
        assert await store.compaction.replace(source, compacted)
        await store.log.append([Batch(one, (edit(b"more"),))])
    everywhere = await store.db.read(mentions, other)
    rows = {"updates", "checkpoints", "history_chunks", "invitations"}
    rows |= {"conversations", "messages", "runs", "run_reads", "model_answers"}
    assert rows <= set(everywhere)
    with pytest.raises(Conflict):
        await store.projects.purge(project)
    await store.directory.delete_project(project)
    await store.projects.purge(project)
    assert await store.db.read(mentions, project) == []
    assert await store.db.read(mentions, other) == everywhere
    for gone in (project, NOWHERE):
        with pytest.raises(NotFound):
            await store.projects.purge(gone)


@pytest.mark.parametrize("order", list(ShelfOrder))
async def test_a_shelf_is_one_query_along_the_index_of_memberships(
    tmp_path: Path, order: ShelfOrder
) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/8gentc.db", ManualClock())
    query = ShelfQuery(Shelf.ACTIVE, order, 50, search="x")
    statement = (
        shelf_query(query)
        .params(user="u")
        .compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    )
    explained = f"EXPLAIN QUERY PLAN {statement}"
    plan = await store.db.read(lambda conn: conn.exec_driver_sql(explained).all())
    assert "SCAN" not in str(plan), plan
    assert "ix_project_members_user_id" in str(plan), plan
    await store.close()
