"""Records what the small model of our own answers, for replays: ``make record``.

Overwrites the recordings by it. Needs ``make local-ai``. What does not live here: how recordings
are read (``recordings``), and those that were written by hand.
"""

import asyncio
import json

from ai_agent import local_model
from ai_agent.forms import form_of
from ai_agent.model import Words
from ai_agent.notebook import Notebook
from ai_agent.ports import Bounds
from ai_agent.prompting import question_of
from server.document.schema import ProjectView
from server.edge.clock import SystemClock
from server.protocol.errors import RunFailed
from server.protocol.ids import Millis, ProjectId, RunId, UserId
from server.room.run_ports import Run, RunStatus, RunTask, Target
from tests.ai_agent.replays.recordings import FOLDER, Recording
from tests.doubles.memory_retrieval import MemoryRetrieval
from tests.doubles.memory_store import MemoryDatabase

WANTED = (
    ("cafe", RunTask.PLAN, None, "A plan for a bicycle repair café"),
    ("bakery", RunTask.PLAN, None, "A business plan for a small bakery with a delivery service"),
    ("costs", RunTask.SECTIONS, None, "A section about costs and a section about risks"),
    ("suppliers", RunTask.GRAPH, None, "A graph of customers, costs and suppliers"),
    ("partners", RunTask.GRAPH, None, "Who depends on whom in a bicycle repair café"),
    ("order", RunTask.DIAGRAM, "flowchart", "How a repair is ordered, done and paid"),
    ("counter", RunTask.DIAGRAM, "sequence", "A customer brings a bicycle to the counter"),
    ("ideas", RunTask.DIAGRAM, "mindmap", "Ideas for marketing a repair café"),
    ("opening", RunTask.DIAGRAM, "gantt", "The six months until we open"),
    ("states", RunTask.DIAGRAM, "state", "The states of a repair"),
    ("years", RunTask.DIAGRAM, "timeline", "The first three years"),
    ("advice", RunTask.FREE, None, "What should we do first?"),
)
EMPTY = ProjectView((), (), (), (), ())


def asked(task: RunTask, prompt: str, diagram: str | None) -> Run:
    """A run that asks this."""
    return Run(
        RunId("r"), ProjectId("p"), UserId("u"), task, prompt, Target(diagram=diagram),
        Millis(0), RunStatus.RUNNING, attempt=1,
    )  # fmt: skip


async def main() -> None:
    """Ask everything once."""
    async with local_model.serving_locally(SystemClock()) as model:
        if model is None:
            raise SystemExit("make local-ai has not been done")
        for name, task, diagram, prompt in WANTED:
            answer = await answered(model, asked(task, prompt, diagram))
            recording = Recording(local_model.NAME, task, diagram, prompt, answer)
            path = FOLDER / f"small-{name}.json"
            path.write_text(json.dumps(recording.fields(), ensure_ascii=False, indent=1) + "\n")
            print(name, len(answer))


async def answered(model: local_model.LocalModel, run: Run) -> str:
    """What it says, to its end or to where it breaks off."""
    bounds = local_model.within(Bounds())
    retrieval = MemoryRetrieval(MemoryDatabase())
    notebook = Notebook(EMPTY, bounds.context_tokens, run.project, retrieval)
    seen = await notebook.first_look(run.prompt, run.target)
    form = form_of(run, notebook, Millis(0))
    text = ""
    try:
        async for heard in model.answer(question_of(run, [], "", seen, form, bounds, model)):
            if isinstance(heard, Words):
                text += heard.text
    except RunFailed as error:
        print(run.prompt, error.reason)
    return text


if __name__ == "__main__":
    asyncio.run(main())
