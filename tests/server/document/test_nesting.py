"""The depth of shared types across updates: attackers stop, honest peers do not notice."""

import random
from typing import Any

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.nesting import MAX_PARKED_TYPES, Nesting
from server.protocol.errors import TooDeep
from server.protocol.placement import MAX_TYPE_DEPTH
from server.protocol.update import inspect
from tests.server.protocol.updates import (
    map_chain,
    map_inside,
    random_document,
    ref,
    root_map,
    section,
    text,
    update,
)


class Guarded:
    """A document behind its guard, as a room has it; counts what it is asked for."""

    def __init__(self) -> None:
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=999)
        self.guard = Nesting(self)
        self.reads = 0

    def get_state(self) -> bytes:
        return self.doc.get_state()

    def get_update(self, state: bytes | None = None, /) -> bytes:
        self.reads += 1
        return self.doc.get_update(state)

    def receive(self, data: bytes) -> None:
        self.guard.admit(data, inspect(data))
        self.doc.apply_update(data)


def chain(client: int, clock: int, length: int, *, parent: tuple[int, int] | None) -> bytes:
    first = root_map("k") if parent is None else map_inside(*parent)
    return update(map_chain(client, clock, length, first=first))


def depth_of(doc: "pycrdt.Doc[Any]") -> int:
    node: Any = doc.get("r", type=pycrdt.Map)
    depth = 0
    while "k" in node:
        node = node["k"]
        depth += 1
    return depth


def test_updates_that_each_nest_a_little_deeper_stop_at_the_limit__L7() -> None:
    room = Guarded()
    room.receive(chain(1, 0, 10, parent=None))
    room.receive(chain(1, 10, 6, parent=(1, 9)))
    with pytest.raises(TooDeep):
        room.receive(chain(1, 16, 1, parent=(1, 15)))
    assert depth_of(room.doc) == MAX_TYPE_DEPTH


def test_one_level_at_a_time_by_many_clients_stops_at_the_limit__L7() -> None:
    room = Guarded()
    room.receive(chain(1, 0, 1, parent=None))
    for client in range(2, MAX_TYPE_DEPTH + 1):
        room.receive(chain(client, 0, 1, parent=(client - 1, 0)))
    with pytest.raises(TooDeep):
        room.receive(chain(50, 0, 1, parent=(MAX_TYPE_DEPTH, 0)))


def test_a_type_beside_a_deep_item_counts_as_deep__L7() -> None:
    room = Guarded()
    room.receive(chain(1, 0, 16, parent=None))
    room.receive(update(section(2, 0, b"\x08\x00" + ref(1, 15) + b"\x01\x7e")))
    with pytest.raises(TooDeep):
        room.receive(update(section(3, 0, b"\x87" + ref(2, 0) + b"\x01")))


def test_claiming_a_shallow_place_for_clocks_that_exist_gains_nothing__L7() -> None:
    room = Guarded()
    room.receive(chain(1, 0, 16, parent=None))
    deep_text = b"\x04\x00" + ref(1, 15) + b"\x02ab"
    room.receive(update(section(2, 0, deep_text)))
    claim = section(2, 0, text("abc"))
    with pytest.raises(TooDeep):
        room.receive(update(claim, section(3, 0, b"\x87" + ref(2, 1) + b"\x01")))
    with pytest.raises(TooDeep):
        room.receive(update(claim, section(3, 0, b"\x87" + ref(2, 2) + b"\x01")))


def test_an_update_without_types_costs_no_reading() -> None:
    room = Guarded()
    room.receive(update(section(1, 0, text("a" * 1000))))
    room.receive(update(section(2, 0, b"\x84" + ref(1, 5) + b"\x01x")))
    assert room.reads == 0


def test_types_in_roots_and_in_types_of_the_same_update_cost_no_reading() -> None:
    room = Guarded()
    for n in range(5):
        room.receive(update(map_chain(1, 3 * n, 3, first=root_map(str(n)))))
    assert room.reads == 0


def test_only_what_is_new_is_read_again() -> None:
    room = Guarded()
    room.receive(chain(1, 0, 2, parent=None))
    room.receive(update(section(2, 0, map_inside(1, 0, key="x"))))
    room.receive(update(section(2, 1, map_inside(1, 1, key="y"))))
    assert room.reads == 1
    room.receive(update(section(2, 2, map_inside(2, 1, key="z"))))
    assert room.reads == 2


@given(st.integers(0, 1000))
def test_honest_edits_pass_in_any_order_and_twice(seed: int) -> None:
    source = random_document(seed, steps=5)
    updates: list[bytes] = [source.get_update()]
    source.observe(lambda event: updates.append(event.update))
    rng = random.Random(seed)
    for n in range(12):
        node: pycrdt.Map[Any] = pycrdt.Map({"content": pycrdt.Text("x"), "tags": pycrdt.Array([n])})
        source.get("nodes", type=pycrdt.Map)[str(n % 5)] = node
        node["more"] = pycrdt.Map({"deep": pycrdt.Map({"deeper": pycrdt.Map()})})
    shuffled = [*updates, *rng.sample(updates, 6)]
    rng.shuffle(shuffled)
    room = Guarded()
    for data in shuffled:
        room.receive(data)
    # yrs leaves things parked although what they waited for has come; a merge brings them.
    room.receive(pycrdt.get_update(pycrdt.merge_updates(*updates), room.doc.get_state()))
    assert (
        room.doc.get("nodes", type=pycrdt.Map).to_py()
        == source.get("nodes", type=pycrdt.Map).to_py()
    )


def test_types_that_wait_for_their_parent_are_admitted_and_then_placed() -> None:
    room = Guarded()
    room.receive(chain(2, 0, 8, parent=(1, 7)))
    room.receive(chain(1, 0, 8, parent=None))
    assert depth_of(room.doc) == 16
    with pytest.raises(TooDeep):
        room.receive(chain(3, 0, 1, parent=(2, 7)))


def test_a_chain_of_parked_types_is_bounded__L7() -> None:
    """Each link waits for the one that arrives after it."""
    room = Guarded()
    with pytest.raises(TooDeep, match="depth is not known"):
        for client in range(2000, 1, -1):
            room.receive(chain(client, 0, 16, parent=(client - 1, 15)))
    room.receive(chain(client, 0, 1, parent=None))
    room.receive(chain(client, 1, 15, parent=(client, 0)))
    assert depth_of(room.doc) <= MAX_TYPE_DEPTH + MAX_PARKED_TYPES


def test_parked_types_cannot_land_below_each_other_round_after_round__L7() -> None:
    room = Guarded()
    room.receive(chain(1, 0, 16, parent=None))
    deepest, client = (1, 15), 2
    with pytest.raises(TooDeep):
        for _ in range(200):
            gap, parked = (
                section(client, 0, text("x")),
                map_chain(client, 1, 16, first=map_inside(*deepest)),
            )
            room.receive(update(parked))
            room.receive(update(gap))
            deepest, client = (client, 16), client + 1
    assert depth_of(room.doc) <= MAX_TYPE_DEPTH + MAX_PARKED_TYPES


def test_parked_types_stop_counting_once_they_are_placed() -> None:
    room = Guarded()
    for client in range(1, 200):
        room.receive(update(map_chain(client, 1, 16, first=root_map(str(client)))))
        room.receive(update(section(client, 0, text("x"))))
    assert len(room.doc.get("r", type=pycrdt.Map)) == 199


def test_parked_types_that_are_sent_again_count_once() -> None:
    room = Guarded()
    for _ in range(200):
        room.receive(chain(2, 1, 16, parent=None))


def test_structs_that_wait_for_each_other_do_not_pass_as_placed__L7() -> None:
    room = Guarded()
    for client in range(2, 2 * MAX_PARKED_TYPES, 2):
        first = section(client, 0, b"\x84" + ref(client + 1, 0) + b"\x01a", root_map(str(client)))
        second = section(client + 1, 0, b"\x84" + ref(client, 0) + b"\x01a", root_map("x"))
        if client > MAX_PARKED_TYPES:
            with pytest.raises(TooDeep):
                room.receive(update(first, second))
            return
        room.receive(update(first, second))
    pytest.fail("nothing was refused")


def test_in_a_document_with_a_cut_emoji_nesting_stays_bounded__L7() -> None:
    room = Guarded()
    room.receive(update(section(1, 0, text("😀"))))
    room.receive(bytes.fromhex("00010101" + "0001"))
    room.receive(chain(2, 0, 1, parent=None))
    room.receive(update(section(1, 2, root_map("honest"))))
    with pytest.raises(TooDeep, match="depth is not known"):
        for clock in range(1, 2 * MAX_PARKED_TYPES):
            room.receive(chain(2, clock, 1, parent=(2, clock - 1)))
    assert depth_of(room.doc) <= MAX_TYPE_DEPTH + MAX_PARKED_TYPES
