"""Users, credentials, projects and members, as the room's port sees them (L8, L11).

The statements are in ``store.people`` and ``store.projects``; here they are run.
What does not live here: hashing passwords,
making tokens, deciding what a role may do.
"""

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from server.protocol.addresses import normalised
from server.protocol.credentials import Scope, TokenKind
from server.protocol.errors import NotFound
from server.protocol.ids import Millis, ProjectId, TokenId, UserId
from server.protocol.roles import Role
from server.room.ports import Clock, Credential, Member, NewUpdate, Project, Seat, TokenGrant, User
from store import people, projects, roles
from store.changing import change
from store.database import Database

P = ParamSpec("P")
R = TypeVar("R")


class SqlDirectory:
    """Who is who, and who may do what where."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def add_user(
        self, *, email: str, name: str, is_admin: bool, password_hash: str | None
    ) -> User:
        """A new account."""
        address = normalised(email)
        user = User(people.new_user_id(), address, name, is_admin, False, self._clock.now())
        return await self._write(people.add_user, user, password_hash)

    async def user_by_email(self, email: str) -> User:
        """The account with this address."""
        return await self._db.read(people.user_by_email, email)

    async def list_users(self) -> Sequence[User]:
        """All accounts, by address."""
        return await self._db.read(people.list_users)

    async def disable_user(self, user: UserId) -> None:
        """End every right of this user at once."""
        await self._write(people.disable_user, user)

    async def add_token(
        self,
        user: UserId,
        *,
        digest: bytes,
        label: str,
        expires_at: Millis | None,
        kind: TokenKind = TokenKind.TOKEN,
        scope: Scope = Scope.ADMIN,
    ) -> TokenId:
        """Record a credential by its digest."""
        name, now = people.new_token_id(), self._clock.now()
        token = people.NewToken(name, user, digest, label, now, expires_at, kind, scope)
        return await self._write(people.add_token, token)

    async def list_tokens(
        self, user: UserId, kind: TokenKind = TokenKind.TOKEN
    ) -> Sequence[Credential]:
        """Every live credential of this user and kind."""
        return await self._db.read(people.list_tokens, user, kind, self._clock.now())

    async def revoke_token(self, token: TokenId) -> None:
        """End this credential at once."""
        await self._write(people.revoke_token, token, self._clock.now())

    async def token_grant(self, digest: bytes) -> TokenGrant:
        """Whose token this is."""
        return await self._db.read(people.token_grant, digest, self._clock.now())

    async def entry(self, digest: bytes, project: ProjectId) -> tuple[TokenGrant, Role | None]:
        """Whose token this is, and what they are in a project with it."""
        return await self._db.read(roles.entry, digest, project, self._clock.now())

    async def add_project(
        self, title: str, *, owner: UserId, seed: NewUpdate | None, description: str = ""
    ) -> Project:
        """A project, its owner's membership and its first content, in one transaction."""
        new = projects.NewProject(
            projects.new_project_id(), title, self._clock.now(), owner, seed, description
        )
        return await self._write(projects.add_project, new)

    async def project(self, project: ProjectId) -> Project:
        """A live project."""
        return await self._db.read(projects.project, project)

    async def list_projects(self) -> Sequence[Project]:
        """All live projects, oldest first."""
        return await self._db.read(projects.list_projects)

    async def delete_project(self, project: ProjectId) -> None:
        """Mark as deleted; its log takes nothing more."""
        await self._write(projects.delete_project, project, self._clock.now())

    async def set_member(self, project: ProjectId, user: UserId, role: Role) -> None:
        """Add somebody or change their role."""
        await self._write(projects.set_member, project, user, role, self._clock.now())

    async def remove_member(self, project: ProjectId, user: UserId) -> None:
        """Take somebody's role away."""
        await self._write(projects.remove_member, project, user, self._clock.now())

    async def members(self, project: ProjectId) -> Sequence[Member]:
        """Everybody with a role, by address."""
        return await self._db.read(projects.members, project)

    async def role(self, project: ProjectId, user: UserId) -> Role | None:
        """What this user is in this project now."""
        try:
            [role] = await self.roles([Seat(user, None, project)])
        except NotFound:
            return None
        return role

    async def roles(self, seats: Sequence[Seat]) -> Sequence[Role | None]:
        """The role of each seat now."""
        return await self._db.read(roles.roles, seats, self._clock.now())

    async def _write(
        self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        return await change(self._db, fn, *args, **kwargs)
