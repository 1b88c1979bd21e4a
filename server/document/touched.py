"""Which elements each of a row of updates changed.

A replay of the whole history with an eye on the four roots. What does not live here: who
made the updates.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import pycrdt

from server.document.elements import FORMS, ElementRef, Kind
from server.document.replica import Replica


def touched(base: bytes | None, updates: Sequence[bytes]) -> Iterator[frozenset[ElementRef]]:
    """For each update the elements that it made, changed or deleted."""
    seen: set[ElementRef] = set()
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    with closing(Replica.load((), checkpoint=base)) as replica:
        doc.apply_update(replica.full())
        watches = [
            doc.get(form.root, type=pycrdt.Map).observe_deep(partial(_note, seen, kind))
            for kind, form in FORMS.items()
        ]
        for update in updates:
            seen.clear()
            event = replica.replay(update).event
            if event is not None:
                doc.apply_update(event)
            yield frozenset(seen)
        for watch in watches:
            watch.drop()


def _note(seen: set[ElementRef], kind: Kind, events: Sequence[Any]) -> None:
    for event in events:
        ids = [event.path[0]] if event.path else event.keys
        seen.update(ElementRef(kind, id) for id in ids if isinstance(id, str))
