"""What operations become in the document, and where people are."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ai_agent.writing.activity import ACTIVE_SECONDS
from ai_agent.writing.operations import (
    AddDiagram,
    AddEdge,
    AddNode,
    AddSection,
    AppendText,
    Propose,
    Say,
)
from server.document.elements import ElementRef, Kind
from server.document.nodes import NodeChange, change_node, remove_node
from server.document.plan import (
    NewSection,
    SectionChange,
    add_section,
    change_section,
    remove_section,
)
from server.document.proposals import (
    How,
    Status,
    accept_proposal,
    proposals_of,
    reject_proposal,
)
from server.document.replica import Replica
from server.document.schema import view_of
from server.protocol.awareness import PresenceEntry
from server.protocol.ids import ClientId
from tests.ai_agent.writing.desk import Desk, a_desk
from tests.interop.node import run_script


@pytest.fixture
def desk() -> Iterator[Desk]:
    with a_desk() as found:
        yield found


def bodies(desk: Desk) -> dict[str, str]:
    return {section.title: section.body for section in desk.view().sections}


def open_texts(desk: Desk) -> list[str]:
    return [one.text for one in desk.room.read(proposals_of) if one.status is Status.OPEN]


def test_text_flows_into_a_section_of_its_own(desk: Desk) -> None:
    desk.write(AddSection("costs", "Costs"))
    desk.write(AppendText("costs", "Rent 😀"), AddSection("b", "B"), AppendText("costs", " 日本."))
    assert bodies(desk) == {"Costs": "Rent 😀 日本.", "B": ""}


def test_nodes_edges_and_diagrams_are_made(desk: Desk) -> None:
    desk.write(AddNode("a", "A", "cost", "text"), AddNode("b", "B"), AddEdge("ab", "a", "b", "x"))
    desk.write(AddDiagram("d", "D", "gantt", "gantt\n"), Say("hello"))
    view = desk.view()
    assert [(n.label, n.kind, n.content) for n in view.nodes if n.label == "A"] == [
        ("A", "cost", "text")
    ]
    (edge,) = view.edges
    assert edge.label == "x"
    assert [one.source for one in view.diagrams] == ["gantt\n"]


def test_an_edge_may_end_at_a_node_that_was_there(desk: Desk) -> None:
    desk.write(AddNode("a", "A"))
    (there,) = desk.view().nodes
    desk.write(AddNode("b", "B"), AddEdge("e", "b", there.id))
    assert desk.view().edges[0].target == there.id


def test_words_for_the_conversation_write_nothing(desk: Desk) -> None:
    assert desk.write(Say("hello")) is None


def test_what_cannot_be_done_any_more_is_left_out_and_the_rest_is_done(desk: Desk) -> None:
    desk.write(AddNode("a", "A"), AddSection("s", "S"))
    node, section = desk.view().nodes[0].id, desk.view().sections[0].id
    desk.person(lambda doc: remove_node(doc, node))
    desk.person(lambda doc: remove_section(doc, section))
    desk.write(AddEdge("e", "a", "a"), AppendText("s", "lost"), AddNode("b", "B"))
    view = desk.view()
    assert ([n.label for n in view.nodes], view.edges, view.sections) == (["B"], (), ())
    assert len(desk.scribe.left_out) == 2


def test_a_person_who_types_in_the_section_gets_a_proposal_and_is_not_interrupted(
    desk: Desk,
) -> None:
    desk.write(AddSection("s", "S"), AppendText("s", "One. "))
    id = desk.view().sections[0].id
    desk.person(lambda doc: change_section(doc, id, SectionChange(body="One. Mine")))
    desk.write(AppendText("s", "Two. "))
    desk.seconds += 100
    desk.write(AppendText("s", "Three."))
    assert bodies(desk) == {"S": "One. Mine"}
    assert open_texts(desk) == ["Two. Three."]


def test_after_a_while_without_edits_a_person_counts_as_gone(desk: Desk) -> None:
    desk.write(AddSection("s", "S"))
    id = desk.view().sections[0].id
    desk.person(lambda doc: change_section(doc, id, SectionChange(body="x")))
    desk.seconds += ACTIVE_SECONDS
    desk.write(AppendText("s", "y"))
    assert bodies(desk) == {"S": "xy"}


def test_what_a_person_does_elsewhere_or_to_the_title_is_no_reason_to_step_aside(
    desk: Desk,
) -> None:
    desk.write(AddSection("s", "S"), AddNode("n", "N"))
    id = desk.view().sections[0].id
    desk.person(lambda doc: add_section(doc, NewSection("other", "Other", "text")))
    desk.person(lambda doc: change_section(doc, id, SectionChange(title="T")))
    desk.write(AppendText("s", "y"))
    assert bodies(desk) == {"T": "y", "Other": "text"}


def cursor(client: int, ref: tuple[int, int] | None, role: str = "person") -> PresenceEntry:
    item = None if ref is None else {"client": ref[0], "clock": ref[1]}
    state = {"role": role, "deep": [{"anchor": {"item": item}}]}
    return PresenceEntry(ClientId(client), 1, None if ref is None else json.dumps(state))


@pytest.mark.parametrize(
    ("entries", "steps_aside"),
    [
        ([(9, True, "person")], True),
        ([(9, True, "person"), (9, False, "person")], False),
        ([(9, True, "agent")], False),
    ],
)
def test_a_cursor_in_the_section_is_a_person(
    desk: Desk, entries: list[tuple[int, bool, str]], steps_aside: bool
) -> None:
    desk.write(AddSection("s", "S"), AppendText("s", "abc"))
    shown = json.loads(desk.scribe.presence().state or "")["cursor"]["anchor"]["item"]
    for client, here, role in entries:
        ref = (shown["client"], shown["clock"]) if here else None
        desk.scribe.hear([cursor(client, ref, role)])
    desk.write(AppendText("s", "d"))
    assert bodies(desk) == {"S": "abc" if steps_aside else "abcd"}


def test_states_that_name_no_position_are_nobodys_cursor(desk: Desk) -> None:
    desk.write(AddSection("s", "S"))
    for state in ("{}", '{"cursor": null}', '{"item": {"client": "x", "clock": 1}}', "[1"):
        desk.scribe.hear([PresenceEntry(ClientId(9), 1, state)])
    far = cursor(9, (12345, 6))
    desk.scribe.hear([far])
    desk.write(AppendText("s", "y"))
    assert bodies(desk) == {"S": "y"}


def test_a_proposal_that_is_accepted_early_goes_on_in_another(desk: Desk) -> None:
    desk.write(AddSection("s", "S"))
    id = desk.view().sections[0].id
    desk.person(lambda doc: change_section(doc, id, SectionChange(body="x ")))
    desk.write(AppendText("s", "one "))
    desk.person(lambda doc: accept_proposal(doc, proposals_of(doc)[0].id))
    desk.write(AppendText("s", "two "), AppendText("s", "three"))
    assert bodies(desk) == {"S": "x one "}
    assert open_texts(desk) == ["two three"]


def test_a_proposal_that_is_rejected_early_ends_the_section(desk: Desk) -> None:
    desk.write(AddSection("s", "S"))
    id = desk.view().sections[0].id
    desk.person(lambda doc: change_section(doc, id, SectionChange(body="x")))
    desk.write(AppendText("s", "one "))
    desk.person(lambda doc: reject_proposal(doc, proposals_of(doc)[0].id))
    desk.write(AppendText("s", "two"))
    assert (bodies(desk), open_texts(desk)) == ({"S": "x"}, [])


def test_what_people_wrote_is_only_ever_proposed_to_change(desk: Desk) -> None:
    desk.person(lambda doc: add_section(doc, NewSection("p", "P", "old")))
    desk.write(Propose("p", ElementRef(Kind.SECTION, "p"), "old", "new", "shorter"))
    assert bodies(desk) == {"P": "old"}
    (found,) = desk.room.read(proposals_of)
    assert (found.how, found.text, found.reason, found.stale) == (
        How.REPLACE,
        "new",
        "shorter",
        False,
    )


def test_an_edge_pulls_a_node_of_ours_and_never_one_that_somebody_placed(desk: Desk) -> None:
    desk.write(*(AddNode(str(n), str(n)) for n in range(12)))
    places = {n.label: (n.x, n.y) for n in desk.view().nodes}
    moved = next(n.id for n in desk.view().nodes if n.label == "0")
    desk.person(lambda doc: change_node(doc, moved, NodeChange(x=5000.0)))
    desk.write(AddEdge("e", "11", "1"), AddEdge("f", "0", "11"))
    after = {n.label: (n.x, n.y) for n in desk.view().nodes}
    assert after["0"] == (5000.0, places["0"][1])
    assert after["1"] != places["1"]
    unmoved = [str(n) for n in range(2, 12)]
    assert [after[n] for n in unmoved] == [places[n] for n in unmoved]


def test_presence_says_who_it_is_and_its_clock_grows(desk: Desk) -> None:
    first, second = desk.scribe.presence(), desk.scribe.presence()
    assert first.client == desk.scribe.client_id
    assert first.clock < second.clock
    state: dict[str, Any] = json.loads(first.state or "")
    assert state["user"] == {"name": "Ada", "color": "#0af"}
    assert (state["role"], state["run"], state["cursor"]) == ("agent", "run1", None)


@pytest.mark.node
def test_a_browser_sees_the_agents_cursor_after_its_last_word_and_the_agent_a_browsers(
    desk: Desk,
) -> None:
    desk.write(AddSection("s", "S"), AppendText("s", "é😀日本 the end"))
    id = desk.view().sections[0].id
    desk.person(lambda doc: change_section(doc, id, SectionChange(body="😀é😀日本 the end more")))
    desk.seconds += ACTIVE_SECONDS
    asked = {
        "update": desk.room.full().hex(),
        "section": id,
        "presence": desk.scribe.presence().state,
    }
    told = json.loads(run_script("colleague.mjs", json.dumps(asked)))
    assert told["index"] == len("😀é😀日本 the end".encode("utf-16-le")) // 2
    for state in told["cursors"]:
        desk.scribe.hear([PresenceEntry(ClientId(4242), 1, state)])
        assert desk.scribe._activity.is_active(desk.scribe.element("plan", "s"))
        desk.scribe.hear([PresenceEntry(ClientId(4242), 2, None)])
        assert not desk.scribe._activity.is_active(desk.scribe.element("plan", "s"))


@pytest.mark.node
def test_any_yjs_client_accepts_a_proposal_through_the_document(desk: Desk) -> None:
    desk.write(AddSection("s", "S"), AppendText("s", "One. "))
    id = desk.view().sections[0].id
    desk.person(lambda doc: change_section(doc, id, SectionChange(body="One. Mine. ")))
    desk.write(AppendText("s", "日本."))
    (found,) = desk.room.read(proposals_of)
    asked = {
        "update": desk.room.full().hex(),
        "section": id,
        "presence": desk.scribe.presence().state,
        "proposal": found.id,
    }
    told = json.loads(run_script("colleague.mjs", json.dumps(asked)))
    theirs = Replica.load([bytes.fromhex(told["update"])])
    assert theirs.read(view_of).sections[0].body == "One. Mine. 日本."
    assert theirs.read(proposals_of)[0].status is Status.ACCEPTED
    theirs.close()
