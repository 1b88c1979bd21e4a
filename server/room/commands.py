"""What may be asked of a room: the variants of its inbox."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from server.document.replica import Document, Replica
from server.protocol.ids import Seq
from server.protocol.messages import Message
from server.protocol.roles import Role
from server.protocol.update import UpdateShape
from server.room.ports import Attribution

if TYPE_CHECKING:
    from server.room.peer import Peer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Join:
    """A connection has been accepted."""

    peer: "Peer"


@dataclass(frozen=True, slots=True)
class Leave:
    """A connection has ended."""

    peer: "Peer"


@dataclass(frozen=True, slots=True)
class Received:
    """A peer has said something; ``shape`` is set where it carries an update."""

    peer: "Peer"
    message: Message
    shape: UpdateShape | None


@dataclass(frozen=True, slots=True)
class Typed:
    """Updates of one peer that continue each other; found in the inbox, never put there."""

    parts: tuple[Received, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """A peer has said something that is refused before it is heard."""

    peer: "Peer"
    reason: str


@dataclass(frozen=True, slots=True)
class Drained:
    """A lagging peer reads again."""

    peer: "Peer"


@dataclass(frozen=True, slots=True)
class SetRole:
    """A peer's rights have changed; None means that it has none left."""

    peer: "Peer"
    role: Role | None


@dataclass(frozen=True, slots=True)
class Read:
    """Somebody wants to know what the document holds."""

    question: Callable[[Replica], Any]
    answer: "asyncio.Future[Any]"


@dataclass(frozen=True, slots=True)
class Write:
    """A program writes: an update that has been inspected, and by whom."""

    update: bytes
    shape: UpdateShape
    by: Attribution
    answer: "asyncio.Future[Seq]"


@dataclass(frozen=True, slots=True)
class AtSeq(Generic[T]):
    """What was answered, and a position of the log that it contains: all edits up to
    ``seq`` are in it, and so is its own."""

    value: T
    seq: Seq


@dataclass(frozen=True, slots=True)
class Edit:
    """A change is made here and now: what it reads is what it changes."""

    change: Callable[[Document], Any]
    by: Attribution
    answer: "asyncio.Future[AtSeq[Any]]"


def fail(answer: "asyncio.Future[Any]", error: BaseException) -> None:
    """End somebody's waiting with an error, unless they have stopped waiting."""
    if not answer.done():
        answer.set_exception(error)


Command = Join | Leave | Received | Typed | Refuse | Drained | SetRole | Read | Write | Edit
