"""Thinned history: small, and still true about who wrote what (L4)."""

from typing import Any

import pycrdt
from hypothesis import given
from hypothesis import strategies as st

from server.document.blame import blame
from server.document.compaction import Row, Run, runs_of
from server.document.elements import ElementRef, Kind
from server.document.lost import Written, lost_texts
from server.document.pieces import ranges
from server.document.replica import Replica
from server.document.sittings import PAUSE, Sitting, numbered, sittings
from server.document.thinning import Thinned, authorship_of, surviving, thin
from server.protocol.ids import Millis, Seq
from tests.server.document.histories import histories
from tests.server.document.test_blame import Writers, strokes
from tests.server.document.test_lost import story


def run(seq: int, author: str, payload: bytes, at: int = 0) -> Run[str]:
    return Run(Seq(seq), Seq(seq), author, Millis(at), Millis(at), payload)


def state_of(payloads: list[bytes]) -> bytes:
    replica = Replica.load(payloads)
    state = replica.everything()
    replica.close()
    return state


@given(histories(), st.integers(0, 25), st.integers(0, 25))
def test_a_thinned_history_says_the_same_as_the_whole_one_L4(
    updates: list[bytes], one: int, other: int
) -> None:
    rows = [Row(Seq(n), f"w{n % 3}", Millis(n), u) for n, u in enumerate(updates, start=1)]
    runs = runs_of(rows)
    first, second = sorted((one % (len(runs) + 1), other % (len(runs) + 1)))
    base = thin(None, runs[:first]) if first else None
    if second > first:
        base = thin(base, runs[first:second])
    rest = [run.payload for run in runs[second:]]
    states = [] if base is None else [base.state]
    assert state_of([*states, *rest]) == state_of(updates)
    whole, thinned = authorship_of(None, runs), authorship_of(base, runs[second:])
    for alive in surviving(state_of(updates)):
        assert list(thinned.of(alive)) == list(whole.of(alive))


@given(strokes)
def test_blame_of_a_thinned_history_names_everybody_L4(
    script: list[tuple[str, int, str, int]],
) -> None:
    writers = Writers()
    runs = [run(0, "seed", writers.doc.get_update())]
    for n, stroke in enumerate(script, start=1):
        before = writers.doc.get_state()
        writers.write(*stroke)
        runs.append(run(n, stroke[0], writers.doc.get_update(before)))
    base = thin(None, runs)
    found = blame(base.state, ElementRef(Kind.SECTION, "s"), authorship_of(base, ()))
    letters = [(letter, span.author) for span in found for letter in span.text]
    assert letters == writers.ledger


def test_deleted_text_takes_no_room_and_its_author_is_still_known_to_have_worked() -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=1)
    text = doc.get("t", type=pycrdt.Text)
    text += "x" * 10_000
    runs = [run(1, "ada", doc.get_update())]
    before = doc.get_state()
    del text[0:9_990]
    runs.append(run(2, "bob", doc.get_update(before)))
    base = thin(None, runs)
    assert len(base.state) < 200
    assert [(work.author, work.first, work.last) for work in base.works] == [
        ("ada", 1, 1),
        ("bob", 2, 2),
    ]
    assert [ranges(work.payload).deletes for work in base.works] == [((1, 9_990, 10_000),), ()]


def test_text_that_came_too_late_outlives_thinning_L6() -> None:
    rows = story(recreate=True)
    runs = [run(n, row.label, row.payload) for n, row in enumerate(rows, start=1)]
    whole = lost_texts(None, [Written(one, one.payload) for one in runs])
    base = thin(thin(None, runs[:1]), runs[1:])
    assert [(one.label.author, one.label.first, one.text) for one in base.lost] == [
        (one.label.author, one.label.first, one.text) for one in whole
    ]
    assert thin(base, [run(9, "ada", rows[0].payload)]).lost == base.lost


def work(seq: int, who: str, at: int) -> Sitting[str]:
    return Sitting(Seq(seq), Seq(seq), who, Millis(at), Millis(at), ())


def test_a_sitting_ends_with_a_pause_and_not_with_somebody_else() -> None:
    minute = 60_000
    works = [
        work(1, "ada", 0),
        work(2, "bob", minute),
        work(3, "ada", 2 * minute),
        work(4, "ada", 2 * minute + PAUSE),
        work(5, "bob", 2 * minute + PAUSE),
        work(6, "bob", minute + PAUSE),
    ]
    found = sittings(numbered(works))
    assert [(one.author, one.first, one.last, one.parts) for one in found] == [
        ("bob", 2, 2, (1,)),
        ("ada", 1, 4, (0, 2, 3)),
        ("bob", 5, 6, (4, 5)),
    ]


def test_times_of_a_sitting_are_its_least_and_largest_since_clocks_go_back() -> None:
    found = sittings(numbered([work(1, "ada", 5_000), work(2, "ada", 1_000)]))
    assert [(one.started_at, one.ended_at) for one in found] == [(1_000, 5_000)]


def test_thinning_nothing_keeps_the_base() -> None:
    base: Thinned[str] = thin(None, [run(1, "ada", story(recreate=False)[0].payload)])
    assert thin(base, []) == base
