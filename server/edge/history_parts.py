"""The parts of a history file as pydantic models, and as what the house calls them.

What does not live here: the file (``server.edge.history_file``).
"""

from base64 import b64decode, b64encode
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from server.document.elements import ElementRef, Kind
from server.edge.projects import MAX_DESCRIPTION, MAX_TITLE
from server.protocol.errors import Invalid
from server.protocol.ids import Millis, RunId, Seq, UserId
from server.room.historian import MAX_NAME, MAX_NOTE
from server.room.history_ports import Occasion, RecoveredText
from server.room.ports import Attribution, HistoryRun, LoggedUpdate, Means
from server.room.transfer_ports import CarriedSnapshot

M = TypeVar("M", bound=BaseModel)

Whole = Annotated[int, Field(ge=0, lt=1 << 53)]
Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """Anything in the file; what a newer version has added is not passed over in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SnapshotPart(Part):
    """A snapshot; ``state`` is the digest of its state."""

    seq: Whole
    occasion: Occasion
    by: Id | None
    name: Annotated[Text, Field(max_length=MAX_NAME)] | None
    note: Annotated[Text, Field(max_length=MAX_NOTE)]
    created_at: Whole
    state: Digest


class Manifest(Part):
    """What a file holds. ``chunks`` are named by their first row."""

    format: Literal["8gentc-history"]
    version: Literal[1]
    title: Annotated[Text, Field(max_length=MAX_TITLE)]
    description: Annotated[Text, Field(max_length=MAX_DESCRIPTION)]
    head: Whole
    base: Whole | None
    chunks: tuple[Whole, ...]
    authors: dict[Id, Annotated[Text, Field(max_length=1000)]]
    snapshots: tuple[SnapshotPart, ...]
    files: dict[str, Digest]


class RunPart(Part):
    """Rows ``first`` to ``last`` of one author, merged into one update (in Base64)."""

    first: Whole
    last: Whole
    started_at: Whole
    ended_at: Whole
    user: Id | None
    means: Means
    run: Id | None
    update: str


class LostPart(Part):
    """Text that came when its place had been deleted."""

    seq: Whole
    at: Whole
    user: Id | None
    means: Means
    run: Id | None
    kind: Kind | None
    element: Text | None
    text: Text


def parse(model: type[M], data: bytes, name: str) -> M:
    """A part of the file of this name. Raises ``Invalid``."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "/".join(map(str, (name, *first["loc"])))
        raise Invalid(f"{where}: {first['msg']}") from None


def run_part(run: HistoryRun) -> RunPart:
    """A run as it is written."""
    return RunPart(
        first=run.first, last=run.last, started_at=run.started_at, ended_at=run.ended_at,
        user=run.by.user, means=run.by.means, run=run.by.run,
        update=b64encode(run.payload).decode(),
    )  # fmt: skip


def run_of(one: RunPart) -> HistoryRun:
    """A run as it was written. Raises ``Invalid``."""
    try:
        payload = b64decode(one.update, validate=True)
    except ValueError:
        raise Invalid(f"the update of row {one.first} is no Base64") from None
    by = _attribution(one)
    return HistoryRun(
        Seq(one.first), Seq(one.last), by, Millis(one.started_at), Millis(one.ended_at), payload
    )


def row_part(row: LoggedUpdate) -> RunPart:
    """A row as a run of its own."""
    return run_part(HistoryRun(row.seq, row.seq, row.by, row.at, row.at, row.payload))


def row_of(one: RunPart) -> LoggedUpdate:
    """Raises ``Invalid`` for a run of more than one row."""
    if one.first != one.last:
        raise Invalid(f"expected one row, got {one.first} to {one.last}")
    run = run_of(one)
    return LoggedUpdate(run.first, run.payload, run.by, run.started_at)


def lost_part(text: RecoveredText) -> LostPart:
    """A recovered text as it is written."""
    element = text.element
    return LostPart(
        seq=text.seq, at=text.at, user=text.by.user, means=text.by.means, run=text.by.run,
        kind=None if element is None else element.kind,
        element=None if element is None else element.id, text=text.text,
    )  # fmt: skip


def lost_of(one: LostPart) -> RecoveredText:
    """A recovered text as it was written."""
    element = None
    if one.kind is not None and one.element is not None:
        element = ElementRef(one.kind, one.element)
    return RecoveredText(Seq(one.seq), _attribution(one), Millis(one.at), element, one.text)


def snapshot_part(one: CarriedSnapshot) -> SnapshotPart:
    """A snapshot as it is written."""
    return SnapshotPart(
        seq=one.seq, occasion=one.occasion, by=one.by, name=one.name, note=one.note,
        created_at=one.created_at, state=one.state,
    )  # fmt: skip


def snapshot_of(one: SnapshotPart) -> CarriedSnapshot:
    """A snapshot as it was written."""
    return CarriedSnapshot(
        Seq(one.seq), one.occasion, user_of(one.by), one.name, one.note, Millis(one.created_at),
        one.state,
    )  # fmt: skip


def user_of(name: str | None) -> UserId | None:
    """Somebody's id, or nobody's."""
    return None if name is None else UserId(name)


def _attribution(one: RunPart | LostPart) -> Attribution:
    return Attribution(user_of(one.user), one.means, None if one.run is None else RunId(one.run))
