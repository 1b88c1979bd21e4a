"""Runs of the agent as the API says them.

What does not live here: the handlers (``runs``) and what a run does (the agent).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from server.document.elements import ElementRef
from server.edge.api.models import Input, Output
from server.edge.api.snapshots import ElementName, Snapshot
from server.edge.api.times import moment, moment_or_none
from server.protocol.ids import UserId
from server.room import run_ports as ports

MAX_PROMPT = 8_000
MAX_TARGETS = 50
MILLIONTHS = 1_000_000

DiagramKind = Literal["flowchart", "sequence", "mindmap", "gantt", "state", "timeline"]


class Span(Input):
    """A range of a text, in code points."""

    start: int = Field(ge=0, le=2**31)
    end: int = Field(ge=0, le=2**31)

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.end < self.start:
            raise ValueError("expected end not to be before start")
        return self


class RunTarget(Input):
    """What a request is about; left out, the project as a whole."""

    elements: list[ElementName] = Field([], max_length=MAX_TARGETS)
    span: Span | None = Field(None, description="Of the text of the first element.")


class NewRun(Input):
    """A request to the agent."""

    prompt: str = Field(
        min_length=1, max_length=MAX_PROMPT, examples=["A plan for a bicycle repair café"]
    )
    task: ports.RunTask = Field(
        ports.RunTask.FREE,
        description="What shall be written. `free`: an answer in words, and proposals for the "
        "texts that the request is about.",
    )
    diagram: DiagramKind = Field("flowchart", description="Which kind, for the task `diagram`.")
    target: RunTarget | None = None

    def as_target(self) -> ports.Target:
        """As runs know it."""
        given = self.target or RunTarget(elements=[], span=None)
        refs = tuple(ElementRef(one.kind, one.id) for one in given.elements)
        span = None if given.span is None else (given.span.start, given.span.end)
        kind = self.diagram if self.task is ports.RunTask.DIAGRAM else None
        return ports.Target(refs, span, kind)


class RunUsage(Output):
    """What a run has used so far."""

    input_tokens: int
    output_tokens: int
    cost: float = Field(description="In the currency of the server's price table.")
    estimated: bool = Field(description="The model did not tell; counted by length.")

    @classmethod
    def of(cls, usage: ports.Usage) -> Self:
        """As it is kept, in millionths."""
        return cls(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost=usage.cost / MILLIONTHS,
            estimated=usage.estimated,
        )


class Run(Output):
    """A request to the agent, and what has become of it."""

    id: str
    task: ports.RunTask
    prompt: str
    elements: list[ElementName]
    status: ports.RunStatus = Field(
        description="`waiting`: all is written, and there are proposals to decide on."
    )
    reason: ports.RunReason | None = Field(description="Why it was not done, for programs.")
    told: str = Field(description="The same for people, with what they can do.")
    user_id: str = Field(description="Who asked, and whose rights it has.")
    user_name: str | None
    model: str = Field(description="Empty until one was asked.")
    attempt: int = Field(description="How often a worker has begun.")
    cancelling: bool
    usage: RunUsage
    characters: int = Field(description="Written into texts.")
    written_elements: int = Field(description="Elements made.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    reverted_at: datetime | None

    @classmethod
    def of(cls, one: ports.Run, names: Mapping[UserId, str]) -> Self:
        """As it is kept."""
        return cls(
            id=one.id,
            task=one.task,
            prompt=one.prompt,
            elements=names_of_elements(one.target.elements),
            status=one.status,
            reason=one.reason,
            told=one.told,
            user_id=one.asker,
            user_name=names.get(one.asker),
            model=one.model,
            attempt=one.attempt,
            cancelling=one.cancelling,
            usage=RunUsage.of(one.progress.usage),
            characters=one.progress.characters,
            written_elements=one.progress.elements,
            created_at=moment(one.created_at),
            started_at=moment_or_none(one.started_at),
            ended_at=moment_or_none(one.ended_at),
            reverted_at=moment_or_none(one.reverted_at),
        )


class RunDetails(Output):
    """One run, and whether it rests on what is there now."""

    run: Run
    read: list[ElementName] = Field(description="What it was shown of the project.")
    changed: list[ElementName] = Field(
        description="Those of them that have changed since: the result may not hold any more."
    )


class OwnRun(Run):
    """What the caller has asked for, and where."""

    project_id: str

    @classmethod
    def of_project(cls, one: ports.Run, name: str) -> Self:
        """As it is kept."""
        shown = Run.of(one, {one.asker: name}).model_dump()
        return cls(project_id=one.project, **shown)


class OwnRunPage(Output):
    """What the caller has asked for in all projects, newest first."""

    items: list[OwnRun]
    next: str | None = Field(description="For `before`, to go on.")


class RunPage(Output):
    """Runs of a project, newest first."""

    items: list[Run]
    next: str | None = Field(description="`before` of the next page; null for the last.")


class Message(Output):
    """Something that was said."""

    number: int
    speaker: ports.Speaker
    user_id: str | None
    user_name: str | None
    run: str = Field(description="The run that it is about.")
    text: str
    at: datetime

    @classmethod
    def of(cls, one: ports.Said, names: Mapping[UserId, str]) -> Self:
        """As it is kept."""
        return cls(
            number=one.number,
            speaker=one.speaker,
            user_id=one.user,
            user_name=None if one.user is None else names.get(one.user),
            run=one.run,
            text=one.text,
            at=moment(one.at),
        )


class Conversation(Output):
    """The newest messages of a project's conversation, in order."""

    items: list[Message]


class RunReverted(Output):
    """What was taken back."""

    seq: int = Field(description="A position in the log that holds the revert.")
    removed: int = Field(description="Elements that went, because they were all the run's.")
    kept: int = Field(description="Elements that stayed for what people have written in them.")
    backup: Snapshot = Field(description="The project as it was before; restore it to undo.")


def names_of_elements(refs: Sequence[ElementRef]) -> list[ElementName]:
    """As the API names them."""
    return [ElementName(kind=ref.kind, id=ref.id) for ref in refs]
