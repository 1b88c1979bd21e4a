"""Random projects, as hypothesis strategies: records and documents that hold them."""

from typing import Any

import pycrdt
from hypothesis import strategies as st

from server.document.schema import (
    Diagram,
    Edge,
    Node,
    ProjectView,
    Section,
    order,
    seed,
    sort_sections,
)

WORDS = ("growth", "é", "😀", "日本", "👩‍👩‍👧", "42", "plan")
texts = st.lists(st.sampled_from((*WORDS, " ", "\n", ", ")), max_size=12).map("".join)
titles = st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join)
ids = st.sampled_from(("a", "b", "c", "😀", "é"))
numbers = st.sampled_from((0.0, 1.5, -20.0))

nodes = st.builds(Node, id=ids, label=titles, kind=titles, x=numbers, y=numbers, content=texts)
sections = st.builds(Section, id=ids, title=titles, body=texts, rank=st.sampled_from("abc"))
diagrams = st.builds(
    Diagram,
    id=ids,
    title=titles,
    kind=st.just("flowchart"),
    source=texts,
    derived_from=st.sampled_from((None, "graph")),
)


def unique(strategy: Any) -> Any:
    """Up to five records with different ids, in the order of a view."""
    lists = st.lists(strategy, max_size=5, unique_by=lambda one: one.id)
    return lists.map(lambda found: tuple(sorted(found, key=lambda one: order(one.id))))


@st.composite
def views(draw: st.DrawFn) -> ProjectView:
    """A project without problems."""
    found = draw(unique(nodes))
    ends = [node.id for node in found]
    edges: tuple[Edge, ...] = ()
    if ends:
        end = st.sampled_from(ends)
        edges = draw(unique(st.builds(Edge, id=ids, source=end, target=end, label=titles)))
    plan = sort_sections(draw(unique(sections)))
    return ProjectView(found, edges, plan, draw(unique(diagrams)), ())


def document(view: ProjectView, client_id: int = 7) -> "pycrdt.Doc[Any]":
    """A document that holds exactly this."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=client_id)
    doc.apply_update(seed(1, "Plan"))
    with doc.transaction():
        for node in view.nodes:
            put(doc, "nodes", node.id, content=pycrdt.Text(node.content), label=node.label,
                kind=node.kind, x=node.x, y=node.y)  # fmt: skip
        for edge in view.edges:
            put(doc, "edges", edge.id, source=edge.source, target=edge.target, label=edge.label)
        for section in view.sections:
            put(doc, "plan", section.id, title=section.title, body=pycrdt.Text(section.body),
                rank=section.rank)  # fmt: skip
        for one in view.diagrams:
            derived = {} if one.derived_from is None else {"derived_from": one.derived_from}
            put(doc, "diagrams", one.id, title=one.title, kind=one.kind,
                source=pycrdt.Text(one.source), **derived)  # fmt: skip
    return doc


def put(doc: "pycrdt.Doc[Any]", root: str, id: str, **fields: Any) -> None:
    """Create an element."""
    doc.get(root, type=pycrdt.Map)[id] = pycrdt.Map(fields)
