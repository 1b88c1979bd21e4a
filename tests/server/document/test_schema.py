"""Whatever is in a document, reading it answers: what is well-formed, and what is not."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.fields import MAX_STRING
from server.document.replica import Replica
from server.document.schema import (
    MAX_ID,
    Diagram,
    Edge,
    Node,
    ProjectView,
    Section,
    read_project,
    seed,
)
from server.protocol.errors import Invalid
from tests.interop.node import run_script

Maps = Callable[[str], "pycrdt.Map[Any]"]


def view_of(write: "Callable[[pycrdt.Doc[Any]], None]") -> ProjectView:
    """What the server reads of what a client has written into a seeded project."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=1)
    doc.apply_update(seed(7, "Plan"))
    with doc.transaction():
        write(doc)
    with contextlib.closing(Replica.load((), checkpoint=doc.get_update())) as replica:
        before = replica.full()
        view = read_project(replica)
        assert replica.full() == before
        assert read_project(replica) == view
    return view


def root(doc: "pycrdt.Doc[Any]", name: str) -> "pycrdt.Map[Any]":
    made: pycrdt.Map[Any] = doc.get(name, type=pycrdt.Map)
    return made


def node(**changes: Any) -> "pycrdt.Map[Any]":
    fields = {"label": "L", "kind": "task", "x": 1, "y": -2.5, "content": pycrdt.Text("日本😀")}
    kept = {key: value for key, value in (fields | changes).items() if value is not ...}
    return pycrdt.Map(kept)


def edge(source: Any, target: Any) -> "pycrdt.Map[Any]":
    return pycrdt.Map({"source": source, "target": target, "label": ""})


def section(rank: Any, title: Any = "T") -> "pycrdt.Map[Any]":
    return pycrdt.Map({"title": title, "body": pycrdt.Text("# b"), "rank": rank})


def problems(view: ProjectView) -> list[str]:
    return [problem.path for problem in view.problems]


def test_a_seed_is_the_same_for_the_same_arguments_and_reads_as_an_empty_project() -> None:
    assert seed(5, "Plan é😀") == seed(5, "Plan é😀")
    assert seed(5, "a") != seed(6, "a")
    assert view_of(lambda _: None) == ProjectView((), (), (), (), ())


@pytest.mark.parametrize(
    ("client", "title"),
    [(-1, "a"), (2**53, "a"), (1, "\ud800"), (1, "x" * (MAX_STRING + 1))],
)
def test_a_seed_of_impossible_arguments_is_invalid(client: int, title: str) -> None:
    with pytest.raises(Invalid):
        seed(client, title)


def test_well_formed_elements_are_read_in_full() -> None:
    def write(doc: "pycrdt.Doc[Any]") -> None:
        root(doc, "nodes")["b"] = node()
        root(doc, "nodes")["a"] = node(label="é")
        root(doc, "edges")["e"] = edge("a", "b")
        root(doc, "plan")["s"] = section("a0")
        diagram = {"title": "D", "kind": "flowchart", "source": pycrdt.Text("graph TD")}
        root(doc, "diagrams")["d"] = pycrdt.Map(diagram)
        derived = {**diagram, "source": pycrdt.Text(""), "derived_from": "graph"}
        root(doc, "diagrams")["g"] = pycrdt.Map(derived)

    view = view_of(write)
    assert view.problems == ()
    assert view.nodes == (
        Node("a", "é", "task", 1.0, -2.5, "日本😀"),
        Node("b", "L", "task", 1.0, -2.5, "日本😀"),
    )
    assert view.edges == (Edge("e", "a", "b", ""),)
    assert view.sections == (Section("s", "T", "# b", "a0"),)
    assert view.diagrams == (
        Diagram("d", "D", "flowchart", "graph TD", None),
        Diagram("g", "D", "flowchart", "", "graph"),
    )


def test_sections_are_ordered_by_rank_then_id_as_javascript_orders() -> None:
    ranks = {"z": "a1", "b": "a0", "a": "a0", "bmp": "\uffee", "astral": "\U0001f600", "cap": "Z"}

    def write(doc: "pycrdt.Doc[Any]") -> None:
        for id, rank in ranks.items():
            root(doc, "plan")[id] = section(rank)

    ids = [section.id for section in view_of(write).sections]
    assert ids == ["cap", "a", "b", "z", "astral", "bmp"]


def test_an_edge_without_both_ends_is_hidden_and_listed() -> None:
    def write(doc: "pycrdt.Doc[Any]") -> None:
        root(doc, "nodes")["a"] = node()
        root(doc, "nodes")["odd"] = node(x="left")
        root(doc, "edges")["gone"] = edge("a", "nowhere")
        root(doc, "edges")["odd"] = edge("odd", "a")
        root(doc, "edges")["self"] = edge("a", "a")

    view = view_of(write)
    assert [edge.id for edge in view.edges] == ["self"]
    assert problems(view) == ["nodes/odd/x", "edges/gone/target", "edges/odd/source"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", ...),
        ("label", None),
        ("label", 5),
        ("label", b"bytes"),
        ("label", ["a"]),
        ("label", pycrdt.Text),
        ("label", "x" * (MAX_STRING + 1)),
        ("kind", True),
        ("x", "1"),
        ("x", True),
        ("x", float("nan")),
        ("y", float("inf")),
        ("y", float("-inf")),
        ("y", ...),
        ("content", "plain"),
        ("content", ...),
        ("content", pycrdt.Map),
        ("content", pycrdt.Array),
        ("content", pycrdt.XmlFragment),
        ("content", {"a": {"b": [1, 2, {"c": None}]}}),
    ],
)
def test_a_malformed_field_hides_its_element_alone_and_is_listed(field: str, value: Any) -> None:
    def write(doc: "pycrdt.Doc[Any]") -> None:
        given = value() if isinstance(value, type) else value
        root(doc, "nodes")["bad"] = node(**{field: given})
        root(doc, "nodes")["good"] = node()

    view = view_of(write)
    assert [node.id for node in view.nodes] == ["good"]
    assert problems(view) == [f"nodes/bad/{field}"]
    assert all(problem.expected and problem.got for problem in view.problems)


@pytest.mark.parametrize("value", [None, 1, "text", [1], {"label": "L"}, b"x", pycrdt.Text])
def test_an_element_that_is_no_map_is_skipped_and_listed(value: Any) -> None:
    def write(doc: "pycrdt.Doc[Any]") -> None:
        for name in ("nodes", "edges", "plan", "diagrams"):
            root(doc, name)["e"] = value() if isinstance(value, type) else value

    view = view_of(write)
    assert (view.nodes, view.edges, view.sections, view.diagrams) == ((), (), (), ())
    assert problems(view) == ["nodes/e", "edges/e", "plan/e", "diagrams/e"]


@pytest.mark.parametrize("id", ["", "i" * (MAX_ID + 1)])
def test_an_element_of_an_impossible_id_is_skipped_and_listed(id: str) -> None:
    view = view_of(lambda doc: root(doc, "nodes").update({id: node()}))
    assert view.nodes == ()
    assert len(view.problems) == 1
    assert len(view.problems[0].path) < MAX_ID


def test_a_root_of_another_type_is_listed_and_its_keys_are_still_read() -> None:
    def write(doc: "pycrdt.Doc[Any]") -> None:
        doc.get("nodes", type=pycrdt.Array).append("x")
        doc.get("edges", type=pycrdt.Text).insert(0, "some text")
        doc.get("plan", type=pycrdt.XmlFragment).children.append(pycrdt.XmlElement("p"))
        doc.get("diagrams", type=pycrdt.Array).append(pycrdt.Map({"title": "t"}))

    assert problems(view_of(write)) == ["nodes", "edges", "plan", "diagrams"]


@pytest.mark.parametrize("version", [2, None, "1", True])
def test_another_schema_is_listed(version: Any) -> None:
    view = view_of(lambda doc: root(doc, "meta").update({"schema": version}))
    assert problems(view) == ["meta/schema"]


def test_an_empty_document_reads_as_an_empty_project_without_a_schema() -> None:
    with contextlib.closing(Replica()) as replica:
        view = read_project(replica)
    assert (view.nodes, view.edges, view.sections, view.diagrams) == ((), (), (), ())
    assert problems(view) == ["meta/schema"]


def test_deep_values_and_huge_integers_are_listed_not_raised_L7() -> None:
    deep: Any = 1
    for _ in range(400):
        deep = [deep]

    def write(doc: "pycrdt.Doc[Any]") -> None:
        root(doc, "nodes")["deep"] = node(x=deep)
        root(doc, "nodes")["big"] = node(x=2**62 + 1, y=-(2**60))
        inner = root(doc, "plan")
        for _ in range(200):
            inner["down"] = pycrdt.Map({})
            inner = inner["down"]

    view = view_of(write)
    assert [(node.id, node.x) for node in view.nodes] == [("big", float(2**62 + 1))]
    assert problems(view) == [
        "nodes/deep/x",
        "plan/down/title",
        "plan/down/body",
        "plan/down/rank",
    ]


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(-(2**60), 2**60),
    st.text(max_size=5),
    st.binary(max_size=3),
)
plain = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = ("label", "kind", "x", "content", "source", "target", "title", "body", "rank", "schema")
shared = st.one_of(
    plain,
    st.builds(lambda text: pycrdt.Text(text), st.text(max_size=4)),
    st.builds(
        lambda fields: pycrdt.Map(fields),
        st.dictionaries(st.sampled_from(FIELDS), plain, max_size=4),
    ),
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("meta", "nodes", "edges", "plan", "diagrams")),
            st.text(max_size=4),
            shared,
        ),
        max_size=8,
    )
)
def test_whatever_anybody_writes_is_read_L7(writes: list[tuple[str, str, Any]]) -> None:
    def write(doc: "pycrdt.Doc[Any]") -> None:
        for name, key, value in writes:
            root(doc, name)[key] = value

    with contextlib.suppress(UnicodeEncodeError):
        view_of(write)


@pytest.fixture
def replica() -> Iterator[Replica]:
    with contextlib.closing(Replica()) as made:
        yield made


@pytest.mark.node
def test_what_a_genuine_client_writes_is_read(replica: Replica) -> None:
    answer = json.loads(run_script("project.mjs", seed(7, "Plan").hex()))
    replica.apply(bytes.fromhex(answer["update"]))
    view = read_project(replica)
    assert view.problems == ()
    assert view.nodes == (Node("n1", "Käse 😀", "task", 10.0, 0.5, "日本"),)
    assert view.sections == (Section("s1", "One", "# One", "a0"),)
