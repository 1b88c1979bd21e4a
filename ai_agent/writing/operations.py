"""What a run wants written, one step at a time: the currency between readers and the scribe.

Plain values. A ``key`` is the run's own name of an element: the scribe makes the id of the
document from it, the same in every attempt of a run, so that a step that has landed already
is recognized. Keys are unique within a run and kind; an edge or a text that names a key comes
after the operation that makes the element. What does not live here: how a model says these
(``ai_agent.writing.readers``), and how they are done (``ai_agent.writing.scribe``).

No operation changes or deletes what somebody else wrote, but for ``Propose``, which leaves
that to a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.document.elements import ElementRef


@dataclass(frozen=True, slots=True)
class AddSection:
    """A section at the end of the plan, its body still empty."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class AppendText:
    """More Markdown at the end of a section of this run. Where a person is active in it, this
    goes into a proposal beside it."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class AddNode:
    """A node; where it lies is found by the scribe."""

    key: str
    label: str
    kind: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class AddEdge:
    """An edge between nodes: keys of this run, or ids of the document for nodes that were there
    before."""

    key: str
    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class AddDiagram:
    """A diagram, whole; ``source`` comes from a serializer, never from a model."""

    key: str
    title: str
    kind: str
    source: str
    derived_from: str | None = None


@dataclass(frozen=True, slots=True)
class Propose:
    """A proposal of another text for an element that is there: of the body of a section, the
    content of a node, the source of a diagram. ``base`` is that text as the model was shown it,
    ``inputs`` are other texts that it was shown with it."""

    key: str
    target: ElementRef
    base: str
    text: str
    reason: str = ""
    inputs: Mapping[ElementRef, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """Words for the conversation. Nothing is written in the document."""

    text: str


Operation = AddSection | AppendText | AddNode | AddEdge | AddDiagram | Propose | Say
