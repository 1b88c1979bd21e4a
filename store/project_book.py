"""Projects and invitations in SQL, as ``server.room.project_ports`` names them.

The statements are in the modules of their nouns; here they are run, in one transaction each.
What does not live here: what somebody may do (the edge asks for the role).
"""

from collections.abc import Mapping, Sequence

from server.protocol.errors import Invalid
from server.protocol.ids import InvitationId, Millis, ProjectId, UserId
from server.protocol.roles import Role
from server.room.ports import Clock
from server.room.project_ports import (
    CardCheck,
    FilePage,
    FileQuery,
    Invitation,
    Invited,
    ProjectCard,
    ProjectFile,
    ProjectLimits,
    ShelfPage,
    ShelfQuery,
    Storage,
    Visit,
)
from store import invitations, membership, project_files, purging, shelf
from store.changing import change
from store.database import Database
from store.faults import Rejected


class SqlProjects:
    """The ``Projects`` port."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def card(self, project: ProjectId, user: UserId) -> ProjectCard:
        """A project as this member sees it."""
        return await self._db.read(shelf.card, project, user)

    async def deleted_card(self, project: ProjectId, user: UserId) -> ProjectCard:
        """A deleted project, for its owners."""
        return await self._db.read(shelf.deleted_card, project, user)

    async def shelf(self, user: UserId, query: ShelfQuery) -> ShelfPage:
        """One page of this user's projects."""
        return await self._db.read(shelf.shelf, user, query)

    async def describe(
        self,
        project: ProjectId,
        user: UserId,
        *,
        title: str | None,
        description: str | None,
        check: CardCheck,
    ) -> ProjectCard:
        """Change what is given; no right hangs on it, so nobody is told."""
        try:
            return await self._db.write(shelf.describe, project, user, title, description, check)
        except Rejected as error:
            raise Invalid(f"the database cannot hold this: {error}") from error

    async def archive(self, project: ProjectId) -> None:
        """Put away."""
        await self._db.write(shelf.archive, project, self._clock.now())

    async def unarchive(self, project: ProjectId) -> None:
        """Take out again."""
        await self._db.write(shelf.unarchive, project)

    async def undelete(self, project: ProjectId, *, deleted_after: Millis) -> None:
        """As it was before it was deleted."""
        await change(self._db, purging.undelete, project, deleted_after)

    async def purge(self, project: ProjectId) -> None:
        """Remove every row, however long that takes."""
        await self._db.write_at_leisure(purging.purge, project)

    async def outlived(self, deadline: Millis, after: ProjectId, limit: int) -> Sequence[ProjectId]:
        """Those that nobody can bring back."""
        return await self._db.read(purging.outlived, deadline, after, limit)

    async def limit(self, project: ProjectId, limits: ProjectLimits) -> None:
        """Holds for whatever is added from now on."""
        await self._db.write(shelf.limit, project, limits)

    async def file(self, project: ProjectId) -> ProjectFile:
        """Any project, deleted or not."""
        return await self._db.read(project_files.file, project)

    async def files(self, query: FileQuery) -> FilePage:
        """One page of all projects."""
        return await self._db.read(project_files.files, query)

    async def titles(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, str]:
        """What they are called."""
        return await self._db.read(project_files.titles, projects)

    async def storage(self) -> Storage:
        """How much there is."""
        return await self._db.read(project_files.storage)

    async def note_visits(self, visits: Sequence[Visit]) -> None:
        """Without telling that the directory has changed: no right hangs on it."""
        await self._db.write(shelf.note_visits, visits)

    async def add_member(self, project: ProjectId, user: UserId, role: Role) -> None:
        """Add somebody who is no member yet."""
        await change(self._db, membership.add_member, project, user, role, self._clock.now())

    async def change_member(self, project: ProjectId, user: UserId, role: Role) -> None:
        """Change the role of a member."""
        await change(self._db, membership.change_member, project, user, role, self._clock.now())

    async def transfer(self, project: ProjectId, owner: UserId, heir: UserId) -> None:
        """Hand the project over, in one transaction."""
        await change(self._db, membership.transfer, project, owner, heir, self._clock.now())


class SqlInvitations:
    """The ``Invitations`` port."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def invite(
        self,
        project: ProjectId,
        by: UserId,
        *,
        digest: bytes,
        role: Role,
        expires_at: Millis,
        max_uses: int,
    ) -> Invitation:
        """Record an invitation."""
        invitation = Invitation(
            id=invitations.new_invitation_id(),
            project=project,
            role=role,
            created_by=by,
            created_at=self._clock.now(),
            expires_at=expires_at,
            max_uses=max_uses,
            uses=0,
        )
        return await change(self._db, invitations.invite, invitation, digest)

    async def invitations(self, project: ProjectId) -> Sequence[Invitation]:
        """Those that can still be accepted."""
        return await self._db.read(invitations.invitations, project, self._clock.now())

    async def revoke(self, project: ProjectId, invitation: InvitationId) -> None:
        """End one at once."""
        await change(self._db, invitations.revoke, project, invitation, self._clock.now())

    async def invited(self, digest: bytes) -> Invited:
        """What it opens."""
        return await self._db.read(invitations.invited, digest, self._clock.now())

    async def accept(self, digest: bytes, user: UserId) -> Invited:
        """Make somebody a member."""
        return await change(self._db, invitations.accept, digest, user, self._clock.now())

    async def invitation_role(self, digest: bytes) -> Role | None:
        """The role that it gives, or None."""
        return await self._db.read(invitations.invitation_role, digest, self._clock.now())
