"""Projects as people keep them: on a shelf, shared by link, limited, thrown away.

Implemented by the store, used by the edge; beside :mod:`server.room.ports`, whose contract of
every store call holds here too. Only records and protocols live here. What a live document
needs of a project (its log, its members' rights) is not here but there.

Laws kept here: L8 (what a person may not see is ``NotFound``, whatever is the reason) and L11
(an invitation is known by the digest of its code).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from server.protocol.ids import InvitationId, Millis, ProjectId, Seq, UserId
from server.protocol.roles import Role

# --- projects on a shelf -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProjectLimits:
    """What a platform admin has set for one project; None is what holds for all.

    ``max_bytes`` can only lower the server's own limit of a document.
    """

    max_bytes: int | None
    max_members: int | None


@dataclass(frozen=True, slots=True)
class ProjectCard:
    """A project as one of its members sees it: no content, but all that is said about it."""

    id: ProjectId
    title: str
    description: str
    role: Role
    head: Seq
    created_at: Millis
    opened_at: Millis | None
    """When this member last connected, to about a minute."""
    archived_at: Millis | None
    deleted_at: Millis | None
    limits: ProjectLimits


class Shelf(StrEnum):
    """Where a project stands: in use, put away for everybody, or thrown away."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"


class ShelfOrder(StrEnum):
    """Most recently opened or created first, or by title without regard to case."""

    OPENED = "opened"
    CREATED = "created"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which card a page begins: what it is sorted by, and its id."""

    key: int | str
    project: ProjectId


@dataclass(frozen=True, slots=True)
class ShelfQuery:
    """Which cards, in which order. ``search`` is part of a title in any case; of deleted
    projects only those count that were deleted after ``deleted_after``, if that is given."""

    shelf: Shelf
    order: ShelfOrder
    limit: int
    search: str = ""
    after: Place | None = None
    deleted_after: Millis | None = None


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """Cards, and where the next page begins, if there is one."""

    cards: tuple[ProjectCard, ...]
    next: Place | None


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A project as a platform admin sees it: how much there is of what, and whose it is.
    Neither its content nor its description."""

    id: ProjectId
    title: str
    created_at: Millis
    archived_at: Millis | None
    deleted_at: Millis | None
    owners: tuple[str, ...]
    members: int
    head: Seq
    stored_bytes: int
    limits: ProjectLimits


@dataclass(frozen=True, slots=True)
class FileQuery:
    """Which projects of all, newest first."""

    limit: int
    search: str = ""
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class FilePage:
    """Files, and where the next page begins, if there is one."""

    files: tuple[ProjectFile, ...]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Storage:
    """How much there is in this database."""

    users: int
    projects: int
    deleted_projects: int
    document_bytes: int
    """What all documents weigh in the log, uncompressed, deleted ones included."""
    database_bytes: int
    """What the database takes on its disk, history and snapshots included."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody has opened a project."""

    user: UserId
    project: ProjectId
    at: Millis


CardCheck = Callable[[ProjectCard], None]
"""Looks at the card in the moment of a change, and raises if it must not happen."""


class Projects(Protocol):
    """What is said and done about projects, besides editing them."""

    async def card(self, project: ProjectId, user: UserId) -> ProjectCard:
        """Raises ``NotFound`` for who is no member, and for a deleted project."""

    async def deleted_card(self, project: ProjectId, user: UserId) -> ProjectCard:
        """A deleted project, for its owners. Raises ``NotFound`` for everybody else."""

    async def shelf(self, user: UserId, query: ShelfQuery) -> ShelfPage:
        """This user's projects; of deleted ones, those that they own. One query."""

    async def describe(
        self,
        project: ProjectId,
        user: UserId,
        *,
        title: str | None,
        description: str | None,
        check: CardCheck,
    ) -> ProjectCard:
        """Change what is given. Raises ``NotFound``, and whatever ``check`` raises."""

    async def archive(self, project: ProjectId) -> None:
        """Put away, for all members; a second time is fine. Raises ``NotFound``."""

    async def unarchive(self, project: ProjectId) -> None:
        """Take out again. Raises ``NotFound``."""

    async def undelete(self, project: ProjectId, *, deleted_after: Millis) -> None:
        """As it was before it was deleted. Raises ``NotFound``, or ``Conflict`` when it is
        not deleted or was deleted earlier than that."""

    async def purge(self, project: ProjectId) -> None:
        """Remove every row about a deleted project, for good. Its room must be closed.
        Raises ``NotFound``, or ``Conflict`` when it is not deleted."""

    async def outlived(self, deadline: Millis, after: ProjectId, limit: int) -> Sequence[ProjectId]:
        """Projects that were deleted at ``deadline`` or before: by id, the first ``limit`` of
        those beyond ``after``."""

    async def limit(self, project: ProjectId, limits: ProjectLimits) -> None:
        """Holds for whatever is added from now on. Raises ``NotFound``."""

    async def file(self, project: ProjectId) -> ProjectFile:
        """Any project, deleted or not. Raises ``NotFound``."""

    async def files(self, query: FileQuery) -> FilePage:
        """All projects."""

    async def titles(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, str]:
        """Of those of these that exist, deleted or not."""

    async def storage(self) -> Storage:
        """How much there is."""

    async def note_visits(self, visits: Sequence[Visit]) -> None:
        """Remember when members have last opened; of others, nothing."""

    async def add_member(self, project: ProjectId, user: UserId, role: Role) -> None:
        """Raises ``NotFound`` for an unknown project or user, ``Conflict`` for who is a
        member already and when there are as many members as may be."""

    async def change_member(self, project: ProjectId, user: UserId, role: Role) -> None:
        """Raises ``NotFound`` for a non-member, ``Conflict`` for the last owner."""

    async def transfer(self, project: ProjectId, owner: UserId, heir: UserId) -> None:
        """``heir``, a member, becomes an owner and ``owner`` an editor, at once. Raises
        ``NotFound`` when either is not what that says, ``Conflict`` when they are the same."""


# --- invitations -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that makes a member of whoever accepts it. Its code is not part of it (L11)."""

    id: InvitationId
    project: ProjectId
    role: Role
    created_by: UserId
    created_at: Millis
    expires_at: Millis
    max_uses: int
    uses: int


@dataclass(frozen=True, slots=True)
class Invited:
    """What a valid invitation opens, and all that it shows before it is accepted."""

    project: ProjectId
    title: str
    role: Role


class Invitations(Protocol):
    """Invitations by link. ``digest`` is the SHA-256 of a code.

    One that is unknown, expired, used up or revoked, or whose project is gone, is
    ``NotFound`` without saying which.
    """

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
        """Record an invitation. Raises ``NotFound`` for an unknown project."""

    async def invitations(self, project: ProjectId) -> Sequence[Invitation]:
        """Those that can still be accepted, oldest first."""

    async def revoke(self, project: ProjectId, invitation: InvitationId) -> None:
        """End one at once. Raises ``NotFound``."""

    async def invited(self, digest: bytes) -> Invited:
        """What it opens; nothing is used up."""

    async def accept(self, digest: bytes, user: UserId) -> Invited:
        """Make ``user`` a member; answers the role that they have then. Who is a member
        already stays what they are and uses nothing up, unless the invitation's role is
        higher. Raises ``Conflict`` when there are as many members as may be."""

    async def invitation_role(self, digest: bytes) -> Role | None:
        """The role that a valid invitation gives, or None: whether it lets somebody
        register."""
