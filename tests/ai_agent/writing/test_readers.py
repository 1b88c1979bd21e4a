"""From a model's text to operations: cut anywhere, cut short, and put right."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_agent.writing.cleaning import MAX_NAME
from ai_agent.writing.diagrams import DiagramKind
from ai_agent.writing.graph import MAX_EDGES, MAX_NODES
from ai_agent.writing.operations import (
    AddDiagram,
    AddEdge,
    AddNode,
    AddSection,
    AppendText,
    Operation,
    Propose,
    Say,
)
from ai_agent.writing.readers import (
    Reader,
    diagram_reader,
    graph_reader,
    plan_reader,
    selection_reader,
)
from ai_agent.writing.schemas import DIAGRAMS, GRAPH, PLAN, SELECTION, Schema
from ai_agent.writing.sections import MAX_SECTIONS
from server.document.elements import ElementRef, Kind
from server.protocol.errors import Nonsense
from tests.ai_agent.writing.streams import cuts

DAY = date(2026, 2, 1)
TEXTS = {
    "A": (ElementRef(Kind.SECTION, "s1"), "old"),
    "B": (ElementRef(Kind.NODE, "n1"), ""),
    "D": (ElementRef(Kind.DIAGRAM, "d1"), "gantt"),
}
WORDS = st.sampled_from(["a", "b", "A", "Cafe 😀", "", "end", "x\ny", "\u0000"]) | st.text(
    max_size=5
)


def answers(schema: Any) -> st.SearchStrategy[Any]:
    """Everything that a schema allows."""
    match schema["type"]:
        case "object":
            return st.fixed_dictionaries({k: answers(v) for k, v in schema["properties"].items()})
        case "array":
            return st.lists(answers(schema["items"]), max_size=4)
        case "integer":
            return st.integers(-5, 10**6)
        case "boolean":
            return st.booleans()
        case _:
            return WORDS


def selection() -> Reader:
    return selection_reader(TEXTS, {"n1": "Old", "n2": "a"})


TASKS: list[tuple[Schema, Callable[[], Reader]]] = [
    (PLAN, plan_reader),
    (GRAPH, lambda: graph_reader({"k1": "Known"})),
    (SELECTION, selection),
    *((DIAGRAMS[kind], lambda kind=kind: diagram_reader("d", kind, DAY)) for kind in DiagramKind),
]
ASKED = st.sampled_from(TASKS).flatmap(lambda task: st.tuples(answers(task[0]), st.just(task[1])))


def read(reader: Reader, pieces: Sequence[str]) -> list[Operation]:
    done = [operation for piece in pieces for operation in reader.feed(piece)]
    return joined([*done, *reader.end()])


def joined(operations: Sequence[Operation]) -> list[Operation]:
    """Text that flowed in pieces as one."""
    out: list[Operation] = []
    for one in operations:
        match (out[-1] if out else None, one):
            case (AppendText(key, before), AppendText(again, more)) if key == again:
                out[-1] = AppendText(key, before + more)
            case (Say(before), Say(more)):
                out[-1] = Say(before + more)
            case _:
                out.append(one)
    return out


def of(reader: Reader, answer: object) -> list[Operation]:
    return read(reader, [json.dumps(answer)])


@settings(max_examples=25)
@given(ASKED, st.booleans(), st.data())
def test_the_same_is_done_however_the_answer_is_cut(
    asked: tuple[Any, Callable[[], Reader]], escaped: bool, data: st.DataObject
) -> None:
    answer, reader = asked
    text = json.dumps(answer, ensure_ascii=escaped)
    assert read(reader(), data.draw(cuts(text))) == read(reader(), [text])


@settings(max_examples=25)
@given(ASKED, st.data())
def test_an_answer_that_is_cut_short_has_done_a_clean_beginning(
    asked: tuple[Any, Callable[[], Reader]], data: st.DataObject
) -> None:
    answer, reader = asked
    text = json.dumps(answer)
    cut = reader()
    done = joined(cut.feed(text[: data.draw(st.integers(0, len(text) - 1))]))
    with pytest.raises(Nonsense):
        cut.end()
    whole = of(reader(), answer)
    for one, other in zip(done, whole[: len(done)], strict=True):
        match one, other:
            case (AppendText(key, piece), AppendText(again, all)) if one is done[-1]:
                assert (key, all.startswith(piece)) == (again, True)
            case (Say(piece), Say(all)) if one is done[-1]:
                assert all.startswith(piece)
            case _:
                assert one == other


@settings(max_examples=25)
@given(ASKED)
def test_edges_join_what_was_there_before_them_and_keys_are_unique(
    asked: tuple[Any, Callable[[], Reader]],
) -> None:
    answer, reader = asked
    there = {"k1", "n1", "n2"}
    edges: set[str] = set()
    for one in of(reader(), answer):
        match one:
            case AddNode(key, label):
                assert key not in there
                assert label
                there.add(key)
            case AddEdge(key, source, target):
                assert {source, target} <= there
                assert key not in edges
                edges.add(key)
            case _:
                pass


def test_text_of_a_section_flows_before_its_string_closes() -> None:
    reader = plan_reader()
    assert reader.feed('{"sections": [{"title": "Costs", "body": "Rent') == [
        AddSection("costs", "Costs"),
        AppendText("costs", "Rent"),
    ]
    assert reader.feed(" and w") == [AppendText("costs", " and w")]


def test_a_node_is_there_when_its_json_closes_and_an_edge_with_its_second_end() -> None:
    reader = graph_reader({})
    nodes = '{"edges": [{"source": "a", "target": "b", "label": ""}], "nodes": [{"id": "a", "label"'
    assert reader.feed(nodes) == []
    assert reader.feed(': "A"}') == [AddNode("a", "A")]
    assert reader.feed(', {"id": "b", "label": "B"}') == [
        AddNode("b", "B"),
        AddEdge("a\nb\n", "a", "b"),
    ]


def test_a_second_node_of_one_id_gets_another_and_the_same_node_counts_once() -> None:
    nodes = [{"id": "a", "label": "A"}, {"id": "a", "label": "B"}, {"id": "a", "label": "A"}]
    edges = [{"source": "a", "target": "b"}, {"source": "a", "target": "B"}] * 2
    assert of(graph_reader({}), {"nodes": nodes, "edges": edges}) == [
        AddNode("a", "A"),
        AddNode("a 2", "B"),
        AddEdge("a\na 2\n", "a", "a 2"),
    ]


def test_a_node_that_the_model_was_told_of_is_not_made_again() -> None:
    answer = {
        "nodes": [{"id": "x", "label": "customers"}, {"id": "y", "label": "Costs"}],
        "edges": [{"source": "x", "target": "y"}, {"source": "id7", "target": "nowhere"}],
    }
    assert of(graph_reader({"id7": "Customers"}), answer) == [
        AddNode("y", "Costs"),
        AddEdge("id7\ny\n", "id7", "y"),
    ]


def test_sections_get_a_title_of_their_own() -> None:
    sections = [
        {"title": "Costs"},
        {"body": "text"},
        {"title": "costs", "body": "b"},
        {"body": " "},
    ]
    assert of(plan_reader(), {"sections": sections}) == [
        AddSection("costs", "Costs"),
        AddSection("untitled", "Untitled"),
        AppendText("untitled", "text"),
        AddSection("costs 2", "costs"),
        AppendText("costs 2", "b"),
    ]


def test_a_changed_text_is_proposed_once_and_only_where_it_was_shown() -> None:
    changes = [
        {"element": "A", "text": "new", "reason": "clearer"},
        {"element": "A", "text": "newer", "reason": ""},
        {"element": "D", "text": "graph TD", "reason": "Mermaid is not a model's to write"},
        {"element": "C", "text": "of somebody else", "reason": ""},
        {"element": "B", "text": "", "reason": "as it was"},
    ]
    assert of(selection(), {"reply": "Done.", "changes": changes}) == [
        Say("Done."),
        Propose("A", TEXTS["A"][0], "old", "new", "clearer", dict([TEXTS["B"], TEXTS["D"]])),
    ]


def test_a_diagram_is_written_from_its_structure() -> None:
    tasks = [{"section": "S", "name": "dig", "start_day": 2.0, "days": "many"}, {"name": ""}]
    (done,) = of(diagram_reader("d", DiagramKind.GANTT, DAY), {"title": "T", "tasks": tasks})
    assert isinstance(done, AddDiagram)
    assert (done.key, done.title, done.kind) == ("d", "T", "gantt")
    assert "    #100;ig :t0, 2026-02-03, 1d\n" in done.source


def test_ends_of_a_diagram_are_found_by_their_labels_too() -> None:
    states = [{"id": "1", "label": "Open"}, {"id": "1", "label": "Shut"}]
    moves = [{"source": "open", "target": "Shut", "label": "close"}, {"source": "1", "target": "?"}]
    (done,) = of(
        diagram_reader("d", DiagramKind.STATE, DAY), {"states": states, "transitions": moves}
    )
    assert isinstance(done, AddDiagram)
    assert "    s0 --> s1 : #99;lose\n" in done.source
    assert done.title == "State"


def test_an_answer_without_end_is_bounded() -> None:
    sections = [{"title": str(n), "body": "x"} for n in range(MAX_SECTIONS + 9)]
    made = of(plan_reader(), {"sections": sections})
    assert len(made) == 2 * MAX_SECTIONS
    nodes = [{"id": str(n), "label": str(n)} for n in range(MAX_NODES + 9)]
    edges = [{"source": str(n % 99), "target": str(n // 99)} for n in range(MAX_EDGES + 9)]
    found = of(graph_reader({}), {"nodes": nodes, "edges": edges})
    assert sum(isinstance(one, AddNode) for one in found) == MAX_NODES
    assert sum(isinstance(one, AddEdge) for one in found) == MAX_EDGES


def test_titles_are_one_line_and_short_and_text_has_no_control_characters() -> None:
    sections = [{"title": " a\x00\n b" + "c" * 500, "body": "one\r\n\ttwo\x07\x1b[31m"}]
    assert of(plan_reader(), {"sections": sections}) == [
        AddSection("a b" + "c" * (MAX_NAME - 3), "a b" + "c" * (MAX_NAME - 3)),
        AppendText("a b" + "c" * (MAX_NAME - 3), "one\n\ttwo[31m"),
    ]


@pytest.mark.parametrize("text", ["[]", '{"sections": 5, "nodes": "x"}', "{}"])
def test_an_answer_of_another_shape_does_nothing(text: str) -> None:
    assert read(selection(), [text]) == []


def test_every_schema_is_strict() -> None:
    def check(schema: Any) -> None:
        if schema["type"] == "object":
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
            for inner in schema["properties"].values():
                check(inner)
        elif schema["type"] == "array":
            check(schema["items"])

    for schema, _ in TASKS:
        check(schema)
