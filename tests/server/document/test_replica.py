"""A replica tells exactly what an update did, loses nothing, and survives any bytes.

Long because every way in which an update can arrive has its own small test.
"""

import contextlib
import gc
import json
import weakref
from collections.abc import Iterator
from random import Random
from typing import Any

import pycrdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.document.replica import Applied, Replica, merge
from server.protocol.errors import DocumentDamaged, Malformed, PeerError
from server.protocol.ids import ClientId
from server.protocol.update import EMPTY_UPDATE, inspect, read_state_vector
from tests.interop.node import run_script
from tests.server.document.histories import WORDS, Step, document, histories, meaning, written

VICTIM = 5
MANY = 64


def typed(*words: str, client: int = VICTIM) -> list[bytes]:
    """One update for each word appended to the root text "t"."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=client)
    updates: list[bytes] = []
    text = doc.get("t", type=pycrdt.Text)
    watch = doc.observe(lambda event: updates.append(event.update))
    for word in words:
        text += word
    doc.unobserve(watch)
    return updates


def deletion(updates: list[bytes]) -> bytes:
    """The removal of the first character of a text that these updates made."""
    doc = document(updates)
    seen: list[bytes] = []
    text = doc.get("t", type=pycrdt.Text)
    watch = doc.observe(lambda event: seen.append(event.update))
    del text[0:1]
    doc.unobserve(watch)
    return seen[0]


def child_of(client: int, clock: int, *, author: int = 7, at: int = 0) -> bytes:
    """A map entry whose parent is the item (client, clock): impossible if that is text."""
    item = bytes([0x28, 0, client, clock, 1, ord("k"), 1, 119, 1, ord("v")])
    return bytes([1, 1, author, at]) + item + b"\x00"


@pytest.fixture
def replica() -> Iterator[Replica]:
    with contextlib.closing(Replica()) as made:
        yield made


def test_an_update_yields_its_own_event_and_a_second_time_nothing_L3(replica: Replica) -> None:
    [update] = typed("hello")
    assert replica.apply(update) == Applied(update, False)
    assert replica.apply(update) == Applied(None, False)
    assert replica.apply(EMPTY_UPDATE) == Applied(None, False)


def test_an_update_without_its_predecessor_is_parked_once_L3_L4(replica: Replica) -> None:
    first, second = typed("a", "b")
    assert replica.apply(second) == Applied(None, True)
    assert replica.apply(second) == Applied(None, False)
    assert replica.full() == EMPTY_UPDATE
    assert replica.parked() == second
    applied = replica.apply(first)
    assert applied.event is not None
    assert not applied.parked
    assert replica.parked() is None
    assert document([applied.event]).get_update() == replica.full()


def test_typing_beside_what_has_not_come_waits_for_it_L3_L4(replica: Replica) -> None:
    first = typed("ab")
    other: pycrdt.Doc[Any] = pycrdt.Doc(client_id=VICTIM + 1)
    other.apply_update(first[0])
    said: list[bytes] = []
    watch = other.observe(lambda event: said.append(event.update))
    other.get("t", type=pycrdt.Text).insert(1, "between")
    other.unobserve(watch)
    shape = inspect(said[0])
    assert shape.rests_on == ((VICTIM, 0), (VICTIM, 1))
    assert replica.apply(said[0], shape) == Applied(None, True)
    assert replica.apply(first[0], inspect(first[0])).event is not None
    assert replica.parked() is None
    assert replica.full() == document([*first, *said]).get_update()


def test_typing_that_names_no_place_waits_for_nothing_L3(replica: Replica) -> None:
    updates = typed("one", "two")
    for update in updates:
        assert replica.apply(update, inspect(update)) == Applied(update, False)
        assert replica.apply(update, inspect(update)) == Applied(None, False)
    assert replica.full() == document(updates).get_update()


def test_a_question_that_writes_is_found_out_after_typing(replica: Replica) -> None:
    [update] = typed("hello")
    replica.apply(update, inspect(update))
    with pytest.raises(RuntimeError, match="wrote"):
        replica.read(lambda doc: doc.get("t", type=pycrdt.Text).insert(0, "x"))


def test_a_deletion_without_its_target_is_parked_once_L3_L4(replica: Replica) -> None:
    updates = typed("a", "b")
    gone = deletion(updates)
    assert replica.apply(gone) == Applied(None, True)
    assert replica.apply(gone) == Applied(None, False)
    assert replica.parked() == gone
    for update in updates:
        assert replica.apply(update).event is not None
    assert replica.parked() is None
    assert replica.apply(gone) == Applied(None, False)


def test_an_update_of_which_a_part_waits_has_an_event_and_is_parked_L3(replica: Replica) -> None:
    _, waits = typed("a", "b")
    [goes] = typed("x", client=9)
    applied = replica.apply(merge([goes, waits]))
    assert applied == Applied(goes, True)
    assert replica.apply(merge([goes, waits])) == Applied(None, False)


def test_a_merge_of_what_waits_already_is_redundant_L3(replica: Replica) -> None:
    _, second, third = typed("a", "b", "c")
    assert replica.apply(third).parked
    assert replica.apply(second).parked
    assert replica.apply(merge([second, third])) == Applied(None, False)


def test_more_waiting_parts_than_are_kept_apart_are_all_kept_L4(replica: Replica) -> None:
    words = [chr(97 + n % 26) for n in range(MANY + 10)]
    updates = typed(*words)
    for update in reversed(updates[1:]):
        assert replica.apply(update).parked
    replica.apply(updates[0])
    assert replica.parked() is None
    assert replica.full() == document(updates).get_update()


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_with_repetitions_ends_the_same_L4(updates: list[bytes], random: Any) -> None:
    order = updates * 2
    random.shuffle(order)
    with contextlib.closing(Replica.load(order)) as replica:
        assert meaning(document([replica.full()])) == meaning(document(updates))
        assert replica.parked() is None


@given(histories(), st.randoms(use_true_random=False))
def test_the_rows_that_must_be_logged_are_enough_L3(updates: list[bytes], random: Any) -> None:
    order = random.choices(updates, k=2 * len(updates))
    with contextlib.closing(Replica()) as live:
        rows = []
        for update in order:
            applied = live.apply(update, inspect(update))
            if applied.event is not None or applied.parked:
                rows.append(update)
        with contextlib.closing(Replica.load(rows)) as replayed:
            assert meaning(document([replayed.full()])) == meaning(document([live.full()]))
            assert replayed.state_vector() == live.state_vector()
            for update in updates:
                assert replayed.apply(update).event == live.apply(update).event


@given(histories(), st.randoms(use_true_random=False))
def test_whoever_applies_only_the_events_ends_with_the_same_document(
    updates: list[bytes], random: Any
) -> None:
    order = random.sample(updates, k=len(updates))
    with contextlib.closing(Replica()) as replica, contextlib.closing(Replica()) as follower:
        for update in order:
            event = replica.apply(update, inspect(update)).event
            if event is not None:
                follower.apply(event)
        assert meaning(document([follower.full()])) == meaning(document(updates))


def held(replica: Replica) -> dict[ClientId, int]:
    """The clocks of clients of whom the replica has the beginning."""
    state = read_state_vector(replica.state_vector())
    return {client: clock for client, clock in state.items() if clock}


@given(histories(), st.randoms(use_true_random=False))
def test_redundant_means_that_applying_changes_nothing_L8(
    updates: list[bytes], random: Any
) -> None:
    known = random.sample(updates, k=random.randint(0, len(updates)))
    with contextlib.closing(Replica.load(known)) as replica:
        for update in updates:
            shape = inspect(update)
            state = held(replica)
            early = any(state.get(run.client, 0) < run.end for run in shape.structs + shape.deletes)
            with contextlib.closing(Replica.load(known)) as other:
                applied = other.apply(update, shape)
            if replica.redundant(shape):
                assert applied == Applied(None, False)
            else:
                assert applied != Applied(None, False) or early


@given(histories(), st.randoms(use_true_random=False))
def test_missing_since_brings_back_one_who_missed_the_last_updates_L6(
    updates: list[bytes], random: Any
) -> None:
    cut = random.randint(0, len(updates))
    starts: dict[ClientId, int] = {}
    for update in updates[cut:]:
        for run in inspect(update).structs:
            starts[run.client] = min(run.start, starts.get(run.client, run.start))
    behind = document(updates[:cut])
    with contextlib.closing(Replica.load(updates)) as replica:
        behind.apply_update(replica.missing_since(starts))
        assert meaning(behind) == meaning(document([replica.full()]))
        assert replica.missing_since({ClientId(999): 3}) == replica.diff(replica.state_vector())


def test_a_difference_is_what_the_other_lacks(replica: Replica) -> None:
    first, second = typed("a", "b")
    replica.apply(first)
    state_vector = replica.state_vector()
    replica.apply(second)
    assert replica.diff(state_vector) == second
    assert replica.diff(b"\x00") == replica.full()


@pytest.mark.parametrize("data", [b"", b"\x01", b"\xff" * 12, b"\x01\x05"])
def test_a_state_vector_that_does_not_decode_is_malformed_L7(replica: Replica, data: bytes) -> None:
    with pytest.raises(Malformed):
        replica.diff(data)


@pytest.mark.parametrize("data", [b"", b"\x01", b"\xff" * 20, b"\x00", b"\x01\x01\x05"])
def test_an_update_that_does_not_decode_is_malformed_and_changes_nothing_L7(
    replica: Replica, data: bytes
) -> None:
    [update] = typed("hello")
    replica.apply(update)
    with pytest.raises(Malformed):
        replica.apply(data)
    with pytest.raises(Malformed):
        merge([data, update])
    assert replica.full() == update
    with pytest.raises(DocumentDamaged):
        Replica.load([update, data])
    with pytest.raises(DocumentDamaged):
        Replica.load([update], checkpoint=data)


def test_an_impossible_update_is_malformed_and_leaves_no_trace_L7(replica: Replica) -> None:
    first, second = typed("hello", " world")
    replica.apply(first)
    bad = merge([typed("x", client=3)[0], child_of(VICTIM, 2)])
    before = replica.full()
    with pytest.raises(Malformed):
        replica.apply(bad)
    assert replica.full() == before
    assert replica.apply(second) == Applied(second, False)


def test_an_impossible_update_that_waited_does_not_fail_its_predecessor_L7(
    replica: Replica,
) -> None:
    first, second, third = typed("hello", " world", "!")
    [innocent] = typed("x", "y", client=3)[1:]
    replica.apply(first)
    assert replica.apply(child_of(VICTIM, 6)).parked
    assert replica.apply(innocent).parked
    assert replica.apply(second) == Applied(second, False)
    assert replica.apply(third) == Applied(third, False)
    assert replica.parked() == innocent
    with pytest.raises(Malformed):
        replica.apply(child_of(VICTIM, 6))


def test_a_log_with_an_impossible_row_loads_in_either_order_L2_L7() -> None:
    first, second = typed("hello", " world")
    bad = merge([typed("x", client=3)[0], child_of(VICTIM, 6)])
    for rows in ([first, bad, second], [first, second, bad], [bad, first, second]):
        with contextlib.closing(Replica.load(rows)) as replica:
            assert replica.full() == document([first, second, *typed("x", client=3)]).get_update()
            assert replica.parked() is None


def test_recovery_outlives_a_new_base(replica: Replica) -> None:
    updates = typed(*("word" for _ in range(600)))
    for update in updates:
        replica.apply(update)
    before = replica.full()
    with pytest.raises(Malformed):
        replica.apply(child_of(VICTIM, 2))
    assert replica.full() == before


@settings(max_examples=60)
@given(histories(), st.data())
def test_any_bytes_are_applied_or_refused_and_then_nothing_has_changed_L7(
    updates: list[bytes], data: st.DataObject
) -> None:
    with contextlib.closing(Replica.load(updates[: len(updates) // 2])) as replica:
        for _ in range(5):
            damaged = bytearray(data.draw(st.sampled_from(updates)))
            for _ in range(data.draw(st.integers(1, 3))):
                at = data.draw(st.integers(0, len(damaged) - 1))
                damaged[at] = data.draw(st.integers(0, 255))
            before = (replica.full(), replica.state_vector(), replica.parked())
            try:
                update = bytes(damaged)
                replica.apply(update, inspect(update) if data.draw(st.booleans()) else None)
            except PeerError:
                assert (replica.full(), replica.state_vector(), replica.parked()) == before
        for update in updates:
            with contextlib.suppress(PeerError):
                replica.apply(update)


def test_a_question_is_answered_and_must_not_write(replica: Replica) -> None:
    [update] = typed("hello")
    replica.apply(update)
    assert replica.read(lambda doc: str(doc.get("t", type=pycrdt.Text))) == "hello"

    def scribble(doc: "pycrdt.Doc[Any]") -> None:
        doc.get("t", type=pycrdt.Text).insert(0, "x")

    with pytest.raises(RuntimeError, match="wrote"):
        replica.read(scribble)


def test_a_closed_replica_is_freed_L5() -> None:
    replica = Replica.load(typed("hello"))
    held = weakref.ref(replica._live.doc)
    replica.close()
    replica.close()
    gc.collect()
    assert held() is None


def test_a_replica_that_does_not_load_is_freed_L5() -> None:
    gc.collect()
    before = sum(isinstance(thing, pycrdt.Doc) for thing in gc.get_objects())
    with pytest.raises(DocumentDamaged):
        Replica.load([b"\x00"])
    gc.collect()
    assert sum(isinstance(thing, pycrdt.Doc) for thing in gc.get_objects()) == before


@pytest.mark.node
def test_a_genuine_step_2_is_redundant_in_a_document_full_of_deletions_L8(
    replica: Replica,
) -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=8)
    nodes: pycrdt.Map[Any] = doc.get("m", type=pycrdt.Map)
    for n in range(40):
        nodes[f"k{n % 4}"] = pycrdt.Map({"content": pycrdt.Text("some text")})
        if n % 3 == 0:
            del nodes[f"k{n % 4}"]
    text = doc.get("t", type=pycrdt.Text)
    text += "日本語 and more"
    del text[0:6]
    update = doc.get_update()
    replica.apply(update)
    request = {"updates": [update.hex()], "state_vector": replica.state_vector().hex()}
    idle = json.loads(run_script("step2.mjs", json.dumps({**request, "edits": []})))
    step2 = bytes.fromhex(idle["step2"])
    shape = inspect(step2)
    assert shape.deletes
    assert not shape.structs
    assert replica.redundant(shape)
    assert replica.apply(step2) == Applied(None, False)
    request = {"updates": [update.hex()], "state_vector": "00", "edits": []}
    whole = bytes.fromhex(json.loads(run_script("step2.mjs", json.dumps(request)))["step2"])
    assert replica.redundant(inspect(whole))
    changing = {**request, "state_vector": replica.state_vector().hex(), "edits": [["a", 1]]}
    busy = bytes.fromhex(json.loads(run_script("step2.mjs", json.dumps(changing)))["step2"])
    assert not replica.redundant(inspect(busy))
    assert replica.apply(busy).event is not None


@pytest.mark.node
def test_a_genuine_removal_is_not_redundant_L8(replica: Replica) -> None:
    [update] = typed("hello")
    replica.apply(update)
    request = {"update": update.hex(), "edits": [{"at": 0, "remove": 2}]}
    answer = json.loads(run_script("offsets.mjs", json.dumps(request)))
    assert not replica.redundant(inspect(bytes.fromhex(answer["update"])))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_long_histories_under_any_delivery_converge_L3_L4(seed: int) -> None:
    """pycrdt alone fails this: it forgets what it parked, and cuts its own gaps wrongly."""
    random = Random(seed)
    for _ in range(150):
        script = [
            Step(
                author=random.randrange(3),
                act=random.choice((0, 0, 1, 2, 3, 4, 5)),
                place=random.randrange(50),
                word=random.choice(WORDS),
                pull=random.random() < 0.4,
            )
            for _ in range(random.randint(2, 40))
        ]
        updates = written(script)
        order = updates * random.choice((1, 2))
        random.shuffle(order)
        expected = meaning(document(updates))
        with contextlib.closing(Replica()) as live, contextlib.closing(Replica()) as follower:
            rows = []
            for update in order:
                applied = live.apply(update, inspect(update))
                if applied.event is not None:
                    follower.apply(applied.event)
                if applied.event is not None or applied.parked:
                    rows.append(update)
            assert live.parked() is None
            for whole in (live.full(), follower.full()):
                assert meaning(document([whole])) == expected
        with contextlib.closing(Replica.load(rows)) as replayed:
            assert meaning(document([replayed.full()])) == expected


def test_everything_is_what_is_there_and_what_waits_L4(replica: Replica) -> None:
    first, second, third = typed("a", "b", "c")
    replica.apply(first)
    assert replica.everything() == replica.full()
    replica.apply(third)
    with contextlib.closing(Replica.load([replica.everything()])) as other:
        assert other.moment() == replica.moment()
        assert other.apply(second).event is not None
        assert other.full() == document([first, second, third]).get_update()


class PanicException(BaseException):
    """As pycrdt raises it."""


class Broken:
    """A document that cannot be asked anything."""

    def get_state(self) -> bytes:
        raise PanicException("called `Option::unwrap()` on a `None` value")

    def get_update(self, state: bytes | None = None, /) -> bytes:
        raise PanicException("called `Option::unwrap()` on a `None` value")


def test_a_document_that_pycrdt_cannot_encode_is_damaged_and_no_panic_leaves_L7(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = replica._live
    whole = live.doc
    monkeypatch.setattr(live, "doc", Broken())
    for ask in (
        replica.full,
        replica.everything,
        replica.state_vector,
        lambda: replica.missing_since({}),
    ):
        with pytest.raises(DocumentDamaged):
            ask()
    with pytest.raises(Malformed):
        replica.diff(b"\x00")
    monkeypatch.setattr(live, "doc", whole)


def test_a_snapshot_that_fails_is_damage_L7(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(doc: object) -> None:
        raise PanicException("no snapshot")

    monkeypatch.setattr(pycrdt.Snapshot, "from_doc", fail)
    with pytest.raises(DocumentDamaged):
        replica.moment()


def test_a_state_vector_of_countless_clients_is_refused_before_pycrdt_L7(
    replica: Replica,
) -> None:
    with pytest.raises(Malformed):
        replica.diff(b"\xff\xff\xff\xff\xff\xff\xff\x0f")
