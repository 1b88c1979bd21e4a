"""The form of the answer to each kind of task: what the model is told of it, and what reads it.

What does not live here: the schemas and the readers (``ai_agent.writing``), and what else a
model is told (``prompting``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, assert_never

from ai_agent.notebook import Notebook
from ai_agent.writing import schemas
from ai_agent.writing.diagrams import DiagramKind
from ai_agent.writing.readers import (
    Reader,
    diagram_reader,
    graph_reader,
    plan_reader,
    selection_reader,
)
from server.protocol.ids import Millis
from server.room.run_ports import Run, RunTask

DIAGRAM_KEY: Final = "diagram"

PLAN: Final = (
    "Write the whole plan that is asked for, as sections in the order in which one reads them: "
    "each with a short title and a body of a few paragraphs in Markdown, without headings of the "
    "first level. Do not repeat sections that are there."
)
SECTIONS: Final = (
    "Write only the sections that are asked for, each with a short title and a body in Markdown. "
    "Do not repeat sections that are there."
)
GRAPH: Final = (
    "Draw a graph of what is asked about: first the nodes, then the edges between them. An edge "
    "may also end at a node that is there, by its id. Do not repeat nodes that are there."
)
DIAGRAM: Final = (
    "Draw one diagram of the kind {kind}. Give only its structure; how it is written down is not "
    "your concern."
)
FREE: Final = (
    "Answer in `reply`. If a text that was shown under `asked_about` should be different, put "
    "all of it as it should be under `changes`, with its id as `element`: people decide about "
    "that. Put sections, nodes and edges that are asked for in addition under their names. Leave "
    "empty what is not asked for."
)


@dataclass(frozen=True, slots=True)
class Form:
    """How a model is to answer, and what reads the answer."""

    instructions: str
    schema: Mapping[str, Any]
    reader: Reader


def form_of(run: Run, notebook: Notebook, now: Millis) -> Form:
    """The form for this run. After the first look, for it reads what was shown."""
    match run.task:
        case RunTask.PLAN:
            return Form(PLAN, schemas.PLAN, plan_reader())
        case RunTask.SECTIONS:
            return Form(SECTIONS, schemas.PLAN, plan_reader())
        case RunTask.GRAPH:
            return Form(GRAPH, schemas.GRAPH, graph_reader(notebook.nodes))
        case RunTask.DIAGRAM:
            kind = DiagramKind(run.target.diagram or DiagramKind.FLOWCHART)
            today = datetime.fromtimestamp(now / 1000, UTC).date()
            reader = diagram_reader(DIAGRAM_KEY, kind, today)
            return Form(DIAGRAM.format(kind=kind.value), schemas.DIAGRAMS[kind], reader)
        case RunTask.FREE:
            reader = selection_reader(notebook.texts(run.target), notebook.nodes)
            return Form(FREE, schemas.SELECTION, reader)
        case _:
            assert_never(run.task)
