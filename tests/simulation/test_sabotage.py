"""The simulation can fail: each of these rooms breaks one law, and is found out.

Long because each broken room stands beside the others, and there are many ways to break one.
"""

import asyncio
from collections.abc import Callable
from contextlib import closing
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from server.document.live import Live
from server.document.replica import Applied, Replica
from server.protocol.errors import ServerError
from server.protocol.ids import Seq
from server.protocol.messages import SyncStatus, SyncUpdate, encode
from server.room import compactor
from server.room.commands import Read
from server.room.desk import Desk
from server.room.live import Change, LiveDocument, Written
from server.room.peer import Peer
from server.room.ports import Batch, Compacted, CompactionInput, Tail
from server.room.room import Room
from server.room.turn import Turn
from server.session.owed import Owed
from server.session.session import Session
from server.session.table import READING, Action
from tests.simulation.ledger import Violation
from tests.simulation.schedules import schedules
from tests.simulation.steps import Calm, Carry, Connect, Edit, Hold, Paste, Schedule, Stall
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

    def updates(missed: Owed, starts: dict[Any, int], size: int) -> None:
        if starts:
            honest(missed, starts, size)

    honest = Owed.updates
    patch.setattr(Owed, "updates", updates)


def loses_a_portion(patch: pytest.MonkeyPatch) -> None:
    """Every third portion is counted as told, and not sent."""
    honest, sent = Peer.send_portion, count()

    def send_portion(peer: Peer, frame: bytes | None, now: float) -> None:
        honest(peer, None if next(sent) % 3 == 2 else frame, now)

    patch.setattr(Peer, "send_portion", send_portion)


def sends_portions_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    """What a portion holds is in memory, and perhaps not in the log."""
    honest = Peer.next_portion

    def next_portion(peer: Peer, document: LiveDocument) -> bytes | None:
        update = honest(peer, document)
        if update is not None:
            peer.send_portion(encode(SyncUpdate(update)), 0.0)
        return update

    patch.setattr(Peer, "next_portion", next_portion)


def ends_with_the_last_portion(patch: pytest.MonkeyPatch) -> None:
    """The difference that ends a catching up in portions is left out."""
    honest = Session.catch_up

    def catch_up(session: Session) -> Owed:
        large = session.missed.weight > 0
        missed = honest(session)
        return Owed() if large else missed

    patch.setattr(Session, "catch_up", catch_up)


def forgets_what_is_written_meanwhile(patch: pytest.MonkeyPatch) -> None:
    """Who is brought up in portions is not told of what others write until it is done."""
    honest = Owed.updates

    def updates(missed: Owed, starts: dict[Any, int], size: int) -> None:
        if not missed.behind:
            honest(missed, starts, size)

    patch.setattr(Owed, "updates", updates)


def encode_anew(patch: pytest.MonkeyPatch) -> None:
    """No sabotage: the base is encoded anew for every edit. No schedule is long enough for
    that to happen by itself."""
    honest = Live.prepare

    def prepare(live: Live) -> None:
        live._budget = 0
        honest(live)

    patch.setattr(Live, "prepare", prepare)


def keeps_its_place_in_other_bytes(patch: pytest.MonkeyPatch) -> None:
    """Positions in a base that has been encoded anew are believed."""
    encode_anew(patch)
    honest = Live.record
    patch.setattr(Live, "record", lambda live: honest(live)._replace(edition=1))


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
    loses_a_portion,
    ends_with_the_last_portion,
    forgets_what_is_written_meanwhile,
    keeps_its_place_in_other_bytes,
    leaves_out_a_peer,
    tells_of_one_update_in_a_turn,
    logs_nothing_that_waits,
    compacts_without_what_waits,
    compacts_the_tail_alone,
    ignores_other_processes,
    lets_viewers_write,
    ignores_changes_of_role,
]


@pytest.mark.slow
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


@pytest.mark.parametrize("honest", [True, False], ids=["honest", "sabotaged"])
def test_a_portion_that_is_sent_before_its_commit_is_found_out(
    honest: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rare by chance: an edit must come just before the question for the next portion."""
    keys = (Edit(1, 0, 0, "<script>\n", prompt=True),) * 8
    missed = (Connect(0, 0), Calm(), Stall(0, True), Paste(1, 1), Calm(), *keys, Calm())
    one_portion = (Stall(0, False), Stall(0, True), Calm())
    held = (Hold(0, True), Edit(1, 0, 0, "a", prompt=True), Paste(1, 1), Carry(1, True, 9))
    at_once = (*missed, *one_portion, *held, Stall(0, False), Hold(0, False))
    play = Schedule(2, 1, haste=3, backlog=40, difference=0, steps=at_once)
    if honest:
        run(play)
        return
    sends_portions_before_the_commit(monkeypatch)
    with pytest.raises(Violation):
        run(play)


@pytest.mark.slow
def test_encoding_the_base_anew_for_every_edit_breaks_no_law(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or the sabotage that needs it proves nothing."""
    encode_anew(monkeypatch)

    @settings(ENOUGH, max_examples=60)
    @given(schedules())
    def search(schedule: Schedule) -> None:
        run(schedule)

    search()
