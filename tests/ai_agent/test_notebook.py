"""What a model is shown of a project: as data, within a bound, and noted."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest

from ai_agent.model import Call
from ai_agent.notebook import EXCERPT, PASSAGE, TOOLS, Notebook
from server.document.elements import ElementRef, Kind
from server.document.schema import Diagram, Edge, Node, ProjectView, Section
from server.protocol.ids import Millis, ProjectId, RunId
from server.room.freshness import changed_since
from server.room.run_ports import Said, Speaker, Target

LONG = "beans " * 200
VIEW = ProjectView(
    nodes=(
        Node("n1", "Customers", "group", 0, 0, "who drink coffee"),
        Node("n2", "Grinder", "", 0, 0, ""),
        Node("n3", "Landlord", "", 0, 0, ""),
    ),
    edges=(Edge("e1", "n1", "n2", "need"),),
    sections=(Section("s1", "Coffee", LONG, "a"), Section("s2", "Rent", "Due monthly.", "b")),
    diagrams=(Diagram("d1", "Days", "gantt", "gantt", None),),
    problems=(),
)


@dataclass(frozen=True)
class Index:
    """A full-text index that finds always the same."""

    refs: tuple[ElementRef, ...] = ()
    messages: tuple[Said, ...] = ()

    async def elements(self, project: ProjectId, text: str, limit: int) -> list[ElementRef]:
        return list(self.refs[:limit])

    async def said(self, project: ProjectId, text: str, limit: int) -> list[Said]:
        return list(self.messages[:limit])


def said(number: int, text: str) -> Said:
    return Said(number, Speaker.PERSON, None, RunId("r"), text, Millis(0))


def notebook(tokens: int = 10_000, index: Index | None = None) -> Notebook:
    return Notebook(VIEW, tokens, ProjectId("p"), index or Index())


def look(book: Notebook, prompt: str, target: Target) -> dict[str, list[dict[str, object]]]:
    seen: dict[str, list[dict[str, object]]] = json.loads(
        asyncio.run(book.first_look(prompt, target))
    )
    return seen


def ask(book: Notebook, tool: str, arguments: str = "{}") -> object:
    answer: object = json.loads(asyncio.run(book.answer(Call("c", tool, arguments))))
    return answer


def read(book: Notebook) -> set[str]:
    return {one.element.id for one in book.reads}


def test_a_first_look_shows_what_is_asked_about_whole_and_all_else_in_outline() -> None:
    book = notebook()
    target = Target((ElementRef(Kind.SECTION, "s1"), ElementRef(Kind.NODE, "gone")), (0, 5))
    seen: Any = look(book, "landlord", target)
    assert seen["asked_about"] == [
        {"section": "s1", "title": "Coffee", "text": LONG, "selected": "beans"}
    ]
    assert len(seen["outline"]["sections"][0]["text"]) == EXCERPT
    assert [one["label"] for one in seen["outline"]["nodes"]] == [
        "Customers",
        "Grinder",
        "Landlord",
    ]
    assert [one["node"] for one in seen["related"]] == ["n3"]
    assert read(book) == {"s1", "n3"}


def test_a_node_comes_with_its_edges_and_neighbours() -> None:
    book = notebook()
    shown = ask(book, "read_node", '{"id": "n2"}')
    assert isinstance(shown, list)
    assert [one.get("node") or one.get("edge") for one in shown] == ["n2", "e1", "n1"]
    assert read(book) == {"n1", "n2", "e1"}


@pytest.mark.parametrize(
    ("tool", "arguments", "part"),
    [
        ("read_section", '{"id": "s2"}', "Due monthly."),
        ("search", '{"words": "monthly coffee"}', "Rent"),
        ("outline", "", "Landlord"),
    ],
)
def test_every_tool_shows_what_it_says(tool: str, arguments: str, part: str) -> None:
    assert part in json.dumps(ask(notebook(), tool, arguments))
    assert tool in {one.name for one in TOOLS}


@pytest.mark.parametrize(
    ("tool", "arguments", "error"),
    [
        ("read_section", '{"id": "n1"}', "there is no section 'n1'"),
        ("read_node", "{}", "there is no node ''"),
        ("delete_everything", "{}", "there is no tool 'delete_everything'"),
        ("search", "[1]", "expected a JSON object as arguments"),
        ("search", "{nonsense", "expected a JSON object as arguments"),
    ],
)
def test_what_a_tool_cannot_show_is_said_to_the_model(
    tool: str, arguments: str, error: str
) -> None:
    book = notebook()
    assert ask(book, tool, arguments) == {"error": error}
    assert read(book) == set()


def test_no_more_is_shown_than_there_is_room_for_and_what_is_cut_is_marked() -> None:
    book = notebook(tokens=50)
    target = Target((ElementRef(Kind.SECTION, "s1"),))
    [shown] = look(book, "x", target)["asked_about"]
    assert shown["cut"] is True
    assert len(str(shown["text"])) < 200
    shown_later = ask(book, "read_section", '{"id": "s2"}')
    assert shown_later == [{"section": "", "title": "", "text": "", "cut": True}]


def test_texts_that_may_be_changed_are_those_that_were_asked_about() -> None:
    refs = tuple(
        ElementRef(kind, id)
        for kind, id in ((Kind.SECTION, "s2"), (Kind.EDGE, "e1"), (Kind.DIAGRAM, "d1"))
    )
    assert notebook().texts(Target(refs)) == {
        "s2": (refs[0], "Due monthly."),
        "d1": (refs[2], "gantt"),
    }
    assert notebook().nodes == {"n1": "Customers", "n2": "Grinder", "n3": "Landlord"}


def test_what_was_read_and_has_changed_since_is_told() -> None:
    book = notebook()
    ask(book, "read_node", '{"id": "n2"}')
    ask(book, "read_section", '{"id": "s2"}')
    assert changed_since(book.reads, VIEW) == ()
    others = tuple(one for one in VIEW.nodes if one.id != "n1")
    after = ProjectView(
        others, (), (VIEW.sections[0], Section("s2", "Rent", "Due yearly.", "b")), (), ()
    )
    assert [ref.id for ref in changed_since(book.reads, after)] == ["e1", "n1", "s2"]


def test_what_the_index_finds_is_shown_as_it_is_now_beside_what_only_the_document_has() -> None:
    gone, stale = ElementRef(Kind.SECTION, "gone"), ElementRef(Kind.DIAGRAM, "d1")
    book = notebook(index=Index((gone, stale, ElementRef(Kind.NODE, "n2"))))
    found: Any = ask(book, "search", '{"words": "due monthly"}')
    shown = [one.get("section") or one.get("diagram") or one.get("node") for one in found]
    assert shown == ["s2", "d1", "n2"] or shown == ["d1", "s2", "n2"]
    assert read(book) == {"d1", "s2", "n2"}, "so that it is told when they change"


def test_what_both_find_comes_first() -> None:
    index = Index((ElementRef(Kind.NODE, "n1"), ElementRef(Kind.SECTION, "s2")))
    found: Any = ask(notebook(index=index), "search", '{"words": "due monthly"}')
    assert [one.get("section") or one.get("node") for one in found] == ["s2", "n1"]


def test_what_was_said_before_is_shown_once_and_cut_to_a_passage() -> None:
    index = Index(messages=(said(1, "told"), said(2, "m" * 2 * PASSAGE), said(3, "own")))
    book = notebook(index=index)
    passages = json.loads(asyncio.run(book.passages("x", [said(1, "told"), said(3, "own")])))
    assert passages == [{"message": 2, "by": "person", "said": "m" * PASSAGE}]
    assert ask(book, "search", '{"words": "x"}') == []
    assert asyncio.run(book.passages("x", [])) == ""


def test_without_room_nothing_of_before_is_shown() -> None:
    book = notebook(tokens=0, index=Index(messages=(said(1, "before"),)))
    assert asyncio.run(book.passages("x", [])) == ""
