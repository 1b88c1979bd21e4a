"""Sections of the plan in a live document: to read, make, change, move and remove one.

What is said of all elements in ``server.document.writing`` holds. The order is that of
ranks (``rank``); whoever asks names a neighbour.
"""

from dataclasses import dataclass
from typing import assert_never

import pycrdt

from server.document.fields import shorten, value_of
from server.document.live import Document
from server.document.offsets import append_text
from server.document.rank import insert_rank
from server.document.schema import PLAN, Section, order, section_of
from server.document.writing import (
    UNCHANGED,
    TextChange,
    Unchanged,
    add_element,
    change_element,
    change_text,
    fit_id,
    fit_string,
    fit_text,
    fit_unicode,
    read_element,
    remove_element,
    root_of,
)
from server.protocol.errors import Invalid


@dataclass(frozen=True, slots=True)
class AtStart:
    """Before all others."""


@dataclass(frozen=True, slots=True)
class AtEnd:
    """After all others."""


@dataclass(frozen=True, slots=True)
class Before:
    """Right before this section."""

    id: str


@dataclass(frozen=True, slots=True)
class After:
    """Right after this section."""

    id: str


Place = AtStart | AtEnd | Before | After


@dataclass(frozen=True, slots=True)
class NewSection:
    """A section to be made; ``body`` is Markdown."""

    id: str
    title: str
    body: str = ""
    place: Place = AtEnd()


@dataclass(frozen=True, slots=True)
class SectionChange:
    """What shall be different about a section."""

    title: str | Unchanged = UNCHANGED
    body: TextChange | Unchanged = UNCHANGED
    place: Place | Unchanged = UNCHANGED


def section(doc: Document, id: str) -> Section:
    """One section."""
    return read_element(doc, PLAN, id, section_of)


def add_section(doc: Document, new: NewSection) -> Section:
    """Make a section."""
    others = in_order(doc)
    index = _index(others, new.place)
    rank, ranks = insert_rank([rank for rank, _ in others], index)
    write_section(doc, new, rank)
    _rank_anew(doc, others, ranks)
    return section(doc, new.id)


def write_section(doc: Document, new: NewSection, rank: str) -> None:
    """Make a section with this rank, wherever that is."""
    fields = {
        "title": fit_string("title", new.title),
        "rank": rank,
        "body": pycrdt.Text(fit_unicode("body", new.body)),
    }
    add_element(doc, PLAN, fit_id(new.id), fields)


def change_section(doc: Document, id: str, change: SectionChange) -> Section:
    """Change a section."""
    section(doc, id)
    if not isinstance(change.title, Unchanged):
        fit_string("title", change.title)
    fit_text("body", change.body)
    if not isinstance(change.place, Unchanged):
        _move(doc, id, change.place)
    change_element(doc, PLAN, id, {"title": change.title})
    change_text(doc, PLAN, id, "body", change.body)
    return section(doc, id)


def append_body(doc: Document, id: str, added: str) -> None:
    """More text at the end of a section."""
    section(doc, id)
    append_text(root_of(doc, PLAN)[id]["body"], added)


def remove_section(doc: Document, id: str) -> None:
    """Delete a section."""
    remove_element(doc, PLAN, id)


def _move(doc: Document, id: str, place: Place) -> None:
    before = in_order(doc)
    others = [other for other in before if other[1] != id]
    index = _index(others, place)
    if before[index][1] == id:
        return  # It is there already.
    rank, ranks = insert_rank([rank for rank, _ in others], index)
    change_element(doc, PLAN, id, {"rank": rank})
    _rank_anew(doc, others, ranks)


def in_order(doc: Document) -> list[tuple[str, str]]:
    """Rank and id of everything that has a rank, in order."""
    sections = root_of(doc, PLAN)
    found: list[tuple[str, str]] = []
    for id in sections.keys():  # noqa: SIM118  # a pycrdt.Map is not iterated
        element = value_of(sections, id)
        rank = value_of(element, "rank") if isinstance(element, pycrdt.Map) else None
        if isinstance(rank, str):
            found.append((rank, id))
    return sorted(found, key=lambda one: (order(one[0]), order(one[1])))


def _index(others: list[tuple[str, str]], place: Place) -> int:
    """Before which of the others. Raises ``Invalid`` for an unknown neighbour."""
    match place:
        case AtStart():
            return 0
        case AtEnd():
            return len(others)
        case Before(neighbour) | After(neighbour):
            for index, (_, id) in enumerate(others):
                if id == neighbour:
                    return index + isinstance(place, After)
            raise Invalid(f"expected the id of another section, got {shorten(neighbour)}")
        case _:
            assert_never(place)


def _rank_anew(doc: Document, others: list[tuple[str, str]], ranks: tuple[str, ...]) -> None:
    for (before, id), rank in zip(others, ranks, strict=True):
        if rank != before:
            change_element(doc, PLAN, id, {"rank": rank})
