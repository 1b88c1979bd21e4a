"""A projection in memory, held to the contract of the real ones; writing only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from server.document.schema import Diagram, Edge, Node, Section
from server.protocol.errors import DocumentDamaged
from server.protocol.ids import ProjectId, Seq
from server.room.projection_ports import Conclusion, Element, Kind, Known, Put, Step

if TYPE_CHECKING:
    from tests.doubles.memory_store import MemoryDatabase

KINDS: dict[type, Kind] = {
    Node: Kind.NODE,
    Edge: Kind.EDGE,
    Section: Kind.SECTION,
    Diagram: Kind.DIAGRAM,
}


START = Seq(0)


@dataclass(slots=True)
class Rows:
    """The projection of one document."""

    seq: Seq = START
    version: int = 0
    puts: dict[tuple[Kind, str], Put] = field(default_factory=dict)
    conclusion: Conclusion | None = None

    def take(self, step: Step) -> None:
        """Write a step."""
        self.version += 1
        for put in step.puts:
            self.puts[KINDS[type(put.element)], put.element.id] = put
        for drop in step.drops:
            self.puts.pop((drop.kind, drop.id), None)
        if step.conclusion is not None:
            self.seq, self.conclusion = step.seq, step.conclusion

    def elements(self, kind: Kind) -> list[Element]:
        """What the rows show, by id."""
        return [put.element for (of, _), put in sorted(self.puts.items()) if of is kind]


@dataclass(slots=True)
class MemoryProjection:
    """The ``Projection`` port."""

    database: "MemoryDatabase"
    written: list[Step] = field(default_factory=list)
    fails: dict[ProjectId, Exception] = field(default_factory=dict)
    unreadable: set[ProjectId] = field(default_factory=set)

    async def known(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, Known]:
        """What is there, or damage as told."""
        if damaged := self.unreadable.intersection(projects):
            raise DocumentDamaged(f"{sorted(damaged)} do not read")
        documents = self.database.documents
        return {
            project: self._known(project)
            for project in projects
            if project in documents and documents[project].open
        }

    def _known(self, project: ProjectId) -> Known:
        document = self.database.live(project)
        rows = self.database.projections.get(project, Rows())
        digests: dict[Kind, dict[str, str]] = {kind: {} for kind in Kind}
        for (kind, id), put in rows.puts.items():
            digests[kind][id] = put.digest.hex()
        size = len(document.checkpoint or b"") + document.tail_bytes
        texts = {kind: json.dumps(found) for kind, found in digests.items()}
        return Known(Seq(document.head), size, rows.seq, rows.version, texts)

    async def write(self, steps: Sequence[Step]) -> Sequence[bool]:
        """Write steps, or fail as told."""
        for step in steps:
            if error := self.fails.get(step.project):
                raise error
        return [self._write(step) for step in steps]

    def _write(self, step: Step) -> bool:
        rows = self.database.projections.setdefault(step.project, Rows())
        if rows.version != step.version:
            return False
        rows.take(step)
        self.written.append(step)
        return True

    async def behind(self, after: ProjectId | None, limit: int) -> Sequence[ProjectId]:
        """Projects whose projection is behind their head."""
        found = [
            name
            for name, document in sorted(self.database.documents.items())
            if document.open and document.head > self.database.projections.get(name, Rows()).seq
        ]
        return [name for name in found if after is None or name > after][:limit]


class Abreast(MemoryProjection):
    """Somebody else has always written it already: for tests of other things."""

    async def known(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, Known]:
        """All that there is."""
        found = await super().known(projects)
        return {project: replace(known, seq=known.head) for project, known in found.items()}

    async def behind(self, after: ProjectId | None, limit: int) -> Sequence[ProjectId]:
        """Nobody."""
        return ()
