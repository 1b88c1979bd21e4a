"""Whose words are these: people's, an agent's, an import's, or nobody's who is known."""

from collections.abc import Callable, Sequence
from contextlib import closing

import pytest

from server.document.elements import ElementRef, Kind
from server.document.live import Document
from server.document.nodes import NewNode, add_node
from server.document.plan import NewSection, SectionChange, add_section, change_section
from server.document.replica import Replica
from server.document.schema import seed
from server.protocol.ids import Millis, ProjectId, RunId, Seq, UserId
from server.room.authors import MAX_TEXTS, Authors, Hand, authors_of
from server.room.history_ports import History
from server.room.ports import Attribution, LoggedUpdate, Means

PERSON = Attribution(UserId("ada"), Means.CLIENT)
AGENT = Attribution(UserId("ada"), Means.RUN, RunId("r"))
SECTION, NODE = ElementRef(Kind.SECTION, "s"), ElementRef(Kind.NODE, "n")

Edit = tuple[Attribution, Callable[[Document], object]]


def body(text: str, name: str = "s") -> Callable[[Document], object]:
    return lambda doc: change_section(doc, name, SectionChange(body=text))


def section(name: str, text: str) -> Callable[[Document], object]:
    return lambda doc: add_section(doc, NewSection(name, "S", text))


def history_of(edits: Sequence[Edit]) -> tuple[History, bytes]:
    rows = []
    with closing(Replica.load([seed(1, "Plan")])) as replica:
        for seq, (by, change) in enumerate(edits, 1):
            _, event = replica.edit(change, lambda _: None)
            assert event is not None
            rows.append(LoggedUpdate(Seq(seq), event, by, Millis(0)))
        state = replica.everything()
    return History(ProjectId("p"), Seq(len(rows)), None, (), tuple(rows)), state


def told(*edits: Edit, first: Sequence[ElementRef] = ()) -> Authors:
    return authors_of(*history_of(edits), first)


@pytest.mark.parametrize(
    ("means", "hand"),
    [
        (Means.CLIENT, Hand.PERSON),
        (Means.REST, Hand.PERSON),
        (Means.RUN, Hand.AGENT),
        (Means.IMPORT, Hand.IMPORT),
        (Means.DUPLICATE, Hand.IMPORT),
        (Means.RESTORE, Hand.IMPORT),
    ],
)
def test_l3_what_one_hand_wrote_is_its_own(means: Means, hand: Hand) -> None:
    found = told((Attribution(None, means), lambda doc: add_node(doc, NewNode("n", "N"))))
    assert found == Authors({NODE: (hand,)}, {})


def test_l3_a_text_of_several_is_told_apart() -> None:
    found = told((AGENT, section("s", "one!")), (PERSON, body("one and two!")))
    assert found.hands == {SECTION: (Hand.AGENT, Hand.PERSON)}
    assert found.spans == {
        SECTION: ((Hand.AGENT, "one"), (Hand.PERSON, " and two"), (Hand.AGENT, "!"))
    }


def test_what_has_been_deleted_counts_no_more() -> None:
    found = told((AGENT, section("s", "")), (PERSON, body("mine")), (PERSON, body("")))
    assert found.hands == {SECTION: (Hand.AGENT,)}


def test_what_nobody_is_known_to_have_written_is_nobodys() -> None:
    history, state = history_of([(PERSON, section("s", "words"))])
    unknown = History(history.project, history.head, None, (), ())
    assert authors_of(unknown, state) == Authors()


def test_so_many_texts_are_told_apart_and_those_that_are_asked_about_first() -> None:
    names = [f"s{n:02}" for n in range(MAX_TEXTS + 3)]
    edits: list[Edit] = [(AGENT, section(name, "a")) for name in names]
    edits += [(PERSON, body("ab", name)) for name in names]
    last = ElementRef(Kind.SECTION, names[-1])
    found = told(*edits, first=(last,))
    assert len(found.spans) == MAX_TEXTS
    assert found.spans[last] == ((Hand.AGENT, "a"), (Hand.PERSON, "b"))
