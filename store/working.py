"""Statements of those who work on runs: claiming, keeping, ending (leases).

Law kept here: one attempt at a time holds a run, and what it still wants once another has
it is refused; the lock of the run's row decides.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from server.protocol.errors import NotFound
from server.protocol.ids import Millis, ProjectId, RunId, UserId
from server.room.run_ports import (
    CACHED_MILLIS,
    LEASE_MILLIS,
    MAX_ATTEMPTS,
    AtWork,
    CachedAnswer,
    Lease,
    Outcome,
    Progress,
    ReadElement,
    Run,
    RunReason,
    RunStatus,
    Speaker,
    Usage,
)
from store import run_tables as r
from store import tables as t
from store.projects import lock_project
from store.run_rows import LOCK_RUN, held, progress_values, require_held, run, run_of
from store.saying import say

ROW = r.runs.c
WAITS_FOR_A_WORKER = or_(
    ROW.status == RunStatus.QUEUED.value,
    (ROW.status == RunStatus.RUNNING.value) & (ROW.lease_until <= bindparam("now")),
)
CANDIDATES = (
    select(ROW.id)
    .join_from(r.runs, t.projects, ROW.project_id == t.projects.c.id)
    .where(WAITS_FOR_A_WORKER, t.projects.c.deleted_at.is_(None))
    .order_by(ROW.created_at, ROW.id)
    .limit(16)
)
AT_WORK = (
    select(ROW.id, ROW.attempt, ROW.project_id, ROW.user_id)
    .where(ROW.status == RunStatus.RUNNING.value)
    .where(ROW.lease_until > bindparam("now"), ROW.holder != bindparam("besides"))
)
IS_LIVE = select(t.projects.c.id).where(
    t.projects.c.id == bindparam("project"), t.projects.c.deleted_at.is_(None)
)
CHANGE = update(r.runs).where(ROW.id == bindparam("run"))
FORGET_READS = delete(r.run_reads).where(r.run_reads.c.run_id == bindparam("run"))
USED_UP = (
    "Whoever worked on this died each time. What has been written so far is in the project; ask "
    "again, and tell whoever runs this server."
)
ANSWER = r.model_answers.c
CACHED = select(r.model_answers).where(
    ANSWER.project_id == bindparam("project"),
    ANSWER.key == bindparam("wanted"),
    ANSWER.at > bindparam("after"),
)
FORGET_ANSWERS = delete(r.model_answers).where(ANSWER.at <= bindparam("before"))
FORGET_ANSWER = delete(r.model_answers).where(
    ANSWER.project_id == bindparam("project"), ANSWER.key == bindparam("wanted")
)


def candidates(conn: Connection, now: Millis) -> Sequence[RunId]:
    """Runs that wait for a worker, oldest first: asked without a lock."""
    return [RunId(row.id) for row in conn.execute(CANDIDATES, {"now": now})]


def claim(conn: Connection, name: RunId, holder: str, now: Millis) -> Run | None:
    """The run, if it still waits for a worker and may be tried again."""
    row = conn.execute(LOCK_RUN, {"run": name}).one_or_none()
    if row is None or conn.execute(IS_LIVE, {"project": row.project_id}).first() is None:
        return None
    waits = row.status == RunStatus.QUEUED.value or (
        row.status == RunStatus.RUNNING.value and row.lease_until <= now
    )
    if not waits:
        return None
    found = run_of(row)
    if found.attempt >= MAX_ATTEMPTS:
        outcome = Outcome(RunStatus.FAILED, RunReason.INTERRUPTED, USED_UP)
        _end(conn, found, found.progress, outcome, now)
        return None
    values = {
        "status": RunStatus.RUNNING.value,
        "attempt": found.attempt + 1,
        "holder": holder,
        "lease_until": now + LEASE_MILLIS,
        "started_at": found.started_at or now,
    }
    conn.execute(CHANGE.values(values), {"run": name})
    return run(conn, name)


def renew(conn: Connection, lease: Lease, progress: Progress, now: Millis) -> None:
    """Raises ``Stale``."""
    held(conn, lease)
    values = progress_values(progress) | {"lease_until": now + LEASE_MILLIS}
    conn.execute(CHANGE.values(values), {"run": lease.run})


def at_work(conn: Connection, besides: str, now: Millis) -> Sequence[AtWork]:
    """Runs whose leases others hold."""
    rows = conn.execute(AT_WORK, {"besides": besides, "now": now})
    return [
        AtWork(Lease(RunId(id), attempt), ProjectId(project), UserId(asker))
        for id, attempt, project, asker in rows
    ]


def is_cancelling(conn: Connection, lease: Lease) -> bool:
    """Raises ``Stale``."""
    return require_held(run(conn, lease.run), lease).cancelling


def note_reads(conn: Connection, lease: Lease, model: str, reads: Sequence[ReadElement]) -> None:
    """In place of what an earlier attempt has read. Raises ``Stale``."""
    found = held(conn, lease)
    conn.execute(CHANGE.values(model=model), {"run": lease.run})
    conn.execute(FORGET_READS, {"run": lease.run})
    rows = [
        {
            "project_id": found.project,
            "run_id": lease.run,
            "kind": one.element.kind.value,
            "element_id": one.element.id,
            "digest": one.digest,
        }
        for one in reads
    ]
    if rows:
        conn.execute(insert(r.run_reads), rows)


def finish(
    conn: Connection, lease: Lease, progress: Progress, outcome: Outcome, now: Millis
) -> Run:
    """Raises ``Stale``."""
    return _end(conn, held(conn, lease), progress, outcome, now)


def release(conn: Connection, lease: Lease) -> None:
    """Back into the queue; this attempt was not used up by a failure."""
    row = conn.execute(LOCK_RUN, {"run": lease.run}).one_or_none()
    if row is None or row.status != RunStatus.RUNNING.value or row.attempt != lease.attempt:
        return
    values = {"status": RunStatus.QUEUED.value, "holder": None, "lease_until": None}
    conn.execute(CHANGE.values(values), {"run": lease.run})


def cached(conn: Connection, project: ProjectId, key: bytes, now: Millis) -> CachedAnswer | None:
    """An answer that is not too old."""
    values = {"project": project, "wanted": key, "after": now - CACHED_MILLIS}
    row = conn.execute(CACHED, values).one_or_none()
    if row is None:
        return None
    return CachedAnswer(row.text, Usage(row.input_tokens, row.output_tokens))


def cache(
    conn: Connection, project: ProjectId, key: bytes, answer: CachedAnswer, now: Millis
) -> None:
    """Keep an answer, and forget old ones."""
    try:
        lock_project(conn, project)
    except NotFound:
        return
    conn.execute(FORGET_ANSWERS, {"before": now - CACHED_MILLIS})
    conn.execute(FORGET_ANSWER, {"project": project, "wanted": key})
    values = {
        "project_id": project,
        "key": key,
        "text": answer.text,
        "input_tokens": answer.usage.input_tokens,
        "output_tokens": answer.usage.output_tokens,
        "at": now,
    }
    conn.execute(insert(r.model_answers), values)


def _end(conn: Connection, found: Run, progress: Progress, outcome: Outcome, now: Millis) -> Run:
    values = progress_values(progress) | {
        "status": outcome.status.value,
        "reason": None if outcome.reason is None else outcome.reason.value,
        "told": outcome.told,
        "holder": None,
        "lease_until": None,
        "ended_at": now,
    }
    conn.execute(CHANGE.values(values), {"run": found.id})
    text = outcome.said or outcome.told
    if text:
        say(conn, found.project, found.id, Speaker.AGENT, None, text, now)
    return run_of(conn.execute(LOCK_RUN, {"run": found.id}).one())
