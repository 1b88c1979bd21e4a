"""Nodes, edges, sections and diagrams: made, changed and removed in a live document.

Long because the four kinds are held to the same rules, in one place.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pycrdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.document.diagrams import DiagramChange, NewDiagram, add_diagram, change_diagram
from server.document.edges import EdgeChange, NewEdge, add_edge, change_edge, edge, remove_edge
from server.document.fields import MAX_STRING
from server.document.nodes import NewNode, NodeChange, add_node, change_node, node, remove_node
from server.document.operations import Add, Change, Remove, perform_all
from server.document.plan import (
    After,
    AtEnd,
    AtStart,
    Before,
    NewSection,
    Place,
    SectionChange,
    add_section,
    change_section,
    section,
)
from server.document.replica import Document, Replica
from server.document.schema import Diagram, Edge, Node, ProjectView, read_project
from server.document.writing import Revision
from server.protocol.errors import Conflict, Invalid, NotFound
from tests.server.document.texts import rewrites, texts


class Project:
    """A replica that is edited, and whoever else types in it."""

    def __init__(self) -> None:
        self.replica = Replica()

    def __call__(self, change: Any, *args: Any) -> Any:
        return self.replica.edit(lambda doc: change(doc, *args), lambda _: None)[0]

    @property
    def view(self) -> ProjectView:
        return read_project(self.replica)

    def peer(self) -> Document:
        doc: Document = pycrdt.Doc()
        doc.apply_update(self.replica.full())
        return doc

    def hear(self, doc: Document) -> None:
        self.replica.apply(doc.get_update(pycrdt.Doc().get_state()))


@pytest.fixture
def project() -> Iterator[Project]:
    made = Project()
    yield made
    made.replica.close()


def shared(doc: Document, root: str, id: str, key: str) -> pycrdt.Text:
    text: pycrdt.Text = doc.get(root, type=pycrdt.Map)[id][key]
    return text


def test_a_node_is_what_it_was_made(project: Project) -> None:
    made = project(add_node, NewNode("n1", "Müller 😀", "person", 1, -2.5, "é😀a"))
    assert made == Node("n1", "Müller 😀", "person", 1.0, -2.5, "é😀a")
    assert project.view.nodes == (made,)


def test_only_what_differs_of_a_node_is_set(project: Project) -> None:
    project(add_node, NewNode("n1", "a", content="text"))
    peer = project.peer()
    before = peer.get_state()
    changed = project(change_node, "n1", NodeChange(label="a", x=0, content="text"))
    assert changed == Node("n1", "a", "", 0, 0, "text")
    assert project.replica.diff(before) == b"\x00\x00"
    assert project(change_node, "n1", NodeChange(kind="k", y=3)).y == 3


def test_a_change_of_a_node_does_not_bring_it_back(project: Project) -> None:
    project(add_node, NewNode("n1", "a"))
    peer = project.peer()
    project(change_node, "n1", NodeChange(label="b"))
    with peer.transaction():
        del peer.get("nodes", type=pycrdt.Map)["n1"]
    project.hear(peer)
    assert project.view.nodes == ()


def test_removing_a_node_removes_its_edges_with_it(project: Project) -> None:
    for id in "abc":
        project(add_node, NewNode(id, id))
    for id, source, target in (("ab", "a", "b"), ("bc", "b", "c"), ("ca", "c", "a")):
        project(add_edge, NewEdge(id, source, target))
    assert sorted(project(remove_node, "a")) == ["ab", "ca"]
    assert [one.id for one in project.view.edges] == ["bc"]
    assert project.view.problems[1:] == ()


def test_what_others_put_among_the_edges_keeps_no_node_from_being_removed(
    project: Project,
) -> None:
    def litter(doc: Document) -> None:
        edges: pycrdt.Map[Any] = doc.get("edges", type=pycrdt.Map)
        edges["number"], edges["string"] = float("nan"), "a"
        edges["bytes"], edges["xml"] = b"\xff", pycrdt.XmlFragment()
        edges["list"] = pycrdt.Array(["a"])
        edges["text"] = pycrdt.Map({"source": pycrdt.Text("a"), "target": 2.0**80})
        edges["half"] = pycrdt.Map({"source": "a"})

    project(add_node, NewNode("a", ""))
    project(litter)
    assert project(remove_node, "a") == ("half",)
    named = {problem.path.split("/")[1] for problem in project.view.problems}
    assert named == {"schema", "number", "string", "bytes", "xml", "list", "text"}


def test_what_exists_is_not_made_again(project: Project) -> None:
    project(add_node, NewNode("n1", "first"))
    with pytest.raises(Conflict):
        project(add_node, NewNode("n1", "second"))
    assert project(node, "n1").label == "first"


@pytest.mark.parametrize(
    "new",
    [
        NewNode("", "no id"),
        NewNode("x" * 201, "long id"),
        NewNode("n", "x" * (MAX_STRING + 1)),
        NewNode("n", "half \ud83d"),
        NewNode("n", "a", content="half \ud83d"),
        NewNode("n", "a", x=float("nan")),
        NewNode("n", "a", y=float("inf")),
    ],
)
def test_a_node_that_others_could_not_read_is_refused(project: Project, new: NewNode) -> None:
    with pytest.raises(Invalid):
        project(add_node, new)
    assert project.replica.full() == b"\x00\x00"


def test_an_edge_needs_both_ends_and_is_hidden_without_them(project: Project) -> None:
    project(add_node, NewNode("a", ""))
    with pytest.raises(Invalid, match="target"):
        project(add_edge, NewEdge("e", "a", "nowhere"))
    project(add_node, NewNode("b", ""))
    project(add_edge, NewEdge("e", "a", "b", "likes"))
    assert project(change_edge, "e", EdgeChange(target="a")) == Edge("e", "a", "a", "likes")
    with pytest.raises(Invalid, match="source"):
        project(change_edge, "e", EdgeChange(source="nowhere"))
    peer = project.peer()
    del peer.get("nodes", type=pycrdt.Map)["a"]
    project.hear(peer)
    with pytest.raises(NotFound, match="hidden"):
        project(edge, "e")
    project(remove_edge, "e")


def test_what_is_not_as_the_schema_says_is_not_there_and_can_be_removed(project: Project) -> None:
    def litter(doc: Document) -> None:
        nodes: pycrdt.Map[Any] = doc.get("nodes", type=pycrdt.Map)
        nodes["string"] = "no map"
        nodes["half"] = pycrdt.Map({"label": "a", "x": "left"})

    project(litter)
    for id in ("string", "half", "absent"):
        with pytest.raises(NotFound):
            project(node, id)
        with pytest.raises(NotFound):
            project(change_node, id, NodeChange(label="b"))
    with pytest.raises(Conflict):
        project(add_node, NewNode("half", "a"))
    project(remove_node, "half")
    project(remove_node, "string")
    with pytest.raises(NotFound):
        project(remove_node, "absent")


def test_a_diagram_can_be_cut_off_from_the_graph(project: Project) -> None:
    project(add_diagram, NewDiagram("d", "Map", derived_from="graph", source="flowchart TD"))
    changed = project(change_diagram, "d", DiagramChange(source="flowchart LR", derived_from=None))
    assert changed == Diagram("d", "Map", "flowchart", "flowchart LR", None)
    assert project(change_diagram, "d", DiagramChange(derived_from="graph")).derived_from == "graph"
    with pytest.raises(Invalid):
        project(change_diagram, "d", DiagramChange(derived_from="thin air"))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), max_size=12))
def test_sections_stand_where_they_were_put(moves: list[tuple[int, int]]) -> None:
    project = Project()
    row: list[str] = []
    with closing(project.replica):
        for n, (kind, at) in enumerate(moves):
            near = row[at % len(row)] if row else ""
            places: list[Place] = [AtStart(), AtEnd(), Before(near), After(near)]
            place = places[kind] if row else AtEnd()
            index = {0: 0, 1: len(row)}.get(kind if row else 1)
            index = row.index(near) + (kind == 3) if index is None else index
            project(add_section, NewSection(f"s{n}", f"Section {n}", place=place))
            row.insert(index, f"s{n}")
            assert [one.id for one in project.view.sections] == row
            if len(row) > 2:
                moved = row.pop(at % len(row))
                project(change_section, moved, SectionChange(place=Before(row[0])))
                row.insert(0, moved)
                assert [one.id for one in project.view.sections] == row


def test_between_sections_of_one_rank_there_is_room_too(project: Project) -> None:
    def twins(doc: Document) -> None:
        plan: pycrdt.Map[Any] = doc.get("plan", type=pycrdt.Map)
        for id in "abc":
            plan[id] = pycrdt.Map({"title": id, "body": pycrdt.Text(""), "rank": "same"})

    project(twins)
    project(add_section, NewSection("x", "between", place=After("a")))
    assert [one.id for one in project.view.sections] == ["a", "x", "b", "c"]
    with pytest.raises(Invalid, match="nowhere"):
        project(change_section, "x", SectionChange(place=Before("nowhere")))
    rank = project(section, "x").rank
    assert project(change_section, "x", SectionChange(place=After("a"))).rank == rank


@settings(deadline=None)
@given(st.data())
def test_a_text_becomes_what_was_wanted_and_typing_elsewhere_survives(data: st.DataObject) -> None:
    before, typed = data.draw(texts), data.draw(st.sampled_from(("!", "😀", "日本")))
    wanted = data.draw(rewrites(before))
    project = Project()
    with closing(project.replica):
        project(add_section, NewSection("s", "t", before))
        peer = project.peer()
        text = shared(peer, "plan", "s", "body")
        points = [len(before[:n].encode()) for n in range(len(before) + 1)]
        text.insert(data.draw(st.sampled_from(points)), f"<{typed}>")
        assert project(change_section, "s", SectionChange(body=wanted)).body == wanted
        project.hear(peer)
        merged = project(section, "s").body
        assert f"<{typed}>" in merged
        assert sorted(merged.replace(f"<{typed}>", "", 1)) == sorted(wanted)


@settings(deadline=None)
@given(st.data())
def test_a_revision_of_what_was_read_keeps_what_was_typed_since(data: st.DataObject) -> None:
    base = data.draw(texts)
    wanted = data.draw(rewrites(base))
    at = data.draw(st.integers(0, len(base)))
    project = Project()
    with closing(project.replica):
        project(add_node, NewNode("n", "", content=base[:at] + "<typed>" + base[at:]))
        changed = project(change_node, "n", NodeChange(content=Revision(base, wanted)))
        assert sorted(changed.content.replace("<typed>", "", 1)) == sorted(wanted)
        assert "<typed>" in changed.content


def test_an_image_in_a_text_is_not_taken_for_a_character(project: Project) -> None:
    def embed(doc: Document) -> None:
        shared(doc, "nodes", "n", "content").insert_embed(5, {"image": "x"})

    project(add_node, NewNode("n", "", content="before after"))
    project(embed)
    changed = project(change_node, "n", NodeChange(content="before und danach"))
    assert changed.content == "before und danach"
    text = shared(project.peer(), "nodes", "n", "content")
    assert [chunk for chunk, _ in text.diff() if not isinstance(chunk, str)] == [{"image": "x"}]


def test_many_operations_are_done_in_order_and_answer_what_they_made(project: Project) -> None:
    made = project(
        perform_all,
        [
            Add(NewNode("a", "A")),
            Add(NewNode("b", "B")),
            Add(NewEdge("ab", "a", "b")),
            Change("a", NodeChange(label="AA")),
            Add(NewSection("s", "S")),
            Change("s", SectionChange(title="SS")),
            Add(NewDiagram("d", "D")),
            Change("d", DiagramChange(title="DD")),
            Change("ab", EdgeChange(label="to")),
            Remove("nodes", "b"),
            Remove("plan", "s"),
            Remove("diagrams", "d"),
        ],
    )
    assert [getattr(one, "id", None) for one in made] == (
        ["a", "b", "ab", "a", "s", "s", "d", "d", "ab", None, None, None]
    )
    view = project.view
    assert [one.label for one in view.nodes] == ["AA"]
    assert (view.edges, view.sections, view.diagrams) == ((), (), ())


def test_the_operation_that_cannot_be_done_is_named_and_none_is_done(project: Project) -> None:
    project(add_node, NewNode("kept", "K"))
    before = project.view
    with pytest.raises(Invalid, match="operation 1: expected target"):
        project(perform_all, [Add(NewNode("a", "A")), Add(NewEdge("e", "a", "nowhere"))])
    with pytest.raises(Invalid, match="operation 0: expected one of"):
        project(perform_all, [Remove("meta", "schema")])
    assert project.view == before
    project(add_node, NewNode("a", "again"))
