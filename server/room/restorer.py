"""Brings a snapshot back into a project that people are working on (L10).

A backup first, then one edit that makes of the project as it was in the backup what the
snapshot says: what anybody typed in between stays. Undoing it is restoring the backup. What
does not live here: the edit itself (``server.document.restoring``).
"""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from server.document.elements import ElementRef
from server.document.replica import Document, Replica
from server.document.restoring import restore_element, restore_project
from server.document.schema import ProjectView
from server.protocol.errors import AgentcError, Forbidden, NotFound
from server.protocol.ids import ProjectId, Seq, SnapshotId, UserId
from server.protocol.roles import Right, Role, allows
from server.protocol.update import UpdateShape
from server.room.commands import AtSeq
from server.room.event_ports import EventData, EventKind, EventLog, NewEvent
from server.room.historian import Historian, SnapshotRequest
from server.room.history_ports import Occasion, Snapshot
from server.room.live import LiveDocument
from server.room.ports import Attribution, Batch, Clock, Means, NewUpdate, UpdateLog

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Editor(Protocol):
    """Whoever can change a document: the live rooms, or a process beside them."""

    async def edit(
        self, project: ProjectId, change: Callable[[Document], T], by: Attribution, role: Role
    ) -> AtSeq[T]:
        """Change it in one transaction; answers once committed."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. ``backup`` is the project as it was before; ``untouched`` are root types
    of other programs, by name, which no restore changes."""

    backup: Snapshot
    seq: Seq
    elements: int
    untouched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restorer:
    """Restores snapshots, by way of whoever can edit."""

    historian: Historian
    editor: Editor
    events: EventLog

    async def restore(
        self,
        snapshot: SnapshotId,
        only: ElementRef | None,
        *,
        by: UserId | None,
        role: Role = Role.OWNER,
        project: ProjectId | None = None,
    ) -> Restored:
        """Bring back everything, or ``only`` one element.

        Raises ``NotFound`` for a snapshot that is not there, or not one of ``project``;
        ``Forbidden`` unless ``role`` may write.
        """
        found, state = await self.historian.snapshot(snapshot)
        if project not in (None, found.project):
            raise NotFound("there is no such snapshot")
        wanted = await self.historian.view(state)
        backup, now = await self._back_up(found, by)
        before = await self.historian.view(now)
        untouched = await self.historian.other_roots(state, now)
        edited = await self.editor.edit(
            found.project,
            partial(_change, before=before, wanted=wanted, only=only),
            Attribution(by, Means.RESTORE),
            role,
        )
        done = Restored(backup, edited.seq, edited.value, untouched)
        await self._tell(found, done, by)
        return done

    async def _tell(self, found: Snapshot, done: Restored, by: UserId | None) -> None:
        """It is done and committed: that it cannot be told is no reason to say otherwise."""
        data: EventData = {
            "snapshot": found.id, "backup": done.backup.id, "seq": done.seq,
            "elements": done.elements,
        }  # fmt: skip
        try:
            await self.events.note(NewEvent(found.project, EventKind.RESTORED, by, data))
        except AgentcError as error:
            logger.warning("a restore of %s could not be told: %s", found.project, error.message)

    async def _back_up(self, found: Snapshot, by: UserId | None) -> tuple[Snapshot, bytes]:
        note = f"before {found.name or found.id} was restored"
        request = SnapshotRequest(Occasion.BEFORE_RESTORE, by, note=note)
        backup = await self.historian.take(found.project, request)
        return await self.historian.snapshot(backup.id)


def _change(
    doc: Document, before: ProjectView, wanted: ProjectView, only: ElementRef | None
) -> int:
    if only is None:
        return restore_project(doc, before, wanted)
    return restore_element(doc, before, wanted, only)


@dataclass(frozen=True, slots=True)
class LogEditor:
    """An editor that appends to the log, for a process without rooms. Live rooms of others
    follow the log; what is committed between reading and appending merges as always."""

    log: UpdateLog
    clock: Clock

    async def edit(
        self, project: ProjectId, change: Callable[[Document], T], by: Attribution, role: Role
    ) -> AtSeq[T]:
        """Change the document as it is in the log. Raises ``Forbidden`` unless ``role`` may."""
        if not allows(role, Right.WRITE):
            raise Forbidden(f"a {role.value} may not change this document")
        stored = await self.log.load(project)
        rows = [row.payload for row in stored.tail]
        with closing(Replica.load(rows, checkpoint=stored.checkpoint)) as replica:
            value, event = replica.edit(change, _admit)
        if event is None:
            return AtSeq(value, stored.head)
        batch = Batch(project, (NewUpdate(event, by, self.clock.now()),))
        [appended] = await self.log.append([batch])
        return AtSeq(value, appended.last)

    async def write(
        self, project: ProjectId, update: bytes, shape: UpdateShape, by: Attribution, max_bytes: int
    ) -> Seq:
        """Write an update as a room would take it: within ``max_bytes`` and no deeper than every
        peer survives. Raises a ``PeerError``, and then nothing is written."""
        document = LiveDocument(await self.log.load(project), max_bytes)
        try:
            document.write(update, shape, by, self.clock.now())
            rows = document.take().rows
        finally:
            document.close()
        if not rows:
            return document.seq
        [appended] = await self.log.append([Batch(project, rows)])
        return appended.last


def _admit(_: bytes) -> None:
    """A restored project is no deeper than the schema."""
