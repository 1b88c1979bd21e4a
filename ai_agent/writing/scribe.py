"""The agent's own replica of the document, and how operations are written into it.

Lives here: which element an operation means, where a node lies, and that nothing is written
where a person is: there the text goes into a proposal beside it. What does not live here: how an
element is written (``server.document``), and how the update reaches the room.

Laws. L9: what comes out is an update like any peer's. Nothing that somebody else wrote is changed
or deleted. An operation that cannot be done any more, because somebody has deleted what it
builds upon, is left out, and the others are done.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, assert_never

from ai_agent.writing.activity import Activity
from ai_agent.writing.caret import Caret
from ai_agent.writing.layout import Layout, Point
from ai_agent.writing.operations import (
    AddDiagram,
    AddEdge,
    AddNode,
    AddSection,
    AppendText,
    Operation,
    Propose,
    Say,
)
from ai_agent.writing.progress import Progress
from server.document.diagrams import NewDiagram, add_diagram
from server.document.edges import NewEdge, add_edge
from server.document.elements import FORMS, ElementRef
from server.document.landed import NOTHING, Landed, is_text
from server.document.live import Document
from server.document.nodes import NewNode, NodeChange, add_node, change_node, node
from server.document.pieces import ranges
from server.document.plan import NewSection, add_section, append_body
from server.document.proposals import (
    PROPOSALS,
    How,
    NewProposal,
    Status,
    add_proposal,
    extend_proposal,
    proposal,
)
from server.document.replica import Replica
from server.document.schema import DIAGRAMS, EDGES, NODES, PLAN, read_project
from server.document.whereabouts import Spot, Whereabouts
from server.protocol.awareness import PresenceEntry
from server.protocol.errors import NotFound, PeerError
from server.protocol.ids import ClientId, RunId

_ID_LENGTH: Final = 24


class Scribe:
    """One attempt of a run. Sync, of one thread; ``close`` when done."""

    def __init__(
        self,
        run: RunId,
        state: bytes,
        *,
        name: str,
        color: str,
        now: Callable[[], float],
        landed: Landed = NOTHING,
    ) -> None:
        """``state`` is the document as one update; ``now`` answers seconds of a monotonic
        clock; ``landed`` is what earlier attempts of this run have written."""
        self._run = run
        self._replica = Replica.load([state])
        self._where = Whereabouts()
        self._where.note(self._replica.full())
        self._activity = Activity(self._where, now)
        self._progress = Progress(landed)
        self._caret = Caret(self._replica.client_id, run, name, color)
        self._layout = Layout(
            {one.id: Point(one.x, one.y) for one in read_project(self._replica).nodes}
        )
        self._placed: dict[str, Point] = {}
        self._beside: dict[str, int] = {}
        self.left_out: list[str] = []
        """Why operations were left out, for the run's record."""

    @property
    def client_id(self) -> ClientId:
        """Fresh for each attempt."""
        return self._replica.client_id

    def state_vector(self) -> bytes:
        """What the replica holds, for a step 1."""
        return self._replica.state_vector()

    def receive(self, update: bytes) -> None:
        """An edit of somebody, or of our own coming back. Raises a ``PeerError`` for one that
        does not apply."""
        event = self._replica.apply(update).event
        if event is None:
            return
        self._where.note(event)
        structs, deletes = ranges(event)
        places = [place for _, place in self._where.places([*structs, *deletes])]
        self._activity.edited(place for place in places if is_text(place))
        self._look(sorted({place.id for place in places if place.root == NODES}))

    def hear(self, entries: Sequence[PresenceEntry]) -> None:
        """Who is here and where their cursors are; with a state of None: who is gone."""
        self._activity.hear(entries)

    def perform(self, operations: Sequence[Operation]) -> bytes | None:
        """Write; the update for the room, None if there was nothing to write."""
        _, event = self._replica.edit(lambda doc: self._write(doc, operations), _admit)
        if event is not None:
            self._where.note(event)
            self._caret.wrote(event)
        return event

    def presence(self) -> PresenceEntry:
        """Our own state for the others; its clock grows with each call."""
        return self._caret.entry()

    def element(self, root: str, key: str) -> Spot:
        """The element of this run with this key, be it there or not."""
        name = f"{self._run}\n{root}\n{key}"
        return Spot(root, hashlib.sha256(name.encode()).hexdigest()[:_ID_LENGTH])

    def close(self) -> None:
        """Let go of the replica. Idempotent."""
        self._replica.close()

    # --- writing -------------------------------------------------------------------

    def _write(self, doc: Document, operations: Sequence[Operation]) -> None:
        for operation in operations:
            try:
                self._do(doc, operation)
            except PeerError as error:
                # Whatever writes an element raises before it writes.
                self.left_out.append(error.message)

    def _do(self, doc: Document, operation: Operation) -> None:
        match operation:
            case AddSection(key, title):
                spot = self.element(PLAN, key)
                if not self._progress.has(spot):
                    add_section(doc, NewSection(spot.id, title))
            case AppendText(key, text):
                self._append(doc, key, text)
            case AddNode():
                self._add_node(doc, operation)
            case AddEdge():
                self._add_edge(doc, operation)
            case AddDiagram():
                self._add_diagram(doc, operation)
            case Propose():
                self._propose(doc, operation)
            case Say():
                pass
            case _:
                assert_never(operation)

    def _append(self, doc: Document, key: str, text: str) -> None:
        """To the section; or, from when a person was active in it, to a proposal for it."""
        section = self.element(PLAN, key)
        self._catch_up(section, key)
        new = self._progress.new(section, text)
        if not new:
            return
        if key in self._beside:
            self._propose_more(doc, section, key, new)
        elif self._activity.is_active(section):
            self._propose_from_here(doc, section, key, new)
        else:
            append_body(doc, section.id, new)

    def _catch_up(self, section: Spot, key: str) -> None:
        """An earlier attempt may have gone over to proposals."""
        while self._progress.has(beside := self._next_beside(key)):
            self._beside[key] = self._beside.get(key, 0) + 1
            self._progress.expect(section, self._progress.landed(beside))

    def _next_beside(self, key: str) -> Spot:
        return self.element(PROPOSALS, f"append {key} {self._beside.get(key, 0)}")

    def _propose_from_here(self, doc: Document, section: Spot, key: str, new: str) -> None:
        id = self._next_beside(key).id
        add_proposal(doc, NewProposal(id, self._run, section, How.APPEND, text=new))
        self._beside[key] = self._beside.get(key, 0) + 1

    def _propose_more(self, doc: Document, section: Spot, key: str, new: str) -> None:
        """What is accepted before it is complete goes on in another proposal."""
        id = self.element(PROPOSALS, f"append {key} {self._beside[key] - 1}").id
        if proposal(doc, id).status is Status.ACCEPTED:
            self._propose_from_here(doc, section, key, new)
        else:
            extend_proposal(doc, id, new)

    def _propose(self, doc: Document, wanted: Propose) -> None:
        spot = self.element(PROPOSALS, wanted.key)
        if self._progress.has(spot):
            return
        new = NewProposal(
            spot.id,
            self._run,
            _spot(wanted.target),
            How.REPLACE,
            wanted.base,
            wanted.text,
            wanted.reason,
            {_spot(ref): text for ref, text in wanted.inputs.items()},
        )
        add_proposal(doc, new)

    def _add_diagram(self, doc: Document, new: AddDiagram) -> None:
        spot = self.element(DIAGRAMS, new.key)
        if not self._progress.has(spot):
            add_diagram(doc, NewDiagram(spot.id, new.title, new.kind, new.source, new.derived_from))

    # --- the graph -----------------------------------------------------------------

    def _add_node(self, doc: Document, new: AddNode) -> None:
        id = self.element(NODES, new.key).id
        if self._progress.has(Spot(NODES, id)):
            return
        place = self._layout.place(id)
        add_node(doc, NewNode(id, new.label, new.kind, place.x, place.y, new.content))
        self._placed[id] = place

    def _add_edge(self, doc: Document, new: AddEdge) -> None:
        spot = self.element(EDGES, new.key)
        if self._progress.has(spot):
            return
        source, target = self._end(doc, new.source), self._end(doc, new.target)
        add_edge(doc, NewEdge(spot.id, source, target, new.label))
        self._layout.join(source, target)
        for id in (target, source):
            self._pull(doc, id)

    def _end(self, doc: Document, key: str) -> str:
        """The id of a node of this run, or of one that was there before."""
        id = self.element(NODES, key).id
        try:
            return node(doc, id).id
        except NotFound:
            return key

    def _pull(self, doc: Document, id: str) -> None:
        """Bring a node nearer to its neighbours; one that somebody has moved is left alone."""
        if id in self._placed and (place := self._layout.pull(id)) is not None:
            change_node(doc, id, NodeChange(x=place.x, y=place.y))
            self._placed[id] = place

    def _look(self, ids: Sequence[str]) -> None:
        """Where these nodes are after somebody's edit."""
        for id in ids:
            place = self._replica.read(partial(_place_of, id))
            self._layout.see(id, place)
            if self._placed.get(id) != place:
                self._placed.pop(id, None)


def _spot(ref: ElementRef) -> Spot:
    return Spot(FORMS[ref.kind].root, ref.id)


def _place_of(id: str, doc: Document) -> Point | None:
    try:
        found = node(doc, id)
    except NotFound:
        return None
    return Point(found.x, found.y)


def _admit(_: bytes) -> None:
    """Whether an update is admitted is for the room to say."""
