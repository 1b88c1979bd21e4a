"""Whether a project that somebody brings with its past holds together (L7, L4).

Every number continues the one before, every update is one that a room would take, and all of
them together make the document that the file says. Slow for a long history: it is replayed
twice. What does not live here: the file, and names of people.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from server.document.admission import Admission
from server.document.compaction import replay_difference
from server.protocol.errors import Invalid, TooLarge
from server.protocol.ids import Seq
from server.protocol.update import inspect
from server.room.ports import HistoryRun
from server.room.transfer_ports import CarriedProject, CheckedProject

GENERATIONS: Final = 2
"""Checkpoints that a store keeps."""


def checked(carried: CarriedProject, state: bytes, max_bytes: int) -> CheckedProject:
    """The project, if all of it can be believed; ``state`` is the document at its head.

    Raises a ``PeerError`` that says what is wrong.
    """
    if len(state) > max_bytes:
        raise TooLarge(f"the document has {len(state)} bytes and may have {max_bytes}")
    _check_order(carried)
    _check_sittings(carried)
    checkpoints = _replay(carried)
    inspect(state, bounded=False)
    difference = replay_difference(state, carried.payloads)
    if difference is not None:
        raise Invalid(f"the history does not lead to the document: {difference}")
    return CheckedProject(carried, checkpoints)


def checked_states(states: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """The same states, each tried before it is given. Raises a ``PeerError``."""
    for state in states:
        if len(state) > max_bytes:
            raise TooLarge(f"a snapshot has {len(state)} bytes and may have {max_bytes}")
        with Admission() as document:
            document.add(state)
        yield state


def _check_order(carried: CarriedProject) -> None:
    """Every row of the log is in exactly one place. Raises ``Invalid``."""
    seq = 0 if carried.base is None else carried.base.seq
    if carried.base is not None and seq < 1:
        raise Invalid("expected a history that begins after a row")
    for chunk in carried.chunks:
        seq = _follow(chunk, seq)
    for row in carried.tail:
        if row.seq != seq + 1:
            raise Invalid(f"expected row {seq + 1}, got {row.seq}")
        seq = row.seq
    if seq != carried.head:
        raise Invalid(f"the history ends at {seq}, and should at {carried.head}")
    for one in carried.snapshots:
        if not 0 <= one.seq <= seq:
            raise Invalid(f"a snapshot is of row {one.seq}; the last is {seq}")


def _follow(chunk: Sequence[HistoryRun], seq: int) -> int:
    """Where a chunk ends that continues ``seq``."""
    if not chunk:
        raise Invalid("expected a chunk of history with something in it")
    for run in chunk:
        if run.first != seq + 1 or run.last < run.first:
            raise Invalid(f"expected a run from row {seq + 1}, got {run.first} to {run.last}")
        seq = run.last
    return seq


def _check_sittings(carried: CarriedProject) -> None:
    """They lie before the base, and list clocks only."""
    if carried.base is None:
        return
    for sitting in carried.base.sittings:
        if not 1 <= sitting.first <= sitting.last <= carried.base.seq:
            raise Invalid(f"a sitting of rows {sitting.first} to {sitting.last} is out of place")
        if inspect(sitting.payload, bounded=False).structs:
            raise Invalid("expected a sitting to list clocks, and no content")
    for text in carried.base.recovered:
        if not 1 <= text.seq <= carried.base.seq:
            raise Invalid(f"a recovered text of row {text.seq} is out of place")


def _replay(carried: CarriedProject) -> dict[Seq, bytes]:
    """The document at the last ends. Raises a ``PeerError`` for what no room would take."""
    wanted = set(carried.ends[-GENERATIONS:])
    checkpoints: dict[Seq, bytes] = {}
    with Admission() as document:
        for seq, payload in _steps(carried):
            document.add(payload)
            if seq in wanted:
                checkpoints[seq] = document.everything()
    return checkpoints


def _steps(carried: CarriedProject) -> Iterator[tuple[Seq, bytes]]:
    """Each update, with the seq that it leads to."""
    if carried.base is not None:
        yield carried.base.seq, carried.base.state
    for chunk in carried.chunks:
        for run in chunk:
            yield run.last, run.payload
    for row in carried.tail:
        yield row.seq, row.payload
