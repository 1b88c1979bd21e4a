"""Compaction loses nothing: not what is parked, not who wrote what, in no order of arrival."""

import contextlib
import pickle
from typing import Any

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document import compaction
from server.document.compaction import Row, compact, replay_difference, runs_of
from server.document.moment import Moment
from server.document.replica import Replica, merge
from server.protocol.errors import DocumentDamaged
from server.protocol.ids import Millis, Seq
from server.protocol.ranges import ClockRange
from server.protocol.update import EMPTY_UPDATE
from tests.server.document.histories import document, histories, meaning
from tests.server.document.test_replica import child_of, deletion, typed


def rows_of(payloads: list[bytes], authors: str = "") -> list[Row[str]]:
    names = authors or "a" * len(payloads)
    return [
        Row(Seq(n), name, Millis(1000 + n), payload)
        for n, (name, payload) in enumerate(zip(names, payloads, strict=True), 1)
    ]


def moment(payloads: list[bytes], checkpoint: bytes | None = None) -> Moment:
    with contextlib.closing(Replica.load(payloads, checkpoint=checkpoint)) as replica:
        return replica.moment()


def text_and_nodes(checkpoint: bytes, payloads: list[bytes]) -> object:
    with contextlib.closing(Replica.load(payloads, checkpoint=checkpoint)) as replica:
        assert replica.parked() is None
        return meaning(document([replica.full()]))


def test_a_checkpoint_says_what_its_rows_say_L4() -> None:
    updates = typed("a", "b", "c")
    made = compact(None, rows_of(updates))
    assert made.checkpoint == document(updates).get_update()
    assert moment([], made.checkpoint) == moment(updates)


def test_nothing_compacts_to_the_empty_update() -> None:
    nothing: list[Row[str]] = []
    made = compact(None, nothing)
    assert (made.checkpoint, made.runs) == (EMPTY_UPDATE, ())


def test_parked_structs_survive_and_join_when_the_predecessor_comes_L4() -> None:
    first, second, third = typed("a", "b", "c")
    made = compact(None, rows_of([third, second]))
    nothing: list[Row[str]] = []
    again = compact(made.checkpoint, nothing)
    assert moment([], again.checkpoint).parked_structs == (ClockRange(5, 1, 3),)  # type: ignore[arg-type]
    assert text_and_nodes(again.checkpoint, [first]) == meaning(document([first, second, third]))


def test_parked_deletions_survive_and_happen_when_their_target_comes_L4() -> None:
    updates = typed("a", "b")
    gone = deletion(updates)
    made = compact(None, rows_of([gone]))
    assert moment([], made.checkpoint).parked_deletes == (ClockRange(5, 0, 1),)  # type: ignore[arg-type]
    assert text_and_nodes(made.checkpoint, updates) == meaning(document([*updates, gone]))


def test_parked_chains_of_two_authors_survive_each_step_alone_L4() -> None:
    """Every update waits for another, and each arrives after a compaction of its own."""
    first, second, third, fourth = typed("a", "b", "c", "d")
    others = typed("x", "y", client=9)
    gone = deletion([first, second])
    order = [fourth, others[1], gone, third, second, others[0], first]
    checkpoint = None
    for payload in order:
        checkpoint = compact(checkpoint, rows_of([payload])).checkpoint
    assert checkpoint is not None
    expected = meaning(document([first, second, third, fourth, *others, gone]))
    assert text_and_nodes(checkpoint, []) == expected


def test_what_waits_keeps_company_with_what_is_there_L4() -> None:
    [here] = typed("here", client=2)
    _, late = typed("a", "b")
    made = compact(None, rows_of([here, late]))
    assert moment([], made.checkpoint) == moment([here, late])
    assert compact(made.checkpoint, rows_of([here, late])).checkpoint == made.checkpoint


def test_an_impossible_row_does_not_keep_a_log_from_being_compacted_L4_L7() -> None:
    first, second = typed("hello", " world")
    made = compact(None, rows_of([first, child_of(5, 6), second]))
    assert moment([], made.checkpoint) == moment([first, second])
    waits = compact(None, rows_of([first, child_of(5, 6)]))
    assert moment([second], waits.checkpoint) == moment([first, second])


@given(histories(), st.randoms(use_true_random=False))
def test_compaction_at_any_moments_in_any_order_of_arrival_ends_the_same_L4(
    updates: list[bytes], random: Any
) -> None:
    order = random.sample(updates, k=len(updates)) + random.choices(updates, k=3)
    checkpoint: bytes | None = None
    tail: list[bytes] = []
    for update in order:
        tail.append(update)
        if random.random() < 0.3:
            before = moment(tail, checkpoint)
            checkpoint = compact(checkpoint, rows_of(tail)).checkpoint
            assert moment([], checkpoint) == before
            # What was compacted away may come again.
            tail = [random.choice(tail)] if random.random() < 0.3 else []
    checkpoint = compact(checkpoint, rows_of(tail)).checkpoint
    assert text_and_nodes(checkpoint, []) == meaning(document(updates))


@given(histories(), st.randoms(use_true_random=False))
def test_a_subset_compacted_waits_for_the_rest_L4(updates: list[bytes], random: Any) -> None:
    some = random.sample(updates, k=random.randint(0, len(updates)))
    made = compact(None, rows_of(some))
    assert moment([], made.checkpoint) == moment(some)
    rest = random.sample(updates, k=len(updates))
    assert text_and_nodes(made.checkpoint, rest) == meaning(document(updates))


@given(histories(), st.randoms(use_true_random=False))
def test_a_replay_to_the_end_of_each_run_is_what_the_rows_up_to_there_were_L4(
    updates: list[bytes], random: Any
) -> None:
    rows = rows_of(updates, "".join(random.choice("ab") for _ in updates))
    runs = runs_of(rows)
    for n, run in enumerate(runs, 1):
        assert moment([r.payload for r in runs[:n]]) == moment(updates[: run.last])
    assert [run.first for run in runs[1:]] == [run.last + 1 for run in runs[:-1]]


def test_only_neighbours_of_one_author_are_merged_L4() -> None:
    updates = typed("a", "b", "c", "d")
    runs = compact(None, rows_of(updates, "aaba")).runs
    assert [(run.first, run.last, run.author) for run in runs] == [
        (1, 2, "a"),
        (3, 3, "b"),
        (4, 4, "a"),
    ]
    assert [(run.started_at, run.ended_at) for run in runs] == [
        (1001, 1002),
        (1003, 1003),
        (1004, 1004),
    ]
    assert [run.payload for run in runs[1:]] == updates[2:]


def test_a_row_that_does_not_decode_stops_the_compaction_L4() -> None:
    with pytest.raises(DocumentDamaged):
        compact(None, rows_of([b"\x01"]))
    with pytest.raises(DocumentDamaged):
        compact(b"\x01", rows_of(typed("a")))


def test_a_checkpoint_that_says_something_else_is_never_answered_L4(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [other] = typed("other", client=3)
    for wrong in (other, EMPTY_UPDATE, b"\x01"):
        monkeypatch.setattr(compaction, "_candidates", lambda *_, wrong=wrong: [wrong])
        with pytest.raises(DocumentDamaged):
            compact(None, rows_of(typed("a", "b")))


def test_fsck_tells_whether_a_checkpoint_is_its_history_L4() -> None:
    updates = typed("a", "b", "c")
    made = compact(None, rows_of(updates))
    history = [run.payload for run in made.runs]
    assert replay_difference(made.checkpoint, history) is None
    assert replay_difference(made.checkpoint, updates) is None
    assert replay_difference(None, []) is None
    assert "client 5 at 3 and 2" in str(replay_difference(made.checkpoint, updates[:2]))
    assert replay_difference(made.checkpoint, [*updates, deletion(updates)]) == "deletions differ"
    assert replay_difference(made.checkpoint, [*updates, *typed("x", "y", client=9)[1:]]) == (
        "parked edits differ"
    )
    gone = deletion(typed("x", client=9))
    assert replay_difference(made.checkpoint, [*updates, gone]) == "parked deletions differ"
    assert replay_difference(b"\x01", updates) is not None
    assert replay_difference(made.checkpoint, [b"\x01"]) is not None


def test_input_and_result_cross_to_a_worker_process_L4() -> None:
    rows = rows_of(typed("a", "b"))
    assert pickle.loads(pickle.dumps(rows)) == rows
    made = compact(None, rows)
    assert pickle.loads(pickle.dumps(made)) == made
    assert pickle.loads(pickle.dumps(compact)) is compact


def content(payloads: list[bytes], checkpoint: bytes | None = None) -> str:
    with contextlib.closing(Replica.load(payloads, checkpoint=checkpoint)) as replica:
        return replica.read(lambda doc: str(doc.get("t", type=pycrdt.Text)))


def twice_used() -> list[bytes]:
    """What several documents have written under one client id, in parts and as wholes."""
    pool: list[bytes] = []
    for words in (["p", "A", "q"], ["pB", "r"], ["p", "C"], ["x", "y", "z"]):
        updates = typed(*words, client=9)
        pool += [*updates, document(updates).get_update()]
    return pool


@pytest.mark.parametrize("authors", ["aaaa", "abab", "aabb"])
@given(st.randoms(use_true_random=False))
def test_history_and_checkpoint_say_what_the_document_said_whoever_lied_L4(
    authors: str, random: Any
) -> None:
    order = [random.choice(twice_used()) for _ in authors]
    cut = random.randint(0, len(order))
    first = compact(None, rows_of(order[:cut], authors[:cut]))
    second = compact(first.checkpoint, rows_of(order[cut:], authors[cut:]))
    history = [run.payload for run in first.runs + second.runs]
    assert content([], second.checkpoint) == content(order) == content(history)
    assert replay_difference(second.checkpoint, history) is None


def test_other_content_under_the_same_clocks_is_a_difference_L4() -> None:
    mine, theirs = typed("pA", client=9), typed("pB", client=9)
    checkpoint = compact(None, rows_of(mine)).checkpoint
    assert replay_difference(checkpoint, theirs) == "content differs"


@given(histories(), st.randoms(use_true_random=False))
def test_the_same_content_is_the_same_however_it_came_L4(updates: list[bytes], random: Any) -> None:
    """Neighbours that came apart may stay apart in memory: then the bytes differ, and it takes
    a second look to see that they say the same."""
    order = random.sample(updates, k=len(updates))
    with contextlib.closing(Replica.load(order)) as live:
        full = live.full()
    for payloads in (updates, [merge(order)], [merge(updates)], [full]):
        assert replay_difference(full, payloads) is None


def test_merged_keystrokes_are_one_run() -> None:
    updates = typed(*"abcdefgh")
    rows = [merge(updates[:3]), merge(updates[3:5]), *updates[5:]]
    [run] = compact(None, rows_of(rows)).runs
    assert len(run.payload) < sum(map(len, rows))
    assert content([run.payload]) == "abcdefgh"
