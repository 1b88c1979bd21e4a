"""The simulation can fail: each of these rooms breaks one law, and is found out."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from server.document.replica import Applied, Replica
from server.protocol.errors import ServerError
from server.protocol.ids import Seq
from server.protocol.messages import SyncStatus, SyncUpdate, encode
from server.room import compactor
from server.room.commands import Read
from server.room.desk import Desk
from server.room.live import Change, LiveDocument, Written
from server.room.ports import Batch, Compacted, CompactionInput, Tail
from server.room.room import Room
from server.room.turn import Turn
from server.session.owed import Owed
from server.session.table import READING, Action
from tests.simulation.ledger import Violation
from tests.simulation.schedules import schedules
from tests.simulation.steps import Calm, Connect, Edit, Paste, Schedule, Stall
from tests.simulation.world import run

ENOUGH = settings(
    max_examples=400,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    report_multiple_bugs=False,
)

Sabotage = Callable[[pytest.MonkeyPatch], None]


def _nothing(*_: object) -> None:
    """Instead of what should be done."""


def tells_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    """Commits in the background."""
    pending: set[asyncio.Task[Any]] = set()

    async def commit(room: Room, change: Change, desk: Desk) -> Seq:
        if change.rows:
            batch = Batch(room.project, change.rows)
            task = asyncio.get_running_loop().create_task(room._committer.commit(batch))
            task.add_done_callback(lambda done: done.exception())
            pending.add(task)
            desk.document.seq = Seq(desk.document.seq + len(change.rows))
        return desk.document.seq

    patch.setattr(Room, "_commit", commit)


def hides_a_failed_commit(patch: pytest.MonkeyPatch) -> None:
    """Goes on as if nothing had happened."""
    honest = Room._commit

    async def commit(room: Room, change: Change, desk: Desk) -> Seq:
        try:
            return await honest(room, change, desk)
        except ServerError:
            return desk.document.seq

    patch.setattr(Room, "_commit", commit)


def answers_readers_at_once(patch: pytest.MonkeyPatch) -> None:
    """A program sees what is not committed yet."""

    def read(desk: Desk, command: Read, turn: Turn) -> None:
        command.answer.set_result(command.question(desk.document.replica))

    patch.setattr(Desk, "_read", read)


def says_saved_at_once(patch: pytest.MonkeyPatch) -> None:
    """SyncStatus comes back before the commit."""

    honest = Desk.write_letters

    def write_letters(desk: Desk, turn: Turn) -> None:
        for peer, owed in turn.owed.values():
            if owed.confirmation is not None:
                peer.send(encode(SyncStatus(owed.confirmation)), turn.now)
        honest(desk, turn)

    patch.setattr(Desk, "write_letters", write_letters)


def withholds_without_a_note(patch: pytest.MonkeyPatch) -> None:
    """What a slow reader misses is forgotten."""
    patch.setattr(Owed, "updates", _nothing)


def notes_no_deletions(patch: pytest.MonkeyPatch) -> None:
    """A slow reader is made up to only where something was inserted."""

    def updates(missed: Owed, starts: dict[Any, int]) -> None:
        if starts:
            honest(missed, starts)

    honest = Owed.updates
    patch.setattr(Owed, "updates", updates)


def leaves_out_a_peer(patch: pytest.MonkeyPatch) -> None:
    """The last peer is told of no update."""
    honest = Turn._broadcast_update
    patch.setattr(
        Turn, "_broadcast_update", lambda turn, event, peers: honest(turn, event, peers[:-1])
    )


def tells_of_one_update_in_a_turn(patch: pytest.MonkeyPatch) -> None:
    """When several came at once, only the first is passed on."""
    honest = LiveDocument.take

    def take(document: LiveDocument) -> Change:
        del document._events[1:]
        return honest(document)

    patch.setattr(LiveDocument, "take", take)


def logs_nothing_that_waits(patch: pytest.MonkeyPatch) -> None:
    """A parked update gets no row."""
    honest = Replica.apply

    def apply(replica: Replica, *args: Any) -> Applied:
        return Applied(honest(replica, *args).event, False)

    patch.setattr(Replica, "apply", apply)


def never_asks_for_the_beginning(patch: pytest.MonkeyPatch) -> None:
    """What waits, waits: no law is broken by that alone."""
    honest = LiveDocument.write

    def write(document: LiveDocument, *args: Any) -> Written:
        written = honest(document, *args)
        return Written.CHANGED if written is Written.PARKED else written

    patch.setattr(LiveDocument, "write", write)


def compacts_without_what_waits(patch: pytest.MonkeyPatch) -> None:
    """The checkpoint is pycrdt's own encoding, and nobody is asked for it again."""
    honest = compactor.merged
    never_asks_for_the_beginning(patch)

    def merged(source: CompactionInput) -> Compacted:
        rows = [row.payload for row in source.updates]
        with closing(Replica.load(rows, checkpoint=source.checkpoint)) as replica:
            return Compacted(replica.full(), honest(source).runs)

    patch.setattr(compactor, "merged", merged)


def compacts_the_tail_alone(patch: pytest.MonkeyPatch) -> None:
    """The previous checkpoint is lost."""
    honest = compactor.merged

    def merged(source: CompactionInput) -> Compacted:
        bare = CompactionInput(source.project, None, source.updates, source.row_ids)
        return Compacted(honest(bare).checkpoint, honest(source).runs)

    patch.setattr(compactor, "merged", merged)


def ignores_other_processes(patch: pytest.MonkeyPatch) -> None:
    """Rows of others are counted and not read."""

    def absorb(document: LiveDocument, tail: Tail) -> None:
        document.seq = tail.head

    patch.setattr(LiveDocument, "absorb", absorb)


def lets_viewers_write(patch: pytest.MonkeyPatch) -> None:
    """The table is wrong in one place."""
    patch.setitem(READING, SyncUpdate, Action.APPLY)


def ignores_changes_of_role(patch: pytest.MonkeyPatch) -> None:
    """Rights are asked for once."""
    patch.setattr(Desk, "_set_role", _nothing)


SABOTAGES = [
    tells_before_the_commit,
    hides_a_failed_commit,
    answers_readers_at_once,
    says_saved_at_once,
    withholds_without_a_note,
    leaves_out_a_peer,
    tells_of_one_update_in_a_turn,
    logs_nothing_that_waits,
    compacts_without_what_waits,
    compacts_the_tail_alone,
    ignores_other_processes,
    lets_viewers_write,
    ignores_changes_of_role,
]


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.__name__)
def test_a_room_that_breaks_a_law_is_found_out(
    sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sabotage(monkeypatch)

    @ENOUGH
    @given(schedules())
    def search(schedule: Schedule) -> None:
        run(schedule)

    with pytest.raises(Violation):
        search()


def test_a_deletion_that_a_slow_reader_is_not_told_of_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rare by chance: whatever else the reader misses brings the deletions with it."""
    notes_no_deletions(monkeypatch)
    before = (Connect(0, 0), Calm(), Stall(0, stalled=True), Paste(1, 1), Calm())
    deletion = Edit(1, 2, 5, "", prompt=True)
    with pytest.raises(Violation):
        run(Schedule(guests=2, houses=1, haste=30, backlog=40, steps=(*before, deletion)))
