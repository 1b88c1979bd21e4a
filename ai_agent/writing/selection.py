"""An answer to free words about a selection: a reply, texts to propose, and things to add.

What people wrote is never changed: another text for it is a proposal, which is stale once any
text has changed that was shown with it. Only for a diagram there is none: Mermaid is not a
model's to write. What does not live here: sections (``sections``) and graphs (``graph``), which
an answer may hold as well.
"""

from collections.abc import Iterator, Mapping

from ai_agent.writing.cleaning import name, prose
from ai_agent.writing.graph import Graph
from ai_agent.writing.json_stream import Event, Text, Value
from ai_agent.writing.operations import Operation, Propose, Say
from ai_agent.writing.sections import Sections
from server.document.elements import ElementRef, Kind


class Selection:
    """``reply`` flows into the conversation; ``changes`` are {element, text, reason}.

    ``texts`` are what the model was shown of the selection, by the names that it was told;
    ``known`` the nodes that it was told of: their ids and labels.
    """

    def __init__(
        self, texts: Mapping[str, tuple[ElementRef, str]], known: Mapping[str, str]
    ) -> None:
        self._texts = texts
        self._sections = Sections()
        self._graph = Graph(known)
        self._proposed: set[str] = set()

    def hear(self, event: Event) -> Iterator[Operation]:
        """What is to be written now."""
        match event:
            case Text(("reply",), piece):
                if said := prose(piece):
                    yield Say(said)
            case Value(("changes", int()), dict(change)):
                yield from self._change(change)
            case _:
                yield from self._sections.hear(event)
                yield from self._graph.hear(event)

    def finish(self) -> Iterator[Operation]:
        """Edges that waited for the labels of their ends."""
        return self._graph.finish()

    def _change(self, change: Mapping[str, object]) -> Iterator[Operation]:
        called = name(change.get("element"))
        found = self._texts.get(called)
        text = prose(change.get("text"))
        if found is None or called in self._proposed or text == found[1]:
            return
        target, base = found
        if target.kind is not Kind.DIAGRAM:
            self._proposed.add(called)
            inputs = {ref: text for ref, text in self._texts.values() if ref != target}
            yield Propose(called, target, base, text, name(change.get("reason")), inputs)
