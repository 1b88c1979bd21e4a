"""Proposals: another text for an element, beside it, until a person accepts or rejects.

They live in the document, under the root ``proposals``, so that any Yjs client can show and
decide them:

    proposals  Y.Map  id -> Y.Map {run: str, root: str, element: str, how: "append" | "replace",
                                   base: Y.Text, text: Y.Text, reason: str,
                                   inputs: {"root/id": digest}, status: "open" | ...}

To accept is, in one transaction, to set ``status`` to "accepted" and to do it: ``text`` goes at
the end of the element's text, or what differs between ``base`` and ``text`` is done to it. To
reject sets ``status`` to "rejected". Reads are total, and say whether what a proposal was made
from has changed since (``stale``). What does not live here: who proposes (the agent) and who may
decide (whoever may write).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

import pycrdt

from server.document.diagrams import diagram
from server.document.elements import FORMS, KIND_OF_ROOT, Element, Kind
from server.document.fields import Fields, Problem, describe, shorten, value_of
from server.document.live import Document
from server.document.nodes import node
from server.document.offsets import append_text
from server.document.plan import section
from server.document.schema import order
from server.document.whereabouts import Spot
from server.document.writing import (
    Revision,
    add_element,
    change_element,
    change_text,
    fit_id,
    fit_string,
    fit_unicode,
    read_element,
    root_of,
)
from server.protocol.errors import Conflict, Invalid, NotFound

PROPOSALS: Final = "proposals"


class Status(StrEnum):
    """What has become of a proposal."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class How(StrEnum):
    """What accepting does with the text."""

    APPEND = "append"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class NewProposal:
    """A proposal to be made. ``base`` is the element's text as its author knew it; ``inputs`` are
    the texts of other elements that it was made from, as its author knew them."""

    id: str
    run: str
    target: Spot
    how: How
    base: str = ""
    text: str = ""
    reason: str = ""
    inputs: Mapping[Spot, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it is. ``stale`` says that the text to be replaced, or another text that it
    was made from, is not as it was then, or that one of them is gone."""

    id: str
    run: str
    target: Spot
    how: How
    base: str
    text: str
    reason: str
    status: Status
    stale: bool


def add_proposal(doc: Document, new: NewProposal) -> None:
    """Make a proposal. Raises ``NotFound`` where the element is not there."""
    _text_of(doc, new.target)
    fields = {
        "run": fit_string("run", new.run),
        "root": new.target.root,
        "element": new.target.id,
        "how": new.how.value,
        "base": pycrdt.Text(fit_unicode("base", new.base)),
        "text": pycrdt.Text(fit_unicode("text", new.text)),
        "reason": fit_string("reason", new.reason),
        "inputs": {f"{spot.root}/{spot.id}": digest_of(text) for spot, text in new.inputs.items()},
        "status": Status.OPEN.value,
    }
    add_element(doc, PROPOSALS, fit_id(new.id), fields)


def extend_proposal(doc: Document, id: str, text: str) -> None:
    """More text for an open proposal. Raises ``Conflict`` for one that is decided."""
    _require_open(proposal(doc, id))
    append_text(root_of(doc, PROPOSALS)[id]["text"], text)


def accept_proposal(doc: Document, id: str) -> Proposal:
    """Do what is proposed. Raises ``Conflict`` when it is decided already, ``NotFound`` when its
    element is gone."""
    found = proposal(doc, id)
    _require_open(found)
    text = _text_of(doc, found.target)
    match found.how:
        case How.APPEND:
            append_text(text, found.text)
        case How.REPLACE:
            key = _text_key(found.target)
            change_text(doc, *found.target, key, Revision(found.base, found.text))
    return _decide(doc, id, Status.ACCEPTED)


def reject_proposal(doc: Document, id: str) -> Proposal:
    """Leave the element as it is. Raises ``Conflict`` when it is decided already."""
    _require_open(proposal(doc, id))
    return _decide(doc, id, Status.REJECTED)


def proposal(doc: Document, id: str) -> Proposal:
    """One proposal. Raises ``NotFound``."""
    return read_element(doc, PROPOSALS, id, lambda id, fields: _proposal_of(doc, id, fields))


def proposals_of(doc: Document) -> tuple[Proposal, ...]:
    """All that are well-formed, by id."""
    return tuple(_all(doc))


def digest_of(text: str) -> str:
    """What ``inputs`` say of a text: the first 32 hexadecimal digits of its SHA-256 as UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _all(doc: Document) -> Iterator[Proposal]:
    for id in sorted(root_of(doc, PROPOSALS).keys(), key=order):
        try:
            yield proposal(doc, id)
        except NotFound:
            continue


def _proposal_of(doc: Document, id: str, fields: Fields) -> Proposal:
    target = Spot(fields.string("root"), fields.string("element"))
    how = _choice(How, "how", id, fields) or How.REPLACE
    status = _choice(Status, "status", id, fields) or Status.OPEN
    base = fields.text("base")
    inputs = value_of(root_of(doc, PROPOSALS)[id], "inputs")
    stale = _has_moved_on(doc, target, how, base) or _have_changed(doc, inputs)
    text, run, reason = fields.text("text"), fields.string("run"), fields.string("reason")
    return Proposal(id, run, target, how, base, text, reason, status, stale)


_Choice = TypeVar("_Choice", bound=StrEnum)


def _choice(kind: type[_Choice], key: str, id: str, fields: Fields) -> _Choice | None:
    """One of the words of an enumeration; anything else is a problem."""
    said = fields.string(key)
    if said in set(kind):
        return kind(said)
    expected = f"one of {', '.join(kind)}"
    fields.problems.append(Problem(f"{PROPOSALS}/{shorten(id)}/{key}", expected, describe(said)))
    return None


def _has_moved_on(doc: Document, target: Spot, how: How, base: str) -> bool:
    try:
        text = str(_text_of(doc, target))
    except (NotFound, Invalid):
        return True
    return how is How.REPLACE and text != base


def _have_changed(doc: Document, inputs: object) -> bool:
    if not isinstance(inputs, dict):
        return False
    for path, digest in inputs.items():
        root, _, id = str(path).partition("/")
        try:
            if digest_of(str(_text_of(doc, Spot(root, id)))) != digest:
                return True
        except (NotFound, Invalid):
            return True
    return False


def _element(doc: Document, spot: Spot) -> Element:
    match KIND_OF_ROOT.get(spot.root):
        case Kind.NODE:
            return node(doc, spot.id)
        case Kind.SECTION:
            return section(doc, spot.id)
        case Kind.DIAGRAM:
            return diagram(doc, spot.id)
        case _:
            raise Invalid(f"expected an element with a text, got one of {shorten(spot.root)}")


def _text_of(doc: Document, spot: Spot) -> pycrdt.Text:
    _element(doc, spot)
    text: pycrdt.Text = root_of(doc, spot.root)[spot.id][_text_key(spot)]
    return text


def _text_key(spot: Spot) -> str:
    key = FORMS[KIND_OF_ROOT[spot.root]].text
    if key is None:
        raise Invalid(f"expected an element with a text, got one of {spot.root}")
    return key


def _require_open(found: Proposal) -> None:
    if found.status is not Status.OPEN:
        raise Conflict(f"proposal {shorten(found.id)} is {found.status} already")


def _decide(doc: Document, id: str, status: Status) -> Proposal:
    change_element(doc, PROPOSALS, id, {"status": status.value})
    return proposal(doc, id)
