"""What a run has read of its project, and the tools that read more.

What a request may be about is ranked twice and the two rankings are joined: by the full-text
index, which knows how rare a word is and what was said long ago, and by the live document, in
which also that is found which the index does not have yet. What is shown is always live.

The same reading serves the first prompt and the tools that a model may call. Everything that
is shown is noted with a digest, so that it can be told later whether a result rests on
something that has changed. What does not live here: the words around it (``prompting``).

Law kept here: what is read is data. It leaves as JSON, inside a bound, and nothing in it can
end the quotation. Each element says whose hands have written it, and a text of several hands is
told apart by them.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from ai_agent.model import Call, Tool
from ai_agent.prices import CHARACTERS_PER_TOKEN
from server.document.elements import Element, ElementRef, Kind, elements
from server.document.schema import Diagram, Edge, Node, ProjectView, Section
from server.document.words import words
from server.protocol.ids import ProjectId
from server.room.authors import Authors
from server.room.difference import digest_of
from server.room.retrieval_ports import Retrieval
from server.room.run_ports import ReadElement, Said, Target

EXCERPT: Final = 160
"""Characters of a text in an outline."""

FOUND: Final = 5
"""Elements that a search shows; and as many messages."""

PASSAGE: Final = 600
"""Characters of a message that a search shows."""

EVEN: Final = 60
"""How little the first places of a ranking count more than the next ones where two rankings
are joined: the constant of reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009)."""

MAX_SPANS: Final = 50
"""Parts in which a text of several hands is shown; one of more is shown in one piece."""

SPAN_CHARACTERS: Final = 30
"""What each of them takes besides its text."""

_ID: Final = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"],
              "additionalProperties": False}  # fmt: skip
_QUERY: Final = {"type": "object", "properties": {"words": {"type": "string"}},
                 "required": ["words"], "additionalProperties": False}  # fmt: skip
_NOTHING: Final = {"type": "object", "properties": {}, "required": [],
                   "additionalProperties": False}  # fmt: skip

TOOLS: Final = (
    Tool("outline", "Titles and beginnings of everything in the project.", _NOTHING),
    Tool("read_section", "One section of the plan, whole.", _ID),
    Tool("read_node", "One node of the graph, with its neighbours and edges.", _ID),
    Tool("search", "Elements and earlier messages that are most about some words.", _QUERY),
)


class Notebook:
    """One look at a project. ``room`` is how many characters may still be shown."""

    def __init__(
        self,
        view: ProjectView,
        max_tokens: int,
        project: ProjectId,
        retrieval: Retrieval,
        authors: Authors | None = None,
    ) -> None:
        self.room = max_tokens * CHARACTERS_PER_TOKEN
        self._view = view
        self._project = project
        self._retrieval = retrieval
        self._told: set[int] = set()
        self._authors = authors or Authors()
        self._nodes = {node.id: node for node in view.nodes}
        self._read: dict[ElementRef, bytes] = {}

    @property
    def reads(self) -> tuple[ReadElement, ...]:
        """Everything that was shown, as it was."""
        return tuple(ReadElement(ref, digest) for ref, digest in self._read.items())

    @property
    def nodes(self) -> dict[str, str]:
        """The labels of all nodes, by id."""
        return {node.id: node.label for node in self._view.nodes}

    def texts(self, target: Target) -> dict[str, tuple[ElementRef, str]]:
        """The texts that a request is about, whole, by the ids under which they are shown."""
        found = [(ref, elements(self._view, ref.kind).get(ref.id)) for ref in target.elements]
        return {ref.id: (ref, _own_text(one)) for ref, one in found if one is not None
                and not isinstance(one, Edge)}  # fmt: skip

    async def first_look(self, prompt: str, target: Target) -> str:
        """What a request is about, the whole in outline, and what else its words are about."""
        parts: dict[str, Any] = {}
        if target.elements:
            parts["asked_about"] = self._shown(self._targets(target), target.span)
        parts["outline"] = self._outline()
        parts["related"] = self._shown(await self._search(prompt))
        return json.dumps(parts, ensure_ascii=False)

    async def passages(self, prompt: str, told: Iterable[Said]) -> str:
        """What was said before that a request may be about, but for what is ``told`` anyway;
        empty if there is nothing."""
        self._told.update(one.number for one in told)
        found = await self._recalled(prompt)
        return json.dumps(found, ensure_ascii=False) if found else ""

    async def answer(self, call: Call) -> str:
        """What a tool shows; or, in words for the model, why it cannot."""
        tools: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[Any]]] = {
            "outline": self._tell_outline,
            "read_section": partial(self._one, Kind.SECTION),
            "read_node": partial(self._one, Kind.NODE),
            "search": self._find,
        }
        tool = tools.get(call.tool)
        if tool is None:
            return json.dumps({"error": f"there is no tool {call.tool!r}"})
        try:
            given = json.loads(call.arguments or "{}")
        except json.JSONDecodeError:
            given = None
        if not isinstance(given, dict):
            return json.dumps({"error": "expected a JSON object as arguments"})
        return json.dumps(await tool(given), ensure_ascii=False)

    async def _tell_outline(self, _: Mapping[str, Any]) -> Any:
        return self._outline()

    def _outline(self) -> dict[str, Any]:
        view = self._view
        return {
            "sections": [self._brief(one) for one in view.sections],
            "nodes": [self._brief(one) for one in view.nodes],
            "edges": [self._brief(one) for one in view.edges],
            "diagrams": [self._brief(one) for one in view.diagrams],
        }

    def _brief(self, element: Element) -> dict[str, Any]:
        shown = _fields(element)
        for name in ("text", "source"):
            if name in shown:
                shown[name] = shown[name][:EXCERPT]
        return self._within(shown) | self._hands(element)

    async def _one(self, kind: Kind, given: Mapping[str, Any]) -> Any:
        ref = ElementRef(kind, str(given.get("id", "")))
        found = list(self._around(ref))
        return self._shown(found) if found else {"error": f"there is no {kind} {ref.id!r}"}

    def _targets(self, target: Target) -> list[Element]:
        return [one for ref in target.elements for one in self._around(ref)]

    def _around(self, ref: ElementRef) -> Iterator[Element]:
        """An element; of a node also its edges and neighbours."""
        found = elements(self._view, ref.kind).get(ref.id)
        if found is None:
            return
        yield found
        for edge in self._view.edges if ref.kind is Kind.NODE else ():
            if ref.id in (edge.source, edge.target):
                yield edge
                yield self._nodes[edge.target if edge.source == ref.id else edge.source]

    async def _find(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Elements, and what was said; nothing that was told before."""
        asked = str(given.get("words", ""))
        return self._shown(await self._search(asked)) + await self._recalled(asked)

    async def _search(self, text: str) -> list[Element]:
        """What a text may be about, best first."""
        found = await self._retrieval.elements(self._project, text, FOUND)
        there = [elements(self._view, ref.kind).get(ref.id) for ref in found]
        return fused([one for one in there if one is not None], self._scan(text))[:FOUND]

    def _scan(self, text: str) -> list[Element]:
        """Those that share most of the words, best first, as they are now."""
        wanted = set(words(text))
        searched: list[Section | Node] = [*self._view.sections, *self._view.nodes]
        scored = [(len(wanted & set(words(_text(one)))), one) for one in searched]
        scored.sort(key=lambda one: one[0], reverse=True)  # Stable: in the order of the project.
        return [one for score, one in scored[:FOUND] if score]

    async def _recalled(self, text: str) -> list[dict[str, Any]]:
        """What was said about this before, each message once."""
        found = await self._retrieval.said(self._project, text, FOUND + len(self._told))
        new = [one for one in found if one.number not in self._told][:FOUND]
        self._told.update(one.number for one in new)
        return [
            {"message": one.number}
            | self._within({"by": one.speaker.value, "said": one.text[:PASSAGE]})
            for one in new
            if self.room > 0
        ]

    def _shown(
        self, found: Sequence[Element], span: tuple[int, int] | None = None
    ) -> list[dict[str, Any]]:
        """Each once, whole as long as there is room; the selected range of the first one too."""
        shown: list[dict[str, Any]] = []
        for element in dict.fromkeys(found):
            self._read[_ref(element)] = digest_of(element)
            fields = self._within(_fields(element))
            if span is not None and not shown and "text" in fields:
                fields["selected"] = fields["text"][span[0] : span[1]]
            shown.append(self._by_hand(element, fields) | self._hands(element))
        return shown

    def _hands(self, element: Element) -> dict[str, Any]:
        """Whose an element is; nothing where nobody is known."""
        hands = self._authors.hands.get(_ref(element), ())
        return {"by": [hand.value for hand in hands]} if hands else {}

    def _by_hand(self, element: Element, fields: dict[str, Any]) -> dict[str, Any]:
        """Its text in the spans of those who wrote it, if it has several that can be told apart."""
        spans = self._authors.spans.get(_ref(element), ())
        whole = "".join(text for _, text in spans)
        name = "source" if "source" in fields else "text"
        if not 1 < len(spans) <= MAX_SPANS or isinstance(element, Edge):
            return fields
        if whole != _own_text(element):
            return fields  # Somebody has written since.
        self.room -= SPAN_CHARACTERS * len(spans)
        left, parts = len(fields[name]), []
        for hand, text in spans:
            parts.append({"by": hand.value if hand else "unknown", "text": text[:left]})
            left -= len(parts[-1]["text"])
        return fields | {name: [part for part in parts if part["text"]]}

    def _within(self, fields: dict[str, Any]) -> dict[str, Any]:
        """As much of an element as there is room for; what is left out is said."""
        whole = sum(len(value) for value in fields.values())
        for name, value in fields.items():
            fields[name] = value[: max(0, self.room)]
            self.room -= len(fields[name])
        left = sum(len(value) for value in fields.values())
        return fields if left == whole else fields | {"cut": True}


def fused(*rankings: Sequence[Element]) -> list[Element]:
    """One ranking of several: what stands high in any, and higher what stands in more."""
    score: dict[Element, float] = {}
    for ranking in rankings:
        for place, one in enumerate(ranking):
            score[one] = score.get(one, 0.0) + 1 / (EVEN + place)
    return sorted(score, key=lambda one: -score[one])


def _ref(element: Element) -> ElementRef:
    match element:
        case Node():
            return ElementRef(Kind.NODE, element.id)
        case Edge():
            return ElementRef(Kind.EDGE, element.id)
        case Section():
            return ElementRef(Kind.SECTION, element.id)
        case Diagram():
            return ElementRef(Kind.DIAGRAM, element.id)


def _fields(element: Element) -> dict[str, Any]:
    match element:
        case Node(id, label, kind, _, _, content):
            return {"node": id, "label": label, "kind": kind, "text": content}
        case Edge(id, source, target, label):
            return {"edge": id, "source": source, "target": target, "label": label}
        case Section(id, title, body):
            return {"section": id, "title": title, "text": body}
        case Diagram(id, title, kind, source):
            return {"diagram": id, "title": title, "kind": kind, "source": source}


def _own_text(element: Section | Node | Diagram) -> str:
    match element:
        case Section(body=text) | Node(content=text) | Diagram(source=text):
            return text


def _text(element: Section | Node) -> str:
    if isinstance(element, Section):
        return f"{element.title} {element.body}"
    return f"{element.label} {element.content}"
