"""The log as somebody outside sees it: every row ever committed, and what that amounts to.

Rows are taken over in the moment in which they are committed, so compaction cannot hide
one. What the log holds is kept twice: as plain ranges of clocks, read from the rows by
floor 0 alone, and as a replay (deletions that one edit implies for another show only
there). Not here: what guests and rooms hold; they are compared with this.
"""

from collections.abc import Sequence
from typing import Any

import pycrdt

from server.document.replica import Replica
from server.protocol.ids import ProjectId
from server.protocol.ranges import ClockRange, missing
from server.protocol.update import inspect, read_state_vector
from server.room.ports import LoggedUpdate
from tests.doubles.memory_store import MemoryDatabase

PROJECT = ProjectId("project")


class Violation(AssertionError):
    """A law was broken."""


def require(condition: object, law: str) -> None:
    """Raise ``Violation`` unless the condition holds."""
    if not condition:
        raise Violation(law)


def deletes_of(doc: "pycrdt.Doc[Any]") -> tuple[ClockRange, ...]:
    """Everything that is deleted in a document. Not from a snapshot: making one waits for
    ever while a transaction is open."""
    return missing(inspect(doc.get_update()).deletes, ())


class Holding:
    """A replica that is asked again and again for what it holds."""

    def __init__(self, updates: Sequence[bytes] = ()) -> None:
        self.replica = Replica.load(updates)
        self._deletes: tuple[ClockRange, ...] | None = None

    def add(self, update: bytes) -> None:
        """Integrate an update."""
        self.replica.replay(update)
        self._deletes = None

    @property
    def deletes(self) -> tuple[ClockRange, ...]:
        """Everything that is deleted."""
        if self._deletes is None:
            self._deletes = self.replica.read(deletes_of)
        return self._deletes

    def lacks(self, doc: "pycrdt.Doc[Any]") -> object:
        """What of a document is not in here; something false if nothing."""
        mine = read_state_vector(self.replica.state_vector())
        theirs = read_state_vector(doc.get_state())
        ahead = {c: clock for c, clock in theirs.items() if clock > mine.get(c, 0)}
        return ahead or missing(deletes_of(doc), self.deletes)

    def exceeds(self, doc: "pycrdt.Doc[Any]") -> object:
        """What of this is not in a document; something false if nothing."""
        mine = read_state_vector(self.replica.state_vector())
        theirs = read_state_vector(doc.get_state())
        ahead = {c: clock for c, clock in mine.items() if clock > theirs.get(c, 0)}
        return ahead or missing(self.deletes, deletes_of(doc))

    def close(self) -> None:
        """Free the document."""
        self.replica.close()


class Ledger:
    """All rows of one document, as they are committed."""

    def __init__(self, database: MemoryDatabase) -> None:
        self.rows: list[LoggedUpdate] = []
        self.structs: tuple[ClockRange, ...] = ()
        self.truth = Holding()
        self.followers: dict[str, Holding] = {}
        self._deletes: tuple[ClockRange, ...] = ()
        self._document = database.documents[PROJECT]
        self._proved = b""

    def absorb(self) -> None:
        """Take over what has been committed since the last call."""
        if self._document.head == len(self.rows):
            return
        for row in self._document.rows:
            if row.seq > len(self.rows):
                self._take(row)
        require(self._document.head == len(self.rows), "the head is the last row")

    def _take(self, row: LoggedUpdate) -> None:
        require(row.seq == len(self.rows) + 1, f"seq {row.seq} follows {len(self.rows)}")
        shape = inspect(row.payload)
        self.rows.append(row)
        self.structs = missing((*self.structs, *shape.structs), ())
        self._deletes = missing((*self._deletes, *shape.deletes), ())
        for holding in (self.truth, *self.followers.values()):
            holding.add(row.payload)

    def follow(self, name: str) -> Holding:
        """A replica of the log that also gets what one guest does by itself."""
        self.absorb()
        if name in self.followers:
            self.followers[name].close()
        self.followers[name] = Holding([row.payload for row in self.rows])
        return self.followers[name]

    def require_holds(self, update: bytes, what: str) -> None:
        """All of an update has been committed by now (L1)."""
        if update == self._proved:
            return
        shape = inspect(update)
        self.require_ranges(shape.structs, shape.deletes, what)
        self._proved = update

    def require_ranges(
        self, structs: Sequence[ClockRange], deletes: Sequence[ClockRange], what: str
    ) -> None:
        """These structs and deletions have been committed by now."""
        self.absorb()
        lacking = missing(structs, self.structs)
        require(not lacking, f"L1: {what} holds {lacking}, which the log does not")
        if deletes and (unproved := missing(deletes, self._deletes)):
            lacking = missing(unproved, self.truth.deletes)
            require(not lacking, f"L1: {what} deletes {lacking}, which the log does not")

    def require_written(self, update: bytes, seq: int) -> None:
        """The rows up to ``seq`` hold the update."""
        shapes = [inspect(row.payload) for row in self.rows[:seq]]
        structs = [run for shape in shapes for run in shape.structs]
        require(seq <= len(self.rows), f"seq {seq} exists")
        require(not missing(inspect(update).structs, structs), f"the rows up to {seq} hold it")

    def close(self) -> None:
        """Free the documents."""
        for holding in (self.truth, *self.followers.values()):
            holding.close()
