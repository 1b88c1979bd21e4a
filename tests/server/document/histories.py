"""Genuine histories: what several people typed, with all the gaps of a bad network.

A history is a list of updates as their authors sent them, in an order in which nothing
waits. Tests deliver it late, twice, shuffled or in part.
"""

from dataclasses import dataclass
from typing import Any

import pycrdt
from hypothesis import strategies as st

from server.document.offsets import delete_text, insert_text
from server.protocol.ranges import missing
from server.protocol.update import read_snapshot

AUTHORS = (1, 2, 3)
WORDS = ("a", "bc", "é", "😀", "日本")


@dataclass(frozen=True)
class Step:
    """One act of one author; ``pull`` says that they hear from the others first."""

    author: int
    act: int
    place: int
    word: str
    pull: bool


steps = st.builds(
    Step,
    author=st.integers(0, len(AUTHORS) - 1),
    act=st.integers(0, 5),
    place=st.integers(0, 50),
    word=st.sampled_from(WORDS),
    pull=st.booleans(),
)


TYPES = Step(author=0, act=0, place=0, word="a", pull=False)


@st.composite
def histories(draw: st.DrawFn, *, most: int = 25) -> list[bytes]:
    """Updates of three authors, each in its own causal order."""
    return written(draw(st.lists(steps, min_size=1, max_size=most))) or written([TYPES])


def written(script: list[Step]) -> list[bytes]:
    """The updates that come of a script."""
    docs: list[pycrdt.Doc[Any]] = [pycrdt.Doc(client_id=author) for author in AUTHORS]
    updates: list[bytes] = []
    for step in script:
        doc = docs[step.author]
        if step.pull:
            for other in docs:
                if other is not doc:
                    doc.apply_update(other.get_update(doc.get_state()))
        before = len(updates)
        watch = doc.observe(lambda event: updates.append(event.update))
        with doc.transaction():
            _act(doc, step)
        doc.unobserve(watch)
        assert len(updates) - before <= 1
    return updates


def _act(doc: pycrdt.Doc[Any], step: Step) -> None:
    text = doc.get("text", type=pycrdt.Text)
    nodes: pycrdt.Map[Any] = doc.get("nodes", type=pycrdt.Map)
    length = len(str(text))
    at = step.place % (length + 1)
    key = f"k{step.place % 3}"
    match step.act:
        case 0 | 1:
            insert_text(text, at, step.word)
        case 2:
            delete_text(text, at, min(length, at + 2))
        case 3:
            nodes[key] = pycrdt.Map({"label": step.word, "content": pycrdt.Text(step.word)})
        case 4:
            if key in nodes:
                del nodes[key]
        case _:
            if key in nodes:
                nodes[key]["label"] = step.word


def document(updates: list[bytes]) -> "pycrdt.Doc[Any]":
    """A plain document of these updates."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    for update in updates:
        doc.apply_update(update)
    return doc


def meaning(doc: "pycrdt.Doc[Any]") -> object:
    """What a document says: clocks, deletions, and the content of both roots.

    Not its bytes: when a deletion comes together with what it deletes, pycrdt keeps a
    tombstone where it else keeps a collected range, and both mean the same.
    """
    moment = read_snapshot(pycrdt.Snapshot.from_doc(doc).encode())
    nodes: pycrdt.Map[Any] = doc.get("nodes", type=pycrdt.Map)
    return (
        {client: clock for client, clock in moment.state.items() if clock},
        missing(moment.deletes, ()),
        doc.get("text", type=pycrdt.Text).diff(),
        nodes.to_py(),
    )
