"""Mend of a document's rows what the others tell; everything else stays as it is (L3, L4).

A checkpoint can be made anew from the history behind it; the numbers on a document's row can
be counted; a state that no snapshot names is of no use. A row of the log, a chunk or a
snapshot that is damaged holds what nothing else does: it is named by ``fsck`` and left alone.

One document at a time, under its lock, so that a server may be working meanwhile. What does
not live here: finding out what is wrong (``store.fsck_document``), and what updates mean:
``rebuild`` makes a state of what a history says.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, delete, select, update

from server.protocol.ids import Millis, ProjectId
from server.room.ports import Clock, HistoryRun
from store import tables as t
from store.appending import is_due, lock_documents
from store.compaction import insert_checkpoint
from store.database import Database
from store.frames import pack
from store.fsck_document import GENERATIONS, Findings, Problem, check_document
from store.fsck_snapshots import UNUSED
from store.rows import contents
from store.snapshots import DELETE_STATES

Rebuild = Callable[[Sequence[HistoryRun]], bytes]
"""Makes of all the runs up to some point the document at that point, as one update. Raises
``DocumentDamaged``."""

CHECKPOINTS = select(t.checkpoints.c.seq).where(t.checkpoints.c.project_id == bindparam("project"))
DELETE_CHECKPOINTS = delete(t.checkpoints).where(t.checkpoints.c.project_id == bindparam("project"))
PROJECTS = select(t.projects.c.id).order_by(t.projects.c.id)
RECOUNT = (
    update(t.documents)
    .where(t.documents.c.project_id == bindparam("project"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("tail_rows", "tail_bytes", "checkpoint_bytes", "due", "is_open")
        }
    )
)


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """A checkpoint to be written."""

    seq: int
    row_digest: bytes
    plain: bytes
    stored: bytes


@dataclass(slots=True)
class _Plan:
    """What is to be done to one document, and with what findings it was made."""

    project: ProjectId
    problems: list[Problem]
    checkpoints: list[_Checkpoint] = field(default_factory=list)


async def repair(
    db: Database, clock: Clock, project: ProjectId | None, rebuild: Rebuild
) -> list[str]:
    """Mend one document, or all; what was done, a line for each deed."""
    names = [project] if project is not None else await db.read_at_leisure(_projects)
    deeds: list[str] = []
    for name in names:
        findings = await db.read_at_leisure(check_document, name, keep=True)
        plan = await asyncio.to_thread(_plan, findings, rebuild)
        deeds += await db.write_at_leisure(_carry_out, plan, clock.now())
    return deeds


def _projects(conn: Connection) -> list[ProjectId]:
    return [ProjectId(row.id) for row in conn.execute(PROJECTS)]


def _plan(findings: Findings, rebuild: Rebuild) -> _Plan:
    plan = _Plan(findings.project, findings.problems)
    tables = {problem.table for problem in findings.problems}
    # With its history broken, a checkpoint is all there is of a document.
    if "checkpoints" in tables and not tables & {"history_chunks", "history_bases"}:
        for seq in sorted(findings.ends)[-GENERATIONS:]:
            digest = findings.ends[seq]
            assert digest is not None, "only an unreadable base has none"
            plain = rebuild([run for run in findings.runs if run.last <= seq])
            plan.checkpoints.append(_Checkpoint(seq, digest, plain, pack(plain)))
    return plan


def _carry_out(conn: Connection, plan: _Plan, now: Millis) -> list[str]:
    project = plan.project
    if lock_documents(conn, [project]).get(project) is None:
        return []
    now_wrong = check_document(conn, project, keep=False)
    if now_wrong.problems != plan.problems:
        return [f"project {project}: was written to meanwhile; repair it again"]
    deeds = _replace_checkpoints(conn, plan, now)
    deeds += _recount(conn, project)
    deeds += _drop_states(conn, project)
    return [f"project {project}: {deed}" for deed in deeds]


def _replace_checkpoints(conn: Connection, plan: _Plan, now: Millis) -> list[str]:
    if not plan.checkpoints:
        return []
    conn.execute(DELETE_CHECKPOINTS, {"project": plan.project})
    for one in plan.checkpoints:
        made = contents(one.plain, one.stored)
        insert_checkpoint(conn, plan.project, one.seq, now, one.row_digest, one.stored, made)
    seqs = " and ".join(str(one.seq) for one in plan.checkpoints)
    return [f"made the checkpoints at {seqs} anew from the history"]


def _recount(conn: Connection, project: ProjectId) -> list[str]:
    """Only where the log itself is whole: else its numbers say what is missing."""
    found = check_document(conn, project, keep=False)
    counted = [one for one in found.problems if one.table == "documents" and one.row is None]
    if not counted or len(counted) != len(found.problems):
        return []
    row = conn.execute(
        select(t.documents, t.projects.c.deleted_at)
        .join_from(t.documents, t.projects)
        .where(t.documents.c.project_id == project)
    ).one()
    if (row.head, row.digest) != (found.seq, next(iter(found.digests or {None}))):
        return []
    size = 0 if found.checkpoint is None else len(found.checkpoint.payload)
    conn.execute(
        RECOUNT,
        {
            "project": project,
            "new_tail_rows": found.tail_rows,
            "new_tail_bytes": found.tail_bytes,
            "new_checkpoint_bytes": size,
            "new_due": is_due(found.tail_rows, found.tail_bytes, size),
            "new_is_open": row.deleted_at is None,
        },
    )
    return [f"counted again: {one.what}" for one in counted]


def _drop_states(conn: Connection, project: ProjectId) -> list[str]:
    unused = conn.execute(UNUSED, {"project": project}).all()
    if not unused:
        return []
    conn.execute(DELETE_STATES, {"project": project})
    return [f"let go of {len(unused)} states that belong to no snapshot"]
