"""One claimed run, from a first look at the project to its outcome.

A *go* is one seat in the room and one answer of the model. Where the model's stream or the
room breaks off, another go follows: what the ones before have written is read from the rows
of the log, and the scribe recognizes it. It is the same way on which another process goes on
after a crash. What does not live here: leases (``worker``), writing, the wire.

Laws kept here: L8 and L9 (the asker's rights are asked for before each go, and judged by the room
with each write).
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from ai_agent.beside import beside
from ai_agent.failures import failed
from ai_agent.forms import form_of
from ai_agent.model import Author, Call, Calls, Line, Model, Question, Tokens, Words
from ai_agent.notebook import Notebook
from ai_agent.ports import Arrival, Office
from ai_agent.prices import added, tokens_of
from ai_agent.prompting import REMEMBERED, key_of, question_of, remembered
from ai_agent.scribes import Scribe
from ai_agent.writer import Writer
from ai_agent.writing.readers import Reader
from server.document.landed import Landed
from server.document.schema import ProjectView
from server.protocol.errors import (
    AgentcError,
    Nonsense,
    RunFailed,
    ServerError,
    ShuttingDown,
)
from server.room.historian import view_of
from server.room.run_ports import (
    CachedAnswer,
    Lease,
    Outcome,
    Progress,
    Run,
    RunReason,
    RunStatus,
    Usage,
)

GOES: Final = 3
FIRST_PAUSE: Final = 0.5
"""Seconds before the second go; doubled before the third."""

ROUNDS: Final = 6
"""Times that a model may call tools before it has to answer."""

BROKEN_OFF: Final = frozenset(
    {RunReason.TRUNCATED.value, RunReason.DISCONNECTED.value, RunReason.STALLED.value}
)
"""Not the answer's fault: another go may end well."""

OVER_BUDGET: Final = (
    "This took more than one request may, so it stopped. What had been written is in the project; "
    "ask for less at a time, or ask whoever runs this server for more."
)
ROOM_FAILED: Final = (
    "The project could not be worked on, also after waiting. What had been written is in it. Ask "
    "again later."
)


class Attempt:
    """Work on one run under one lease. ``progress`` may be read at any time."""

    def __init__(self, office: Office, run: Run) -> None:
        self.run = run
        self.lease = Lease(run.id, run.attempt)
        self.usage = run.progress.usage
        self._office = office
        self._writer: Writer | None = None

    @property
    def progress(self) -> Progress:
        """What has been used and written."""
        writer = self._writer
        if writer is None:
            before = self.run.progress
            return Progress(self.usage, before.characters, before.elements)
        return Progress(self.usage, writer.characters, writer.elements)

    async def perform(self) -> Outcome:
        """Do what was asked. Raises ``RunFailed``, or ``ShuttingDown`` when this process ends."""
        model = self._office.model
        if model is None:
            raise failed(RunReason.NO_MODEL)
        for go in range(GOES):
            is_last = go == GOES - 1
            try:
                return await self._go(model)
            except Nonsense as error:
                raise failed(RunReason.NONSENSE) from error
            except RunFailed as error:
                if is_last or error.reason not in BROKEN_OFF:
                    raise
            except ShuttingDown:
                raise
            except ServerError as error:
                if is_last:
                    raise RunFailed(RunReason.ROOM.value, ROOM_FAILED) from error
            await self._office.clock.sleep(FIRST_PAUSE * 2**go)
        raise AssertionError("the last go returns or raises")

    async def _go(self, model: Model) -> Outcome:
        """Raises ``RunFailed``, ``Nonsense``, or a ``ServerError`` of the room or the store."""
        async with self._office.place.arriving(self.run) as here:
            scribe = self._office.hire(self.run.id, here.state, here.landed)
            try:
                return await self._join_in(model, here, scribe)
            finally:
                scribe.close()

    async def _join_in(self, model: Model, here: Arrival, scribe: Scribe) -> Outcome:
        writer = self._writer = Writer(scribe, here.colleague, self._office.clock)
        async with beside(here.colleague.listen(scribe), writer.run()):
            try:
                await self._write(model, await self._look(here), writer)
            except RunFailed:
                # What had come from the model was paid for: it is written.
                with suppress(AgentcError):
                    await writer.finish()
                raise
            await writer.finish()
        return await self._outcome(writer)

    async def _outcome(self, writer: Writer) -> Outcome:
        """All is written; but people may have to decide about some of it."""
        said = writer.said or _in_words(writer.elements, writer.characters)
        if await self._office.place.has_open_proposals(self.run):
            return Outcome(RunStatus.WAITING, said=said)
        return Outcome(RunStatus.DONE, said=said)

    async def _look(self, here: Arrival) -> Notebook:
        """The project, and who wrote it."""
        view = await self._view(here.state, here.landed)
        room, project = self._office.bounds.context_tokens, self.run.project
        return Notebook(view, room, project, self._office.retrieval, here.authors)

    async def _view(self, state: bytes, before: Landed) -> ProjectView:
        """The project as it was without this run: every go asks the same question."""
        view = await self._office.work.run(view_of, state)
        own = {spot.id for spot in before.elements}
        return ProjectView(
            nodes=tuple(one for one in view.nodes if one.id not in own),
            edges=tuple(one for one in view.edges if one.id not in own),
            sections=tuple(one for one in view.sections if one.id not in own),
            diagrams=tuple(one for one in view.diagrams if one.id not in own),
            problems=view.problems,
        )

    async def _write(self, model: Model, notebook: Notebook, writer: Writer) -> None:
        office, run = self._office, self.run
        seen = await notebook.first_look(run.prompt, run.target)
        form = form_of(run, notebook, office.clock.now())
        newest = await office.runs.conversation(run.project, REMEMBERED)
        before = [one for one in newest if one.run != run.id]
        told = remembered(before, office.bounds.context_tokens)
        own = [one for one in newest if one.run == run.id]
        passages = await notebook.passages(run.prompt, [*told, *own])
        question = question_of(run, told, passages, seen, form, office.bounds, model)
        key, reader = key_of(model.name, question), form.reader
        cached = await office.runs.cached(run.project, key)
        if cached is not None:
            await office.runs.note_reads(self.lease, model.name, notebook.reads)
            writer.take([*reader.feed(cached.text), *reader.end()])
            return
        text = await self._converse(model, question, notebook, reader, writer)
        writer.take(reader.end())
        await office.runs.cache(run.project, key, CachedAnswer(text, self.usage))

    async def _converse(
        self,
        model: Model,
        question: Question,
        notebook: Notebook,
        reader: Reader,
        writer: Writer,
    ) -> str:
        """Let the model read as long as it wants, then write what it says; all of that."""
        text = ""
        for round in range(ROUNDS + 1):
            await self._office.runs.note_reads(self.lease, model.name, notebook.reads)
            if round == ROUNDS:
                question = replace(question, tools=())
            said, calls = await self._hear(model, question, reader, writer)
            text += said
            if not calls:
                return text
            question = await _answered(question, said, calls, notebook)
        raise Nonsense("the model calls tools that it was not given")

    async def _hear(
        self, model: Model, question: Question, reader: Reader, writer: Writer
    ) -> tuple[str, tuple[Call, ...]]:
        """One answer, written as it comes, and what it has used, counted as it comes. What is
        asked is in the books before it is: whoever takes over counts from there."""
        before = self.usage
        asked = sum(tokens_of(line.text) for line in question.lines)
        text = ""
        calls: tuple[Call, ...] = ()
        self._use(model, before, asked, 0, estimated=True)
        await self._office.runs.renew(self.lease, self.progress)
        async for heard in model.answer(question):
            match heard:
                case Words(more):
                    text += more
                    writer.take(reader.feed(more))
                    self._use(model, before, asked, tokens_of(text), estimated=True)
                case Calls(called):
                    calls = called
                case Tokens(input, output):
                    self._use(model, before, input, output, estimated=False)
        return text, calls

    def _use(
        self, model: Model, before: Usage, input: int, output: int, *, estimated: bool
    ) -> None:
        """Raises ``RunFailed`` when it is more than a run may take."""
        used = self._office.prices.usage(model.name, input, output, estimated=estimated)
        self.usage = added(before, used)
        bounds = self._office.bounds
        tokens = self.usage.input_tokens + self.usage.output_tokens
        if tokens > bounds.run_tokens or (
            bounds.run_cost is not None and self.usage.cost > bounds.run_cost
        ):
            raise RunFailed(RunReason.OVER_BUDGET.value, OVER_BUDGET)


async def _answered(
    question: Question, said: str, calls: Sequence[Call], notebook: Notebook
) -> Question:
    asked = Line(Author.ASSISTANT, said, tuple(calls))
    answers = [Line(Author.TOOL, await notebook.answer(call), answers=call.id) for call in calls]
    return replace(question, lines=(*question.lines, asked, *answers))


def _in_words(elements: int, characters: int) -> str:
    """What has been written, where the model had nothing to say about it."""
    return f"Wrote {_counted(elements, 'element')} and {_counted(characters, 'character')} of text."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
