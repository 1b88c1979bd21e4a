"""A peer that is brought up in portions ends as one that got a single difference (L6)."""

import json
import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pycrdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.document import live
from server.document.portions import Known, Portions
from server.document.replica import Replica
from server.protocol.ids import ClientId
from server.protocol.structs import MAX_CLOCK
from server.protocol.update import EMPTY_UPDATE, inspect, read_state_vector, write_state_vector
from tests.interop.node import run_script
from tests.server.document.histories import document, histories, meaning
from tests.server.document.test_slices import long_text

SIZE = 64


@contextmanager
def often_encoded(floor: int) -> Iterator[None]:
    """Documents encode their base anew after so many bytes of events."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "_JOURNAL_FLOOR", floor)
        yield


def goes_in_whole(doc: "pycrdt.Doc[Any]", portion: bytes) -> bool:
    """Apply it; whether nothing of it has to wait for what comes later."""
    doc.apply_update(portion)
    state = read_state_vector(doc.get_state())
    return all(state.get(run.client, 0) >= run.end for run in inspect(portion).structs)


def bring(replica: Replica, peer: "pycrdt.Doc[Any]", known: Known, portions: Portions) -> int:
    """Apply portions until there are no more; how many came."""
    count = 0
    while (portion := replica.portion(portions, known)) is not None:
        if portion != EMPTY_UPDATE:
            assert goes_in_whole(peer, portion)
            count += 1
    return count


def held_by(peer: "pycrdt.Doc[Any]") -> Known:
    """What a peer says in its step 1."""
    return Known(read_state_vector(peer.get_state()), 0)


@given(histories(most=40), st.data())
@settings(deadline=None)
def test_whatever_a_joiner_has_it_gets_the_rest_in_portions__L6(
    history: list[bytes], data: st.DataObject
) -> None:
    held = data.draw(st.integers(0, len(history)))
    with often_encoded(data.draw(st.sampled_from([0, 200, 100_000]))):
        replica = Replica.load(history)
    peer = document(history[:held])
    known = held_by(peer)
    with closing(replica):
        bring(replica, peer, known, Portions(SIZE))
        state = read_state_vector(peer.get_state())
        assert all(state.get(client, 0) >= clock for client, clock in known.clocks.items())
        last = replica.diff(write_state_vector(known.clocks))
        assert goes_in_whole(peer, last)
    assert meaning(peer) == meaning(document(history))


@given(histories(most=40), st.data())
@settings(deadline=None)
def test_what_is_written_meanwhile_comes_too__L6(history: list[bytes], data: st.DataObject) -> None:
    """The peer misses everything from some update on, and is told of it by and by."""
    began = data.draw(st.integers(0, len(history)))
    starts: dict[ClientId, int] = {}
    known, portions = Known(starts, MAX_CLOCK), Portions(SIZE)
    peer = document(history[:began])
    with (
        often_encoded(data.draw(st.sampled_from([0, 200, 100_000]))),
        closing(Replica.load(history[:began])) as replica,
    ):
        for update in history[began:]:
            event = replica.replay(update).event
            for run in () if event is None else inspect(event).structs:
                starts[run.client] = min(run.start, starts.get(run.client, run.start))
            if data.draw(st.booleans()):
                portion = replica.portion(portions, known) or EMPTY_UPDATE
                assert goes_in_whole(peer, portion)
        bring(replica, peer, known, portions)
        assert goes_in_whole(peer, replica.missing_since(starts))
    assert meaning(peer) == meaning(document(history))


def conversation(rounds: int) -> list[bytes]:
    """Two authors who answer each other word by word, each in the middle of the other's."""
    docs = [pycrdt.Doc[Any](client_id=number) for number in (1, 2)]
    updates = []
    rng = random.Random(7)
    for turn in range(rounds):
        doc, other = docs[turn % 2], docs[1 - turn % 2]
        before = doc.get_state()
        text = doc.get("text", type=pycrdt.Text)
        text.insert(rng.randrange(len(text) + 1), f"word {turn} ")
        updates.append(doc.get_update(before))
        other.apply_update(updates[-1])
    return updates


def test_portions_are_no_larger_than_asked_and_few__L6() -> None:
    history = conversation(400)
    with closing(Replica.load(history)) as replica:
        known, portions, sizes = Known({}, 0), Portions(1000), []
        whole = len(replica.full())
        while (portion := replica.portion(portions, known)) is not None:
            sizes.append(len(portion))
    assert max(sizes) < 1100
    assert whole < sum(sizes) + 1000 < 1.3 * whole
    assert len(sizes) < 1.3 * whole / 1000 + 5


def test_a_text_longer_than_a_portion_is_cut__L6() -> None:
    text = "日本 😀 and so on " * 1000
    with closing(Replica.load([], checkpoint=long_text(text))) as replica:
        peer: pycrdt.Doc[Any] = pycrdt.Doc()
        known, portions, sizes = Known({ClientId(9): 7}, 0), Portions(500), []
        peer.apply_update(long_text(text[:6]))
        while (portion := replica.portion(portions, known)) is not None:
            peer.apply_update(portion)
            sizes.append(len(portion))
        peer.apply_update(replica.diff(write_state_vector(known.clocks)))
    assert max(sizes) < 550
    assert sum(sizes) > len(text.encode()) - 500
    assert str(peer.get("t", type=pycrdt.Text)) == text


@pytest.mark.node
@given(histories(most=60))
@settings(max_examples=10, deadline=None)
def test_a_genuine_client_reads_portions__L6(history: list[bytes]) -> None:
    known, portions, sent = Known({}, 0), Portions(SIZE), []
    with (
        often_encoded(0),
        closing(Replica.load([*history, long_text("日本 😀 x" * 50)])) as replica,
    ):
        while (portion := replica.portion(portions, known)) is not None:
            sent.append(portion)
        request = {
            "updates": [update.hex() for update in sent],
            "state_vector": write_state_vector({}).hex(),
            "edits": [],
        }
        answer = json.loads(run_script("step2.mjs", json.dumps(request)))
        state = read_state_vector(bytes.fromhex(answer["state_vector"]))
        assert all(state.get(client, 0) >= clock for client, clock in known.clocks.items())
        rest = replica.diff(write_state_vector(known.clocks))
        whole = document([bytes.fromhex(answer["step2"]), rest])
    assert meaning(whole) == meaning(document([*history, long_text("日本 😀 x" * 50)]))


def test_what_a_peer_has_is_not_sent_again__L6() -> None:
    history = conversation(400)
    with closing(Replica.load(history)) as replica:
        peer = document(history[:390])
        sent = bring(replica, peer, held_by(peer), Portions(SIZE))
    assert sent < 12


def test_the_weight_of_a_difference_goes_by_its_clocks() -> None:
    history = conversation(200)
    with closing(Replica.load(history)) as replica:
        whole = replica.weigh({})
        state = read_state_vector(document(history[:100]).get_state())
        assert 0.9 * len(replica.full()) < whole < 2 * len(replica.full())
        assert 0.3 * whole < replica.weigh(state) < 0.7 * whole
        assert replica.weigh(read_state_vector(replica.state_vector())) == 0


def test_an_empty_document_has_no_portions() -> None:
    with closing(Replica.load([])) as replica:
        assert bring(replica, pycrdt.Doc(), Known({}, 0), Portions(SIZE)) == 0
        assert replica.weigh({}) == 0
