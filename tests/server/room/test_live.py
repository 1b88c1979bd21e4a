"""The rows that a live document owes the log say what the document says, and no more."""

from contextlib import closing
from typing import Any

import pycrdt

from server.document.replica import Replica
from server.protocol.ids import Millis, Seq, UserId
from server.protocol.update import inspect
from server.room.live import Change, LiveDocument
from server.room.ports import Attribution, Means, StoredDocument
from tests.server.protocol.updates import map_inside, section, update

ADA = Attribution(UserId("ada"), Means.CLIENT)
BO = Attribution(UserId("bo"), Means.CLIENT)


def typed(words: str, client: int) -> bytes:
    """Text in the root "t"."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=client)
    doc.get("t", type=pycrdt.Text).insert(0, words)
    return doc.get_update()


def written(*writes: tuple[bytes, Attribution]) -> tuple[Change, bytes, bytes]:
    """What one turn of these writes owes; the document, and what a cold start makes of it."""
    live = LiveDocument(StoredDocument(Seq(0), None, (), 0), 1 << 20)
    with closing(live):
        for data, by in writes:
            live.write(data, inspect(data), by, Millis(0))
        change = live.take()
        with closing(Replica.load([row.payload for row in change.rows])) as cold:
            return change, live.replica.full(), cold.full()


def test_consecutive_edits_of_one_author_become_one_row__L3() -> None:
    writes = [(typed("a", 1), ADA), (typed("b", 2), ADA), (typed("c", 3), BO), (typed("d", 4), ADA)]
    change, live, cold = written(*writes)
    assert [row.by for row in change.rows] == [ADA, BO, ADA]
    assert live == cold


def test_two_versions_of_the_same_clocks_are_not_merged_into_one_row__L1_L3() -> None:
    waits = update(section(9, 0, map_inside(5, 0)))
    change, live, cold = written((waits, ADA), (typed("seen by all", 9), ADA))
    assert len(change.rows) == 2
    assert b"seen by all" in live
    assert live == cold
