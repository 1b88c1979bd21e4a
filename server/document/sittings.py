"""What one author did without a long pause, taken together.

What does not live here: where the spans of work come from, and what an author is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from server.protocol.ids import Millis, Seq

A = TypeVar("A")

PAUSE: Final = Millis(15 * 60 * 1000)
"""After a longer one, work is another sitting."""


@dataclass(frozen=True, slots=True)
class Sitting(Generic[A]):
    """Work of one author. Others may have worked meanwhile, so that ranges of ``first`` to
    ``last`` may overlap. ``parts`` are the places of what it is made of in what was given.
    """

    first: Seq
    last: Seq
    author: A
    started_at: Millis
    ended_at: Millis
    parts: tuple[int, ...]


def sittings(works: Iterable[Sitting[A]], pause: int = PAUSE) -> tuple[Sitting[A], ...]:
    """Works, in the order of the log, joined into sittings; in the order of their ends.

    Clocks go back now and then: two works are near if their times are, whichever is first.
    """
    done: list[Sitting[A]] = []
    open_: dict[A, Sitting[A]] = {}
    for work in works:
        before = open_.get(work.author)
        if before is None:
            open_[work.author] = work
        elif abs(work.started_at - before.ended_at) <= pause:
            open_[work.author] = _join(before, work)
        else:
            done.append(before)
            open_[work.author] = work
    return tuple(sorted((*done, *open_.values()), key=lambda one: (one.last, one.first)))


def _join(one: Sitting[A], other: Sitting[A]) -> Sitting[A]:
    return replace(
        one,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        started_at=min(one.started_at, other.started_at),
        ended_at=max(one.ended_at, other.ended_at),
        parts=(*one.parts, *other.parts),
    )


def numbered(works: Sequence[Sitting[A]]) -> tuple[Sitting[A], ...]:
    """The same, each with its own place as its only part."""
    return tuple(replace(work, parts=(number,)) for number, work in enumerate(works))
