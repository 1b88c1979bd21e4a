"""The JSON schema of each task's answer, for strict tools and for ``json_schema``.

Written in what all back ends know: every property is required, no other is allowed, there are
no unions, references or bounds. The order of properties is the order in which they are
generated: what flows comes after its name, edges after nodes. A schema keeps a model to the
form; what it means is put right by the readers.
"""

from collections.abc import Mapping
from typing import Any, Final

from ai_agent.writing.diagrams import DiagramKind

Schema = Mapping[str, Any]


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _string(description: str) -> Schema:
    return {"type": "string", "description": description}


def _whole(description: str) -> Schema:
    return {"type": "integer", "description": description}


_TITLE: Final = _string("a short title")
_SECTIONS: Final = _list(
    _object(title=_string("the section's title"), body=_string("the section in Markdown"))
)
_NODES: Final = _list(
    _object(
        id=_string("a short name of the node that no other node has"),
        label=_string("what the node shows, in a few words"),
        kind=_string("what kind of thing it is, in one word"),
        content=_string("one or two sentences about it"),
    )
)
_EDGES: Final = _list(
    _object(
        source=_string("the id of the node where the edge begins"),
        target=_string("the id of the node where it ends"),
        label=_string("how they are related, in a few words"),
    )
)
_BOXES: Final = _list(_object(id=_string("a short name"), label=_string("what is shown")))

PLAN: Final = _object(sections=_SECTIONS)
GRAPH: Final = _object(nodes=_NODES, edges=_EDGES)
SELECTION: Final = _object(
    reply=_string("the answer to the person, in a few sentences"),
    changes=_list(
        _object(
            element=_string("the name of a text that was shown"),
            text=_string("all of that text as it shall be"),
            reason=_string("why, in a few words"),
        )
    ),
    sections=_SECTIONS,
    nodes=_NODES,
    edges=_EDGES,
)
DIAGRAMS: Final[Mapping[DiagramKind, Schema]] = {
    DiagramKind.FLOWCHART: _object(title=_TITLE, nodes=_BOXES, edges=_EDGES),
    DiagramKind.STATE: _object(title=_TITLE, states=_BOXES, transitions=_EDGES),
    DiagramKind.SEQUENCE: _object(
        title=_TITLE,
        participants=_BOXES,
        messages=_list(
            _object(
                source=_string("the id of who speaks"),
                target=_string("the id of who is spoken to"),
                text=_string("what is said"),
                reply={"type": "boolean", "description": "whether it answers a message"},
            )
        ),
    ),
    DiagramKind.MINDMAP: _object(
        title=_string("what stands in the middle"),
        items=_list(_object(level=_whole("1 for the main branches"), text=_string("a few words"))),
    ),
    DiagramKind.GANTT: _object(
        title=_TITLE,
        tasks=_list(
            _object(
                section=_string("the part of the project that it belongs to"),
                name=_string("the task in a few words"),
                start_day=_whole("days after the start of the project"),
                days=_whole("how many days it takes"),
            )
        ),
    ),
    DiagramKind.TIMELINE: _object(
        title=_TITLE,
        periods=_list(
            _object(name=_string("a year, month or phase"), events=_list(_string("an event")))
        ),
    ),
}
