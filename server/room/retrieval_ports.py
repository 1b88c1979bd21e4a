"""Looking up what a request may be about: the store's side, as types.

Unlike a person's search (``projection_ports.Search``), which wants every word that was typed,
this takes a whole request, of which any word may occur, and finds in one project alone. Only
protocols live here; what is shown of a finding is the agent's business.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from server.document.elements import ElementRef
from server.protocol.ids import ProjectId
from server.room.run_ports import Said

MAX_LOOKED_UP: Final = 32
"""Different words of a request that count, the first ones."""


class Retrieval(Protocol):
    """Full-text retrieval, limited to a project. The best first: what shares most words, and
    titles before bodies. Whether the caller may read the project is asked before."""

    async def elements(self, project: ProjectId, text: str, limit: int) -> Sequence[ElementRef]:
        """Elements that share words with ``text``, as far as the projection has come: an
        element may be gone, or say something else by now."""

    async def said(self, project: ProjectId, text: str, limit: int) -> Sequence[Said]:
        """Messages of the project's conversation that share words with ``text``, among them
        every message that has been said before now."""
