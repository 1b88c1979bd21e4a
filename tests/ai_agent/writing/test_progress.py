"""A run that goes on after a crash writes nothing twice, whatever happened to what it wrote."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_agent.writing.operations import (
    AddDiagram,
    AddEdge,
    AddNode,
    AddSection,
    AppendText,
    Operation,
    Propose,
)
from ai_agent.writing.progress import Progress
from server.document.elements import ElementRef, Kind
from server.document.landed import Landed, landed
from server.document.live import Document
from server.document.nodes import remove_node
from server.document.plan import (
    NewSection,
    SectionChange,
    add_section,
    change_section,
    remove_section,
    section,
)
from server.document.proposals import proposals_of
from server.document.whereabouts import Spot
from tests.ai_agent.writing.desk import Desk, a_desk

WORK: Sequence[Operation] = (
    AddSection("s", "S"),
    AppendText("s", "Rent 😀 and "),
    AddNode("a", "A", "", "about 日本"),
    AppendText("s", "wages. "),
    AddNode("b", "B"),
    AddEdge("ab", "a", "b"),
    AddSection("t", "T"),
    AppendText("t", "Every é. "),
    AppendText("s", "More."),
    AddDiagram("d", "D", "gantt", "gantt\n"),
    Propose("p", ElementRef(Kind.SECTION, "theirs"), "old", "new"),
    AppendText("t", "Done."),
)


def written(desk: Desk) -> tuple[object, ...]:
    """All that the run has made, without places and ids."""
    view = desk.view()
    return (
        [(one.title, one.body) for one in view.sections],
        sorted((one.label, one.content) for one in view.nodes),
        len(view.edges),
        [(one.title, one.source) for one in view.diagrams],
        [(one.base, one.text) for one in desk.room.read(proposals_of)],
    )


def once() -> tuple[object, ...]:
    with a_desk() as desk:
        desk.person(lambda doc: add_section(doc, NewSection("theirs", "Theirs", "old")))
        desk.write(*WORK)
        return written(desk)


def resume(desk: Desk) -> None:
    """The process has died; another one takes up the run."""
    desk.scribe.close()
    desk.scribe = desk.attempt(landed(desk.rows, desk.room.full()))


@settings(max_examples=12)
@given(st.lists(st.integers(0, len(WORK)), min_size=1, max_size=3))
def test_attempts_that_die_anywhere_come_to_what_one_would_have_written(ends: list[int]) -> None:
    with a_desk() as desk:
        desk.person(lambda doc: add_section(doc, NewSection("theirs", "Theirs", "old")))
        for end in ends:
            for operation in WORK[:end]:
                desk.write(operation)
            resume(desk)
        desk.write(*WORK)
        assert written(desk) == once()


def test_text_is_cut_anew_by_a_new_attempt_and_goes_on_in_the_midst_of_a_piece() -> None:
    with a_desk() as desk:
        desk.write(AddSection("s", "S"), AppendText("s", "Rent 😀 a"))
        resume(desk)
        desk.write(AddSection("s", "S"), AppendText("s", "Re"), AppendText("s", "nt 😀 and more"))
        assert desk.view().sections[0].body == "Rent 😀 and more"


def test_what_people_deleted_meanwhile_does_not_come_again() -> None:
    with a_desk() as desk:
        desk.write(AddSection("t", "T"), AppendText("t", "gone"))
        desk.write(AddSection("s", "S"), AppendText("s", "one two"), AddNode("a", "A"))
        ids = {one.title: one.id for one in desk.view().sections}
        node = desk.view().nodes[0].id
        desk.person(lambda doc: change_section(doc, ids["S"], SectionChange(body=" two!")))
        desk.person(lambda doc: remove_section(doc, ids["T"]))
        desk.person(lambda doc: remove_node(doc, node))
        known = landed(desk.rows, desk.room.full())
        assert known.texts[Spot("plan", ids["T"])] == "gone"
        assert Spot("nodes", node) in known.elements
        resume(desk)
        desk.write(AddSection("s", "S"), AppendText("s", "one two three"), AddNode("a", "A"))
        desk.write(AddSection("t", "T"), AppendText("t", "gone, more"))
        assert [(s.title, s.body) for s in desk.view().sections] == [("S", " two! three")]
        assert desk.view().nodes == ()


def test_a_proposal_goes_on_as_a_proposal() -> None:
    with a_desk() as desk:
        desk.write(AddSection("s", "S"), AppendText("s", "one "))
        id = desk.view().sections[0].id
        desk.person(lambda doc: change_section(doc, id, SectionChange(body="one mine")))
        desk.write(AppendText("s", "two "))
        resume(desk)
        desk.write(AddSection("s", "S"), AppendText("s", "one two three"))
        assert desk.view().sections[0].body == "one mine"
        assert [one.text for one in desk.room.read(proposals_of)] == ["two three"]


def test_another_text_than_before_leaves_what_landed_as_it_is() -> None:
    with a_desk() as desk:
        desk.write(AddSection("s", "S"), AppendText("s", "Rent is high."))
        resume(desk)
        desk.write(AddSection("s", "S"), AppendText("s", "Rent"), AppendText("s", " is low. More."))
        assert desk.view().sections[0].body == "Rent is high."


def test_an_attempt_writes_under_a_client_id_of_its_own() -> None:
    with a_desk() as desk:
        first = desk.scribe.client_id
        resume(desk)
        assert desk.scribe.client_id != first


def test_text_typed_by_others_into_the_runs_text_is_not_the_runs() -> None:
    with a_desk() as desk:
        desk.write(AddSection("s", "S"), AppendText("s", "ab"))
        id = desk.view().sections[0].id
        desk.person(lambda doc: change_section(doc, id, SectionChange(body="a日b😀")))
        desk.seconds += 100
        desk.write(AppendText("s", "c"))
        spot = Spot("plan", id)
        found = landed(desk.rows, desk.room.full())
        assert found == Landed(frozenset({spot}), {spot: "abc"})
        assert landed([*desk.rows, desk.rows[-1]], desk.room.full()) == found


@pytest.mark.parametrize("pieces", [["abc"], ["a", "bc"], ["ab", "", "c"]])
def test_what_is_expected_is_passed_over(pieces: list[str]) -> None:
    spot = Spot("plan", "s")
    progress = Progress(Landed(frozenset({spot}), {spot: "ab"}))
    assert "".join(progress.new(spot, piece) for piece in pieces) == "c"


def test_a_crowd_of_rows_is_read_back() -> None:
    chance = random.Random(3)
    with a_desk() as desk:
        desk.write(AddSection("s", "S"))
        id = desk.view().sections[0].id
        said = ""
        for n in range(40):
            piece = f"{n}é "
            said += piece
            desk.write(AppendText("s", piece))
            if chance.random() < 0.4:
                desk.person(lambda doc: _scribble(doc, id, chance))
                desk.seconds += 100
        assert landed(desk.rows, desk.room.full()).texts == {Spot("plan", id): said}


def _scribble(doc: Document, id: str, chance: random.Random) -> None:
    body = section(doc, id).body
    at = chance.randint(0, len(body))
    cut = min(len(body), at + chance.randint(0, 3))
    change_section(doc, id, SectionChange(body=body[:at] + "日" + body[cut:]))
