"""What Yjs itself makes of edits that contradict themselves, and what holds here nevertheless.

The first test proves the one exemption that the fuzzer's judge makes: docs/DECISIONS.md.
"""

from contextlib import closing

import pycrdt
import pytest

from server.document.compaction import Row, compact
from server.document.replica import Replica
from server.protocol.errors import Malformed
from server.protocol.ids import Millis, Seq
from server.protocol.update import inspect
from tests.hostile.fuzz import moment
from tests.server.document.histories import document
from tests.server.protocol.updates import section, update

VALUES = b"\x28\x01\x01m\x01k\x02\x7e\x7e"
"""Two values under one key, in one item."""
KEYED = [update(section(7, 0, VALUES)), update(deletes=b"\x01\x07\x01\x01\x01")]
"""The same, and the second of them deleted: the item is cut in two."""


def test_a_yjs_document_may_differ_from_what_its_encoding_makes() -> None:
    """When this fails, pycrdt has been mended, and the judge needs no exemption."""
    made = document(KEYED)
    again = document([made.get_update()])
    assert made.get_state() == again.get_state()
    assert [run[1:] for run in moment(made)[1]] == [(1, 2)]
    assert [run[1:] for run in moment(again)[1]] == [(0, 2)]


def test_a_log_of_such_edits_makes_the_same_document_each_time_L3() -> None:
    for row in KEYED:
        inspect(row)
    with closing(Replica.load(KEYED)) as live, closing(Replica.load(KEYED)) as cold:
        assert cold.moment() == live.moment()
        assert cold.full() == live.full()


def test_a_checkpoint_of_such_edits_says_what_they_say_L4() -> None:
    rows = [Row(Seq(n + 1), "mallory", Millis(0), row) for n, row in enumerate(KEYED)]
    with (
        closing(Replica.load((), checkpoint=compact(None, rows).checkpoint)) as loaded,
        closing(Replica.load(KEYED)) as live,
    ):
        assert loaded.moment() == live.moment()


def test_a_refused_edit_breaks_no_character_L3_L7() -> None:
    """It would have been cut by the part of the edit that can be integrated."""
    emoji = update(section(1, 0, b"\x04\x01\x01t\x04\xf0\x9f\x98\x80"))
    wedge = b"\xc4\x01\x00\x01\x01\x01x"
    child_of_text = b"\x28\x00\x01\x00\x01k\x01\x7e"
    with closing(Replica.load([emoji])) as replica:
        before = replica.full()
        with pytest.raises(Malformed):
            replica.apply(update(section(2, 0, wedge, child_of_text)))
        assert replica.full() == before == emoji
        assert replica.read(lambda doc: str(doc.get("t", type=pycrdt.Text))) == "😀"


def test_what_is_known_cannot_break_a_character_L3_L8() -> None:
    emoji = update(section(1, 0, b"\x04\x01\x01t\x04\xf0\x9f\x98\x80"))
    with closing(Replica.load([emoji])) as replica:
        applied = replica.apply(update(section(1, 0, b"\x04\x01\x01t\x01x")))
        assert applied.event is None
        assert not applied.parked
        assert replica.full() == emoji
