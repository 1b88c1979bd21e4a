"""What a run has written so far, read back from its rows of the log.

For a run that goes on after a crash. What it wrote counts even if somebody has deleted it
since: it shall not come again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from server.document.elements import ElementRef


@dataclass(frozen=True, slots=True)
class Landed:
    """The elements that a run has made, and what it has written into their texts, in order."""

    elements: frozenset[ElementRef] = frozenset()
    texts: Mapping[ElementRef, str] = field(default_factory=dict)


NOTHING: Final = Landed()


def landed(rows: Sequence[bytes], state: bytes) -> Landed:
    """``rows`` are the payloads of the log rows that carry the run's id, in order; ``state`` is
    the document as one update."""
    raise NotImplementedError
