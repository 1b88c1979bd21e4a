"""Text that came too late: found in the log, though the document has dropped it (L6, L10)."""

from typing import Any

import pycrdt

from server.document.compaction import Row, compact
from server.document.elements import ElementRef, Kind
from server.document.lost import LostText, Written, lost_texts
from server.document.offsets import insert_text
from server.document.touched import touched
from server.protocol.ids import Millis, Seq

SECTION = ElementRef(Kind.SECTION, "s")


def written() -> "pycrdt.Doc[Any]":
    """A document with one section."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=1)
    put(doc)
    return doc


def put(doc: "pycrdt.Doc[Any]") -> None:
    fields = {"title": "T", "rank": "a", "body": pycrdt.Text("Hello 😀")}
    doc.get("plan", type=pycrdt.Map)["s"] = pycrdt.Map(fields)


def copy(doc: "pycrdt.Doc[Any]", client_id: int) -> "pycrdt.Doc[Any]":
    other: pycrdt.Doc[Any] = pycrdt.Doc(client_id=client_id)
    other.apply_update(doc.get_update())
    return other


def body(doc: "pycrdt.Doc[Any]") -> pycrdt.Text:
    text: pycrdt.Text = doc.get("plan", type=pycrdt.Map)["s"]["body"]
    return text


def story(*, recreate: bool) -> list[Written[str]]:
    """Bob types offline while Ada deletes the section, and perhaps writes it anew."""
    ada = written()
    rows = [Written("ada", ada.get_update())]
    bob = copy(ada, 2)
    before = ada.get_state()
    del ada.get("plan", type=pycrdt.Map)["s"]
    if recreate:
        put(ada)
    rows.append(Written("ada", ada.get_update(before)))
    before = bob.get_state()
    insert_text(body(bob), 7, " from 日本")
    insert_text(body(bob), 15, "!")
    insert_text(body(bob), 0, "Oh. ")
    rows.append(Written("bob", bob.get_update(before)))
    return rows


def test_text_typed_into_a_deleted_section_is_found_L6() -> None:
    for recreate in (False, True):
        assert lost_texts(None, story(recreate=recreate)) == (
            LostText("bob", " from 日本!", SECTION),
            LostText("bob", "Oh. ", SECTION),
        )


def test_what_its_author_or_others_deleted_on_purpose_is_not_lost() -> None:
    ada = written()
    rows = [Written("ada", ada.get_update())]
    bob = copy(ada, 2)
    before = bob.get_state()
    insert_text(body(bob), 0, "typed and deleted again ")
    del body(bob)[0:5]
    rows.append(Written("bob", bob.get_update(before)))
    ada.apply_update(rows[-1].payload)
    before = ada.get_state()
    del ada.get("plan", type=pycrdt.Map)["s"]
    rows.append(Written("ada", ada.get_update(before)))
    assert lost_texts(None, rows) == ()


def test_compaction_does_not_lose_what_was_lost_L4() -> None:
    rows = story(recreate=True)
    logged = [Row(Seq(n), row.label, Millis(n), row.payload) for n, row in enumerate(rows, start=1)]
    runs = compact(None, logged).runs
    assert [run.author for run in runs] == ["ada", "bob"]
    found = lost_texts(None, [Written(run.author, run.payload) for run in runs])
    assert [one.text for one in found] == [" from 日本!", "Oh. "]


def test_text_that_waited_and_then_found_its_section_deleted_is_lost_too() -> None:
    rows = story(recreate=False)
    bob: pycrdt.Doc[Any] = pycrdt.Doc(client_id=2)
    for row in (rows[0], rows[2]):
        bob.apply_update(row.payload)
    before = bob.get_state()
    insert_text(body(bob), 0, "Later. ")
    later = Written("bob later", bob.get_update(before))
    found = lost_texts(None, [rows[0], rows[1], later, rows[2]])
    assert ("bob later", "Later. ") in [(one.label, one.text) for one in found]
    assert len(found) == 3


def test_each_update_is_told_with_the_elements_that_it_changed() -> None:
    rows = story(recreate=True)
    ada = written()
    before = ada.get_state()
    ada.get("nodes", type=pycrdt.Map)["n"] = pycrdt.Map({"label": "x"})
    node = ada.get_update(before)
    before = ada.get_state()
    ada.get("nodes", type=pycrdt.Map)["n"]["label"] = "y"
    insert_text(body(ada), 0, "both ")
    both = ada.get_update(before)
    found = list(touched(None, [rows[0].payload, node, both, both]))
    n = ElementRef(Kind.NODE, "n")
    assert found == [{SECTION}, {n}, {n, SECTION}, frozenset()]
