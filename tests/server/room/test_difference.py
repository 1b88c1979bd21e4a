"""What is written of a document: all of it once, then only what has changed."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pycrdt
import pytest

from server.document.schema import Edge, Node, seed
from server.protocol.errors import DocumentDamaged
from server.protocol.ids import ProjectId, Seq
from server.room.difference import (
    BYTES_PER_STEP,
    MAX_WORDING,
    ROWS_PER_STEP,
    Job,
    Source,
    difference,
    packed_differences,
    unpacked,
    wording,
)
from server.room.projection_ports import MAX_PROBLEMS, Drop, Element, Kind, Known, Step

PROJECT = ProjectId("project")
NOTHING = Known(Seq(0), 0, Seq(0), 0, dict.fromkeys(Kind, "{}"))


class Author:
    """A document, and what a projection knows of it."""

    def __init__(self) -> None:
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=7)
        self.doc.apply_update(seed(3, "title"))
        self.known = NOTHING

    def root(self, name: str) -> Any:
        return self.doc.get(name, type=pycrdt.Map)

    def node(self, id: str, **changes: Any) -> None:
        fields = {"label": id, "kind": "idea", "x": 1.0, "y": 2.0, "content": pycrdt.Text("text")}
        self.root("nodes")[id] = pycrdt.Map(fields | changes)

    def edge(self, id: str, source: str, target: str) -> None:
        self.root("edges")[id] = pycrdt.Map({"source": source, "target": target, "label": ""})

    def steps(self) -> tuple[Step, ...]:
        return difference(Source(PROJECT, Seq(9), None, (self.doc.get_update(),)), self.known)

    def written(self) -> tuple[Step, ...]:
        """The steps, and they are known from now on."""
        steps = self.steps()
        digests = {kind: json.loads(text) for kind, text in self.known.digests.items()}
        for step in steps:
            for put in step.puts:
                digests[kind_of(put.element)][put.element.id] = put.digest.hex()
            for drop in step.drops:
                del digests[drop.kind][drop.id]
        texts = {kind: json.dumps(found) for kind, found in digests.items()}
        self.known = replace(self.known, version=self.known.version + len(steps), digests=texts)
        return steps


def kind_of(element: Element) -> Kind:
    return {"Node": Kind.NODE, "Edge": Kind.EDGE, "Section": Kind.SECTION}[type(element).__name__]


@pytest.fixture
def author() -> Author:
    author = Author()
    author.node("a")
    author.node("b")
    author.edge("e", "a", "b")
    return author


def ids(step: Step) -> list[str]:
    return [put.element.id for put in step.puts]


def test_a_new_projection_gets_every_row_and_the_next_one_none(author: Author) -> None:
    [step] = author.written()
    assert ids(step) == ["a", "b", "e"]
    assert step.conclusion is not None
    [step] = author.steps()
    assert (step.version, step.seq, step.puts, step.drops) == (1, 9, (), ())
    assert step.conclusion is not None


def test_a_keystroke_writes_one_row_and_a_move_leaves_its_words_alone(author: Author) -> None:
    author.written()
    author.root("nodes")["a"]["content"] += "more"
    [step] = author.written()
    assert ids(step) == ["a"]
    assert step.puts[0].wording == wording(step.puts[0].element)
    author.root("nodes")["a"]["x"] = 5.0
    [step] = author.written()
    assert [(put.element.id, put.wording) for put in step.puts] == [("a", None)]
    assert author.steps()[0].puts == ()


def test_what_is_gone_is_dropped_edges_first(author: Author) -> None:
    author.written()
    del author.root("nodes")["a"]
    [step] = author.written()
    assert step.drops == (Drop(Kind.EDGE, "e"), Drop(Kind.NODE, "a"))
    assert step.conclusion is not None
    assert [problem.path for problem in step.conclusion.problems] == ["edges/e/source"]


def test_a_large_difference_is_written_in_steps_that_never_leave_an_edge_hanging(
    author: Author,
) -> None:
    author.written()
    for at in range(250):
        author.node(f"n{at}")
        author.edge(f"e{at}", f"n{at}", "b")
    del author.root("nodes")["a"]
    rows: dict[str, Element] = {"a": Node("a", "", "", 0, 0, ""), "b": Node("b", "", "", 0, 0, "")}
    rows["e"] = Edge("e", "a", "b", "")
    steps = author.written()
    for number, step in enumerate(steps):
        assert step.version == 1 + number
        assert len(step.puts) + len(step.drops) <= ROWS_PER_STEP
        assert (step.conclusion is not None) == (number == len(steps) - 1)
        rows |= {put.element.id: put.element for put in step.puts}
        for drop in step.drops:
            del rows[drop.id]
        edges = [row for row in rows.values() if isinstance(row, Edge)]
        assert all(edge.source in rows and edge.target in rows for edge in edges)
    assert len(rows) == 501


def test_large_texts_are_written_few_at_a_time(author: Author) -> None:
    for at in range(5):
        author.node(f"n{at}", content=pycrdt.Text("x" * (BYTES_PER_STEP // 2)))
    assert [len(step.puts) for step in author.steps()] == [3, 1, 1, 1, 2]


def test_a_text_with_a_null_is_kept_and_an_id_with_one_is_a_problem(author: Author) -> None:
    author.node("n", label="a\0b", content=pycrdt.Text("c\0d"))
    author.node("bad\0id")
    [step] = author.steps()
    [node] = [put.element for put in step.puts if put.element.id == "n"]
    assert isinstance(node, Node)
    assert (node.label, node.content) == ("a\ufffdb", "c\ufffdd")
    assert "bad" not in "".join(ids(step))
    assert step.conclusion is not None
    assert [problem.path for problem in step.conclusion.problems] == ["nodes/bad\0id"]


def hostile_lists(author: Author) -> None:
    for root in ("nodes", "edges", "plan", "diagrams"):
        author.root(root)["x"] = pycrdt.Array([1, 2])
        author.root(root)["y"] = "a string"
        author.root(root)["z"] = {"label": "plain"}


def hostile_numbers(author: Author) -> None:
    for id, value in (("nan", float("nan")), ("inf", float("inf")), ("big", 1 << 60), ("s", "1")):
        author.node(id, x=value)


def hostile_sizes(author: Author) -> None:
    author.node("title", label="x" * 1_000_000)
    author.node("i" * 1_000_000)
    author.root("plan")["s"] = pycrdt.Map(
        {"title": "t", "body": pycrdt.Text("y " * 1_000_000), "rank": "r" * 10_000}
    )


@pytest.mark.parametrize(
    ("spoil", "problems", "rows"),
    [(hostile_lists, 12, 3), (hostile_numbers, 3, 4), (hostile_sizes, 2, 4)],
)
def test_a_hostile_document_is_projected_and_its_problems_are_named(
    author: Author, spoil: Callable[[Author], None], problems: int, rows: int
) -> None:
    spoil(author)
    steps = author.written()
    conclusion = steps[-1].conclusion
    assert conclusion is not None
    assert len(conclusion.problems) == conclusion.problem_count == problems
    assert sum(len(step.puts) for step in steps) == rows
    assert author.steps()[0].puts == ()


def test_of_very_many_problems_the_first_are_kept_and_all_are_counted(author: Author) -> None:
    with author.doc.transaction():
        for at in range(MAX_PROBLEMS + 50):
            author.root("nodes")[f"x{at}"] = 1
    conclusion = author.steps()[-1].conclusion
    assert conclusion is not None
    assert (len(conclusion.problems), conclusion.problem_count) == (1000, 1050)


def test_the_words_of_a_row_are_bounded() -> None:
    body = " ".join(f"{at:x}" for at in range(300_000))
    found = wording(Node("n", "heading " * 1_000, "", 0, 0, "字" * 500_000 + body))
    assert sum(len(word.encode()) + 1 for word in found.heading + found.body) <= MAX_WORDING
    assert found.heading == ("heading",) * 1_000


def test_what_waits_for_predecessors_is_not_shown() -> None:
    author = Author()
    before = author.doc.get_state()
    author.node("first")
    between = author.doc.get_state()
    author.node("second")
    base = Author().doc.get_update()
    parked = author.doc.get_update(between)
    [step] = difference(Source(PROJECT, Seq(2), base, (parked,)), NOTHING)
    assert step.puts == ()
    rows = (parked, author.doc.get_update(before))
    [step] = difference(Source(PROJECT, Seq(3), base, rows), NOTHING)
    assert ids(step) == ["first", "second"]


def test_bytes_that_do_not_decode_are_damage() -> None:
    with pytest.raises(DocumentDamaged):
        difference(Source(PROJECT, Seq(1), None, (b"\xff\xff",)), NOTHING)


def test_steps_are_packed_one_by_one(author: Author) -> None:
    source = Source(PROJECT, Seq(1), None, (author.doc.get_update(),))
    [packed] = packed_differences([Job(source, NOTHING)])
    assert not isinstance(packed, Exception)
    assert tuple(map(unpacked, packed)) == difference(source, NOTHING)
