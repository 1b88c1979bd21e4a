"""Differences of two states of a project: applied to the first, they give the second."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from server.document.elements import ElementRef, Kind
from server.document.project_difference import (
    Added,
    Changed,
    FieldChange,
    Removed,
    apply_difference,
    difference,
)
from server.document.replica import Replica
from server.document.schema import Edge, Node, ProjectView, Section, read_project
from server.document.wording import Change, Piece
from server.protocol.errors import Conflict
from tests.server.document.projects import document, views

HERE = Node("n", "Cash", "asset", 0.0, 0.0, "in the bank 😀")
PLAN = Section("s", "Goals", "Grow fast, then rest.", "a")
BEFORE = ProjectView((HERE,), (), (PLAN,), (), ())


def read(view: ProjectView) -> ProjectView:
    """The view as it is read back from a document that holds it."""
    replica = Replica.load([document(view).get_update()])
    found = read_project(replica)
    replica.close()
    return found


@settings(max_examples=60)
@given(views(), views())
def test_a_difference_applied_to_the_first_state_gives_the_second(
    one: ProjectView, other: ProjectView
) -> None:
    before, after = read(one), read(other)
    assert (before, after) == (one, other)
    assert apply_difference(before, difference(before, after)) == after


@given(views())
def test_equal_states_have_no_difference(view: ProjectView) -> None:
    assert difference(view, view) == ()


def test_what_came_and_what_went_is_told() -> None:
    edge = Edge("e", "n", "n", "")
    after = ProjectView((HERE,), (edge,), (), (), ())
    assert difference(BEFORE, after) == (
        Added(ElementRef(Kind.EDGE, "e"), edge),
        Removed(ElementRef(Kind.SECTION, "s"), PLAN),
    )


def test_a_text_differs_by_whole_words() -> None:
    after = replace(BEFORE, sections=(replace(PLAN, body="Grow slowly, then rest."),))
    (found,) = difference(BEFORE, after)
    assert isinstance(found, Changed)
    assert found.fields == ()
    assert found.text == (
        Piece(Change.KEEP, "Grow "),
        Piece(Change.DELETE, "fast"),
        Piece(Change.INSERT, "slowly"),
        Piece(Change.KEEP, ", then rest."),
    )
    assert not found.moved


def test_what_is_only_somewhere_else_has_moved() -> None:
    after = replace(BEFORE, nodes=(replace(HERE, x=5.0),))
    (found,) = difference(BEFORE, after)
    assert isinstance(found, Changed)
    assert found.fields == (FieldChange("x", 0.0, 5.0),)
    assert (found.moved, found.only_moved) == (True, True)
    renamed = replace(BEFORE, nodes=(replace(HERE, x=5.0, label="Money"),))
    (found,) = difference(BEFORE, renamed)
    assert isinstance(found, Changed)
    assert (found.moved, found.only_moved) == (True, False)


def test_a_difference_of_another_state_is_refused() -> None:
    empty = ProjectView((), (), (), (), ())
    with pytest.raises(Conflict):
        apply_difference(empty, difference(BEFORE, empty))
    with pytest.raises(Conflict):
        apply_difference(BEFORE, difference(empty, BEFORE))
    edited = replace(BEFORE, sections=(replace(PLAN, body="Other."),))
    with pytest.raises(Conflict):
        apply_difference(
            edited, difference(BEFORE, replace(edited, sections=(replace(PLAN, body="Z"),)))
        )
