"""Histories that somebody brings: what does not hold together is one error (L7)."""

from dataclasses import replace
from typing import Any

import pycrdt
import pytest

from server.document.pieces import deletion
from server.protocol.errors import Invalid, PeerError, TooDeep, TooLarge
from server.protocol.ids import ClientId, Millis, Seq, UserId
from server.protocol.ranges import ClockRange
from server.room.history_ports import HistoryBase, Occasion, RecoveredText
from server.room.ports import Attribution, HistoryRun, LoggedUpdate, Means
from server.room.transfer import checked, checked_states
from server.room.transfer_ports import CarriedProject, CarriedSnapshot

ADA = Attribution(UserId("ada"), Means.CLIENT)
NOW = Millis(1_700_000_000_000)
LIMIT = 1 << 20


def typed(words: str) -> list[bytes]:
    """Updates of somebody who types."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=7)
    text, updates = doc.get("t", type=pycrdt.Text), []
    for word in words.split():
        before = doc.get_state()
        text += word
        updates.append(doc.get_update(before))
    return updates


ROWS = typed("one two three four five six")


def run(first: int, last: int) -> HistoryRun:
    """Rows as compaction would have merged them."""
    payload = pycrdt.merge_updates(*ROWS[first - 1 : last])
    return HistoryRun(Seq(first), Seq(last), ADA, NOW, NOW, payload)


def row(seq: int) -> LoggedUpdate:
    return LoggedUpdate(Seq(seq), ROWS[seq - 1], ADA, NOW)


SITTING = HistoryRun(Seq(1), Seq(2), ADA, NOW, NOW, deletion([ClockRange(ClientId(7), 0, 3)]))
BASE = HistoryBase(Seq(2), pycrdt.merge_updates(*ROWS[:2]), (SITTING,), ())
SNAPSHOT = CarriedSnapshot(Seq(3), Occasion.NAMED, None, "n", "", NOW, "0" * 64)
WHOLE = CarriedProject(
    title="Plan",
    description="",
    head=Seq(6),
    base=BASE,
    chunks=((run(3, 3),), (run(4, 4),)),
    tail=(row(5), row(6)),
    authors={},
    snapshots=(SNAPSHOT,),
    states=(),
)
STATE = pycrdt.merge_updates(*ROWS)


def test_one_that_holds_together_has_checkpoints_at_its_last_two_ends_L4() -> None:
    found = checked(WHOLE, STATE, LIMIT)
    assert found.carried == WHOLE
    assert list(found.checkpoints) == [3, 4]
    for seq, checkpoint in found.checkpoints.items():
        doc: pycrdt.Doc[Any] = pycrdt.Doc()
        doc.apply_update(checkpoint)
        assert str(doc.get("t", type=pycrdt.Text)) == "onetwothreefour"[: 11 if seq == 3 else 15]


def test_a_young_one_is_its_rows() -> None:
    young = replace(WHOLE, base=None, chunks=(), tail=tuple(row(n) for n in range(1, 7)))
    assert checked(young, STATE, LIMIT).checkpoints == {}
    nothing = replace(young, head=Seq(0), tail=(), snapshots=())
    assert checked(nothing, b"\0\0", LIMIT).checkpoints == {}


def nested(depth: int) -> bytes:
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=9)
    at = doc.get("m", type=pycrdt.Map)
    for _ in range(depth):
        at["x"] = pycrdt.Map()
        at = at["x"]
    return doc.get_update()


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("a row is missing", {"tail": (row(6),)}),
        ("a row is there twice", {"tail": (row(5), row(5), row(6))}),
        ("the head is elsewhere", {"head": Seq(7)}),
        ("a chunk is missing", {"chunks": ((run(4, 4),),)}),
        ("a chunk is empty", {"chunks": ((), (run(3, 3),), (run(4, 4),))}),
        ("a run goes backwards", {"chunks": ((replace(run(3, 4), last=Seq(2)),),)}),
        ("the base is before all rows", {"base": replace(BASE, seq=Seq(0))}),
        ("a snapshot is of tomorrow", {"snapshots": (replace(SNAPSHOT, seq=Seq(9)),)}),
        ("a row is no update", {"tail": (row(5), replace(row(6), payload=b"\x01\x01"))}),
        ("a row is empty", {"tail": (row(5), replace(row(6), payload=b""))}),
        ("a row is another", {"tail": (row(5), replace(row(6), payload=typed("other")[0]))}),
        (
            "a sitting has content",
            {"base": replace(BASE, sittings=(replace(SITTING, payload=ROWS[0]),))},
        ),
        (
            "a sitting is after the base",
            {"base": replace(BASE, sittings=(replace(SITTING, last=Seq(3)),))},
        ),
        (
            "a recovered text is after the base",
            {"base": replace(BASE, recovered=(RecoveredText(Seq(3), ADA, NOW, None, "x"),))},
        ),
    ],
)
def test_what_does_not_hold_together_is_refused__L7(what: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(PeerError) as refused:
        checked(replace(WHOLE, **wrong), STATE, LIMIT)
    assert refused.value.message, what


def test_a_history_that_leads_elsewhere_is_refused__L4() -> None:
    with pytest.raises(Invalid, match="does not lead to the document"):
        checked(WHOLE, pycrdt.merge_updates(*ROWS[:5]), LIMIT)


def test_depth_and_size_are_those_of_a_room__L7() -> None:
    deep = replace(WHOLE, tail=(row(5), replace(row(6), payload=nested(20))))
    with pytest.raises(TooDeep):
        checked(deep, STATE, LIMIT)
    with pytest.raises(TooLarge):
        checked(WHOLE, STATE, len(STATE) - 1)


def test_states_are_tried_before_they_are_kept__L7() -> None:
    assert list(checked_states([STATE, ROWS[0]], LIMIT)) == [STATE, ROWS[0]]
    for state, most, error in (
        (STATE, 5, TooLarge),
        (nested(20), LIMIT, TooDeep),
        (b"\xff" * 9, LIMIT, PeerError),
    ):
        with pytest.raises(error):
            list(checked_states([state], most))
