"""Who did something, as the API says it.

What does not live here: finding out who it was.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import Field

from server.edge.api.models import Output
from server.edge.api.services import Services
from server.protocol.ids import ProjectId, UserId
from server.room.ports import Attribution, Means


class Author(Output):
    """A person, and by which means."""

    user_id: str | None = Field(description="Null for the operator, and for nobody in particular.")
    name: str | None = Field(description="As members know them; null for somebody who has left.")
    means: Means
    run: str | None = Field(description="The agent run, if one did it.")
    ai: bool = Field(description="Whether an agent run wrote it.")

    @classmethod
    def of(cls, by: Attribution, names: Mapping[UserId, str]) -> Self:
        """As the log has it."""
        name = None if by.user is None else names.get(by.user)
        return cls(user_id=by.user, name=name, means=by.means, run=by.run, ai=by.means is Means.RUN)


async def names_of(services: Services, project: ProjectId) -> dict[UserId, str]:
    """What the members of a project are called, and who came with an imported history."""
    names = dict(await services.historian.history.authors(project))
    members = await services.directory.members(project)
    return names | {member.user.id: member.user.name for member in members}
