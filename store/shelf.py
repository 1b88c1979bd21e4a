"""Statements about projects as people keep them: cards, shelves, visits, limits.

What does not live here: rights and members (``store.projects``), invitations, what becomes
of a project's rows in the end (``store.purging``), transactions (``store.project_book``).

Law kept here: L8, a card is read together with the membership that allows it. A shelf is one
query along the index of a person's memberships, however many projects there are.
"""

from collections.abc import Sequence
from typing import Any, assert_never

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select, tuple_, update

from server.protocol.errors import NotFound
from server.protocol.ids import Millis, ProjectId, Seq, UserId
from server.protocol.roles import Role
from server.room.project_ports import (
    CardCheck,
    Place,
    ProjectCard,
    ProjectLimits,
    Shelf,
    ShelfOrder,
    ShelfPage,
    ShelfQuery,
    Visit,
)
from store import tables as t
from store.projection import index_title
from store.projects import lock_project, title_key
from store.tables import AnyRow

MEMBER, PROJECT = t.project_members.c, t.projects.c
OPENED = func.coalesce(MEMBER.opened_at, 0)

CARDS = (
    select(
        PROJECT.id,
        PROJECT.title,
        PROJECT.title_key,
        PROJECT.description,
        PROJECT.created_at,
        PROJECT.archived_at,
        PROJECT.deleted_at,
        PROJECT.max_members,
        MEMBER.role,
        MEMBER.opened_at,
        t.documents.c.head,
        t.documents.c.max_bytes,
    )
    .join_from(t.project_members, t.projects, PROJECT.id == MEMBER.project_id)
    .join(t.documents, t.documents.c.project_id == PROJECT.id)
    .where(MEMBER.user_id == bindparam("user"))
)
ONE_CARD = CARDS.where(PROJECT.id == bindparam("project"))
LIVE_CARD = ONE_CARD.where(PROJECT.deleted_at.is_(None))
DELETED_CARD = ONE_CARD.where(PROJECT.deleted_at.is_not(None), MEMBER.role == Role.OWNER.value)

ONE_PROJECT = update(t.projects).where(PROJECT.id == bindparam("project"))
DESCRIBE = ONE_PROJECT.values(
    title=bindparam("new_title"),
    title_key=bindparam("new_key"),
    description=bindparam("new_description"),
)
ARCHIVE = ONE_PROJECT.values(archived_at=func.coalesce(PROJECT.archived_at, bindparam("now")))
UNARCHIVE = ONE_PROJECT.values(archived_at=None)
LIMIT_MEMBERS = ONE_PROJECT.values(max_members=bindparam("most"))
LIMIT_BYTES = (
    update(t.documents)
    .where(t.documents.c.project_id == bindparam("project"))
    .values(max_bytes=bindparam("most"))
)
NOTE_VISIT = (
    update(t.project_members)
    .where(MEMBER.project_id == bindparam("project"), MEMBER.user_id == bindparam("user"))
    .values(opened_at=bindparam("at"))
)


def card(conn: Connection, project: ProjectId, user: UserId) -> ProjectCard:
    """Raises ``NotFound`` for who is no member, and for a deleted project."""
    return _one(conn, LIVE_CARD, project, user)


def deleted_card(conn: Connection, project: ProjectId, user: UserId) -> ProjectCard:
    """Raises ``NotFound`` unless ``user`` owns a deleted project of this name."""
    return _one(conn, DELETED_CARD, project, user)


def _one(conn: Connection, query: Select[Any], project: ProjectId, user: UserId) -> ProjectCard:
    row = conn.execute(query, {"project": project, "user": user}).one_or_none()
    if row is None:
        raise NotFound("there is no such project, or you are not a member of it")
    return card_of(row)


def shelf(conn: Connection, user: UserId, query: ShelfQuery) -> ShelfPage:
    """One page of a person's projects."""
    rows = conn.execute(shelf_query(query), {"user": user}).all()
    cards = tuple(card_of(row) for row in rows[: query.limit])
    last = rows[query.limit - 1] if len(rows) > query.limit else None
    return ShelfPage(cards, None if last is None else _place(last, query.order))


def shelf_query(query: ShelfQuery) -> Select[Any]:
    """The statement; one more row than asked for shows whether there is another page."""
    wanted = CARDS.where(_stands_on(query))
    if query.search:
        wanted = wanted.where(PROJECT.title_key.contains(title_key(query.search), autoescape=True))
    key, upwards = _order(query.order)
    if (after := query.after) is not None:
        here, there = tuple_(key, PROJECT.id), tuple_(after.key, after.project)
        wanted = wanted.where(here > there if upwards else here < there)
    columns = (key.asc(), PROJECT.id.asc()) if upwards else (key.desc(), PROJECT.id.desc())
    return wanted.order_by(*columns).limit(query.limit + 1)


def _stands_on(query: ShelfQuery) -> ColumnElement[bool]:
    match query.shelf:
        case Shelf.ACTIVE:
            return PROJECT.deleted_at.is_(None) & PROJECT.archived_at.is_(None)
        case Shelf.ARCHIVED:
            return PROJECT.deleted_at.is_(None) & PROJECT.archived_at.is_not(None)
        case Shelf.DELETED:
            return (PROJECT.deleted_at > (query.deleted_after or 0)) & (
                MEMBER.role == Role.OWNER.value
            )
        case _:
            assert_never(query.shelf)


def _order(order: ShelfOrder) -> tuple[ColumnElement[Any], bool]:
    """What to sort by, and whether the smallest comes first."""
    match order:
        case ShelfOrder.OPENED:
            return OPENED, False
        case ShelfOrder.CREATED:
            return PROJECT.created_at, False
        case ShelfOrder.TITLE:
            return PROJECT.title_key, True
        case _:
            assert_never(order)


def _place(row: AnyRow, order: ShelfOrder) -> Place:
    keys = {
        ShelfOrder.OPENED: row.opened_at or 0,
        ShelfOrder.CREATED: row.created_at,
        ShelfOrder.TITLE: row.title_key,
    }
    return Place(keys[order], ProjectId(row.id))


def card_of(row: AnyRow) -> ProjectCard:
    """The card in a row of ``CARDS``."""
    return ProjectCard(
        id=ProjectId(row.id),
        title=row.title,
        description=row.description,
        role=Role(row.role),
        head=Seq(row.head),
        created_at=Millis(row.created_at),
        opened_at=row.opened_at,
        archived_at=row.archived_at,
        deleted_at=row.deleted_at,
        limits=ProjectLimits(row.max_bytes, row.max_members),
    )


def describe(
    conn: Connection,
    project: ProjectId,
    user: UserId,
    title: str | None,
    description: str | None,
    check: CardCheck,
) -> ProjectCard:
    """Change what is given, if ``check`` lets the card pass as it is now."""
    lock_project(conn, project)
    before = card(conn, project, user)
    check(before)
    new_title = before.title if title is None else title
    if new_title != before.title:
        index_title(conn, project, new_title)
    conn.execute(
        DESCRIBE,
        {
            "project": project,
            "new_title": new_title,
            "new_key": title_key(new_title),
            "new_description": before.description if description is None else description,
        },
    )
    return card(conn, project, user)


def archive(conn: Connection, project: ProjectId, now: Millis) -> None:
    """Put away; what is put away already keeps its time."""
    lock_project(conn, project)
    conn.execute(ARCHIVE, {"project": project, "now": now})


def unarchive(conn: Connection, project: ProjectId) -> None:
    """Take out again."""
    lock_project(conn, project)
    conn.execute(UNARCHIVE, {"project": project})


def limit(conn: Connection, project: ProjectId, limits: ProjectLimits) -> None:
    """Raises ``NotFound``. The document's row first, as every commit locks it."""
    conn.execute(LIMIT_BYTES, {"project": project, "most": limits.max_bytes})
    lock_project(conn, project)
    conn.execute(LIMIT_MEMBERS, {"project": project, "most": limits.max_members})


def note_visits(conn: Connection, visits: Sequence[Visit]) -> None:
    """In the order of their keys, or two processes would wait for each other."""
    ordered = sorted(visits, key=lambda visit: (visit.project, visit.user))
    rows = [{"project": v.project, "user": v.user, "at": v.at} for v in ordered]
    if rows:
        conn.execute(NOTE_VISIT, rows)
