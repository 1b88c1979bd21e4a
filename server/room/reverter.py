"""Takes back what an agent run has made, however long ago, and keeps all that people did (L10).

A backup first, then one edit. What does not live here: what is whose
(``server.document.reverting``), and whether the run has ended (who asks looks).
"""

from dataclasses import dataclass
from functools import partial

from server.document.reverting import take_back
from server.protocol.ids import ProjectId, RunId, Seq, UserId
from server.protocol.roles import Role
from server.room.historian import Historian, SnapshotRequest
from server.room.history_ports import Occasion, Snapshot
from server.room.ports import Attribution, Means
from server.room.restorer import Editor


@dataclass(frozen=True, slots=True)
class Reverted:
    """What was taken back. ``backup`` is the project as it was before; ``removed`` elements went,
    ``kept`` ones stayed for what people have written in them."""

    backup: Snapshot
    seq: Seq
    removed: int
    kept: int


@dataclass(frozen=True, slots=True)
class Reverter:
    """Reverts runs, by way of whoever can edit."""

    historian: Historian
    editor: Editor

    async def revert(
        self, project: ProjectId, run: RunId, *, by: UserId | None, role: Role = Role.OWNER
    ) -> Reverted:
        """Take back what is left of a run; doing it twice does nothing more.

        Raises ``NotFound`` for a project that is gone, ``Forbidden`` unless ``role`` may write.
        """
        note = f"before run {run} was reverted"
        backup = await self.historian.take(
            project, SnapshotRequest(Occasion.BEFORE_RESTORE, by, note=note)
        )
        taking = await self.historian.taking_of_run(project, run)
        edited = await self.editor.edit(
            project, partial(take_back, taking=taking), Attribution(by, Means.RESTORE), role
        )
        return Reverted(backup, edited.seq, len(edited.value.removed), len(edited.value.kept))
