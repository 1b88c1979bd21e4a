"""Whether what a run has read is still as it was read.

A result whose inputs have changed may not hold any more; people are told which. What does not
live here: what was read (the run notes it), and asking anew.
"""

from collections.abc import Sequence

from server.document.elements import ElementRef, elements
from server.document.schema import ProjectView
from server.room.difference import digest_of
from server.room.run_ports import ReadElement


def changed_since(reads: Sequence[ReadElement], view: ProjectView) -> tuple[ElementRef, ...]:
    """Which of these are not as they were, or not there; in the order of kind and id."""
    changed = []
    for one in reads:
        here = elements(view, one.element.kind).get(one.element.id)
        if here is None or digest_of(here) != one.digest:
            changed.append(one.element)
    return tuple(sorted(changed, key=lambda ref: (ref.kind.value, ref.id)))
