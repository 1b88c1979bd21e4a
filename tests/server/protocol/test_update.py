"""The walk over updates: agrees with pycrdt and Yjs, refuses what would hurt either.

Twin of ``update`` and of its parts ``structs``, ``contents`` and ``placement``, which have no
other user; that is why it is long.

Long because every rule of the walk has its own small test.
"""

import json
import random
import signal
import subprocess
import sys
from typing import Any

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.protocol.contents import MAX_RUN
from server.protocol.errors import Invalid, Malformed, PeerError, TooDeep, TooLarge
from server.protocol.ids import ClientId
from server.protocol.jsontext import MAX_VALUE_DEPTH
from server.protocol.lib0 import MAX_UINT, write_uint
from server.protocol.placement import MAX_TYPE_DEPTH
from server.protocol.ranges import ClockRange
from server.protocol.structs import MAX_CLOCK, MAX_RANGES, MAX_STRUCTS
from server.protocol.update import (
    EMPTY_UPDATE,
    UpdateShape,
    inspect,
    read_delete_set,
    read_snapshot,
    read_state_vector,
    write_state_vector,
)
from tests.interop.node import run_script
from tests.server.protocol.updates import (
    ROOT,
    embed,
    map_chain,
    map_inside,
    nested_values,
    random_document,
    ref,
    root_map,
    section,
    text,
    update,
    values,
)

seeds = st.integers(0, 10_000)


def run(client: int, start: int, end: int) -> ClockRange:
    return ClockRange(ClientId(client), start, end)


def outcome(code: str, *, stdin: str = "") -> tuple[int, str]:
    """How a Python process that runs ``code`` ends; minus the signal when one killed it."""
    done = subprocess.run(
        [sys.executable, "-c", code], input=stdin, text=True, capture_output=True, check=False
    )
    return done.returncode, done.stderr[-2000:]


FINE = (0, "")


# --- what is in an update -------------------------------------------------------------------


def test_the_empty_update_is_empty() -> None:
    assert inspect(EMPTY_UPDATE) == UpdateShape((), (), 0)


def test_a_known_update_has_the_shape_that_it_should() -> None:
    known = bytes.fromhex("010101000401017402686900")
    assert inspect(known) == UpdateShape((run(1, 0, 2),), (), 0, rests_on=())
    assert known == update(section(1, 0, text("hi")))


def test_typing_names_what_it_rests_on_and_nothing_else_does() -> None:
    between = b"\xc4" + ref(1, 4) + ref(2, 7) + b"\x01x"
    assert inspect(update(section(1, 5, between))).rests_on == ((1, 4), (2, 7))
    assert inspect(update(section(1, 0, text("a")))).rests_on == ()
    within = b"\x04\x00" + ref(2, 7) + b"\x01x"
    assert inspect(update(section(1, 5, within))).rests_on == ((2, 7),)
    value_of_a_key = b"\x24" + ROOT + b"\x01k\x01x"
    for other in (
        update(section(1, 5, between), deletes=b"\x01\x01\x01\x00\x01"),
        update(section(1, 5, between, between)),
        update(section(1, 5, between), section(2, 9, text("a"))),
        update(section(1, 5, value_of_a_key)),
        update(section(1, 0, embed("{}"))),
        update(section(1, 0, root_map("k"))),
    ):
        assert inspect(other).rests_on is None


def test_text_takes_as_many_clocks_as_utf16_units() -> None:
    assert inspect(update(section(1, 5, text("aé日😀\ufeff")))).structs == (run(1, 5, 11),)


def test_a_gap_splits_a_clients_range_and_is_no_content() -> None:
    gap = b"\x0a\x05"
    assert inspect(update(section(1, 0, gap, text("ab"), gap, text("c")))).structs == (
        run(1, 5, 7),
        run(1, 12, 13),
    )


def test_an_empty_text_that_yrs_wrote_takes_no_clock() -> None:
    assert inspect(update(section(1, 3, text("")))).structs == ()


@given(seeds)
def test_the_shape_of_a_document_is_its_state_vector(seed: int) -> None:
    doc = random_document(seed)
    shape = inspect(doc.get_update())
    assert {r.client: r.end for r in shape.structs} == read_state_vector(doc.get_state())
    assert all(r.start == 0 for r in shape.structs)


@given(seeds)
def test_deletes_of_a_document_are_those_of_its_snapshot(seed: int) -> None:
    doc = random_document(seed, skip_gc=True)
    snapshot = read_snapshot(pycrdt.Snapshot.from_doc(doc).encode())
    assert sorted(snapshot.deletes) == sorted(inspect(doc.get_update()).deletes)
    assert snapshot.state == read_state_vector(doc.get_state())


@given(st.dictionaries(st.integers(0, MAX_UINT).map(ClientId), st.integers(0, MAX_CLOCK)))
def test_a_state_vector_survives_the_round_trip(state: dict[ClientId, int]) -> None:
    assert read_state_vector(write_state_vector(state)) == state


# --- what is refused ------------------------------------------------------------------------


@given(seeds, st.data())
def test_an_update_cut_short_or_continued_is_malformed__L7(seed: int, data: st.DataObject) -> None:
    whole = random_document(seed, steps=20).get_update()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(PeerError):
        inspect(whole[:cut])
    with pytest.raises(Malformed, match="end of input"):
        inspect(whole + b"\x00")


REFUSED: list[tuple[str, bytes]] = [
    ("no bytes", b""),
    ("a count that cannot be", write_uint(2**40)),
    ("a struct count that cannot be", b"\x01" + write_uint(2**40) + b"\x01\x00"),
    ("a client id of 54 bits", b"\x01\x01" + b"\xff" * 7 + b"\x1f\x00" + text("a") + b"\x00"),
    ("a clock over 31 bits", update(section(1, MAX_CLOCK, text("a")))),
    ("two sections of a client", update(section(1, 0, text("a")), section(1, 1, text("b")))),
    ("a circle", update(section(1, 0, b"\x84" + ref(1, 0) + b"\x01a"))),
    ("a reference to its own future", update(section(1, 0, b"\x44" + ref(1, 9) + b"\x01a"))),
    ("a parent in its own future", update(section(1, 0, b"\x04\x00" + ref(1, 1) + b"\x01a"))),
    ("a padded own client", update(section(1, 0, b"\x84\x81\x00\x01\x01a"))),
    ("an unknown kind of parent", update(section(1, 0, b"\x04\x02\x01t\x01a"))),
    ("legacy JSON", update(section(1, 0, b"\x02" + ROOT + b"\x01\x011"))),
    ("a move", update(section(1, 0, b"\x0b" + ROOT + b"\x00\x00\x00"))),
    ("an unknown content", update(section(1, 0, b"\x0f" + ROOT))),
    ("the unknown info bit", update(section(1, 0, b"\x14" + ROOT + b"\x01a"))),
    ("garbage with flags", update(section(1, 0, b"\x20\x05"))),
    ("an XML hook", update(section(1, 0, b"\x07" + ROOT + b"\x05\x01a"))),
    ("a weak link", update(section(1, 0, b"\x07" + ROOT + b"\x07\x00\x01\x00"))),
    ("no garbage", update(section(1, 0, b"\x00\x00"))),
    ("too much garbage", update(section(1, 0, b"\x00" + write_uint(MAX_RUN + 1)))),
    ("too wide a gap", update(section(1, 0, b"\x0a" + write_uint(MAX_RUN + 1)))),
    ("too much deleted content", update(section(1, 0, b"\x01" + ROOT + write_uint(MAX_RUN + 1)))),
    ("no values", update(section(1, 0, values(b"", 0)))),
    ("an unknown value", update(section(1, 0, values(b"\x05")))),
    ("a long integer", update(section(1, 0, values(b"\x7d" + b"\xff" * 9 + b"\x01")))),
    ("an array that cannot be", update(section(1, 0, values(b"\x75" + write_uint(2**40))))),
    ("a float cut short", update(section(1, 0, values(b"\x7b\x00")))),
    ("bytes cut short", update(section(1, 0, values(b"\x74\x7f")))),
    ("text that is not UTF-8", update(section(1, 0, b"\x04" + ROOT + b"\x01\xff"))),
    ("half a surrogate pair", update(section(1, 0, b"\x04" + ROOT + b"\x03\xed\xa0\x80"))),
    ("an embed that is not JSON", update(section(1, 0, embed("{")))),
    ("an embed with half a pair", update(section(1, 0, embed('"\\ud800"')))),
    ("a subdocument without options", update(section(1, 0, b"\x09" + ROOT + b"\x01a\x7e"))),
    ("an empty delete", bytes.fromhex("000101010000")),
    ("too wide a delete", b"\x00\x01\x01\x01\x00" + write_uint(MAX_RUN + 1)),
    ("a delete over 31 bits", b"\x00\x01\x01\x01" + write_uint(MAX_CLOCK) + b"\x01"),
    ("deletes that cannot be", b"\x00\x01\x01" + write_uint(2**40)),
    ("delete sections that cannot be", b"\x00" + write_uint(2**40)),
    ("two delete sections of a client", bytes.fromhex("0002010100050101" + "0702")),
]


@pytest.mark.parametrize("refused", [b for _, b in REFUSED], ids=[name for name, _ in REFUSED])
def test_what_would_part_or_hurt_peers_is_refused__L7(refused: bytes) -> None:
    with pytest.raises((Malformed, Invalid)):
        inspect(refused)


def test_runs_that_a_document_has_joined_are_accepted__L7() -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    for start, end in ((0, 2**30), (2**30, MAX_RUN)):
        garbage = update(section(1, start, b"\x00" + write_uint(end - start)))
        inspect(garbage)
        doc.apply_update(garbage)
    assert inspect(doc.get_update()).deletes == (run(1, 0, MAX_RUN),)


def test_types_that_hold_each_other_are_invalid__L7() -> None:
    filler = [root_map(str(n)) for n in range(MAX_TYPE_DEPTH)]
    with pytest.raises(Invalid, match="circle"):
        inspect(update(section(2, 0, map_inside(1, 0)), section(1, 0, map_inside(2, 0), *filler)))


@pytest.mark.parametrize(
    "refused", ["", "01", "0101", "0201010101", "0201010102", "01018080808010", "000000"]
)
def test_a_state_vector_that_is_not_one_is_refused__L7(refused: str) -> None:
    with pytest.raises((Malformed, Invalid)):
        read_state_vector(bytes.fromhex(refused))


def test_a_snapshot_or_delete_set_that_is_not_one_is_refused__L7() -> None:
    for read in (read_delete_set, read_snapshot):
        for refused in (b"", b"\x01\x01", b"\x00\x00\x00"):
            with pytest.raises(Malformed):
                read(refused)
    assert read_delete_set(bytes.fromhex("0101010005")) == (run(1, 0, 5),)


@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_but_a_peers_error__L7(data: bytes) -> None:
    for read in (inspect, read_state_vector, read_delete_set, read_snapshot):
        try:
            read(data)
        except PeerError:
            continue


# --- nesting --------------------------------------------------------------------------------


def test_values_nest_up_to_the_limit_and_no_further__L7() -> None:
    inspect(nested_values(MAX_VALUE_DEPTH))
    with pytest.raises(TooDeep):
        inspect(nested_values(MAX_VALUE_DEPTH + 1))
    with pytest.raises(TooDeep):
        inspect(update(section(1, 0, embed("[" * 65 + "]" * 65))))


@pytest.mark.parametrize("leaf", [b"\x76\x01\x01k" * 65 + b"\x7e", b"\x75\x02\x7e" * 65 + b"\x7e"])
def test_objects_and_uneven_arrays_count_as_nesting__L7(leaf: bytes) -> None:
    with pytest.raises(TooDeep):
        inspect(update(section(1, 0, values(leaf))))


def test_wide_values_are_not_deep() -> None:
    inspect(update(section(1, 0, values(b"\x75\x80\x02" + b"\x75\x01\x7e" * 256))))


@pytest.mark.parametrize(("length", "refused"), [(MAX_TYPE_DEPTH, False), (17, True), (90, True)])
def test_types_nest_up_to_the_limit_and_no_further__L7(length: int, refused: bool) -> None:
    chain = update(map_chain(1, 0, length, first=root_map("k")))
    assert inspects_as_too_deep(chain) is refused


def inspects_as_too_deep(data: bytes) -> bool:
    try:
        inspect(data)
    except TooDeep:
        return True
    return False


def test_a_chain_of_types_across_clients_in_any_order_is_seen__L7() -> None:
    links = [(c, map_inside(c + 1, 0) if c < 40 else root_map("k")) for c in range(1, 41)]
    for order in (links, links[::-1]):
        assert inspects_as_too_deep(update(*(section(c, 0, s) for c, s in order)))


def test_a_chain_through_neighbours_is_seen__L7() -> None:
    """Each map lies beside an item that lies in the map before."""
    structs, parent = [root_map("k")], 0
    for _ in range(MAX_TYPE_DEPTH):
        clock = len(structs)
        structs += [b"\x08\x00" + ref(1, parent) + b"\x01\x7e", b"\x87" + ref(1, clock) + b"\x01"]
        parent = clock + 1
    assert inspects_as_too_deep(update(section(1, 0, *structs)))


def test_many_types_side_by_side_are_not_deep() -> None:
    flat = [root_map(str(n)) for n in range(200)]
    assert inspect(update(section(1, 0, *flat))).types == 200


DEEP = {
    "values": "update(section(1, 0, values(b'\\x75\\x01' * 100_000 + b'\\x7e')))",
    "types": "update(map_chain(1, 0, 100_000, first=root_map('k', name='r')))",
}
PRELUDE = "from tests.server.protocol.updates import *\nimport pycrdt\n"


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(DEEP))
def test_a_hundred_thousand_levels_kill_pycrdt_and_are_refused__L7(kind: str) -> None:
    apply = "doc = pycrdt.Doc(); doc.apply_update(deep); del doc.get('r', type=pycrdt.Map)['k']"
    assert outcome(f"{PRELUDE}deep = {DEEP[kind]}\n{apply}")[0] == -signal.SIGSEGV
    refuse = (
        "from server.protocol.update import inspect\n"
        "from server.protocol.errors import TooDeep\n"
        "try: inspect(deep)\nexcept TooDeep: pass\nelse: raise SystemExit(1)"
    )
    assert outcome(f"{PRELUDE}deep = {DEEP[kind]}\n{refuse}") == FINE


# --- mutations ------------------------------------------------------------------------------


def mutate(original: bytes, rng: random.Random) -> bytes:
    data = bytearray(original)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                data[at] = rng.randrange(256)
            case 1:
                data[at] ^= 1 << rng.randrange(8)
            case 2:
                data[at : at + 1] = bytes(rng.randrange(3))
            case _:
                other = rng.randrange(len(data))
                data[at : at + 4] = data[other : other + 4]
    return bytes(data)


@given(seeds)
def test_a_mutated_update_raises_nothing_but_a_peers_error__L7(seed: int) -> None:
    rng = random.Random(seed)
    original = random_document(seed % 50, steps=20).get_update()
    for _ in range(20):
        try:
            inspect(mutate(original, rng))
        except PeerError:
            continue


APPLY_ALL = """
import sys, pycrdt
base = bytes.fromhex(sys.stdin.readline())
for line in sys.stdin:
    data = bytes.fromhex(line)
    for held in (b"\\x00\\x00", base):
        doc = pycrdt.Doc()
        doc.apply_update(held)
        for act in (lambda: doc.apply_update(data), lambda: pycrdt.merge_updates(held, data),
                    lambda: pycrdt.get_update(data, doc.get_state()), doc.get_update):
            try:
                act()
            except (ValueError, RuntimeError):
                pass
"""


@pytest.mark.slow
def test_what_is_accepted_never_takes_pycrdt_down__L7() -> None:
    rng = random.Random(8)
    for seed in range(4):
        original = random_document(seed, steps=30).get_update()
        accepted: list[bytes] = []
        for _ in range(1500):
            candidate = mutate(original, rng)
            try:
                inspect(candidate)
            except PeerError:
                continue
            accepted.append(candidate)
        assert accepted
        lines = "\n".join(data.hex() for data in [original, *accepted])
        assert outcome(APPLY_ALL, stdin=lines) == FINE, f"seed {seed}"


# --- genuine Yjs ----------------------------------------------------------------------------


@pytest.mark.node
def test_what_genuine_yjs_writes_is_accepted_and_measured_alike() -> None:
    for made in json.loads(run_script("updates.mjs")):
        shape = inspect(bytes.fromhex(made["update"]))
        state = read_state_vector(bytes.fromhex(made["state"]))
        assert {r.client: r.end for r in shape.structs} == state, made["name"]
        snapshot = read_snapshot(bytes.fromhex(made["snapshot"]))
        assert snapshot.state == state, made["name"]
        assert sorted(snapshot.deletes) == sorted(shape.deletes), made["name"]


def _many(part: str, count: int) -> bytes:
    """An update with as many of something as that."""
    size = write_uint(count)
    numbers = [write_uint(n) for n in range(count)]
    match part:
        case "structs":
            return b"\x01" + size + b"\x05\x00" + b"\x00\x01" * count + b"\x00"
        case "runs":
            gaps = b"\x00\x01\x0a\x01" * count
            return b"\x01" + write_uint(2 * count) + b"\x05\x00" + gaps + b"\x00"
        case "shared types":
            return b"\x01" + size + b"\x05\x00" + b"\x07\x01\x01t\x00" * count + b"\x00"
        case "deletions":
            return b"\x00\x01\x05" + size + b"\x00\x01" * count
        case "clients":
            return size + b"".join(b"\x00" + n + b"\x00" for n in numbers) + b"\x00"
        case _:
            return b"\x00" + size + b"".join(n + b"\x00" for n in numbers)


@pytest.mark.parametrize(
    "part", ["structs", "runs", "shared types", "deletions", "clients", "clients who delete"]
)
def test_an_update_of_countless_parts_is_too_large_if_it_is_foreign_L7(part: str) -> None:
    most = MAX_STRUCTS if part == "structs" else MAX_RANGES
    inspect(_many(part, most))
    update = _many(part, most + 1)
    with pytest.raises(TooLarge, match=f"{most} are allowed"):
        inspect(update)
    inspect(update, bounded=False)
