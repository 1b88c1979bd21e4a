"""A project brought back by an edit: exactly, and past what is typed meanwhile (L10)."""

from dataclasses import replace
from typing import Any

import pycrdt
import pytest
from hypothesis import given, settings

from server.document.elements import ElementRef, Kind
from server.document.replica import Replica
from server.document.restoring import restore_element, restore_project
from server.document.rewriting import rewrite
from server.document.schema import Edge, Node, ProjectView, Section, read_project
from server.protocol.errors import Conflict, NotFound
from tests.server.document.projects import document, texts, views

EMPTY = ProjectView((), (), (), (), ())
NODE = Node("n", "Cash", "asset", 1.0, 2.0, "in the bank 😀")
SECTION = Section("s", "Goals", "We grow. We rest.", "a")
WHOLE = ProjectView((NODE,), (Edge("e", "n", "n", "self"),), (SECTION,), (), ())


def admit(_: bytes) -> None:
    """Whatever it is."""


def live(view: ProjectView) -> Replica:
    return Replica.load([document(view).get_update()])


@settings(max_examples=40)
@given(views(), views())
def test_a_restored_project_is_the_one_in_the_snapshot_L10(
    now: ProjectView, wanted: ProjectView
) -> None:
    replica = live(now)
    _, event = replica.edit(lambda doc: restore_project(doc, now, wanted), admit)
    assert read_project(replica) == wanted
    peer: pycrdt.Doc[Any] = pycrdt.Doc()
    peer.apply_update(document(now).get_update())
    if event is not None:
        peer.apply_update(event)
    copy = Replica.load([peer.get_update()])
    assert read_project(copy) == wanted
    replica.close()
    copy.close()


@settings(max_examples=40)
@given(views(), views())
def test_a_restore_is_undone_by_restoring_what_was_before_L10(
    now: ProjectView, wanted: ProjectView
) -> None:
    replica = live(now)
    replica.edit(lambda doc: restore_project(doc, now, wanted), admit)
    replica.edit(lambda doc: restore_project(doc, wanted, now), admit)
    assert read_project(replica) == now
    replica.close()


@given(texts, texts)
def test_rewriting_an_untouched_text_gives_the_wanted_one(base: str, wanted: str) -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    text = doc.get("t", type=pycrdt.Text)
    text += base
    rewrite(text, base, wanted)
    assert str(text) == wanted


def test_what_is_typed_among_words_that_go_does_not_keep_them_L10() -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    text = doc.get("t", type=pycrdt.Text)
    text += "Kept. old1 new1 old2 new2 new3 old3 new4 "
    rewrite(text, "Kept. old1 old2 old3 ", "Kept. Wanted. ")
    assert str(text).split() == ["Kept.", "Wanted.", "new1", "new2", "new3", "new4"]


def test_what_was_typed_since_the_backup_stays_L10() -> None:
    now = replace(WHOLE, sections=(replace(SECTION, body="We grow. Bob says hi. 😀"),))
    before = replace(WHOLE, sections=(replace(SECTION, body="We grow."),))
    late = Section("late", "Late", "", "b")
    now = replace(now, sections=(*now.sections, late))
    replica = live(now)
    replica.edit(lambda doc: restore_project(doc, before, WHOLE), admit)
    body, other = read_project(replica).sections
    assert "Bob says hi. 😀" in body.body
    assert "We rest." in body.body
    assert other == late
    replica.close()


def test_text_is_changed_only_where_it_differs() -> None:
    replica = live(WHOLE)
    before = replace(WHOLE, sections=(replace(SECTION, body="We grow. We sleep and rest."),))
    replica.close()
    replica = live(before)
    _, event = replica.edit(lambda doc: restore_project(doc, before, WHOLE), admit)
    assert event is not None
    assert len(event) < 60
    replica.close()


def test_one_element_is_brought_back_and_nothing_else() -> None:
    replica = live(EMPTY)
    section = ElementRef(Kind.SECTION, "s")
    touched, _ = replica.edit(lambda doc: restore_element(doc, EMPTY, WHOLE, section), admit)
    view = read_project(replica)
    assert touched == 1
    assert (view.sections, view.nodes, view.edges) == ((SECTION,), (), ())
    assert replica.edit(lambda doc: restore_element(doc, view, WHOLE, section), admit) == (0, None)
    with pytest.raises(NotFound):
        gone = ElementRef(Kind.SECTION, "none")
        replica.edit(lambda doc: restore_element(doc, view, WHOLE, gone), admit)
    edge = ElementRef(Kind.EDGE, "e")
    with pytest.raises(Conflict, match="restore it first"):
        replica.edit(lambda doc: restore_element(doc, view, WHOLE, edge), admit)
    node = ElementRef(Kind.NODE, "n")
    replica.edit(lambda doc: restore_element(doc, view, WHOLE, node), admit)
    replica.edit(lambda doc: restore_element(doc, view, WHOLE, edge), admit)
    assert read_project(replica) == WHOLE
    replica.close()


def test_something_malformed_in_the_place_of_an_element_is_replaced() -> None:
    doc = document(EMPTY)
    doc.get("plan", type=pycrdt.Map)["s"] = "a string"
    doc.get("nodes", type=pycrdt.Map)["n"] = pycrdt.Map({"label": 3})
    replica = Replica.load([doc.get_update()])
    replica.edit(lambda doc: restore_project(doc, EMPTY, WHOLE), admit)
    assert read_project(replica) == WHOLE
    replica.close()
