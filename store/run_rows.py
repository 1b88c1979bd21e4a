"""Rows of runs: from records to columns and back, and the queries that give them.

What does not live here: changing runs (``store.asking``, ``store.working``), transactions.
"""

import json

from sqlalchemy import Connection, bindparam, select

from server.document.elements import ElementRef, Kind
from server.protocol.errors import NotFound, Stale
from server.protocol.ids import Millis, ProjectId, RunId, UserId
from server.room.run_ports import (
    Lease,
    Progress,
    Run,
    RunReason,
    RunStatus,
    RunTask,
    Target,
    Usage,
)
from store import run_tables as r
from store import tables as t
from store.tables import AnyRow

ROW = r.runs.c
LIVE_RUNS = (
    select(r.runs)
    .join(t.projects, ROW.project_id == t.projects.c.id)
    .where(t.projects.c.deleted_at.is_(None))
)
ONE_RUN = LIVE_RUNS.where(ROW.id == bindparam("run"))
LOCK_RUN = select(r.runs).where(ROW.id == bindparam("run")).with_for_update()


def run_of(row: AnyRow) -> Run:
    """A row of ``runs``."""
    return Run(
        id=RunId(row.id),
        project=ProjectId(row.project_id),
        asker=UserId(row.user_id),
        task=RunTask(row.task),
        prompt=row.prompt,
        target=target_of(row.target),
        status=RunStatus(row.status),
        reason=None if row.reason is None else RunReason(row.reason),
        told=row.told,
        model=row.model,
        attempt=row.attempt,
        cancelling=row.cancelling,
        progress=Progress(_usage_of(row), row.characters, row.elements),
        created_at=Millis(row.created_at),
        started_at=_time(row.started_at),
        ended_at=_time(row.ended_at),
        reverted_at=_time(row.reverted_at),
    )


def progress_values(progress: Progress) -> dict[str, object]:
    """The columns of how far a run has come."""
    return {
        "input_tokens": progress.usage.input_tokens,
        "output_tokens": progress.usage.output_tokens,
        "cost": progress.usage.cost,
        "estimated": progress.usage.estimated,
        "characters": progress.characters,
        "elements": progress.elements,
    }


def target_text(target: Target) -> str:
    """A target as it is stored."""
    elements = [[ref.kind.value, ref.id] for ref in target.elements]
    return json.dumps({"elements": elements, "span": target.span, "diagram": target.diagram})


def target_of(text: str) -> Target:
    """The target of a stored text."""
    stored = json.loads(text)
    elements = tuple(ElementRef(Kind(kind), id) for kind, id in stored["elements"])
    span = stored["span"]
    return Target(elements, None if span is None else (span[0], span[1]), stored["diagram"])


def run(conn: Connection, name: RunId) -> Run:
    """Raises ``NotFound``, also for runs of deleted projects."""
    row = conn.execute(ONE_RUN, {"run": name}).one_or_none()
    if row is None:
        raise NotFound("there is no such run")
    return run_of(row)


def locked(conn: Connection, name: RunId) -> Run:
    """The same, and nobody else changes it until this transaction ends."""
    found = conn.execute(LOCK_RUN, {"run": name}).one_or_none()
    if found is None:
        raise NotFound("there is no such run")
    return run_of(found)


def held(conn: Connection, lease: Lease) -> Run:
    """The locked run of a lease. Raises ``Stale`` when another attempt, or nobody, has it."""
    return require_held(locked(conn, lease.run), lease)


def require_held(found: Run, lease: Lease) -> Run:
    """Raises ``Stale`` unless this attempt works on the run."""
    if found.status is not RunStatus.RUNNING or found.attempt != lease.attempt:
        raise Stale(f"attempt {lease.attempt} does not hold run {lease.run} any more")
    return found


def _usage_of(row: AnyRow) -> Usage:
    return Usage(row.input_tokens, row.output_tokens, row.cost, row.estimated)


def _time(value: int | None) -> Millis | None:
    return None if value is None else Millis(value)
