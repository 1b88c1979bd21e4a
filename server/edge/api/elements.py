"""Bodies of requests and answers for nodes, edges, sections and diagrams.

What does not live here: what they mean (``server.document``), and the handlers. Long because
one page shows how a project looks in JSON.
"""

import secrets
from typing import Annotated, Any, Literal, Self, assert_never

from pydantic import Field, FiniteFloat

from server.document.diagrams import DiagramChange, NewDiagram
from server.document.edges import EdgeChange, NewEdge
from server.document.fields import MAX_STRING
from server.document.nodes import NewNode, NodeChange
from server.document.plan import After, AtEnd, AtStart, Before, NewSection, Place, SectionChange
from server.document.schema import MAX_ID, Diagram, Edge, Node, Section
from server.document.writing import Revision as TextRevision
from server.edge.api.models import Input, Output, Revision

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
Words = Annotated[str, Field(max_length=MAX_STRING)]
Number = Annotated[FiniteFloat, Field(strict=True)]
Text = str | Revision

SEQ = Field(description="A position in the document's log that this contains.")
ID = Field(None, description="Made if it is left out.", examples=["n1"])
ID_BYTES = 8


def fresh_id() -> str:
    """An id that nobody else makes."""
    return secrets.token_hex(ID_BYTES)


def _unset() -> Any:
    """What stands in a field that a change leaves out. Never read, and no part of the
    description, where a default would look like a value that is set."""
    return None


def unset(**rules: Any) -> Any:
    """A field of a change."""
    return Field(default_factory=_unset, **rules)


def _revision(fields: dict[str, Any], name: str, patch: Input) -> None:
    value = getattr(patch, name)
    if name in fields and isinstance(value, Revision):
        fields[name] = TextRevision(value.base, value.text)


# --- nodes ---------------------------------------------------------------------


class NodeBody(Input):
    """A node to be made."""

    id: Id | None = ID
    label: Words = Field(examples=["Customers"])
    kind: Words = Field("", examples=["segment"])
    x: Number = 0.0
    y: Number = 0.0
    content: str = Field("", description="Plain text that people edit together.")

    def new(self) -> NewNode:
        """The node, with an id."""
        return NewNode(**self.model_dump(exclude={"id"}), id=self.id or fresh_id())


class NodePatch(Input):
    """What shall be different; what is left out stays."""

    label: Words = unset()
    kind: Words = unset()
    x: Number = unset()
    y: Number = unset()
    content: Text = unset()

    def change(self) -> NodeChange:
        """The change."""
        fields = self.model_dump(exclude_unset=True)
        _revision(fields, "content", self)
        return NodeChange(**fields)


class NodeOut(Output):
    """A node of the graph."""

    id: str
    label: str
    kind: str
    x: float
    y: float
    content: str
    seq: int = SEQ

    @classmethod
    def of(cls, node: Node, seq: int) -> Self:
        """From the record."""
        return cls(
            id=node.id, label=node.label, kind=node.kind, x=node.x, y=node.y,
            content=node.content, seq=seq,
        )  # fmt: skip


# --- edges ---------------------------------------------------------------------


class EdgeBody(Input):
    """An edge to be made, between two nodes that exist."""

    id: Id | None = ID
    source: Id = Field(examples=["n1"])
    target: Id = Field(examples=["n2"])
    label: Words = ""

    def new(self) -> NewEdge:
        """The edge, with an id."""
        return NewEdge(**self.model_dump(exclude={"id"}), id=self.id or fresh_id())


class EdgePatch(Input):
    """What shall be different; what is left out stays."""

    source: Id = unset()
    target: Id = unset()
    label: Words = unset()

    def change(self) -> EdgeChange:
        """The change."""
        return EdgeChange(**self.model_dump(exclude_unset=True))


class EdgeOut(Output):
    """A directed edge."""

    id: str
    source: str
    target: str
    label: str
    seq: int = SEQ

    @classmethod
    def of(cls, edge: Edge, seq: int) -> Self:
        """From the record."""
        return cls(id=edge.id, source=edge.source, target=edge.target, label=edge.label, seq=seq)


# --- sections of the plan --------------------------------------------------------


class At(Input):
    """At one end of the plan."""

    at: Literal["start", "end"]


class BeforeSection(Input):
    """Right before another section."""

    before: Id


class AfterSection(Input):
    """Right after another section."""

    after: Id


PlaceIn = At | BeforeSection | AfterSection


def place_of(place: PlaceIn) -> Place:
    """Where that is."""
    match place:
        case At(at=at):
            return AtStart() if at == "start" else AtEnd()
        case BeforeSection(before=id):
            return Before(id)
        case AfterSection(after=id):
            return After(id)
        case _:
            assert_never(place)


class SectionBody(Input):
    """A section to be made; at the end, if no place is named."""

    id: Id | None = ID
    title: Words = Field(examples=["Market"])
    body: str = Field("", description="Markdown that people edit together.")
    place: PlaceIn = At(at="end")

    def new(self) -> NewSection:
        """The section, with an id."""
        return NewSection(self.id or fresh_id(), self.title, self.body, place_of(self.place))


class SectionPatch(Input):
    """What shall be different; what is left out stays. A place moves it."""

    title: Words = unset()
    body: Text = unset()
    place: PlaceIn = unset()

    def change(self) -> SectionChange:
        """The change."""
        fields = self.model_dump(exclude_unset=True)
        _revision(fields, "body", self)
        if "place" in fields:
            fields["place"] = place_of(self.place)
        return SectionChange(**fields)


class SectionOut(Output):
    """A section of the plan. Sections order by rank, then by id."""

    id: str
    title: str
    body: str
    rank: str
    seq: int = SEQ

    @classmethod
    def of(cls, section: Section, seq: int) -> Self:
        """From the record."""
        return cls(
            id=section.id, title=section.title, body=section.body, rank=section.rank, seq=seq
        )


# --- diagrams ------------------------------------------------------------------


class DiagramBody(Input):
    """A diagram to be made."""

    id: Id | None = ID
    title: Words = Field(examples=["Value chain"])
    kind: Words = Field("flowchart", examples=["flowchart"])
    source: str = Field("", description="Mermaid that people edit together.")
    derived_from: Literal["graph"] | None = None

    def new(self) -> NewDiagram:
        """The diagram, with an id."""
        return NewDiagram(**self.model_dump(exclude={"id"}), id=self.id or fresh_id())


class DiagramPatch(Input):
    """What shall be different; what is left out stays. Null cuts it off from the graph."""

    title: Words = unset()
    kind: Words = unset()
    source: Text = unset()
    derived_from: Literal["graph"] | None = unset()

    def change(self) -> DiagramChange:
        """The change."""
        fields = self.model_dump(exclude_unset=True)
        _revision(fields, "source", self)
        return DiagramChange(**fields)


class DiagramOut(Output):
    """A diagram."""

    id: str
    title: str
    kind: str
    source: str
    derived_from: str | None
    seq: int = SEQ

    @classmethod
    def of(cls, diagram: Diagram, seq: int) -> Self:
        """From the record."""
        return cls(
            id=diagram.id, title=diagram.title, kind=diagram.kind, source=diagram.source,
            derived_from=diagram.derived_from, seq=seq,
        )  # fmt: skip


class ProblemOut(Output):
    """Something in the document that is not as it should be; it is not shown elsewhere."""

    path: str = Field(examples=["nodes/n1/x"])
    expected: str = Field(examples=["a finite number"])
    got: str = Field(examples=['"left"'])
