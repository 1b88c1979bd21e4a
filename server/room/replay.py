"""Whether a stored document is what its history says: the document's half of ``fsck``.

The store checks bytes and digests; this replays them. It runs in a thread of a
command, never beside live rooms.
"""

from collections.abc import Sequence
from contextlib import closing

from server.document.compaction import replay_difference
from server.document.replica import Replica
from server.protocol.errors import DocumentDamaged
from server.room.ports import HistoryRun, LoggedUpdate


def replay(
    checkpoint: bytes | None, history: Sequence[HistoryRun], tail: Sequence[LoggedUpdate]
) -> str | None:
    """What is wrong with the document that these make; None if nothing is."""
    if checkpoint is not None:
        difference = replay_difference(checkpoint, [run.payload for run in history])
        if difference is not None:
            return f"the checkpoint is not what its history gives: {difference}"
    try:
        with closing(Replica.load([row.payload for row in tail], checkpoint=checkpoint)):
            return None
    except DocumentDamaged as error:
        return f"the document does not load: {error.message}"


def rebuilt(history: Sequence[HistoryRun]) -> bytes:
    """The document that a history gives, as a checkpoint. Raises ``DocumentDamaged``."""
    with closing(Replica.load([run.payload for run in history])) as replica:
        return replica.everything()
