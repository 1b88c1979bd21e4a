"""Say, inside the transaction that changes something, that it has changed.

On PostgreSQL a notification leaves when the transaction commits, and not if it
does not. SQLite needs nothing: its feed sees the commit itself. What does not live
here: listening (``store.feed``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, update

from server.protocol.ids import ProjectId
from store import tables as t

CHANNEL = "agentc_changes"

PAYLOAD_BYTES = 7900
"""PostgreSQL refuses 8000 and more."""

SEPARATOR = " "
DIRECTORY = "directory"
DOCUMENTS = "documents"
EVENTS = "events"

NOTIFY = select(func.pg_notify(CHANNEL, bindparam("payload")))
BUMP_DIRECTORY = update(t.directory_version).values(version=t.directory_version.c.version + 1)


@dataclass(frozen=True, slots=True)
class News:
    """One notification: who sent it, and what of."""

    sender: str
    documents: frozenset[ProjectId]
    directory: bool
    events: bool = False


def announce(conn: Connection, documents: Sequence[ProjectId]) -> None:
    """Tell that these documents have new rows, once this transaction commits."""
    for payload in _payloads(conn, documents):
        conn.execute(NOTIFY, {"payload": payload})


def bump_directory(conn: Connection) -> None:
    """Every write to people, credentials, projects or members ends with this."""
    conn.execute(BUMP_DIRECTORY)
    if _notifies(conn):
        conn.execute(NOTIFY, {"payload": SEPARATOR.join((_sender(conn), DIRECTORY))})


def announce_events(conn: Connection) -> None:
    """Tell that something has happened that people follow, once this transaction commits."""
    if _notifies(conn):
        conn.execute(NOTIFY, {"payload": SEPARATOR.join((_sender(conn), EVENTS))})


def parse(payload: str) -> News:
    """Read a notification. Anything unknown of a newer version counts as "directory"."""
    sender, kind, *ids = payload.split(SEPARATOR)
    documents = frozenset(ProjectId(name) for name in ids)
    known = kind in (DOCUMENTS, EVENTS)
    return News(sender, documents, directory=not known, events=kind == EVENTS)


def _payloads(conn: Connection, documents: Sequence[ProjectId]) -> Iterator[str]:
    if not _notifies(conn):
        return
    head = SEPARATOR.join((_sender(conn), DOCUMENTS))
    payload, size = head, len(head.encode())
    for project in documents:
        added = len(project.encode()) + 1
        if size + added > PAYLOAD_BYTES:
            yield payload
            payload, size = head, len(head.encode())
        payload, size = payload + SEPARATOR + project, size + added
    yield payload


def _notifies(conn: Connection) -> bool:
    return conn.dialect.name == "postgresql"


def _sender(conn: Connection) -> str:
    sender = conn.get_execution_options()["sender"]
    assert isinstance(sender, str)
    return sender
