"""What one peer has typed since the last turn, found in what waits, to be taken as one.

While a room commits, a fast writer's keystrokes pile up. Integrating one costs a
transaction of the CRDT, and in a long run of text by one author each costs a walk over
that run; integrating twenty that continue each other costs little more than one. What
does not live here: doing it, and what happens when it cannot be done (the desk).

Law kept here: L3. Only neighbours of one author are put together, and nothing but plain
text that continues itself: no deletion, no shared type, nothing that overtakes another.
"""

from collections.abc import Iterator, Sequence

from server.document.updates import merge
from server.protocol.messages import SyncUpdate
from server.protocol.ranges import ClockRange
from server.protocol.structs import Ref
from server.protocol.update import UpdateShape
from server.room.commands import Command, Received, Typed


def by_runs(commands: Sequence[Command]) -> Iterator[Command]:
    """The same commands in the same order, with each run of typing as one."""
    run: list[Received] = []
    for command in commands:
        if isinstance(command, Received) and run and _continues(run[-1], command):
            run.append(command)
            continue
        if run:
            yield _as_one(run)
            run = []
        if isinstance(command, Received) and _typed(command) is not None:
            run = [command]
        else:
            yield command
    if run:
        yield _as_one(run)


def together(typed: Typed) -> Received:
    """A run of typing as one update. Raises ``Malformed`` where pycrdt cannot merge it."""
    first, last = typed.parts[0], typed.parts[-1]
    begin, end = _typed(first), _typed(last)
    assert begin is not None and end is not None, "a run is made of typing"
    update = merge([_update(part) for part in typed.parts])
    run = ClockRange(begin.client, begin.start, end.end)
    shape = UpdateShape((run,), (), 0, _rests_on(typed.parts))
    return Received(first.peer, SyncUpdate(update), shape)


def _rests_on(parts: Sequence[Received]) -> tuple[Ref, ...] | None:
    refs: list[Ref] = []
    for part in parts:
        if part.shape is None or part.shape.rests_on is None:
            return None
        refs += part.shape.rests_on
    return tuple(refs)


def _as_one(run: list[Received]) -> Received | Typed:
    return run[0] if len(run) == 1 else Typed(tuple(run))


def _continues(before: Received, after: Received) -> bool:
    left, right = _typed(before), _typed(after)
    return (
        left is not None
        and right is not None
        and before.peer is after.peer
        and left.client == right.client
        and left.end == right.start
    )


def _typed(command: Received) -> ClockRange | None:
    """The clocks of an update that only adds one run of content."""
    shape = command.shape
    if shape is None or shape.deletes or shape.types or len(shape.structs) != 1:
        return None
    return shape.structs[0] if isinstance(command.message, SyncUpdate) else None


def _update(command: Received) -> bytes:
    assert isinstance(command.message, SyncUpdate), "a run is made of typing"
    return command.message.update
