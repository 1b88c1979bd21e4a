"""Proposals are read whatever they are, and decided once."""

from collections.abc import Callable, Iterator
from typing import Any

import pycrdt
import pytest

from server.document.live import Document
from server.document.nodes import NewNode, NodeChange, add_node, change_node, remove_node
from server.document.plan import (
    NewSection,
    SectionChange,
    add_section,
    change_section,
    remove_section,
    section,
)
from server.document.proposals import (
    PROPOSALS,
    How,
    NewProposal,
    Proposal,
    Status,
    accept_proposal,
    add_proposal,
    extend_proposal,
    proposal,
    proposals_of,
    reject_proposal,
)
from server.document.replica import Replica
from server.document.whereabouts import Spot
from server.document.writing import root_of
from server.protocol.errors import Conflict, Invalid, NotFound

SECTION = Spot("plan", "s")


@pytest.fixture
def replica() -> Iterator[Replica]:
    found = Replica()
    edit(found, lambda doc: add_section(doc, NewSection("s", "S", "old words here")))
    edit(found, lambda doc: add_node(doc, NewNode("n", "N")))
    yield found
    found.close()


def edit(replica: Replica, change: Callable[[Document], Any]) -> Any:
    return replica.edit(change, lambda _: None)[0]


def propose(replica: Replica, **fields: Any) -> None:
    new = NewProposal(**{"id": "p", "run": "r", "target": SECTION, "how": How.REPLACE} | fields)
    edit(replica, lambda doc: add_proposal(doc, new))


def found(replica: Replica) -> Proposal:
    return replica.read(lambda doc: proposal(doc, "p"))


def body(replica: Replica) -> str:
    return replica.read(lambda doc: section(doc, "s")).body


def rewrite(replica: Replica, text: str) -> None:
    edit(replica, lambda doc: change_section(doc, "s", SectionChange(body=text)))


def test_accepting_a_replacement_keeps_what_others_typed_since(replica: Replica) -> None:
    propose(replica, base="old words here", text="new words here")
    assert not found(replica).stale
    rewrite(replica, "old words here, and mine")
    assert found(replica).stale
    edit(replica, lambda doc: accept_proposal(doc, "p"))
    assert body(replica) == "new words here, and mine"
    assert found(replica).status is Status.ACCEPTED


def test_accepting_more_text_puts_it_at_the_end(replica: Replica) -> None:
    propose(replica, how=How.APPEND, text=" and 😀")
    edit(replica, lambda doc: extend_proposal(doc, "p", "!"))
    rewrite(replica, "theirs")
    assert not found(replica).stale
    edit(replica, lambda doc: accept_proposal(doc, "p"))
    assert body(replica) == "theirs and 😀!"


def test_rejecting_changes_nothing_but_the_proposal(replica: Replica) -> None:
    propose(replica, text="new")
    assert edit(replica, lambda doc: reject_proposal(doc, "p")).status is Status.REJECTED
    assert body(replica) == "old words here"


@pytest.mark.parametrize("decide", [accept_proposal, reject_proposal])
@pytest.mark.parametrize(
    "again", [accept_proposal, reject_proposal, lambda doc, id: extend_proposal(doc, id, "x")]
)
def test_what_is_decided_stays_so(
    replica: Replica,
    decide: Callable[[Document, str], Proposal],
    again: Callable[[Document, str], object],
) -> None:
    propose(replica, base="old words here", text="new")
    edit(replica, lambda doc: decide(doc, "p"))
    after = body(replica)
    with pytest.raises(Conflict, match="already"):
        edit(replica, lambda doc: again(doc, "p"))
    assert body(replica) == after


def test_a_proposal_for_what_is_gone_is_stale_and_cannot_be_accepted(replica: Replica) -> None:
    propose(replica, how=How.APPEND, text="x")
    edit(replica, lambda doc: remove_section(doc, "s"))
    assert found(replica).stale
    with pytest.raises(NotFound):
        edit(replica, lambda doc: accept_proposal(doc, "p"))


def test_a_proposal_is_stale_once_what_it_was_made_from_has_changed(replica: Replica) -> None:
    propose(replica, how=How.APPEND, text="x", inputs={Spot("nodes", "n"): ""})
    edit(replica, lambda doc: change_node(doc, "n", NodeChange(x=7.0, label="M")))
    assert not found(replica).stale
    edit(replica, lambda doc: change_node(doc, "n", NodeChange(content="more")))
    assert found(replica).stale
    edit(replica, lambda doc: remove_node(doc, "n"))
    assert found(replica).stale


@pytest.mark.parametrize("target", [Spot("edges", "e"), Spot("meta", "x"), Spot("plan", "gone")])
def test_only_a_text_that_is_there_can_be_the_target(replica: Replica, target: Spot) -> None:
    with pytest.raises((Invalid, NotFound)):
        propose(replica, target=target)
    assert replica.read(proposals_of) == ()


def test_what_is_not_as_the_schema_says_is_no_proposal(replica: Replica) -> None:
    propose(replica, base="old words here", text="x")

    def spoil(key: str, value: object) -> None:
        edit(replica, lambda doc: root_of(doc, PROPOSALS)["p"].__setitem__(key, value))

    edit(replica, lambda doc: root_of(doc, PROPOSALS).__setitem__("q", 5))
    edit(replica, lambda doc: root_of(doc, PROPOSALS).__setitem__("r", pycrdt.Map({"how": "x"})))
    assert [one.id for one in replica.read(proposals_of)] == ["p"]
    for inputs in (5, {"nowhere": 1}, {"plan/s": ["x"]}):
        spoil("inputs", inputs)
        assert found(replica).stale is (inputs != 5)
    for key, value in (("how", "delete"), ("status", 1), ("text", "x")):
        spoil(key, value)
        assert replica.read(proposals_of) == ()
        with pytest.raises(NotFound, match=f"proposals/p/{key}"):
            edit(replica, lambda doc: accept_proposal(doc, "p"))
        spoil(key, {"how": "append", "status": "open"}.get(key, ""))
