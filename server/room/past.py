"""What a document's history says: who wrote what, who worked when, how it was.

Plain functions of a :class:`History`, some of them slow: they are run in a worker. What
does not live here: reading histories (the store), and asking for them (``historian``).

Laws kept here: L3 (order is by seq, an author is whom the log names) and L4 (compaction
and thinning change no answer but how far back it reaches).
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from server.document.authorship import Authorship
from server.document.blame import Span, blame
from server.document.compaction import Run
from server.document.elements import ElementRef
from server.document.lost import LostText, Written, lost_texts
from server.document.pieces import ranges, split
from server.document.replica import Replica
from server.document.reverting import Taking, taking_of
from server.document.sittings import Sitting, numbered, sittings
from server.document.thinning import Thinned, authorship_of, thin
from server.document.touched import touched
from server.protocol.errors import NotFound
from server.protocol.ids import Millis, RunId, Seq
from server.room.history_ports import History, HistoryBase, RecoveredText
from server.room.ports import Attribution, HistoryRun, LoggedUpdate

Spans = tuple[Span[Attribution], ...]


@dataclass(frozen=True, slots=True)
class StateAt:
    """The document at a seq, as one update; what waits for predecessors is in it."""

    seq: Seq
    state: bytes


@dataclass(frozen=True, slots=True)
class Activity:
    """One author's work without a long pause. Others may have worked at the same time.

    ``elements`` are those that it changed; empty where history has been thinned, or if they
    were not asked for.
    """

    first: Seq
    last: Seq
    by: Attribution
    started_at: Millis
    ended_at: Millis
    elements: tuple[ElementRef, ...]


def state_at(history: History, seq: Seq) -> StateAt:
    """How the document was at ``seq``, or at the last point before it that can be reached:
    compaction merges neighbouring rows of one author.

    Raises ``NotFound`` for a point before the history that is kept, or beyond its head.
    """
    start = Seq(0) if history.base is None else history.base.seq
    if not start <= seq <= history.head:
        raise NotFound(f"history reaches from {start} to {history.head}; {seq} is not in it")
    reached, payloads = start, []
    for run in _runs(history):
        if run.last > seq:
            break
        reached = run.last
        payloads.append(run.payload)
    checkpoint = None if history.base is None else history.base.state
    with closing(Replica.load(payloads, checkpoint=checkpoint)) as replica:
        return StateAt(reached, replica.everything())


def who_wrote(history: History, ref: ElementRef) -> Spans:
    """The text of an element in spans of one author. Raises ``NotFound``."""
    return blame(state_at(history, history.head).state, ref, authorship(history))


def authorship(history: History) -> Authorship[Attribution]:
    """Who wrote which clock."""
    return authorship_of(_thinned(history.base), _runs(history))


def rows_of_run(history: History, run: RunId) -> tuple[bytes, ...]:
    """What an agent run has written and what is still known of it, as updates.

    Where history has been thinned its rows are gone. But each attempt at a run writes under a
    client id that nobody else has: then it is all that the state holds of these clients.
    """
    thinned = () if history.base is None else history.base.sittings
    old = [part for one in thinned if one.by.run == run for part in ranges(one.payload).deletes]
    rows = [work.payload for work in _runs(history) if work.author.run == run]
    if not old:
        return tuple(rows)
    clients = {part.client for part in old}
    clients |= {part.client for row in rows for part in ranges(row).structs}
    pieces, _ = split(state_at(history, history.head).state)
    return tuple(piece.payload for piece in pieces if piece.client in clients)


def taking_of_run(history: History, run: RunId) -> Taking:
    """What there is of an agent run, to be taken back."""
    return taking_of(rows_of_run(history, run), state_at(history, history.head).state)


def recovered(history: History) -> tuple[RecoveredText, ...]:
    """All text that came when its place had been deleted, oldest first."""
    base = history.base
    updates = [Written(run, run.payload) for run in _runs(history)]
    found = lost_texts(None if base is None else base.state, updates)
    known = () if base is None else base.recovered
    return (*known, *map(_recovered, found))


def activity(history: History) -> tuple[Activity, ...]:
    """Everybody's work in sittings, newest first."""
    return _activities(history, ())


def activity_with_elements(history: History) -> tuple[Activity, ...]:
    """The same with the elements that were changed: this replays the whole history."""
    base = None if history.base is None else history.base.state
    changed = tuple(touched(base, [run.payload for run in _runs(history)]))
    return _activities(history, changed)


def thinned(old: History) -> HistoryBase:
    """What is kept of old history. Raises ``DocumentDamaged``."""
    result = thin(_thinned(old.base), _runs(old))
    return HistoryBase(
        seq=old.head,
        state=result.state,
        sittings=tuple(_history_run(work) for work in result.works),
        recovered=tuple(map(_recovered, result.lost)),
    )


def _activities(history: History, changed: Sequence[frozenset[ElementRef]]) -> tuple[Activity, ...]:
    """``changed`` says of each run after the base what it changed, or nothing of all."""
    old = () if history.base is None else history.base.sittings
    works = [_run_of(one) for one in old] + _runs(history)
    spans = [
        Sitting(work.first, work.last, work.author, work.started_at, work.ended_at, ())
        for work in works
    ]
    found: list[Activity] = []
    for one in sittings(numbered(spans)):
        parts = (part - len(old) for part in one.parts)
        elements = {ref for part in parts if 0 <= part < len(changed) for ref in changed[part]}
        ordered = tuple(sorted(elements, key=lambda ref: (ref.kind.value, ref.id)))
        found.append(
            Activity(one.first, one.last, one.author, one.started_at, one.ended_at, ordered)
        )
    return tuple(reversed(found))


def _runs(history: History) -> list[Run[Attribution]]:
    """Everything after the base."""
    return [*map(_run_of, history.runs), *map(_run_of_row, history.tail)]


def _run_of(run: HistoryRun) -> Run[Attribution]:
    return Run(run.first, run.last, run.by, run.started_at, run.ended_at, run.payload)


def _run_of_row(row: LoggedUpdate) -> Run[Attribution]:
    return Run(row.seq, row.seq, row.by, row.at, row.at, row.payload)


def _history_run(run: Run[Attribution]) -> HistoryRun:
    return HistoryRun(run.first, run.last, run.author, run.started_at, run.ended_at, run.payload)


def _thinned(base: HistoryBase | None) -> Thinned[Attribution] | None:
    if base is None:
        return None
    return Thinned(
        base.state, tuple(map(_run_of, base.sittings)), tuple(map(_lost, base.recovered))
    )


def _lost(text: RecoveredText) -> LostText[Run[Attribution]]:
    label = Run(text.seq, text.seq, text.by, text.at, text.at, b"")
    return LostText(label, text.text, text.element)


def _recovered(lost: LostText[Run[Attribution]]) -> RecoveredText:
    run = lost.label
    return RecoveredText(run.last, run.author, run.ended_at, lost.element, lost.text)
