"""The ``Retrieval`` port in memory, held to the contract of the real one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from server.document.elements import ElementRef, Kind
from server.document.words import words
from server.protocol.ids import ProjectId
from server.room.difference import wording
from server.room.retrieval_ports import MAX_LOOKED_UP
from server.room.run_ports import Said
from tests.doubles.memory_projection import KINDS, Rows

if TYPE_CHECKING:
    from tests.doubles.memory_store import MemoryDatabase

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MemoryRetrieval:
    """Counts the words that are shared; a heading's count five times."""

    database: "MemoryDatabase"

    async def elements(self, project: ProjectId, text: str, limit: int) -> Sequence[ElementRef]:
        """Elements, the best first."""
        rows = self.database.projections.get(project, Rows())
        return best(text, self._worded(rows))[:limit]

    async def said(self, project: ProjectId, text: str, limit: int) -> Sequence[Said]:
        """Messages, the best first."""
        said = self.database.runs.said.get(project, [])
        return best(text, ((one, [], words(one.text)) for one in said))[:limit]

    def _worded(self, rows: Rows) -> Iterator[tuple[ElementRef, Sequence[str], Sequence[str]]]:
        for put in rows.puts.values():
            says = wording(put.element)
            ref = ElementRef(Kind(KINDS[type(put.element)]), put.element.id)
            yield ref, says.heading, says.body


def best(text: str, there: Iterator[tuple[T, Sequence[str], Sequence[str]]]) -> list[T]:
    """What shares words with a text."""
    asked = set(list(dict.fromkeys(words(text)))[:MAX_LOOKED_UP])
    scored = [
        (5 * len(asked & set(heading)) + len(asked & set(body)), one)
        for one, heading, body in there
    ]
    scored.sort(key=lambda pair: -pair[0])
    return [one for score, one in scored if score]
