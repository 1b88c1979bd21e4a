"""Old history made small: a state, and who wrote what of it is still there.

Time travel begins at that state from then on. Kept for ever are the author of every clock
that survives, who worked when, and text that arrived too late. What does not live here:
which history is old (the store), and when to do it.

Law kept here: L4. The state is loaded again and compared before it is answered, as a
checkpoint is, because the rows behind it are then deleted for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.document.authorship import Authorship
from server.document.compaction import Row, Run, compact
from server.document.lost import LostText, Written, lost_texts
from server.document.pieces import deletion, ranges
from server.document.sittings import Sitting, numbered, sittings
from server.protocol.ranges import ClockRange, missing

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Thinned(Generic[A]):
    """``works`` are sittings; their payload is no content but lists clocks, as an update that
    deletes them would."""

    state: bytes
    works: tuple[Run[A], ...]
    lost: tuple[LostText[Run[A]], ...]


def thin(base: Thinned[A] | None, runs: Sequence[Run[A]]) -> Thinned[A]:
    """What is kept of a base and the runs after it. Raises ``DocumentDamaged``."""
    state = None if base is None else base.state
    rows = [Row(run.last, run.author, run.ended_at, run.payload) for run in runs]
    after = compact(state, rows).checkpoint
    works = [*(base.works if base is not None else ()), *(_work(run) for run in runs)]
    lost = lost_texts(state, [Written(_bare(run), run.payload) for run in runs])
    return Thinned(
        state=after,
        works=_sittings(works, surviving(after)),
        lost=(*(base.lost if base is not None else ()), *lost),
    )


def authorship_of(base: Thinned[A] | None, runs: Sequence[Run[A]]) -> Authorship[A]:
    """Who wrote what, from the base and the runs after it."""
    known: Authorship[A] = Authorship()
    for work in base.works if base is not None else ():
        known.note(work.author, ranges(work.payload).deletes)
    for run in runs:
        known.note(run.author, ranges(run.payload).structs)
    return known


def surviving(state: bytes) -> tuple[ClockRange, ...]:
    """The clocks of a state that are not deleted."""
    found = ranges(state)
    return missing(found.structs, found.deletes)


def _work(run: Run[A]) -> Run[A]:
    """A run with its clocks in place of its content."""
    return Run(
        run.first, run.last, run.author, run.started_at, run.ended_at,
        deletion(ranges(run.payload).structs),
    )  # fmt: skip


def _bare(run: Run[A]) -> Run[A]:
    return Run(run.first, run.last, run.author, run.started_at, run.ended_at, b"")


def _sittings(works: Sequence[Run[A]], alive: tuple[ClockRange, ...]) -> tuple[Run[A], ...]:
    """Works joined, each with those of its clocks that are alive and that it wrote first."""
    claims = _first_claims(works, alive)
    spans = [
        Sitting(work.first, work.last, work.author, work.started_at, work.ended_at, ())
        for work in works
    ]
    return tuple(
        Run(
            one.first, one.last, one.author, one.started_at, one.ended_at,
            deletion(missing([run for part in one.parts for run in claims.get(part, ())], ())),
        )
        for one in sittings(numbered(spans))
    )  # fmt: skip


def _first_claims(
    works: Sequence[Run[A]], alive: tuple[ClockRange, ...]
) -> dict[int, list[ClockRange]]:
    """For each work, by its place, the clocks that are alive and its own."""
    known: Authorship[int] = Authorship()
    for number, work in enumerate(works):
        known.note(number, ranges(work.payload).deletes)
    claims: dict[int, list[ClockRange]] = {}
    for run in alive:
        for part, author in known.of(run):
            if author is not None:
                claims.setdefault(author, []).append(part)
    return claims
