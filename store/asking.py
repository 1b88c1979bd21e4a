"""Statements of those who ask for runs, look at them and stop them.

Law kept here: of many who ask at once, no more get through than a day allows: the rows of
the project and the person are locked while their runs are counted.
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, tuple_, update

from server.document.elements import ElementRef, Kind
from server.protocol.errors import NotFound, TooMany
from server.protocol.ids import Millis, ProjectId, RunId, UserId
from server.room.run_ports import (
    DAY_MILLIS,
    Allowance,
    NewRun,
    ReadElement,
    Run,
    RunQuery,
    RunReason,
    RunStatus,
    Said,
    Speaker,
)
from store import run_tables as r
from store import tables as t
from store.projects import lock_project
from store.run_rows import LIVE_RUNS, locked, run, run_of, target_text
from store.saying import said_of, say

ROW = r.runs.c
LOCK_USER = select(t.users.c.id).where(t.users.c.id == bindparam("user")).with_for_update()
CHANGE = update(r.runs).where(ROW.id == bindparam("run"))
SETTLE = CHANGE.values(status=RunStatus.DONE.value, ended_at=bindparam("now"))
CONVERSATION = select(r.conversations.c.project_id).where(
    r.conversations.c.project_id == bindparam("project")
)
SAID = r.messages.c
NEWEST = (
    select(r.messages)
    .where(SAID.project_id == bindparam("project"))
    .order_by(SAID.number.desc())
    .limit(bindparam("limit"))
)
READS = select(r.run_reads).where(r.run_reads.c.run_id == bindparam("run"))


def ask(conn: Connection, new: NewRun, allowance: Allowance, now: Millis) -> Run:
    """Raises ``NotFound`` or ``TooMany``."""
    lock_project(conn, new.project)
    if conn.execute(LOCK_USER, {"user": new.asker}).first() is None:
        raise NotFound("no such user")
    _require_allowance(conn, new, allowance, now)
    if conn.execute(CONVERSATION, {"project": new.project}).first() is None:
        values = {"project_id": new.project, "created_at": now, "messages": 0}
        conn.execute(insert(r.conversations), values)
    name = RunId(uuid4().hex)
    conn.execute(insert(r.runs), _values(name, new, now))
    say(conn, new.project, name, Speaker.PERSON, new.asker, new.prompt, now)
    return run(conn, name)


def runs(conn: Connection, project: ProjectId, query: RunQuery) -> Sequence[Run]:
    """Newest first."""
    return _page(conn, ROW.project_id == project, query)


def asked_by(conn: Connection, user: UserId, query: RunQuery) -> Sequence[Run]:
    """Newest first, of all live projects."""
    return _page(conn, ROW.user_id == user, query)


def _page(conn: Connection, whose: ColumnElement[bool], query: RunQuery) -> Sequence[Run]:
    found = LIVE_RUNS.where(whose)
    if query.before is not None:
        place = run(conn, query.before)
        found = found.where(tuple_(ROW.created_at, ROW.id) < tuple_(place.created_at, place.id))
    found = found.order_by(ROW.created_at.desc(), ROW.id.desc()).limit(query.limit)
    return [run_of(row) for row in conn.execute(found)]


def conversation(conn: Connection, project: ProjectId, limit: int) -> Sequence[Said]:
    """The newest messages, in order."""
    rows = conn.execute(NEWEST, {"project": project, "limit": limit}).all()
    return [said_of(row) for row in reversed(rows)]


def cancel(conn: Connection, name: RunId, now: Millis) -> Run:
    """At once if nobody works on it, else when who does hears of it."""
    found = locked(conn, name)
    if found.status is RunStatus.QUEUED:
        values: dict[str, Any] = {
            "status": RunStatus.CANCELLED.value,
            "reason": RunReason.CANCELLED.value,
            "ended_at": now,
        }
        conn.execute(CHANGE.values(cancelling=True, **values), {"run": name})
    elif found.status is RunStatus.RUNNING:
        conn.execute(CHANGE.values(cancelling=True), {"run": name})
    return run(conn, name)


def settle(conn: Connection, name: RunId, now: Millis) -> Run:
    """Waiting no more."""
    if locked(conn, name).status is RunStatus.WAITING:
        conn.execute(SETTLE, {"run": name, "now": now})
    return run(conn, name)


def note_reverted(conn: Connection, name: RunId, now: Millis) -> Run:
    """What it wrote was taken back."""
    locked(conn, name)
    conn.execute(CHANGE.values(reverted_at=now), {"run": name})
    return run(conn, name)


def reads(conn: Connection, name: RunId) -> Sequence[ReadElement]:
    """In no order."""
    return [
        ReadElement(ElementRef(Kind(row.kind), row.element_id), bytes(row.digest))
        for row in conn.execute(READS, {"run": name})
    ]


def _values(name: RunId, new: NewRun, now: Millis) -> dict[str, Any]:
    nothing = ("attempt", "input_tokens", "output_tokens", "cost", "characters", "elements")
    return dict.fromkeys(nothing, 0) | {
        "id": name,
        "project_id": new.project,
        "user_id": new.asker,
        "task": new.task.value,
        "prompt": new.prompt,
        "target": target_text(new.target),
        "status": RunStatus.QUEUED.value,
        "told": "",
        "model": "",
        "cancelling": False,
        "estimated": False,
        "created_at": now,
    }


def _require_allowance(conn: Connection, new: NewRun, allowance: Allowance, now: Millis) -> None:
    since = Millis(now - DAY_MILLIS)
    whose: tuple[
        tuple[str, ColumnElement[bool], tuple[int | None, int | None, int | None]], ...
    ] = (
        (
            "You",
            ROW.user_id == new.asker,
            (allowance.runs_per_user, allowance.tokens_per_user, allowance.cost_per_user),
        ),
        (
            "This project",
            ROW.project_id == new.project,
            (allowance.runs_per_project, allowance.tokens_per_project, allowance.cost_per_project),
        ),
    )
    for who, condition, most in whose:
        if any(limit is not None for limit in most):
            _require(who, _spent(conn, condition, since), most)


def _spent(conn: Connection, whose: ColumnElement[bool], since: Millis) -> tuple[int, int, int]:
    """Runs, tokens and cost of a day."""
    query = select(
        func.count(),
        func.coalesce(func.sum(ROW.input_tokens + ROW.output_tokens), 0),
        func.coalesce(func.sum(ROW.cost), 0),
    ).where(whose, ROW.created_at > since)
    runs, tokens, cost = conn.execute(query).one()
    return int(runs), int(tokens), int(cost)


def _require(
    who: str, spent: tuple[int, int, int], most: tuple[int | None, int | None, int | None]
) -> None:
    for used, limit, what in zip(spent, most, ("runs", "tokens", "money"), strict=True):
        if limit is not None and used >= limit:
            verb = "have" if who == "You" else "has"
            raise TooMany(
                f"{who} {verb} used up the {what} of the agent for one day: ask again tomorrow, "
                "or ask whoever runs this server for more"
            )
